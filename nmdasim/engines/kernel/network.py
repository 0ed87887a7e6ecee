"""Runs a circuit: populations step by step together, instances in parts over threads.

No synapse leads from one instance to another, so that instances run in parts, each from beginning to end on one thread.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import accumulate, pairwise
from typing import Any

import numpy as np

from nmdasim.engines.kernel import loop, subnormals, synaptic
from nmdasim.engines.kernel.arriving import events, fired, synapses, weighs
from nmdasim.engines.kernel.batches import CHUNK, endless_after, final_states
from nmdasim.engines.kernel.compiled_model import Kernel
from nmdasim.engines.kernel.machine import begins
from nmdasim.engines.kernel.plastic import Writer
from nmdasim.engines.kernel.storage import Storage, entry
from nmdasim.engines.kernel.threads import Progress, spread, workers
from nmdasim.plan import memory
from nmdasim.plan.firing import endless
from nmdasim.plan.plan import Arrivals, Held, Outcome, Plan, whole_steps

#: Room for spikes in one call, in numbers: every neuron may fire at every step of it.
_ROOM = 1 << 21
#: Bytes of state after which instances go to another part: about what a core's second-level cache holds.
_PART = 1 << 20


def run(plan: Plan, report: Callable[[float], None]) -> list[Outcome]:
    """Run every population of a circuit together, instances in parts over threads; return one Outcome each."""
    both = zip(plan.cells, synaptic.seen(plan), strict=True)
    kernels = [Kernel.of(cells, network=True, seen=states) for cells, states in both]
    parts = _parts(plan, kernels)
    _check_memory(plan, kernels, max(map(len, parts)) * workers(plan.first.threads, len(parts)))
    advance = loop.advance(kernels[0].real)
    for kernel in kernels:  # compiled before threads begin
        entry(kernel)
    learning = synaptic.writers(plan, kernels)
    for writer in learning.values():
        _ = writer.entry
    progress = Progress(report, plan.instances * plan.first.steps)
    weighing = [weighs(cells.model) for cells in plan.cells]

    def work(part: range) -> list[Outcome]:
        return _run(plan, kernels, weighing, learning, part, advance, progress)

    found = spread(work, parts, plan.first.threads, progress)
    return [_join(outcomes) for outcomes in zip(*found, strict=True)]


def _parts(plan: Plan, kernels: Sequence[Kernel]) -> list[range]:
    """Split the instances: as many parts for each thread, the larger first; few instances each in a large circuit."""
    threads = workers(plan.first.threads, plan.instances)
    count = min(plan.instances, threads * -(-_states(plan, kernels) // (threads * _PART)))
    size, larger = divmod(plan.instances, count)
    ends = list(accumulate([size + 1] * larger + [size] * (count - larger), initial=0))
    return [range(*pair) for pair in pairwise(ends)]


def _states(plan: Plan, kernels: Sequence[Kernel]) -> int:
    """Return the bytes of all batches."""
    both = zip(kernels, plan.cells, strict=True)
    return sum(kernel.batches_of(cells.lanes) * kernel.size * 8 for kernel, cells in both)


def _slots(plan: Plan) -> int:
    """Return the steps that a delay buffer must hold: those of the longest delay and of what is on its way already."""
    times = [wire.delay for wire in plan.wires if wire.plastic is None]
    times += [cells.held.pending.time for cells in plan.cells if cells.held is not None]
    return 2 + int(whole_steps(np.array([longest.max(initial=0.0) for longest in times]), plan.first.dt).max(initial=0))


def _check_memory(plan: Plan, kernels: Sequence[Kernel], instances: int) -> None:
    """Refuse what cannot fit while so many instances are in flight."""
    slots = _slots(plan)
    buffers = 8 * slots * sum(cells.lanes * len(cells.model.ports) for cells in plan.cells)
    needed = (buffers + _states(plan, kernels)) * instances / plan.instances
    what = f"{instances} instances at a time with delay buffers of {slots:,} steps"
    memory.check(needed, what, "take fewer threads, shorten the longest delay, or take a larger dt")


def _run(
    plan: Plan,
    kernels: Sequence[Kernel],
    weighing: Sequence[np.ndarray],
    learning: Mapping[int, Writer],
    part: range,
    advance: Any,
    progress: Progress,
) -> list[Outcome]:
    """Run some instances from beginning to end."""
    first, storage = plan.first, Storage.of(plan, kernels, part, _slots(plan))
    inputs = np.zeros(len(plan.inputs), loop.INPUT)
    wires, connections = synapses(plan, storage, inputs, weighing, part)
    volleys, own = fired(plan, inputs, part), events(storage, weighing)
    cursors = inputs["begin"].copy(), storage.populations["events"].copy()
    held = synaptic.Held.of(plan, learning, storage, inputs, part)
    lanes = int(storage.populations["padded"].sum())
    count = max(1, min(CHUNK, _ROOM // lanes, first.steps))
    spikes = _Spikes(tuple(np.empty(count * lanes, np.int64) for _ in range(3)))
    traces = _Traces.of(storage)
    counted = [n for table in (storage.populations, inputs) for n in (_begin(table), len(table))]
    placed = [*counted, _begin(wires), _begin(traces.probes), len(traces.probes)]
    sent = [_begin(row) for row in (*connections, *volleys, *own, *cursors, *spikes.room)]
    learnt = [_begin(held.table), len(held.table), _begin(held.whole), _begin(held.numbers)]
    now, end = first.begin, first.begin + first.steps
    # The first step takes states from 0 to dt/2; from then on what is at n·dt lies between two of their values.
    fresh = kernels[0].source.staggered and first.held is None
    phases = [(0.5 * first.dt, min(now + 1, end), False)] if fresh else []
    with np.errstate(all="ignore"):
        for h, until, halfway in [*phases, (first.dt, end, True)]:
            stored = storage.prepare(h)
            numbers = [_begin(row) for row in (*stored, *storage.rings)]
            while now < until:
                much = min(count, until - now)
                with subnormals.as_zero():
                    found = advance(
                        *(now, much, h, first.dt, *placed, *numbers, storage.slots, *sent, count * lanes),
                        *(*traces.due, halfway, _begin(traces.values), *learnt),
                    )
                for one in storage.kept:
                    if endless_after(one.cells.model, one.values(one.kernel.spare - one.row["width"])):
                        raise endless(one.cells.model)
                spikes.keep(found)
                now += much
                progress.add(much * len(part))
    outcomes = [_outcome(storage, k, spikes, traces) for k in range(len(kernels))]
    return synaptic.with_synapses(outcomes, plan, held, part)


def _begin(row: np.ndarray) -> int:
    """Return the address of an array's numbers; whoever asks keeps the array."""
    return begins(row, row.dtype)


@dataclass(frozen=True, eq=False)
class _Spikes:
    """Spikes of every population, call by call: step, lane, population."""

    room: tuple[np.ndarray, ...]
    calls: list[np.ndarray] = field(default_factory=list)

    def keep(self, found: int) -> None:
        """Keep what a call found."""
        self.calls.append(np.stack([column[:found] for column in self.room]))

    def of(self, population: int, lanes: int) -> tuple[np.ndarray, np.ndarray]:
        """Return steps and lanes of one population's spikes, by lane, then step; not of those that fill a batch."""
        found = [call[:2, (call[2] == population) & (call[1] < lanes)] for call in self.calls]
        step, lane = np.concatenate([np.empty((2, 0), np.int64), *found], axis=1)
        order = np.argsort(lane, kind="stable")
        return step[order], lane[order]


@dataclass(frozen=True, eq=False)
class _Traces:
    """Recorded rows and their samples: `due` are the steps between two of them, and how many lie before this run."""

    probes: np.ndarray
    values: np.ndarray
    due: tuple[int, int]
    samples: int

    @classmethod
    def of(cls, storage: Storage) -> _Traces:
        """Make room for what is recorded."""
        first = storage.kept[0].cells
        every, samples = first.sampled_steps, len(first.sampled)
        found, length = [], 0
        for k, one in enumerate(storage.kept):
            for p in one.cells.recording.traces:
                halfway = one.kernel.halfway(one.cells.model, p.variable)
                found.append((k, one.kernel.offset(p.variable, p.compartment), length, halfway))
                length += samples * int(one.row["padded"])
        return cls(np.array(found, loop.PROBE), np.zeros(length), (every, -(-first.begin // every)), samples)

    def of_population(self, k: int, lanes: int, padded: int) -> tuple[np.ndarray, ...]:
        """Return the traces of one population, each (lanes, samples)."""
        begins = self.probes["values"][self.probes["population"] == k]
        tables = (self.values[begin : begin + self.samples * padded].reshape(-1, padded) for begin in begins)
        return tuple(table[:, :lanes].T for table in tables)


def _outcome(storage: Storage, k: int, spikes: _Spikes, traces: _Traces) -> Outcome:
    """Return what one population did."""
    one = storage.kept[k]
    step, lane = spikes.of(k, len(one.lanes))
    slots = {slot: one.values(one.kernel.offset(*slot)) for slot in one.kernel.slots}
    return Outcome(
        spike_lane=one.lanes[lane],
        spike_time=step * one.cells.dt,
        traces=traces.of_population(k, len(one.lanes), int(one.row["padded"])),
        trace_time=one.cells.sampled if one.cells.recording.traces else np.empty(0),
        broken=one.broken(),
        final=final_states(one.cells, len(one.lanes), slots),
        held=one.held(),
    )


def _join(parts: Sequence[Outcome]) -> Outcome:
    """Put the instances of a population together again."""
    held = [part.held for part in parts if part.held is not None]
    pending = [np.concatenate([getattr(one.pending, name) for one in held]) for name in _COLUMNS]
    return Outcome(
        spike_lane=np.concatenate([part.spike_lane for part in parts]),
        spike_time=np.concatenate([part.spike_time for part in parts]),
        traces=tuple(np.concatenate(traces) for traces in zip(*(part.traces for part in parts), strict=True)),
        trace_time=parts[0].trace_time,
        broken=np.concatenate([part.broken for part in parts]),
        final={name: np.concatenate([part.final[name] for part in parts]) for name in parts[0].final},
        held=Held(
            np.concatenate([one.ready for one in held]), np.concatenate([one.wait for one in held]), Arrivals(*pending)
        ),
        synapses=synaptic.joined(parts),
    )


_COLUMNS = ("time", "port", "table", "weight")
