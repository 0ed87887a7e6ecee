"""What happens to a lane at an event and at a spike: ports, threshold, reset and refractoriness."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import sympy as sp

from nmdasim import quantities
from nmdasim.engines.form import algebra
from nmdasim.engines.form.methods import DT, H, Method
from nmdasim.engines.form.statements import Code, Draw, EventConstant, Fire, Flag, Let, Place, Put, Row, Statement
from nmdasim.engines.layout import Layout
from nmdasim.errors import ModelError
from nmdasim.language.functions import clip, floor, truth
from nmdasim.language.noise import drawn
from nmdasim.language.reader import symbol
from nmdasim.model.model import Model
from nmdasim.model.port import Port
from nmdasim.plan.firing import firing

_WAIT, _READY = symbol(Flag.WAIT.value), symbol(Flag.READY.value)
_FLAGS: dict[str, Place] = {flag.value: flag for flag in Flag}


@dataclass(frozen=True)
class Rule:
    """The spike rule.

    Parameters
    ----------
    spikes
        Whether there is a threshold at all.
    admit
        At the begin of a step: the lane is ready again once its refractory condition is over.
    watch
        At its end: whether the lane fires, and the countdown of its refractory period.
    fired
        What happens to a lane that fired.
    """

    spikes: bool
    admit: Code
    watch: Code
    fired: Code


@dataclass(frozen=True)
class Inlet:
    """A port: `code` is what one event adds."""

    name: str
    code: Code

    @property
    def puts(self) -> tuple[Put, ...]:
        """What it adds to each state."""
        return tuple(statement for statement in self.code.statements if isinstance(statement, Put))


@dataclass(frozen=True)
class Events:
    """Ports and spike rule of a model.

    Parameters
    ----------
    constants
        For each compartment, (name, expression) of the constants that they read; those hold where the event does.
    """

    rule: Rule
    inlets: tuple[Inlet, ...]
    constants: tuple[tuple[int, tuple[tuple[str, sp.Expr], ...]], ...]


def events(model: Model, folded: Layout, method: Method) -> Events:
    """Return the ports and the spike rule of a folded model."""
    reset, kinds = drawn(model.reset or "", "_draw")
    reader = _Reader(model, folded, {}, {name: Draw(kind, k) for k, (name, kind) in enumerate(kinds.items())})
    site = model.spike_site
    threshold = None if model.threshold is None else _condition(model.threshold, reader, method)
    refractory, wait = _refractory(model, reader, method)
    effects = [_effects(port, model, reader, method) for port in model.ports.values()]
    resets = _resets(model, reset, reader)
    inlets = tuple(
        Inlet(name, reader.code(puts, port.compartment))
        for (name, port), puts in zip(model.ports.items(), effects, strict=True)
    )
    again = _again(model, reader) if may_not_end(model) else []
    rule = Rule(
        threshold is not None,
        reader.code(_admit(refractory), site),
        reader.code(_watch(model, threshold, wait), site),
        reader.code([] if threshold is None else [*resets, *_pause(refractory, wait), *again], site),
    )
    return Events(rule, inlets, reader.named())


@dataclass(frozen=True)
class _Reader:
    """Reads expressions as they hold in one compartment, and collects the constants in them and what is drawn."""

    model: Model
    folded: Layout
    constants: dict[int, algebra.Constants]
    draws: Mapping[str, Draw]

    def raw(self, text: str, compartment: int) -> sp.Expr:
        """Read an expression; a state that is folded away there is 0."""
        names = (*self.model.parameters.bases, *self.draws, "t", "weight", "area")
        expression = self.model.system.substitute(text, names)
        gone = {s for s in self.model.system.states if (s, compartment) not in self.folded.slots}
        return expression.xreplace({symbol(s): sp.Integer(0) for s in gone})

    def hoist(self, expression: sp.Expr, compartment: int) -> sp.Expr:
        """Name the constants in an expression, and spell its exponentials out."""
        moving = {symbol(s) for s in (*self.model.system.states, *self.draws, "t", "weight")}
        constants = self.constants.setdefault(compartment, algebra.Constants(frozenset(moving)))
        named = constants.hoist(algebra.with_bernoulli(expression))
        return algebra.explicit_exponentials(named, symbol(self.model.potential))

    def read(self, text: str, compartment: int) -> sp.Expr:
        """Read an expression, its constants named."""
        return self.hoist(self.raw(text, compartment), compartment)

    def code(self, statements: Sequence[Statement], compartment: int) -> Code:
        """Return statements with the places of what they read in that compartment."""
        places: dict[str, Place] = {**_FLAGS, **self.draws}
        places |= {s: Row(s, compartment) for s in self.model.system.states if (s, compartment) in self.folded.slots}
        if compartment in self.constants:
            names = self.constants[compartment].names.values()
            places |= {s.name: EventConstant(s.name, compartment) for s in names}
        return Code.over(statements, places)

    def named(self) -> tuple[tuple[int, tuple[tuple[str, sp.Expr], ...]], ...]:
        """Return the constants of each compartment."""
        return tuple(
            (compartment, tuple((s.name, e) for e, s in constants.names.items()))
            for compartment, constants in self.constants.items()
        )


# --- ports -----------------------------------------------------------------------------------------------------------


def _effects(port: Port, model: Model, reader: _Reader, method: Method) -> list[Put]:
    """Return what one event adds to the states that there are where it arrives."""
    where = port.compartment
    return [
        Put(
            Row(state, where),
            _early(state, where, reader, method) * reader.read(text, where),
            "+=",
            held=state in model.system.held,
        )
        for state, text in port.increments()
        if (state, where) in reader.folded.slots
    ]


def _early(state: str, compartment: int, reader: _Reader, method: Method) -> sp.Expr:
    """Return the factor that carries an event at t back to t + dt/2 - h, where a staggered state lives."""
    if state == reader.model.potential or not method.staggered:
        return sp.Integer(1)
    group = reader.folded.groups[reader.folded.slots[state, compartment][0]]
    slope = group.derivatives[state].diff(symbol(state))
    moving = {symbol(s) for s in reader.model.system.states} | {symbol("t")}
    if slope.free_symbols & moving:
        return sp.Integer(1)
    return reader.hoist(sp.exp(slope * (DT / 2 - H)), compartment)


def summed(name: str, inlets: Sequence[Inlet]) -> tuple[Inlet, ...]:
    """Return the ports of model `name` for what arrives in a step: ``weight`` is the sum of weights, or of events.

    Raises
    ------
    ModelError
        If what a port adds is not in proportion to either.
    """
    moved = {symbol(put.place.name) for inlet in inlets for put in inlet.puts}
    for inlet in inlets:
        if any(not adds_up(put.value) or put.value.free_symbols & moved for put in inlet.puts):
            raise ModelError(
                f"{name}: port {inlet.name!r} does not add in proportion to weight "
                "or number of events, so those of a step cannot be summed; run it with engine='brian2'"
            )
    return tuple(Inlet(inlet.name, Code(tuple(map(_times_weight, inlet.puts)), inlet.code.places)) for inlet in inlets)


def adds_up(effect: sp.Expr) -> bool:
    """Whether what an event adds is free of its weight, or in proportion to it."""
    weight = symbol("weight")
    return weight not in effect.free_symbols or (
        sp.simplify(effect.subs(weight, 0)) == 0 and weight not in sp.simplify(effect.diff(weight)).free_symbols
    )


def _times_weight(put: Put) -> Put:
    weight = symbol("weight")
    return put if weight in put.value.free_symbols else replace(put, value=put.value * weight)


# --- the spike rule --------------------------------------------------------------------------------------------------


def _condition(text: str, reader: _Reader, method: Method) -> sp.Expr:
    """Read a condition of the spike rule, at whole steps: staggered states are carried on over the half step."""
    model, site = reader.model, reader.model.spike_site
    condition = reader.raw(text, site)
    if method.staggered:
        others = {s.name for s in condition.free_symbols} & set(model.system.states) - {model.potential}
        condition = condition.xreplace({symbol(name): _on_time(name, site, reader) for name in others})
    return reader.hoist(condition, site)


def _on_time(state: str, compartment: int, reader: _Reader) -> sp.Expr:
    """Return a staggered state half a step later, by an implicit step of first order: its error is of the second."""
    group = reader.folded.groups[reader.folded.slots[state, compartment][0]]
    rate = group.derivatives[state]
    return symbol(state) + DT * rate / (2 - DT * rate.diff(symbol(state)))


def _refractory(model: Model, reader: _Reader, method: Method) -> tuple[sp.Expr | None, sp.Expr | None]:
    """Return the refractory condition, or the refractory period in whole steps, counted as Brian2 counts them."""
    given, site = model.refractory, model.spike_site
    if given is None:
        return None, None
    if model.refractory_condition:
        return _condition(str(given), reader, method), None
    if isinstance(given, str):
        period = reader.raw(given, site)
    else:
        period = sp.Float(float(quantities.si(given, "ms", name="refractory")))
    return None, reader.hoist(floor(period / DT + sp.Float(1e-3)), site)


def may_not_end(model: Model) -> bool:
    """Whether only a run can tell if a neuron, its reset done, fires again at once: ``_wait`` then counts it."""
    return firing(model).depends(model.system.states) and (model.refractory is None or model.refractory_condition)


def _again(model: Model, reader: _Reader) -> list[Put]:
    """Return what counts the spikes after which the threshold holds on and nothing keeps the lane from firing."""
    rule = firing(model)
    ready = sp.true if rule.condition is None else sp.Not(rule.condition)
    still = reader.hoist(truth(sp.And(rule.threshold, ready)), model.spike_site)
    return [Put(Flag.WAIT, still, "+=")]


def _resets(model: Model, reset: str, reader: _Reader) -> list[Put]:
    found = []
    for part in filter(str.strip, re.split(r"[;\n]", reset)):
        match = re.fullmatch(r"\s*([A-Za-z]\w*)\s*([+\-*/]?=)\s*(.+?)\s*", part)
        if match is None or match[1] not in model.system.states:
            raise ModelError(f"{model.name}: the kernel cannot render the reset {part!r}; use engine='brian2'")
        found.append(Put(Row(match[1], model.spike_site), reader.read(match[3], model.spike_site), match[2]))
    return found


def _admit(refractory: sp.Expr | None) -> list[Statement]:
    if refractory is None:
        return []
    over = sp.Piecewise((0, refractory), (1, True), evaluate=False)
    return [Put(Flag.READY, clip(_READY, over, sp.oo))]


def _watch(model: Model, threshold: sp.Expr | None, wait: sp.Expr | None) -> list[Statement]:
    if threshold is None:
        return []
    above = truth(threshold)
    fires = Fire(above if model.refractory is None else above * _READY)
    return [fires, *(_count_down(_WAIT) if wait is not None else [])]


def _pause(refractory: sp.Expr | None, wait: sp.Expr | None) -> list[Statement]:
    """Return what begins the refractory period."""
    closed: list[Statement] = [Put(Flag.READY, sp.Integer(0))] if refractory is not None else []
    return closed + (_count_down(wait) if wait is not None else [])


def _count_down(start: sp.Expr) -> list[Statement]:
    left = symbol("_left")
    ready = sp.Piecewise((1, left < sp.Rational(1, 2)), (0, True), evaluate=False)
    return [Let(left.name, start - 1), Put(Flag.WAIT, left), Put(Flag.READY, ready)]
