"""Synapses with a state made concrete: parameters over instances, initial values over synapses, everything random drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from nmdasim import quantities
from nmdasim.errors import ModelError
from nmdasim.language.evaluation import evaluate
from nmdasim.language.linear import ELAPSED, solved
from nmdasim.model.attached import Attached
from nmdasim.plan.plan import Plan
from nmdasim.plan.values import draw

if TYPE_CHECKING:
    from nmdasim.plan.wiring import Wire


@dataclass(frozen=True, eq=False)
class Plastic:
    """What the synapses of one wire hold besides their connections.

    Parameters
    ----------
    label
        What they are called.
    attached
        Their rule, between its neurons.
    parameters
        SI values of the rule's parameters, each (instances or 1,).
    initial
        SI values of every variable, each (synapses,), in the order of the wire.
    """

    label: str
    attached: Attached
    parameters: Mapping[str, np.ndarray]
    initial: Mapping[str, np.ndarray]

    def instance(self, wire: Wire, post: Plan, instances: int) -> np.ndarray:
        """Return for each synapse the row of `parameters` that holds for it."""
        varied = any(len(values) > 1 for values in self.parameters.values())
        return wire.target // (post.lanes // instances) if varied else np.zeros(len(wire.target), np.int64)

    def of_synapses(self, wire: Wire, post: Plan, instances: int) -> dict[str, np.ndarray]:
        """Return the parameters of each synapse, or of all."""
        row = self.instance(wire, post, instances)
        return {name: values[row] if len(values) > 1 else values for name, values in self.parameters.items()}


@dataclass(frozen=True, eq=False)
class Drawing:
    """What initial values are made from: where the synapses stand, and random numbers for each instance."""

    wire: Wire
    pre: Plan | None
    post: Plan
    instances: int
    streams: Sequence[np.random.Generator]
    order: np.ndarray


def plastic(
    label: str, attached: Attached, columns: Mapping[str, np.ndarray], weight: np.ndarray, drawing: Drawing
) -> Plastic:
    """Return the state of a wire's synapses.

    Parameters
    ----------
    label, attached
        Of the projection.
    columns
        Parameters that vary, one value per instance.
    weight
        The number that is each synapse's weight, where the rule does not give it.
    drawing
        Where the synapses stand.
    """
    rule, wire = attached.rule, drawing.wire
    values = {name: columns.get(name, p.si) for name, p in rule.parameters.items()}
    parameters = {name: _column(np.atleast_1d(v)) for name, v in values.items()}
    made = Plastic(label, attached, parameters, {})
    scope = made.of_synapses(wire, drawing.post, drawing.instances) | _neurons(attached, drawing)
    done = {name: np.zeros(len(wire.source)) for name in rule.variables if name not in rule.initial}
    if attached.weight == "weight":
        done["weight"] = np.broadcast_to(weight, len(wire.source))
    for name, value in rule.initial.items():
        done[name] = _start(attached, name, value, scope, drawing)
    return Plastic(label, attached, parameters, {name: done[name] for name in attached.variables})


def _column(values: np.ndarray) -> np.ndarray:
    return values[:1] if np.all(values == values[0]) else values


def _neurons(attached: Attached, drawing: Drawing) -> dict[str, np.ndarray]:
    """Return initial states and parameters of the neurons at each synapse."""
    sides = [("_post", drawing.post, drawing.wire.target, attached.compartment)]
    if drawing.pre is not None:
        sides.append(("_pre", drawing.pre, drawing.wire.source, drawing.pre.model.spike_site))
    found = {}
    for side, plan, lanes, where in sides:
        for name, table in {**plan.parameters, **plan.initial}.items():
            column = table[:, where if table.shape[1] > 1 else 0]
            found[name + side] = column[lanes] if len(column) > 1 else column
    return found


def _start(attached: Attached, name: str, value: Any, scope: Mapping[str, np.ndarray], drawing: Drawing) -> np.ndarray:
    count = len(drawing.wire.source)
    if not isinstance(value, str):
        given = np.ravel(quantities.si(value, attached.rule.text[name].dim, name=f"initial {name}"))
        if len(given) * drawing.instances not in (drawing.instances, count):
            raise ModelError(f"synapse {attached.rule.name}: initial {name} has {len(given)} values for "
                             f"{count // drawing.instances} synapses; give one, or one for each")  # fmt: skip
        return np.full(count, given[0]) if len(given) == 1 else np.tile(given, drawing.instances)[drawing.order]
    text, draws = draw(value, name, _Draws(drawing), (count, 1))
    expression = attached.expression(text, draws)
    with np.errstate(all="ignore"):
        result = evaluate(expression, {**scope, **{key: v[:, 0] for key, v in draws.items()}})
    if not np.all(np.isfinite(result)):
        raise ModelError(f"synapse {attached.rule.name}: initial {name} = {value} is not finite")
    return np.ascontiguousarray(np.broadcast_to(result, count))


@dataclass(frozen=True)
class _Draws:
    """Draws for synapses: each instance from its own stream, so that it starts as it would alone."""

    drawing: Drawing

    def _each(self, kind: str) -> np.ndarray:
        own = np.bincount(self.drawing.wire.target // (self.drawing.post.lanes // self.drawing.instances),
                          minlength=self.drawing.instances)  # fmt: skip
        parts = [getattr(rng, kind)(count) for rng, count in zip(self.drawing.streams, own, strict=True)]
        return np.concatenate(parts)[self.drawing.order][:, None]

    def standard_normal(self, size: tuple[int, int]) -> np.ndarray:
        return self._each("standard_normal")

    def random(self, size: tuple[int, int]) -> np.ndarray:
        return self._each("random")


def at_end(plastic: Plastic, wire: Wire, post: Plan, instances: int, held: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return every variable at the end of a run, given what synapses hold: event-driven states as of `lastupdate`."""
    rule = plastic.attached.rule
    found = dict(held)
    if rule.event_driven:
        scope = plastic.of_synapses(wire, post, instances) | dict(held)
        scope[ELAPSED.name] = post.steps * post.dt - post.dt - held["lastupdate"]
        closed = solved({name: plastic.attached.rates[name] for name in rule.event_driven})
        found |= {name: np.broadcast_to(evaluate(e, scope), len(wire.source)) for name, e in closed.items()}
    return found
