"""Runs a generated kernel: batches of lanes over threads, time in chunks."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nmdasim.engines import compiled
from nmdasim.engines.form.methods import DEFAULT
from nmdasim.engines.kernel.source import Source, write
from nmdasim.engines.kernel.threads import Progress, spread
from nmdasim.engines.layout import Layout, layout
from nmdasim.language.evaluation import evaluator
from nmdasim.model.model import Model
from nmdasim.model.structure import by_structure
from nmdasim.plan.plan import Cells, Held, Outcome, Probe

#: Steps per call of the compiled function: long enough to hide the call, short enough to report progress.
CHUNK = 4096


def run(plan: Cells, report: Callable[[float], None]) -> Outcome:
    """Run every lane of a population, as if alone."""
    kernel = Kernel.of(plan)
    starts = range(0, plan.lanes, kernel.source.width)
    progress = Progress(report, len(starts) * plan.steps)
    return _join(plan, spread(lambda first: _batch(kernel, plan, first, progress), starts, plan.threads, progress))


@dataclass(frozen=True, eq=False)
class Kernel:
    """A compiled model and the geometry of its batches."""

    folded: Layout
    source: Source
    single: bool

    @classmethod
    def of(cls, plan: Cells, *, network: bool = False, seen: Iterable[tuple[str, int]] = ()) -> Kernel:
        """Return the kernel that a plan needs; in a `network`, one step of a population.

        `seen` are (state, compartment) pairs that are read from outside and so stay, as recorded ones do.
        """
        varied = frozenset(name for name, values in plan.parameters.items() if values.shape[0] > 1)
        probed = {(p.variable, p.compartment) for p in _probes(plan)} | set(seen)
        kept = frozenset(pair for pair in probed if pair[0] != "v")
        start = plan.moving | set(plan.model.initial) | {s for begin in plan.model.starts.values() for s in begin}
        method, _, precision = plan.method.partition("/")
        single = precision == "float32"
        return kernel(plan.model, method or DEFAULT, varied, frozenset(start), kept, single, network)

    @cached_property
    def real(self) -> Any:
        """Floating-point type of a batch."""
        return np.float32 if self.single else np.float64

    @cached_property
    def row_offset(self) -> np.ndarray:
        """First row of each (group, position), in numbers of a batch."""
        sizes = [len(record.rows) for record in self.source.records]
        members = [len(record.group.compartments) for record in self.source.records]
        table = np.zeros((len(sizes), max(members)), dtype=np.int64)
        row = 0
        for g, (size, count) in enumerate(zip(sizes, members, strict=True)):
            table[g, :count] = (row + size * np.arange(count)) * self.source.width
            row += size * count
        return table

    @cached_property
    def spare(self) -> int:
        """Offset of the rows behind the records (one row for the refractory countdown lies before it)."""
        sizes = [len(r.rows) * len(r.group.compartments) for r in self.source.records]
        return (sum(sizes) + 1) * self.source.width

    @cached_property
    def size(self) -> int:
        """Numbers in a batch."""
        return self.spare + self.source.spare * self.source.width

    def batches_of(self, lanes: int) -> int:
        """Return how many batches hold so many lanes."""
        return -(-lanes // self.source.width)

    def offset(self, state: str, compartment: int) -> int:
        """Offset of a state's row."""
        group, position = self.folded.slots[state, compartment]
        return int(self.row_offset[group, position]) + self.source.records[group].rows.index(state) * self.source.width

    def halfway(self, model: Model, state: str) -> bool:
        """Whether the value at a whole step is the mean of two; of what noise moves, that has too little variance."""
        return state != "v" and self.source.method.staggered and state not in model.system.noise

    @cached_property
    def geometry(self) -> tuple[np.ndarray, ...]:
        """Arrays that tell the compiled function where things are."""
        scalars = np.array([len(r.scalars) * len(r.group.compartments) for r in self.source.records])
        return (
            np.array([len(r.group.compartments) for r in self.source.records]),
            np.ascontiguousarray(self.row_offset[:, 0]).astype(np.uint64),
            np.cumsum(scalars) - scalars,
        )

    @cached_property
    def evaluators(self) -> tuple[Any, ...]:
        """For each group, functions of the shared and of the varied constants."""
        pairs = [[e for _, e in part] for r in self.source.records for part in (r.scalars, r.varied)]
        return tuple(evaluator(part) for part in pairs)

    @cached_property
    def event_evaluators(self) -> tuple[tuple[int, Any], ...]:
        """For each compartment with events, a function of their constants."""
        return tuple((compartment, evaluator(part)) for compartment, part in self.source.events)

    @cached_property
    def advance(self) -> Any:
        """The compiled function."""
        return compiled.load(self.source.text).advance


@by_structure(maxsize=64)
def kernel(
    model: Model,
    method: str,
    varied: frozenset[str],
    start: frozenset[str],
    kept: frozenset[Any],
    single: bool,
    network: bool = False,
) -> Kernel:
    """Return the kernel of a model for what varies between lanes, starts and is kept."""
    folded = layout(model, start, kept)
    return Kernel(folded, write(model, folded, method, varied, single=single, network=network), single)


def _probes(plan: Cells) -> list[Probe]:
    return [*plan.recording.traces, *(probe for probe, _ in plan.recording.summaries)]


@dataclass(frozen=True, eq=False)
class _Batch:
    lanes: np.ndarray
    spike_step: np.ndarray
    spike_lane: np.ndarray
    traces: np.ndarray
    summaries: np.ndarray
    broken: np.ndarray
    final: dict[tuple[str, int], np.ndarray]
    ready: np.ndarray
    wait: np.ndarray


def _batch(kernel: Kernel, plan: Cells, first: int, progress: Progress) -> _Batch:
    """Run one batch of lanes from beginning to end; lanes beyond the last repeat it."""
    width = kernel.source.width
    lanes = np.minimum(np.arange(first, first + width), plan.lanes - 1)
    a = np.zeros(kernel.size, dtype=kernel.real)
    fill_states(kernel, plan, lanes, a)
    events = _events(plan, lanes)
    rates = axial_rates(plan, kernel)
    geometry = (*kernel.geometry, np.uint64(width))
    rows, mean, every = _trace_arguments(kernel, plan)
    windows = _window_arguments(kernel, plan)
    found_steps, found_lanes, values = [], [], []
    next_event, done = 0, 0
    # The first step takes states from 0 to dt/2; from then on what is at n·dt lies between two of their values.
    fresh = kernel.source.method.staggered and plan.held is None
    phases = [(0.5 * plan.dt, 1, mean & False)] if fresh else []
    phases.append((plan.dt, plan.steps, mean))
    with np.errstate(all="ignore"):
        for h, end, halfway in phases:
            ks = fill_constants(kernel, plan, lanes, a, h)
            while done < min(end, plan.steps):
                count, now = min(CHUNK, end - done), plan.begin + done
                buffer = (np.empty(count * width, np.int64), np.empty(count * width, np.int64))
                samples = np.zeros((len(rows), _samples(now, now + count, every), width), dtype=kernel.real)
                found, next_event = kernel.advance(
                    a,
                    ks,
                    kernel.real(h),
                    kernel.real(plan.dt),
                    now,
                    count,
                    geometry,
                    rates,
                    (*events, next_event),
                    buffer,
                    (rows, halfway, every, samples),
                    windows,
                )
                found_steps.append(buffer[0][:found].copy())
                found_lanes.append(buffer[1][:found].copy())
                values.append(samples)
                done += count
                progress.add(count)
    real = min(width, plan.lanes - first)
    final = {slot: a[o : o + real].astype(float) for slot, o in _offsets(kernel).items()}
    finite = np.all(np.isfinite(np.stack([*final.values()])), axis=0)
    return _Batch(
        lanes[:real],
        np.concatenate(found_steps),
        np.concatenate(found_lanes),
        np.concatenate(values, axis=1)[:, :, :real],
        windows[3][:, :, :real],
        lanes[:real][~finite],
        final,
        a[kernel.spare : kernel.spare + real].astype(float),
        a[kernel.spare - width : kernel.spare - width + real].astype(float),
    )


def _offsets(kernel: Kernel) -> dict[tuple[str, int], int]:
    """Return where each (state, compartment) stands in a batch."""
    return {slot: kernel.offset(*slot) for slot in kernel.folded.slots}


def _samples(first: int, end: int, every: int) -> int:
    """Count the sampled steps in [first, end)."""
    return -(-end // every) - -(-first // every)


def _rows(values: np.ndarray, lanes: np.ndarray, compartments: Sequence[int]) -> np.ndarray:
    """Pick lanes and compartments from an array that may have one of either."""
    picked = values[lanes] if values.shape[0] > 1 else values
    return picked[:, list(compartments)] if picked.shape[1] > 1 else picked


def fill_states(kernel: Kernel, plan: Cells, lanes: np.ndarray, a: np.ndarray) -> None:
    """Write the initial values of lanes, and what an earlier run left of their refractory periods.

    `a` is their batch, or as many batches as they fill; so it is in `fill_constants`.
    """
    width = kernel.source.width
    for state, compartment in kernel.folded.slots:
        offset = kernel.offset(state, compartment)
        values = np.broadcast_to(_rows(plan.initial[state], lanes, [compartment])[:, 0], len(lanes))
        a[..., offset : offset + width] = values.reshape(-1, width)
    a[..., kernel.spare : kernel.spare + width] = 1
    if plan.held is not None:
        a[..., kernel.spare : kernel.spare + width] = plan.held.ready[lanes].reshape(-1, width)
        a[..., kernel.spare - width : kernel.spare] = plan.held.wait[lanes].reshape(-1, width)


def fill_constants(kernel: Kernel, plan: Cells, lanes: np.ndarray, a: np.ndarray, h: float) -> np.ndarray:
    """Write the constants that differ between lanes into their batches; return those that all lanes share."""
    width = kernel.source.width
    steps = {"_h": np.array([[h]]), "_dt": np.array([[plan.dt]])}
    shared = []
    for g, record in enumerate(kernel.source.records):
        where = record.group.compartments
        values = {name: _rows(v, lanes, where) for name, v in plan.parameters.items()} | steps
        scalars = kernel.evaluators[2 * g](values)
        shape = (1, len(where))
        shared.append(
            np.array([np.broadcast_to(s, shape)[0] for s in scalars]).reshape(len(scalars), shape[1]).T.ravel()
        )
        first = len(record.rows) - len(record.varied)
        for k, constant in enumerate(kernel.evaluators[2 * g + 1](values)):
            table = np.broadcast_to(constant, (len(lanes), len(where)))
            for position in range(len(where)):
                o = kernel.row_offset[g, position] + (first + k) * width
                a[..., o : o + width] = table[:, position].reshape(-1, width)
    _fill_event_constants(kernel, plan, lanes, a, steps)
    _fill_keys(kernel, plan, lanes, a)
    return np.concatenate(shared).astype(kernel.real)


def _fill_event_constants(
    kernel: Kernel, plan: Cells, lanes: np.ndarray, a: np.ndarray, steps: dict[str, np.ndarray]
) -> None:
    """Write the constants of ports and spike rule, each with the parameters of the compartment where it holds."""
    width = kernel.source.width
    o = kernel.spare + 2 * width
    for compartment, constants in kernel.event_evaluators:
        values = {name: _rows(v, lanes, [compartment]) for name, v in plan.parameters.items()} | steps
        for constant in constants(values):
            a[..., o : o + width] = np.broadcast_to(constant, (len(lanes), 1)).reshape(-1, width)
            o += width


def _fill_keys(kernel: Kernel, plan: Cells, lanes: np.ndarray, a: np.ndarray) -> None:
    """Write the upper and the lower 24 bits of each lane's key, behind everything else, where a model draws."""
    if not kernel.source.draws:
        return
    width, keys = kernel.source.width, plan.keys[lanes]
    for k, part in enumerate((keys >> 24, keys & 0xFFFFFF)):
        o = kernel.size - (2 - k) * width
        a[..., o : o + width] = part.reshape(-1, width)


def _events(plan: Cells, lanes: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return steps, ports, lanes (-1 for all) and weights of a batch's events, in order of time.

    An event due within half a step of t acts at t, as in NEURON.
    """
    tables = plan.table[lanes]
    parts: list[tuple[np.ndarray, np.ndarray]] = []
    for table in np.unique(tables):
        own = plan.arrivals.of(int(table))
        step = plan.begin + np.maximum(np.ceil(own.time / plan.dt - 0.5 - 1e-9), 0).astype(np.int64)
        members = [-1] if np.all(tables == table) else np.flatnonzero(tables == table)
        for lane in members:
            parts.append((np.stack([step, own.port, np.full(len(own), lane), np.arange(len(own))]), own.weight))
    if not parts:
        return np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0, np.int64), np.empty(0)
    keys = np.concatenate([p for p, _ in parts], axis=1)
    weight = np.concatenate([w for _, w in parts])
    order = np.lexsort((keys[2], keys[3], keys[0]))
    return keys[0][order], keys[1][order], keys[2][order], weight[order]


def axial_rates(plan: Cells, kernel: Kernel) -> tuple[np.ndarray, ...]:
    """Return the axial rates (1/s) into each compartment from its parent, back, and its total.

    Where lanes differ in Cm, the kernel divides by it lane by lane.
    """
    shape = plan.model.morphology
    if plan.model.is_point:
        empty = np.zeros(1, dtype=kernel.real)
        return empty, empty, empty
    shared = plan.parameters["Cm"] if len(plan.parameters["Cm"]) == 1 else np.ones((1, 1))
    capacity = np.broadcast_to(shared[0], len(shape)) * np.asarray(shape.areas)
    g, parents = np.asarray(shape.conductances), np.asarray(shape.parents)
    up, down = g / capacity, g / capacity[parents]
    down[0] = 0.0
    total = up.copy()
    np.add.at(total, parents[1:], down[1:])
    return tuple(np.ascontiguousarray(x, dtype=kernel.real) for x in (up, down, total))


def _trace_arguments(kernel: Kernel, plan: Cells) -> tuple[np.ndarray, np.ndarray, int]:
    rows = np.array([kernel.offset(p.variable, p.compartment) for p in plan.recording.traces], dtype=np.uint64)
    mean = np.array([kernel.halfway(plan.model, p.variable) for p in plan.recording.traces], dtype=bool)
    return rows, mean, plan.sampled_steps


_KINDS = {"max": 1, "min": -1, "start": 0}


def _window_arguments(kernel: Kernel, plan: Cells) -> tuple[np.ndarray, ...]:
    width = kernel.source.width
    summaries = plan.recording.summaries
    edges = plan.begin + np.ceil(np.asarray(plan.recording.windows, dtype=float) / plan.dt - 1e-6).astype(np.int64)
    values = np.full((len(summaries), max(len(edges) - 1, 0), width), np.nan, dtype=kernel.real)
    rows = np.array([kernel.offset(p.variable, p.compartment) for p, _ in summaries], dtype=np.uint64)
    kinds = np.array([_KINDS[kind] for _, kind in summaries], dtype=np.int64)
    return edges, rows, kinds, values


def _join(plan: Cells, batches: Sequence[_Batch]) -> Outcome:
    lane = np.concatenate([b.lanes[0] + b.spike_lane for b in batches])
    step = np.concatenate([b.spike_step for b in batches])
    real = lane <= np.concatenate([np.full(len(b.spike_lane), b.lanes[-1]) for b in batches])
    lane, step = lane[real], step[real]
    order = np.lexsort((step, lane))
    slots = {slot: np.concatenate([b.final[slot] for b in batches]) for slot in batches[0].final}
    return Outcome(
        spike_lane=lane[order],
        spike_time=step[order] * plan.dt,
        summaries=tuple(
            np.concatenate([b.summaries[j].T for b in batches]) for j in range(len(plan.recording.summaries))
        ),
        traces=tuple(np.concatenate([b.traces[j].T for b in batches]) for j in range(len(plan.recording.traces))),
        trace_time=plan.sampled if plan.recording.traces else np.empty(0),
        broken=np.concatenate([b.broken for b in batches]),
        final=final_states(plan, plan.lanes, slots),
        held=Held(*(np.concatenate([getattr(b, name) for b in batches]) for name in ("ready", "wait"))),
    )


def final_states(plan: Cells, lanes: int, slots: Mapping[tuple[str, int], np.ndarray]) -> dict[str, np.ndarray]:
    """Return every state at the end, shape (lanes, compartments); NaN where the kernel did not follow it."""
    shape = (lanes, len(plan.model.morphology))
    found = {state: np.full(shape, np.nan) for state in plan.model.system.states}
    for (state, compartment), values in slots.items():
        found[state][:, compartment] = values
    return found
