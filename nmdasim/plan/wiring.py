"""Wiring: a circuit made concrete. Every pair of neurons, weight and delay as plain arrays, everything random drawn."""

from __future__ import annotations

import zlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from nmdasim import quantities
from nmdasim.model.attached import Attached
from nmdasim.model.circuit import Circuit, Projection
from nmdasim.plan.plan import Cells, Volley, Wire
from nmdasim.plan.plasticity import Drawing, plastic


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random numbers of one named part of a circuit; other parts do not move them."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))


def synapses(circuit: Circuit) -> int:
    """Return about how many synapses one instance has, before any is drawn."""
    size = {name: part.size for name, part in {**circuit.populations, **circuit.inputs}.items()}
    return sum(_expected(link, size[link.pre] * size[link.post]) for link in circuit.projections)


def _expected(link: Projection, pairs: int) -> int:
    if link.latency is not None:
        return link.latency.synapses * len(link.contacts)
    return len(link.indices[0]) if link.indices is not None else round((link.probability or 0.0) * pairs)


def wires(
    circuit: Circuit,
    seeds: Sequence[int],
    delays: Mapping[int, np.ndarray],
    cells: Sequence[Cells],
    parameters: Mapping[str, np.ndarray],
) -> tuple[Wire, ...]:
    """Draw the synapses of every projection for each instance; instances of one seed have the same.

    Parameters
    ----------
    circuit
        The circuit.
    seeds
        Seed of each instance.
    delays
        Delays of each bundle by its place among the projections: seconds, shape (instances, synapses).
    cells
        The populations, for synapses that start as their neurons do.
    parameters
        Parameters that were given, one value or one for each instance.
    """
    order = [*circuit.populations, *circuit.inputs]
    made: list[Wire] = []
    for k, link in enumerate(circuit.projections):
        ends = order.index(link.pre), order.index(link.post)
        ports = list(circuit.cells[link.post].ports)
        if link.latency is not None:
            made += [_bundle(delays[k] + extra, *ends, ports.index(port)) for port, extra in link.ports]
        else:
            port = ports.index(link.port) if link.port else 0
            wire, by_source = _drawn(circuit, link, seeds, k, *ends, port)
            pair = cells[wire.pre] if wire.pre < len(cells) else None, cells[wire.post]
            made.append(_with_state(circuit, link, wire, parameters, Drawing(wire, *pair, tuple(seeds), by_source)))
    return tuple(made)


def _bundle(delays: np.ndarray, pre: int, post: int, port: int) -> Wire:
    """Return the synapses of single cells: one cell an instance on either side."""
    lanes = np.repeat(np.arange(len(delays)), delays.shape[1])
    return Wire(pre, post, port, lanes, lanes, np.ones(1), delays.ravel())


def _with_state(
    circuit: Circuit, link: Projection, wire: Wire, parameters: Mapping[str, np.ndarray], drawing: Drawing
) -> Wire:
    """Return a wire with what its synapses hold, if they hold anything."""
    if link.synapse is None:
        return wire
    attached = Attached.of(link, circuit.populations)
    rngs = [stream(seed, f"synapse {link.label}") for seed in drawing.seeds]
    return replace(wire, plastic=plastic(link.label, attached, parameters, drawing, rngs))


def _drawn(
    circuit: Circuit, link: Projection, seeds: Sequence[int], k: int, pre: int, post: int, port: int
) -> tuple[Wire, np.ndarray]:
    """Return the wire of a projection, and the order of its synapses by source."""
    size = {name: part.size for name, part in {**circuit.populations, **circuit.inputs}.items()}
    before, after = size[link.pre], size[link.post]
    known: dict[int, tuple[np.ndarray, np.ndarray]] = {}
    for seed in seeds:
        if seed not in known:
            known[seed] = _pairs(link, before, after, stream(seed, f"{k} {link.pre} {link.post} {link.port}"))
    sources = np.concatenate([known[seed][0] + r * before for r, seed in enumerate(seeds)])
    targets = np.concatenate([known[seed][1] + r * after for r, seed in enumerate(seeds)])
    by_source = np.argsort(sources, kind="stable")
    weight = _column(1.0 if link.number is None else quantities.quantity(link.number), len(seeds))
    delay = _column(0.0 if link.delay is None else quantities.si(link.delay, "ms", name="delay"), len(seeds))
    weight, delay = (values if len(values) == 1 else values[by_source] for values in (weight, delay))
    return Wire(pre, post, port, sources[by_source], targets[by_source], weight, delay), by_source


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


def volleys(
    inputs: Sequence[Mapping[str, Any]], seeds: Sequence[int], duration: float, dt: float
) -> tuple[Volley, ...]:
    """Draw what every input fires in each instance; a fibre fires at most once a step.

    Parameters
    ----------
    inputs
        Of each instance, the source behind every input.
    seeds
        Seed of each instance.
    duration, dt
        Seconds.
    """
    found = []
    for name in inputs[0]:
        keys, known = [], {}
        for r, (seed, sources) in enumerate(zip(seeds, inputs, strict=True)):
            source = sources[name]
            if (seed, id(source)) not in known:
                times, fibre = source.draw(duration, stream(seed, f"input {name}"))
                known[seed, id(source)] = np.maximum(np.ceil(times / dt - 0.5 - 1e-9), 0).astype(np.int64), fibre
            step, fibre = known[seed, id(source)]
            keys.append(np.stack([step, fibre + r * source.size], axis=1))
        unique = np.unique(np.concatenate(keys), axis=0)
        found.append(Volley(unique[:, 0], unique[:, 1], inputs[0][name].size * len(seeds)))
    return tuple(found)
