"""Runs a circuit: one generated step per population, spikes handed on through delay buffers.

A delay buffer is a ring of steps; each step holds, for every port and neuron, the sum of what arrives then. The
synapses of a projection are compressed rows: those of source i are ``row[i]`` to ``row[i + 1]``.

No synapse leads from one instance to another, so that instances run in parts, each from beginning to end on one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from nmdasim.engines import compiled
from nmdasim.engines.kernel.batches import CHUNK, Kernel, axial_rates, fill_constants, fill_states
from nmdasim.engines.kernel.threads import Progress, spread, workers
from nmdasim.language.reader import symbol
from nmdasim.plan import memory
from nmdasim.plan.plan import Outcome, Plan
from nmdasim.plan.wiring import Network, Volley, Wire

#: Room for spikes in one call, in numbers: a population may fire at every step of it.
_ROOM = 1 << 21
#: Bytes of state after which instances go to another part: about what a core's second-level cache holds.
_PART = 1 << 20


@dataclass(eq=False)
class _Running:
    """A population, over some instances, while it runs."""

    plan: Plan
    kernel: Kernel
    lanes: np.ndarray
    blocks: np.ndarray
    ring: np.ndarray
    pending: np.ndarray
    constants: np.ndarray
    buffer: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, plan: Plan, kernel: Kernel, lanes: np.ndarray, slots: int, count: int) -> _Running:
        width = kernel.source.width
        blocks = np.zeros((kernel.blocks_of(len(lanes)), kernel.size), dtype=kernel.real)
        ports = max(len(plan.model.ports), 1)
        ring = np.zeros((slots, ports, len(blocks) * width), dtype=kernel.real)
        room = count * len(blocks) * width
        buffer = (np.empty(room, np.int64), np.empty(room, np.int64))
        pending = np.zeros((slots, ports), np.bool_)
        made = cls(plan, kernel, lanes, blocks, ring, pending, np.empty(0), buffer)
        for b, a in enumerate(blocks):
            fill_states(kernel, plan, made._lanes(b), a)
        return made

    def _lanes(self, block: int) -> np.ndarray:
        """Return the lanes of a block; those beyond the last repeat it."""
        width = self.kernel.source.width
        return self.lanes[np.minimum(np.arange(block * width, (block + 1) * width), len(self.lanes) - 1)]

    def prepare(self, h: float) -> None:
        """Write the constants of a state step `h`."""
        for b, a in enumerate(self.blocks):
            self.constants = fill_constants(self.kernel, self.plan, self._lanes(b), a, h)

    def arguments(self) -> tuple[Any, ...]:
        layout = (*self.kernel.geometry, np.uint64(self.kernel.source.width))
        rates = axial_rates(self.plan, self.kernel)
        return (self.blocks, self.constants, layout, rates, self.ring, self.pending, *self.buffer, len(self.lanes))

    def state(self, variable: str, compartment: int) -> np.ndarray:
        """Return a state of every neuron."""
        offset, width = self.kernel.offset(variable, compartment), self.kernel.source.width
        return self.blocks[:, offset : offset + width].reshape(-1)[: len(self.lanes)].astype(float)


def run(network: Network, report: Callable[[float], None]) -> list[Outcome]:
    """Run every population of a circuit together, instances in parts over threads; return one Outcome each."""
    first = network.plans[0]
    network = replace(network, wires=tuple(_summed(network, wire) for wire in network.wires))
    kernels = [Kernel.of(plan, network=True) for plan in network.plans]
    parts = _parts(network, kernels)
    _check_memory(network, kernels, max(map(len, parts)) * workers(first.threads, len(parts)))
    advance = compiled.load(_source(kernels, network)).advance
    progress = Progress(report, network.instances * first.steps)
    found = spread(lambda part: _run(network, kernels, part, advance, progress), parts, first.threads, progress)
    return [_join(outcomes) for outcomes in zip(*found, strict=True)]


def _summed(network: Network, wire: Wire) -> Wire:
    """Return a projection with the amounts that its port sums: weights, or 1 where it does not read them."""
    model = network.plans[wire.post].model
    port = list(model.ports.values())[wire.port]
    names = (*model.parameters.bases, "weight", "t", "area")
    effects = [model.system.substitute(text, names) for _, text in port.increments()]
    reads = any(symbol("weight") in effect.free_symbols for effect in effects)
    return wire if reads else replace(wire, weight=np.ones(1))


def _parts(network: Network, kernels: Sequence[Kernel]) -> list[range]:
    """Split the instances: as many parts for each thread, the larger first; few instances each in a large circuit."""
    threads = workers(network.plans[0].threads, network.instances)
    count = min(network.instances, threads * -(-_states(network, kernels) // (threads * _PART)))
    size, larger = divmod(network.instances, count)
    ends = list(accumulate([size + 1] * larger + [size] * (count - larger), initial=0))
    return [range(*pair) for pair in pairwise(ends)]


def _states(network: Network, kernels: Sequence[Kernel]) -> int:
    """Return the bytes of all blocks."""
    both = zip(kernels, network.plans, strict=True)
    return sum(kernel.blocks_of(plan.lanes) * kernel.size * 8 for kernel, plan in both)


def _slots(network: Network) -> int:
    """Return the steps that a delay buffer must hold."""
    return 2 + max((int(wire.delay.max(initial=0)) for wire in network.wires), default=0)


def _check_memory(network: Network, kernels: Sequence[Kernel], instances: int) -> None:
    """Refuse what cannot fit while so many instances are in flight."""
    slots = _slots(network)
    buffers = 8 * slots * sum(plan.lanes * len(plan.model.ports) for plan in network.plans)
    needed = (buffers + _states(network, kernels)) * instances / network.instances
    what = f"{instances} instances at a time with delay buffers of {slots:,} steps"
    memory.check(needed, what, "take fewer threads, shorten the longest delay, or take a larger dt")


def _run(network: Network, kernels: Sequence[Kernel], part: range, advance: Any, progress: Progress) -> list[Outcome]:
    """Run some instances from beginning to end."""
    first, slots = network.plans[0], _slots(network)
    lanes = [network.lanes(plan.lanes, part) for plan in network.plans]
    count = max(1, min(CHUNK, _ROOM // (max(map(len, lanes)) + 128), first.steps))
    running = [_Running.of(*each, slots, count) for each in zip(network.plans, kernels, lanes, strict=True)]
    links = tuple(_compressed(network, wire, running[wire.post], part) for wire in network.wires)
    volleys = tuple(_fired(network, volley, part) for volley in network.inputs)
    collected = _Collected(running)
    done, cursor, real = 0, np.zeros(max(len(volleys), 1), np.int64), kernels[0].real
    with np.errstate(all="ignore"):
        staggered = kernels[0].source.method.staggered
        for h, end in [(0.5 * first.dt, min(1, first.steps)), (first.dt, first.steps)][0 if staggered else 1 :]:
            for r in running:
                r.prepare(h)
            arguments = tuple(r.arguments() for r in running)
            while done < end:
                much, sampled = collected.begin(done, min(count, end - done))
                found = advance(done, much, real(h), real(first.dt), arguments, links, volleys, cursor)
                collected.end(found, done, sampled)
                done += much
                progress.add(much * len(part))
    return collected.outcomes()


def _fired(network: Network, volley: Volley, part: range) -> tuple[np.ndarray, np.ndarray]:
    """Return what an input fires in some instances: steps and fibres, the first of those instances first."""
    lanes = network.lanes(volley.lanes, part)
    own = (volley.lane >= lanes[0]) & (volley.lane <= lanes[-1])
    return volley.step[own], volley.lane[own] - lanes[0]


def _compressed(network: Network, wire: Wire, post: _Running, part: range) -> tuple[Any, ...]:
    """Return rows, targets, amounts and delays of a projection's synapses in some instances."""
    sources = network.lanes(network.sources[wire.pre], part)
    rows = np.searchsorted(wire.source, np.append(sources, sources[-1] + 1))
    own = slice(rows[0], rows[-1])
    target = wire.target[own] - post.lanes[0]
    amount, delay = (values[own] if len(values) > 1 else values for values in (wire.weight, wire.delay))
    return rows - rows[0], target.astype(np.int32), amount.astype(post.kernel.real), delay.astype(np.int32)


class _Collected:
    """Spikes and traces of every population."""

    def __init__(self, running: Sequence[_Running]):
        self.running = running
        self.spikes: list[list[np.ndarray]] = [[] for _ in running]
        self.samples: list[list[np.ndarray]] = [[] for _ in running]
        self._traced = [k for k, r in enumerate(running) if r.plan.recording.traces]
        self._every = running[0].plan.sampled_steps

    def _read(self) -> list[np.ndarray]:
        return [
            np.stack([self.running[k].state(p.variable, p.compartment) for p in self.running[k].plan.recording.traces])
            for k in self._traced
        ]

    def begin(self, done: int, much: int) -> tuple[int, bool]:
        """Sample what is due, and return how many steps may be taken before the next sample."""
        if not self._traced:
            return much, False
        if done % self._every:
            return min(much, self._every - done % self._every), False
        for k, values in zip(self._traced, self._read(), strict=True):
            self.samples[k].append(values)
        return 1, True

    def end(self, found: tuple[int, ...], done: int, sampled: bool) -> None:
        """Keep the spikes of a call; a staggered state's value at a whole step lies between two of its own."""
        for k, (r, count) in enumerate(zip(self.running, found, strict=True)):
            self.spikes[k].append(np.stack([column[:count] for column in r.buffer]))
        if sampled and done and self.running[0].kernel.source.method.staggered:
            for k, values in zip(self._traced, self._read(), strict=True):
                probes = self.running[k].plan.recording.traces
                between = np.array([p.variable != "v" for p in probes])[:, None]
                self.samples[k][-1] = np.where(between, (self.samples[k][-1] + values) / 2, self.samples[k][-1])

    def outcomes(self) -> list[Outcome]:
        """Return what each population did."""
        made = []
        for r, parts, samples in zip(self.running, self.spikes, self.samples, strict=True):
            step, lane = np.concatenate(parts, axis=1)
            step, lane = step[lane < len(r.lanes)], lane[lane < len(r.lanes)]
            order = np.lexsort((step, lane))
            finite = np.isfinite(r.blocks[:, : r.kernel.spare]).reshape(len(r.blocks), -1, r.kernel.source.width)
            broken = r.lanes[~finite.all(axis=1).reshape(-1)[: len(r.lanes)]]
            made.append(
                Outcome(
                    spike_lane=r.lanes[lane[order]],
                    spike_time=step[order] * r.plan.dt,
                    traces=tuple(np.stack(samples, axis=-1)) if samples else (),
                    trace_time=np.arange(len(samples)) * self._every * r.plan.dt,
                    broken=broken,
                )
            )
        return made


def _join(parts: Sequence[Outcome]) -> Outcome:
    """Put the instances of a population together again."""
    return Outcome(
        spike_lane=np.concatenate([part.spike_lane for part in parts]),
        spike_time=np.concatenate([part.spike_time for part in parts]),
        traces=tuple(np.concatenate(traces) for traces in zip(*(part.traces for part in parts), strict=True)),
        trace_time=parts[0].trace_time,
        broken=np.concatenate([part.broken for part in parts]),
    )


# --- the loop over time ----------------------------------------------------------------------------------------------


def _source(kernels: Sequence[Kernel], network: Network) -> str:
    """Write the loop of one circuit: what arrives from inputs, then every population, then its spikes."""
    modules = [compiled.load(kernel.source.text).__name__ for kernel in kernels]
    imports = [f"from {module} import step as step_{k}" for k, module in enumerate(modules)]
    lines: list[str] = []
    for j in range(len(network.inputs)):
        wires = [k for k, wire in enumerate(network.wires) if wire.pre == len(kernels) + j]
        lines += [f"fired, fibre = volleys[{j}]", f"k = cursor[{j}]",
                  "while k < fired.shape[0] and fired[k] <= n:"]  # fmt: skip
        lines += [f"    {_hand_on(network.wires[k], k, 'fibre[k]', 'n')}" for k in wires]
        lines += ["    k += 1", f"cursor[{j}] = k"]
    for k in range(len(kernels)):
        lines += [f"found_{k} = advance_one_{k}(n, h, dt, populations[{k}], found_{k})"]
    for p in range(len(kernels)):
        wires = [k for k, wire in enumerate(network.wires) if wire.pre == p]
        lines += [f"for k in range(before_{p}, found_{p}):", f"    lane = populations[{p}][7][k]"]
        calls = [f"        {_hand_on(network.wires[k], k, 'lane', 'n + 1')}" for k in wires]
        lines += [f"    if lane < populations[{p}][8]:", *calls] if wires else ["    pass"]
        lines += [f"before_{p} = found_{p}"]
    zero = [f"before_{p} = found_{p} = 0" for p in range(len(kernels))]
    ones = [_ONE.format(k=k) for k in range(len(kernels))]
    returned = ", ".join(f"found_{p}" for p in range(len(kernels)))
    return (
        '"""The loop over time of one circuit. Generated."""\n\nimport numpy as np\nfrom numba import njit\n\n'
        + "\n".join(imports)
        + _SCATTER
        + "".join(ones)
        + '\n\n@njit(cache=True, nogil=True, error_model="numpy")\n'
        + "def advance(first, count, h, dt, populations, wires, volleys, cursor):\n"
        + "".join(f"    {line}\n" for line in zero)
        + "    for n in range(first, first + count):\n"
        + "".join(f"        {line}\n" for line in lines)
        + f"    return ({returned},)\n"
    )


def _hand_on(wire: Wire, k: int, lane: str, when: str) -> str:
    return f"hand_on(wires[{k}], {lane}, {when}, populations[{wire.post}][4], populations[{wire.post}][5], {wire.port})"


_SCATTER = """


@njit(nogil=True, error_model="numpy")
def hand_on(wire, source, when, ring, pending, port):
    row, target, amount, delay = wire
    slots = ring.shape[0]
    if delay.shape[0] == 1 and amount.shape[0] == 1:
        slot = (when + delay[0]) % slots
        now, weight = ring[slot, port], amount[0]
        if row[source] < row[source + 1]:
            pending[slot, port] = True
        for j in range(row[source], row[source + 1]):
            now[target[j]] += weight
        return
    for j in range(row[source], row[source + 1]):
        slot = (when + delay[j if delay.shape[0] > 1 else 0]) % slots
        ring[slot, port, target[j]] += amount[j if amount.shape[0] > 1 else 0]
        pending[slot, port] = True
"""

_ONE = """

@njit(nogil=True, error_model="numpy")
def advance_one_{k}(n, h, dt, population, found):
    blocks, ks, layout, rates, ring, pending, spike_step, spike_lane, lanes = population
    slot = n % ring.shape[0]
    found = step_{k}(
        blocks, ks, h, dt, n, layout, rates, ring[slot], pending[slot], spike_step, spike_lane, found
    )
    for port in range(pending.shape[1]):
        if pending[slot, port]:
            ring[slot, port] = 0
            pending[slot, port] = False
    return found
"""
