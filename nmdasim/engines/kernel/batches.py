"""Runs a generated kernel: batches of lanes over threads, time in chunks."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nmdasim.engines.form.events import may_not_end
from nmdasim.engines.kernel import subnormals
from nmdasim.engines.kernel.compiled_model import Kernel
from nmdasim.engines.kernel.machine import begins
from nmdasim.engines.kernel.memory import shift, vectors
from nmdasim.engines.kernel.threads import Progress, spread, workers
from nmdasim.model.model import Model
from nmdasim.plan.firing import endless
from nmdasim.plan.plan import Cells, Held, Outcome, nearest_steps

#: Steps per call of the compiled function: long enough to hide the call, short enough to report progress.
CHUNK = 4096
#: A step that never comes.
_NEVER = 1 << 62


def run(plan: Cells, report: Callable[[float], None]) -> Outcome:
    """Run every lane of a population, as if alone."""
    kernel = Kernel.of(plan)
    each = _each(plan, kernel)
    parts = [range(first, min(first + each, plan.lanes)) for first in range(0, plan.lanes, each)]
    progress = Progress(report, len(parts) * plan.steps)
    return _join(plan, spread(lambda part: _batch(kernel, plan, part, progress), parts, plan.threads, progress))


def _each(plan: Cells, kernel: Kernel) -> int:
    """Return the lanes of a batch: as many rounds of batches for every thread as lanes take, all nearly as full."""
    threads, width, single = workers(plan.threads, plan.lanes), kernel.source.width, kernel.single
    rounds = -(-plan.lanes // (threads * width))
    return min(width, vectors(-(-plan.lanes // (threads * rounds)), single) << shift(single))


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


def _batch(kernel: Kernel, plan: Cells, part: range, progress: Progress) -> _Batch:
    """Run one batch of lanes from beginning to end; places beyond the last repeat it."""
    width = kernel.source.width
    lanes = np.minimum(np.arange(part.start, part.start + width), part.stop - 1)
    a = np.zeros(kernel.size, dtype=kernel.real)
    fill_states(kernel, plan, lanes, a)
    events = (*_events(plan, lanes, kernel.real), np.zeros(1, np.int64))
    fixed = (*kernel.geometry, *axial_rates(plan, kernel))
    traces = _Traces.of(kernel, plan)
    edges, (windows, *summaries) = _window_arguments(kernel, plan)
    room = np.empty((2, CHUNK * width), np.int64)
    found_steps, found_lanes, values = [], [], []
    # Where each row begins; asking for it at every call would cost more than many a call.
    state, rows, steps_of_windows = (begins(row, row.dtype) for row in (a, traces.rows, edges))
    places, due, noted, summed = ([begins(row, row.dtype) for row in part] for part in (fixed, events, room, summaries))
    done, advance = 0, kernel.advance  # compiled, where it has to be, before numbers are taken as zero
    # The first step takes states from 0 to dt/2; from then on what is at n·dt lies between two of their values.
    fresh = kernel.source.staggered and plan.held is None
    phases = [(0.5 * plan.dt, 1, traces.mean & False)] if fresh else []
    phases.append((plan.dt, plan.steps, traces.mean))
    with np.errstate(all="ignore"):
        for h, end, halfway in phases:
            ks = fill_constants(kernel, plan, lanes, a, h)
            shared = begins(ks, kernel.real)
            while done < min(end, plan.steps):
                count, now = min(CHUNK, end - done), plan.begin + done
                samples = traces.room(now, count, width, kernel.real)
                with subnormals.as_zero():
                    found = advance(
                        *(
                            state,
                            shared,
                            h,
                            plan.dt,
                            now,
                            now + count,
                            vectors(len(part), kernel.single),
                            *places,
                            *due,
                            *noted,
                            count * width,
                        ),
                        *(len(traces.rows), rows, begins(halfway, np.bool_), *traces.due(now), samples.shape[1]),
                        *(begins(samples, kernel.real), steps_of_windows, int(np.searchsorted(edges, now)) - 1),
                        *(windows, len(summaries[0]), *summed),
                    )
                found_steps.append(room[0, :found].copy())
                found_lanes.append(room[1, :found].copy())
                values.append(samples)
                if endless_after(plan.model, a[kernel.spare - width : kernel.spare]):
                    raise endless(plan.model)
                done += count
                progress.add(count)
    spikes = (np.concatenate(found_steps), np.concatenate(found_lanes))
    return _kept(kernel, a, lanes[: len(part)], spikes, np.concatenate(values, axis=1), summaries[-1])


def _kept(
    kernel: Kernel,
    a: np.ndarray,
    lanes: np.ndarray,
    spikes: tuple[np.ndarray, np.ndarray],
    traces: np.ndarray,
    summaries: np.ndarray,
) -> _Batch:
    """Return what is kept of a batch that has run to its end: of its own lanes, not of what fills it up."""
    real, spare = len(lanes), kernel.spare
    final = {slot: a[o : o + real].astype(float) for slot, o in _offsets(kernel).items()}
    finite = np.all(np.isfinite(np.stack([*final.values()])), axis=0)
    return _Batch(
        lanes,
        *spikes,
        traces[:, :, :real],
        summaries[:, :, :real],
        lanes[~finite],
        final,
        a[spare : spare + real].astype(float),
        a[spare - kernel.source.width : spare - kernel.source.width + real].astype(float),
    )


def endless_after(model: Model, wait: np.ndarray) -> bool:
    """Whether some lane fired again and again, given its row ``wait``, which then counts it."""
    return may_not_end(model) and bool(np.any(wait > 0))


def _offsets(kernel: Kernel) -> dict[tuple[str, int], int]:
    """Return where each (state, compartment) stands in a batch."""
    return {slot: kernel.offset(*slot) for slot in kernel.slots}


def _rows(values: np.ndarray, lanes: np.ndarray, compartments: Sequence[int]) -> np.ndarray:
    """Pick lanes and compartments from an array that may have one of either."""
    picked = values[lanes] if values.shape[0] > 1 else values
    return picked[:, list(compartments)] if picked.shape[1] > 1 else picked


def fill_states(kernel: Kernel, plan: Cells, lanes: np.ndarray, a: np.ndarray) -> None:
    """Write the initial values of lanes, and what an earlier run left of their refractory periods.

    `a` is their batch, or as many batches as they fill; so it is in `fill_constants`.
    """
    width = kernel.source.width
    for state, compartment in kernel.slots:
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
    for g, part in enumerate(kernel.source.parts):
        where = part.compartments
        values = {name: _rows(v, lanes, where) for name, v in plan.parameters.items()} | steps
        scalars = part.scalars.at(values)
        shape = (1, len(where))
        shared.append(
            np.array([np.broadcast_to(s, shape)[0] for s in scalars]).reshape(len(scalars), shape[1]).T.ravel()
        )
        first = len(part.rows) - len(part.varied.texts)
        for k, constant in enumerate(part.varied.at(values)):
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
    for compartment, constants in kernel.source.events:
        values = {name: _rows(v, lanes, [compartment]) for name, v in plan.parameters.items()} | steps
        for constant in constants.at(values):
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


def _events(plan: Cells, lanes: np.ndarray, real: Any) -> tuple[np.ndarray, ...]:
    """Return steps, ports, lanes (-1 for all) and weights of a batch's events by time; the last one never comes.

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
    parts.append((np.array([[_NEVER], [0], [0], [0]]), np.zeros(1)))
    keys = np.concatenate([p for p, _ in parts], axis=1)
    weight = np.concatenate([w for _, w in parts])
    order = np.lexsort((keys[2], keys[3], keys[0]))
    return (*(np.ascontiguousarray(row[order]) for row in keys[:3]), weight[order].astype(real))


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


@dataclass(frozen=True, eq=False)
class _Traces:
    """Rows of a batch that are sampled every so many steps; `mean` where a sample lies between two of their values."""

    rows: np.ndarray
    mean: np.ndarray
    every: int

    @classmethod
    def of(cls, kernel: Kernel, plan: Cells) -> _Traces:
        """Return those of a plan."""
        probes = plan.recording.traces
        rows = np.array([kernel.offset(p.variable, p.compartment) for p in probes], dtype=np.int64)
        mean = np.array([kernel.halfway(plan.model, p.variable) for p in probes], dtype=bool)
        return cls(rows, mean, plan.sampled_steps)

    def due(self, first: int) -> tuple[int, int]:
        """Return the steps between samples, and the first one that is sampled from step `first` on."""
        return self.every, -(-first // self.every) * self.every if len(self.rows) else _NEVER

    def room(self, first: int, count: int, width: int, real: Any) -> np.ndarray:
        """Make room for the samples of some steps."""
        samples = -(-(first + count) // self.every) - -(-first // self.every)
        return np.zeros((len(self.rows), samples, width), dtype=real)


_KINDS = {"max": 1, "min": -1, "start": 0}


def _window_arguments(kernel: Kernel, plan: Cells) -> tuple[np.ndarray, tuple[Any, ...]]:
    """Return the steps at which windows begin and end, those of an event of the same time, and what is summed up."""
    width = kernel.source.width
    summaries = plan.recording.summaries
    edges = plan.begin + nearest_steps(np.asarray(plan.recording.windows, dtype=float), plan.dt)
    windows = max(len(edges) - 1, 0)
    values = np.full((len(summaries), windows, width), np.nan, dtype=kernel.real)
    rows = np.array([kernel.offset(p.variable, p.compartment) for p, _ in summaries], dtype=np.int64)
    kinds = np.array([_KINDS[kind] for _, kind in summaries], dtype=np.int64)
    return np.append(edges, _NEVER), (windows if summaries else 0, rows, kinds, values)


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
