"""Synapses with a state made concrete: parameters over instances, initial values over synapses, all random drawn."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nmdasim import quantities
from nmdasim.errors import ModelError
from nmdasim.language.evaluation import evaluate
from nmdasim.model.attached import Attached
from nmdasim.plan.plan import Cells, Wire
from nmdasim.plan.plastic import Plastic
from nmdasim.plan.values import draw


@dataclass(frozen=True, eq=False)
class Drawing:
    """What initial values are made from: where synapses stand, the seed of each instance, their order by source."""

    wire: Wire
    pre: Cells | None
    post: Cells
    seeds: tuple[int, ...]
    order: np.ndarray

    @property
    def instances(self) -> int:
        """Copies of the circuit."""
        return len(self.seeds)


def plastic(
    label: str,
    attached: Attached,
    columns: Mapping[str, np.ndarray],
    drawing: Drawing,
    streams: Sequence[np.random.Generator],
) -> Plastic:
    """Return the state of a wire's synapses.

    Parameters
    ----------
    label, attached
        Of the projection.
    columns
        Parameters that were given, one value or one for each instance.
    drawing
        Where the synapses stand.
    streams
        Random numbers of each instance.
    """
    rule, wire = attached.rule, drawing.wire
    parameters = {name: np.atleast_1d(columns.get(name, p.si)) for name, p in rule.parameters.items()}
    made = Plastic(label, attached, parameters, wire.target // drawing.post.size, {})
    scope = made.of_synapses | _neurons(attached, drawing)
    done = {name: np.zeros(len(wire.source)) for name in rule.variables if name not in rule.initial}
    if attached.weight == "weight":
        done["weight"] = np.broadcast_to(wire.weight, len(wire.source))
    for name, value in rule.initial.items():
        done[name] = _start(attached, name, value, scope, _Draws(drawing, streams))
    return replace(made, initial={name: done[name] for name in attached.variables})


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


def _start(attached: Attached, name: str, value: Any, scope: Mapping[str, np.ndarray], draws: _Draws) -> np.ndarray:
    drawing = draws.drawing
    count = len(drawing.wire.source)
    if not isinstance(value, str):
        given = np.ravel(quantities.si(value, attached.rule.text[name].dim, name=f"initial {name}"))
        if len(given) * drawing.instances not in (drawing.instances, count):
            raise ModelError(
                f"synapse {attached.rule.name}: initial {name} has {quantities.several(len(given), 'value')} for "
                f"{quantities.several(count // drawing.instances, 'synapse')}; give one, or one for each"
            )
        return np.full(count, given[0]) if len(given) == 1 else np.tile(given, drawing.instances)[drawing.order]
    text, drawn = draw(value, name, draws, (count, 1))
    expression = attached.expression(text, drawn)
    with np.errstate(all="ignore"):
        result = evaluate(expression, {**scope, **{key: v[:, 0] for key, v in drawn.items()}})
    if not np.all(np.isfinite(result)):
        raise ModelError(f"synapse {attached.rule.name}: initial {name} = {value} is not finite")
    return np.ascontiguousarray(np.broadcast_to(result, count))


@dataclass(frozen=True)
class _Draws:
    """Draws for synapses: each instance from its own stream, so that it starts as it would alone."""

    drawing: Drawing
    streams: Sequence[np.random.Generator]

    def _each(self, kind: str) -> np.ndarray:
        own = np.bincount(self.drawing.wire.target // self.drawing.post.size, minlength=self.drawing.instances)
        parts = [getattr(rng, kind)(count) for rng, count in zip(self.streams, own, strict=True)]
        return np.concatenate(parts)[self.drawing.order][:, None]

    def standard_normal(self, size: tuple[int, int]) -> np.ndarray:
        """Draw one number for each synapse."""
        return self._each("standard_normal")

    def random(self, size: tuple[int, int]) -> np.ndarray:
        """Draw one number for each synapse."""
        return self._each("random")
