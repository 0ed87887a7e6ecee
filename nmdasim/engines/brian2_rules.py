"""What cells and synapses share in the Brian2 engine, and synapses with a state of their own."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from types import MappingProxyType
from typing import Any

import brian2 as b2
import numpy as np
import sympy as sp
from brian2.core.functions import DEFAULT_FUNCTIONS
from brian2.units.fundamentalunits import get_dimensions
from brian2.units.unitsafefunctions import exprel

from nmdasim import quantities
from nmdasim.engines.printing import PlainPrinter
from nmdasim.errors import ModelError
from nmdasim.language.reader import symbol
from nmdasim.model.attached import Attached
from nmdasim.model.brian2_out import assignment
from nmdasim.model.check import IDENTIFIER
from nmdasim.plan.plan import Outcome, Plan, Wire
from nmdasim.plan.plastic import Plastic

_text = PlainPrinter().doprint
#: What a rule's own names end with: Brian2 wants them to differ from those of the neurons.
_OWN = "_syn"

# Where Brian2 interprets, it writes every value that its exprel returns into the text of an error that it then does not
# raise: nine tenths of a run. The same function, of numbers without units, has the same values and no such text.
DEFAULT_FUNCTIONS["exprel"].implementations.add_numpy_implementation(exprel, discard_units=True)


def exponential_step(
    rates: Mapping[str, sp.Expr],
    held: Collection[str] = (),
    noise: Mapping[str, Mapping[str, sp.Expr]] = MappingProxyType({}),
    taken: Mapping[str, Collection[str]] = MappingProxyType({}),
) -> str:
    """Return abstract code, in SI units, for one linearised exponential step; those `held` pause in refractoriness.

    What is left of a whole for a state is what others, `taken` before it, have left: the parts come to no more than it.
    White noise adds its exact variance where the slope is constant, factor² dt exprel(2 dt slope), else factor² dt.
    """
    slopes = [rate.diff(symbol(name)) for name, rate in rates.items()]
    shared, reduced = sp.cse([*rates.values(), *slopes], symbols=sp.numbered_symbols("_shared_", real=True))
    lines = [f"{s.name} = {_text(e)}" for s, e in shared]
    lines += [f"_drawn_{xi} = randn()" for xi in sorted({xi for factors in noise.values() for xi in factors})]
    moving = {symbol(name) for name in (*rates, "v", "t")}
    for name, short, short_slope, own in zip(rates, reduced, reduced[len(rates) :], slopes, strict=False):
        active = "*int(not_refractory)" if name in held else ""
        others = {symbol(other): symbol(f"_next_{other}") for other in taken.get(name, ())}
        rate, slope = (rates[name].xreplace(others), own.xreplace(others)) if others else (short, short_slope)
        growth = "" if slope == 0 else f"*exprel(dt*({_text(slope)}))"
        grown = "1" if slope == 0 or own.free_symbols & moving else f"exprel(2*dt*({_text(slope)}))"
        drawn = "".join(f" + ({_text(e)})*sqrt(dt*{grown})*_drawn_{xi}" for xi, e in noise.get(name, {}).items())
        moved = f"(dt*({_text(rate)}){growth}{drawn})" if drawn else f"dt*({_text(rate)}){growth}"
        lines.append(f"_next_{name} = {name} + {moved}{active}")
    return "\n".join(lines + [f"{name} = _next_{name}" for name in rates])


def fires(plan: Plan, wire: Wire) -> bool:
    """Whether anything can come through a wire: it has synapses, and its source a threshold."""
    return len(wire.source) > 0 and (wire.pre >= len(plan.cells) or plan.cells[wire.pre].model.threshold is not None)


def synapses(plan: Plan, wire: Wire, plastic: Plastic, sources: Sequence[Any], name: str) -> Any:
    """Return the synapses of one projection with equations and statements of their own."""
    post, attached = plan.cells[wire.post], plastic.attached
    pre = plan.cells[wire.pre].model if wire.pre < len(plan.cells) else None
    on_post = _statements(attached, "post")
    if on_post and attached.compartment != post.model.spike_site:
        raise ModelError(
            f"synapse {attached.rule.name}: {post.model.name} fires in another compartment than the one "
            "of its port; the brian2 engine renders no on_post there, use engine='kernel'"
        )
    if plastic.flight.size:
        raise ModelError(
            f"synapses {plastic.label}: spikes were on their way at the end of the earlier run, which the "
            "brian2 engine cannot go on with, use engine='kernel'"
        )
    made = b2.Synapses(
        sources[wire.pre],
        sources[wire.post],
        _equations(attached),
        on_pre=_statements(attached, "pre") or None,
        on_post=on_post or None,
        method=lambda equations, variables=None, method_options=None: _update(attached),
        namespace={},
        clock=sources[wire.post].clock,
        name=name,
    )
    i = wire.source * len(pre.morphology) + pre.spike_site if pre else wire.source
    made.connect(i=i, j=wire.target * len(post.model.morphology) + attached.compartment)
    values = {**plastic.of_synapses, **plastic.initial}
    for key, array in values.items():
        made.variables[key + _OWN].get_value()[:] = np.broadcast_to(array, len(i))
    if "lastupdate" in made.variables:
        made.variables["lastupdate"].get_value()[:] = post.origin - post.dt if plastic.last is None else plastic.last
    if hasattr(made, "pre"):
        made.pre.delay = np.broadcast_to(wire.delay_steps(post.dt), len(i)) * post.dt * b2.second
    return made


def _equations(attached: Attached) -> str:
    """Return the rule's equations under its own names, each continuous one marked as such, and its parameters."""
    rule = attached.rule
    lines = []
    for name, eq in rule.text.items():
        own, unit = name + _OWN, quantities.base_units(eq.dim)
        if eq.expr is None:
            lines.append(f"{own} : {unit}")
        elif name in (*rule.continuous, *rule.event_driven):
            flag = "event-driven" if name in rule.event_driven else "clock-driven"
            lines.append(f"d{own}/dt = {attached.spelled(eq.expr.code, _OWN)} : {unit} ({flag})")
        else:
            lines.append(f"{own} = {attached.spelled(eq.expr.code, _OWN)} : {unit}")
    dimensions = rule.dimensions()
    lines += [f"{name}{_OWN} : {quantities.base_units(dimensions[name])} (constant)" for name in rule.parameters]
    if attached.weight == "weight":
        lines.append(f"weight{_OWN} : {quantities.base_units(get_dimensions(attached.unit_weight))} (constant)")
    return "\n".join(lines)


def _statements(attached: Attached, which: str) -> str:
    """Return what a spike does: the event of the port, then the rule's statements, names of the neuron spelled out."""
    lines = []
    if which == "pre" and attached.port:
        weight, post = attached.weight + _OWN, attached.post
        own = {*post.system.states, *post.system.subexpressions, *post.parameters.bases, "area"}
        for state, effect in post.ports[attached.port].increments():
            spelled = IDENTIFIER.sub(
                lambda m: weight if m[0] == "weight" else m[0] + "_post" if m[0] in own else m[0], effect
            )
            lines.append(f"{state}_post += {spelled}")
    for statement in attached.rule.statements(which):
        target = attached.spelled(statement.name, _OWN)
        lines.append(assignment(target, statement.operator, attached.spelled(statement.text, _OWN)))
    return "\n".join(lines)


def _update(attached: Attached) -> str:
    """Return one step of the continuous states."""
    own = {symbol(name): symbol(name + _OWN) for name in attached.rule.names}
    rates = {name + _OWN: attached.rates[name].xreplace(own) for name in attached.rule.continuous}
    return exponential_step(rates)


def held(plan: Plan, outcomes: Sequence[Outcome], made: Mapping[int, Any]) -> list[Outcome]:
    """Add to each outcome what the synapses onto its lanes hold at the end."""
    found: list[dict[int, dict[str, np.ndarray]]] = [{} for _ in outcomes]
    for k, wire in enumerate(plan.wires):
        if wire.plastic is None:
            continue
        values = dict(wire.plastic.initial)
        if k in made:
            values = {name: made[k].variables[name + _OWN].get_value().copy() for name in values}
            if "lastupdate" in made[k].variables:
                values["lastupdate"] = made[k].variables["lastupdate"].get_value().copy()
        found[wire.post][k] = values
    return [replace(outcome, synapses=kept) for outcome, kept in zip(outcomes, found, strict=True)]
