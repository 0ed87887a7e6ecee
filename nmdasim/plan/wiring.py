"""Wiring: a network made concrete. Every pair of neurons, weight and delay as plain arrays, everything random drawn."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from nmdasim import quantities
from nmdasim.model.attached import Attached
from nmdasim.model.circuit import Circuit, Projection
from nmdasim.plan.plan import Plan
from nmdasim.plan.plasticity import Drawing, Plastic, plastic


@dataclass(frozen=True, eq=False)
class Wire:
    """The synapses of one projection, over all instances of the circuit.

    Parameters
    ----------
    pre, post, port
        Index of the source (populations, then inputs), of the population, and of its port.
    source, target
        Lanes, shape (synapses,), sorted by source.
    weight
        SI, shape (synapses,) or (1,).
    delay
        Whole steps after the end of the step of the spike, shape (synapses,) or (1,).
    plastic
        What its synapses hold, where they have equations of their own; its actions are then what an event does.
    """

    pre: int
    post: int
    port: int
    source: np.ndarray
    target: np.ndarray
    weight: np.ndarray
    delay: np.ndarray
    plastic: Plastic | None = None


@dataclass(frozen=True, eq=False)
class Volley:
    """What one input fires: steps, ascending, and lanes (instance × size + fibre)."""

    step: np.ndarray
    lane: np.ndarray
    lanes: int


@dataclass(frozen=True, eq=False)
class Network:
    """One run of a circuit.

    Instances (parameter sets × seeds) are copies of the circuit without synapses between them: neuron k of instance r
    is lane r × size + k of its population.
    """

    instances: int
    names: tuple[str, ...]
    plans: tuple[Plan, ...]
    inputs: tuple[Volley, ...]
    wires: tuple[Wire, ...]

    @property
    def sources(self) -> list[int]:
        """Lanes of each population, then of each input."""
        return [plan.lanes for plan in self.plans] + [volley.lanes for volley in self.inputs]

    def lanes(self, total: int, part: range) -> np.ndarray:
        """Return the lanes of some instances in a population, or input, of `total` lanes."""
        size = total // self.instances
        return np.arange(part.start * size, part.stop * size)


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random numbers of one named part of a circuit; other parts do not move them."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))


def synapses(circuit: Circuit) -> int:
    """Return about how many synapses one instance has, before any is drawn."""
    size = {name: part.size for name, part in {**circuit.populations, **circuit.inputs}.items()}
    return sum(
        len(link.indices[0])
        if link.indices is not None
        else round((link.probability or 0.0) * size[link.pre] * size[link.post])
        for link in circuit.projections
    )


def wires(
    circuit: Circuit, seeds: Sequence[int], dt: float, plans: Sequence[Plan], columns: Mapping[str, np.ndarray]
) -> tuple[Wire, ...]:
    """Draw the synapses of every projection for each instance; instances of one seed have the same.

    `plans` are those of the populations, and `columns` the parameters that vary, one value per instance.
    """
    order = [*circuit.populations, *circuit.inputs]
    made = []
    for k, link in enumerate(circuit.projections):
        pre, post = ({**circuit.populations, **circuit.inputs}[name].size for name in (link.pre, link.post))
        known: dict[int, tuple[np.ndarray, np.ndarray]] = {}
        for seed in seeds:
            if seed not in known:
                known[seed] = _pairs(link, pre, post, stream(seed, f"{k} {link.pre} {link.post} {link.port}"))
        sources = np.concatenate([known[seed][0] + r * pre for r, seed in enumerate(seeds)])
        targets = np.concatenate([known[seed][1] + r * post for r, seed in enumerate(seeds)])
        by_source = np.argsort(sources, kind="stable")
        attached = Attached.of(link, circuit.populations) if link.synapse else None
        given = link.weight is not None and (attached is None or attached.weight == "weight")
        weight = _column(quantities.quantity(link.weight) if given else 1.0, len(seeds))
        delay = _column(0.0 if link.delay is None else quantities.si(link.delay, "ms", name="delay"), len(seeds))
        wire = Wire(
            order.index(link.pre),
            order.index(link.post),
            list(circuit.cells[link.post].ports).index(link.port) if link.port else 0,
            sources[by_source],
            targets[by_source],
            weight if len(weight) == 1 else weight[by_source],
            np.rint((delay if len(delay) == 1 else delay[by_source]) / dt).astype(np.int64),
        )
        if attached is not None:
            pair = plans[wire.pre] if wire.pre < len(plans) else None, plans[wire.post]
            rngs = [stream(seed, f"synapse {link.label}") for seed in seeds]
            drawing = Drawing(wire, *pair, len(seeds), rngs, by_source)
            wire = replace(wire, plastic=plastic(link.label, attached, columns, wire.weight, drawing))
        made.append(wire)
    return tuple(made)


def _column(value: Any, instances: int) -> np.ndarray:
    values = np.ravel(np.asarray(value, dtype=float))
    return values if len(values) == 1 else np.tile(values, instances)


def _pairs(link: Projection, pre: int, post: int, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
    if link.indices is not None:
        return np.asarray(link.indices[0]), np.asarray(link.indices[1])
    probability = float(link.probability or 0.0)
    rows = max(1, 4_000_000 // post)  # so many random numbers at a time
    parts = []
    for first in range(0, pre, rows):
        drawn = rng.random(min(rows, pre - first) * post) < probability
        parts.append(np.flatnonzero(drawn) + first * post)
    return np.divmod(np.concatenate(parts), post)


def volleys(circuit: Circuit, seeds: Sequence[int], duration: float, dt: float) -> tuple[Volley, ...]:
    """Draw what every input fires in each instance; a fibre fires at most once a step."""
    found = []
    for name, source in circuit.inputs.items():
        keys = []
        for r, seed in enumerate(seeds):
            times, fibre = source.draw(duration, stream(seed, f"input {name}"))
            step = np.maximum(np.ceil(times / dt - 0.5 - 1e-9), 0).astype(np.int64)
            keys.append(np.stack([step, fibre + r * source.size], axis=1))
        unique = np.unique(np.concatenate(keys), axis=0)
        found.append(Volley(unique[:, 0], unique[:, 1], source.size * len(seeds)))
    return tuple(found)
