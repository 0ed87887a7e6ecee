"""Integration methods as values: what one step assigns, as SymPy expressions. The generator knows no method by name.

``staggered`` keeps the membrane, ``model.potential``, at whole steps and every other state at half steps. A state whose
equation is linear in itself takes a Crank–Nicolson step at the membrane's value in the middle (exact exponential where
its rate is constant); any other takes a linearised exponential step. Other states of a point neuron that lead to one
another in a circle, such as a second compartment and its gates, are guessed one after the other, then moved with what
was guessed of the others. The membrane of a point neuron takes a linearised step too, with a third-order, L-stable
quotient for the exponential. That of a tree takes an L-stable second-order step: with J the
Jacobian and γ = 1 - √½, solve (1 - γ dt J) k₁ = f and (1 - γ dt J) k₂ = k₁; then v += dt (γ k₁ + (1 - γ) k₂).

``fixed`` is the NEURON simulator's default step: currents and a forward-difference slope (0.001 mV) at v(t), backward
Euler for the membrane, then gates by exponentials at the new v, and implicitly those that the published model so
solves; currents that feed other states keep their value from the membrane step.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from itertools import chain

import sympy as sp

from nmdasim.engines.form.algebra import with_bernoulli
from nmdasim.engines.layout import Group
from nmdasim.language.functions import clip, exprel, truth
from nmdasim.language.reader import symbol
from nmdasim.model.model import Model

GAMMA = 1 - math.sqrt(0.5)
#: Step of the states, step of the membrane, time, and 1 outside the refractory period. Symbols of the engine begin with
#: an underscore, which no name of a model can.
H, DT, T, ACTIVE = (symbol(name) for name in ("_h", "_dt", "t", "_active"))
#: What a value that is only a guess is called, before its state's name; it is kept in no row.
GUESS = "_guess_"


@dataclass(frozen=True)
class Step:
    """One step of one group.

    Parameters
    ----------
    before
        Assignments at the membrane's old value: states, ``_F`` (dv/dt) and ``_J`` (its slope) of a tree, the potential
        of a point neuron. ``_new_<name>`` refers to a value already assigned in the same pass.
    after
        Assignments once the membrane has its new value.
    """

    before: Mapping[str, sp.Expr]
    after: Mapping[str, sp.Expr]


@dataclass(frozen=True)
class Method:
    """How a step is taken.

    Parameters
    ----------
    step
        Builds the step of a group.
    gamma
        Share of dt in the matrix of a tree's membrane.
    second_solve
        Whether k₂ is used.
    staggered
        Whether states other than the potential live at half steps.
    """

    step: Callable[[Model, Group], Step]
    gamma: float
    second_solve: bool
    staggered: bool


def _new(name: str) -> sp.Symbol:
    return symbol(f"_new_{name}")


def _order(model: Model, derivatives: Mapping[str, sp.Expr]) -> list[list[str]]:
    """Order the states so that each comes after those it depends on.

    Those of a point neuron that are in a circle of their own stand together; in a tree a circle is broken open. What
    only reads a circle comes after it.
    """
    names = [name for name in derivatives if name != model.potential]
    read = {n: {s.name for s in derivatives[n].free_symbols} & set(names) - {n} for n in names}
    left, ordered = list(names), []
    while left:
        ready = [[n] for n in left if not read[n] & set(left)]
        chosen = ready or [_circle(left, read)[: None if model.is_point else 1]]
        ordered += chosen
        left = [n for n in left if not any(n in part for part in chosen)]
    return ordered


def _circle(left: Sequence[str], read: Mapping[str, set[str]]) -> list[str]:
    """Return states that lead to one another and read none of the others that are left."""
    reached = {n: read[n] & set(left) for n in left}
    for through in left:
        for n in left:
            reached[n] |= reached[through] if through in reached[n] else set()
    first = min(left, key=lambda n: len(reached[n]))
    return [n for n in left if n in reached[first] | {first}]


def _advance(name: str, rate: sp.Expr, *, exact: bool, stiff: bool = False) -> sp.Expr:
    """Return the value of one state after the step ``h``, given its rate of change.

    A state that may be `stiff` goes no further than to where its rate vanishes: a Crank–Nicolson step overshoots that
    where h·|slope| is above 2, and a share would leave [0, 1]. Below 2 it is that step to the last bit.
    """
    y = symbol(name)
    slope = rate.diff(y)
    if slope == 0:
        return y + H * rate
    if y in slope.free_symbols and y not in slope.replace(truth, lambda condition: sp.Integer(1)).free_symbols:
        return y + H * rate / (1 - H * slope / 2)  # linear on either side of a condition
    if y in slope.free_symbols:
        return y + H * rate * exprel(H * slope)
    constant = rate.xreplace({y: sp.Integer(0)})
    if exact:
        return y * sp.exp(H * slope) + constant * H * exprel(H * slope)
    rest, whole = 1 + H * slope / 2, 1 - H * slope / 2
    if stiff:
        rest, whole = clip(rest, sp.Integer(0), sp.oo), clip(whole, -H * slope, sp.oo)
    return (y * rest + H * constant) / whole


def shares(model: Model, name: str) -> set[str]:
    """Return the other states that compete with one for a whole: a subexpression is nothing but their sum."""
    states = set(model.system.states)
    sums = ({s.name for s in e.args} for e in model.system.subexpressions.values() if e.is_Add and e.args == _plain(e))
    found = [members for members in sums if name in members and members <= states and _compete(model, members)]
    return {other for members in found for other in members} - {name}


def _compete(model: Model, members: Collection[str]) -> bool:
    """Whether each state slows every other, as drugs in one pore do."""
    slopes = [model.system.derivatives[a].diff(symbol(b)) for a in members for b in members if a != b]
    return all(slope.xreplace(dict.fromkeys(slope.free_symbols, _SOME)).evalf() < 0 for slope in slopes)


#: A value that any symbol may have where a sign is asked for.
_SOME = sp.Float(0.37)


def _plain(expression: sp.Expr) -> tuple[sp.Expr, ...]:
    return tuple(part for part in expression.args if part.is_Symbol)


def _stiff(model: Model, name: str, rate: sp.Expr) -> bool:
    """Whether nothing bounds how fast a state goes: its rate depends on another state than the membrane."""
    others = {symbol(state) for state in model.system.states} - {symbol(model.potential), symbol(name)}
    others |= {_new(state) for state in model.system.states}
    slope = rate.diff(symbol(name))
    return bool(slope.free_symbols & others) and symbol(name) not in slope.free_symbols


def _growth(x: sp.Expr) -> sp.Expr:
    """Return (exp(x) - 1)/x to third order without an exponential: 1 + x·growth(x) is L-stable.

    Above 3/2 it stays at 2. The membrane then explodes toward a spike, and what counts is that it does.
    """
    x = clip(x, -sp.oo, sp.Rational(3, 2))
    return (1 - x / 6) / (1 - 2 * x / 3 + x**2 / 6)


def _held(model: Model, name: str, value: sp.Expr) -> sp.Expr:
    return symbol(name) + ACTIVE * (value - symbol(name)) if name in model.system.held else value


def _noise(model: Model, group: Group, name: str, rate: sp.Expr, step: sp.Expr) -> sp.Expr:
    """Return what white noise adds to a state in a step.

    Where the state's own rate is constant, it has the variance of the exact solution, factor² (e^(2·slope·step) - 1) /
    (2·slope), so that an Ornstein-Uhlenbeck process keeps its own at any step; else that of Euler and Maruyama's.
    """
    factors = group.noise.get(name, {})
    grown = exprel(2 * step * rate.diff(symbol(name))) if _constant_rate(model, name, rate) else sp.Integer(1)
    return sp.Add(*(factor * sp.sqrt(step * grown) * symbol(xi) for xi, factor in factors.items()))


def _constant_rate(model: Model, name: str, rate: sp.Expr) -> bool:
    moving = {symbol(state) for state in model.system.states} | {_new(state) for state in model.system.states} | {T}
    return not rate.diff(symbol(name)).free_symbols & moving


def _moved(
    model: Model, group: Group, name: str, middle: Mapping[sp.Symbol, sp.Expr], done: Collection[str]
) -> sp.Expr:
    """Return the value of one state after a step in which others have their values of its `middle`.

    What is left of a whole is what those that are `done` have taken of it: the parts would else come to more than that.
    """
    taken = {symbol(other): _new(other) for other in shares(model, name) & set(done)}
    rate = group.derivatives[name].xreplace({s: e for s, e in {**middle, **taken}.items() if s != symbol(name)})
    value = _advance(name, rate, exact=_constant_rate(model, name, rate), stiff=_stiff(model, name, rate))
    return _held(model, name, value + _noise(model, group, name, rate, H))


def _staggered(model: Model, group: Group) -> Step:
    before: dict[str, sp.Expr] = {}
    middle: dict[sp.Symbol, sp.Expr] = {}
    for part in _order(model, group.derivatives):
        if len(part) > 1:
            guessed = dict(middle)
            for name in part:
                before[GUESS + name] = _moved(model, group, name, guessed, before)
                guessed[symbol(name)] = (symbol(name) + _new(GUESS + name)) / 2
            middle |= guessed
        for name in part:
            before[name] = _moved(model, group, name, middle, before)
            middle[symbol(name)] = (symbol(name) + _new(name)) / 2
    v = symbol(model.potential)
    rate = with_bernoulli(group.derivatives[v.name]).xreplace({symbol(n): _new(n) for n in before} | {T: T + DT / 2})
    slope = rate.diff(v)
    if model.is_point:
        growth = exprel if _constant_rate(model, v.name, rate) else _growth
        moved = v + DT * rate * growth(DT * slope) + _noise(model, group, v.name, rate, DT)
        before[v.name] = _held(model, v.name, moved)
    else:
        before |= {"_F": rate, "_J": slope}
    return Step(before, {})


def _fixed(model: Model, group: Group) -> Step:
    v, shift = symbol(model.potential), sp.Float(1e-6)
    rate = group.derivatives[v.name]
    slope = (rate.xreplace({v: v + shift}) - rate) / shift
    moved = v + DT * rate / (1 - DT * slope) + _noise(model, group, v.name, rate, DT)
    before = {v.name: _held(model, v.name, moved)} if model.is_point else {"_F": rate, "_J": slope}
    before |= {f"_frozen_{name}": group.subexpressions[name] for name in model.feeding}
    after: dict[str, sp.Expr] = {}
    for name in chain.from_iterable(_order(model, group.derivatives)):
        derivative = group.opaque[name].xreplace({symbol(n): _new(n) for n in after})
        slope = derivative.diff(symbol(name))
        implicit = symbol(name) + H * derivative / (1 - H * slope)
        value = implicit if name in model.implicit else symbol(name) + H * derivative * exprel(H * slope)
        after[name] = _held(model, name, value + _noise(model, group, name, derivative, H))
    return Step(before, after)


METHODS = {
    "staggered": Method(_staggered, GAMMA, second_solve=True, staggered=True),
    "fixed": Method(_fixed, 1.0, second_solve=False, staggered=False),
}
DEFAULT = "staggered"
