"""Wiring: a circuit made concrete. Every pair of neurons, weight and delay as plain arrays, everything random drawn."""

from __future__ import annotations

import math
import operator
import os
import zlib
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import numpy as np

from nmdasim import quantities
from nmdasim.model.attached import Attached
from nmdasim.model.circuit import Circuit, Projection
from nmdasim.plan.plan import Cells, Volley, Wire
from nmdasim.plan.plasticity import Drawing, plastic

#: Sources and targets of the synapses of one instance.
Pairs = tuple[np.ndarray, np.ndarray]
#: Random numbers that are drawn at a time: what stays in a core's cache.
_DRAWN = 1 << 16
#: Pairs of neurons from which on threads draw faster than they take to start.
_MANY = 1 << 21


def stream(seed: int, name: str) -> np.random.Generator:
    """Return the random numbers of one named part of a circuit; other parts do not move them."""
    return np.random.default_rng(np.random.SeedSequence([seed, zlib.crc32(name.encode())]))


def synapses(circuit: Circuit) -> int:
    """Return about how many synapses one instance has, before any is drawn; one with a state counts as three."""
    size = {name: part.size for name, part in {**circuit.populations, **circuit.inputs}.items()}
    room = [3 if link.synapse else 1 for link in circuit.projections]
    found = [_expected(link, size[link.pre] * size[link.post]) for link in circuit.projections]
    return sum(map(operator.mul, room, found))


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
    threads: int = 0,
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
    threads
        Threads that draw; 0 is all cores. What they draw is the same for any number.
    """
    known = _pairs(circuit, seeds, threads)
    order = [*circuit.populations, *circuit.inputs]
    made: list[Wire] = []
    for k, link in enumerate(circuit.projections):
        ends = order.index(link.pre), order.index(link.post)
        ports = list(circuit.cells[link.post].ports)
        if link.latency is not None:
            made += [_bundle(delays[k] + extra, *ends, ports.index(port)) for port, extra in link.ports]
        else:
            pairs = [known[k, seed] for seed in seeds]
            wire, by_source = _joined(circuit, link, pairs, *ends, ports.index(link.port) if link.port else 0)
            sides = cells[wire.pre] if wire.pre < len(cells) else None, cells[wire.post]
            made.append(_with_state(circuit, link, wire, parameters, Drawing(wire, *sides, tuple(seeds), by_source)))
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


def _joined(
    circuit: Circuit, link: Projection, pairs: Sequence[Pairs], pre: int, post: int, port: int
) -> tuple[Wire, np.ndarray]:
    """Return the synapses of one projection, given those of each instance, and their order by source."""
    sources, targets = (
        np.concatenate([pair[end] + r * size for r, pair in enumerate(pairs)])
        for end, size in enumerate(_sizes(circuit, link))
    )
    weight = _column(1.0 if link.number is None else quantities.quantity(link.number), len(pairs))
    delay = _column(0.0 if link.delay is None else quantities.si(link.delay, "ms", name="delay"), len(pairs))
    by_source = np.arange(len(sources))
    if np.any(sources[1:] < sources[:-1]):
        by_source = np.argsort(sources, kind="stable")
        sources, targets = sources[by_source], targets[by_source]
        weight, delay = (values if len(values) == 1 else values[by_source] for values in (weight, delay))
    return Wire(pre, post, port, sources, targets, weight, delay), by_source


def _sizes(circuit: Circuit, link: Projection) -> tuple[int, int]:
    """Return the neurons, or fibres, on either side of a projection."""
    size = {name: part.size for name, part in {**circuit.populations, **circuit.inputs}.items()}
    return size[link.pre], size[link.post]


def _column(value: Any, instances: int) -> np.ndarray:
    values = np.ravel(np.asarray(value, dtype=float))
    return values if len(values) == 1 else np.tile(values, instances)


def _pairs(circuit: Circuit, seeds: Sequence[int], threads: int) -> dict[tuple[int, int], Pairs]:
    """Draw the pairs of every projection, by its place, for each seed; bundles are left out."""
    links = {k: link for k, link in enumerate(circuit.projections) if link.latency is None}
    asked = [(k, seed) for k in links for seed in dict.fromkeys(seeds)]
    all_pairs = {k: _every(*_sizes(circuit, link)) for k, link in links.items() if link.probability == 1}

    def drawn(key: tuple[int, int]) -> Pairs:
        link, seed = links[key[0]], key[1]
        if link.probability == 1:  # nothing to draw
            return all_pairs[key[0]]
        return _draw(link, *_sizes(circuit, link), stream(seed, f"{key[0]} {link.pre} {link.post} {link.port}"))

    if threads == 1 or sum(math.prod(_sizes(circuit, links[k])) for k, _ in asked) < _MANY:
        return {key: drawn(key) for key in asked}
    with ThreadPoolExecutor(threads or os.cpu_count()) as pool:
        return dict(zip(asked, pool.map(drawn, asked), strict=True))


def _every(pre: int, post: int) -> Pairs:
    return np.repeat(np.arange(pre), post), np.tile(np.arange(post), pre)


def _draw(link: Projection, pre: int, post: int, rng: np.random.Generator) -> Pairs:
    """Draw the pairs of one projection of one instance, in order of their sources."""
    if link.indices is not None:
        return np.asarray(link.indices[0]), np.asarray(link.indices[1])
    total, probability = pre * post, float(link.probability or 0.0)
    room, parts = np.empty(min(_DRAWN, total)), []
    for first in range(0, total, _DRAWN):
        numbers = rng.random(out=room[: min(_DRAWN, total - first)])
        parts.append(np.flatnonzero(numbers < probability) + first)
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
