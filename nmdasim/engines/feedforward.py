"""Populations in turn: where every wire leads forward, the spikes of one are events of those that come after it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from nmdasim.plan.plan import Arrivals, Cells, Held, Outcome, Plan, Wire

Report = Callable[[float], None]


def run(plan: Plan, alone: Callable[[Cells, Report], Outcome], report: Report) -> list[Outcome]:
    """Run a plan whose wires lead forward.

    Parameters
    ----------
    plan
        The plan.
    alone
        Runs one population, whose cells know nothing of each other.
    report
        Called now and then with the share that is done.
    """
    outcomes: list[Outcome] = []
    for k, cells in enumerate(plan.cells):
        incoming = [(wire, plan, outcomes) for wire in plan.wires if wire.post == k]
        joined = _with_spikes(cells, [_arriving(*one) for one in incoming])
        outcome = alone(joined, lambda done, k=k: report((k + done) / len(plan.cells)))  # type: ignore[misc]
        outcomes.append(_with_pending(joined, outcome) if incoming or cells.held else outcome)
    return outcomes


def _arriving(wire: Wire, plan: Plan, outcomes: Sequence[Outcome]) -> Arrivals:
    """Return what the spikes of a source, population or input, bring through one wire, with lanes as tables."""
    lane, time = _fired(wire.pre, plan, outcomes)
    first = np.searchsorted(wire.source, lane)
    count = np.searchsorted(wire.source, lane, side="right") - first
    which = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())
    delay, weight = (values if len(values) > 1 else np.broadcast_to(values, len(wire.source))
                     for values in (wire.delay, wire.weight))  # fmt: skip
    times = np.repeat(time, count) + delay[which]
    return Arrivals.sorted(times, np.full(len(which), wire.port), wire.target[which], weight[which])


def _fired(pre: int, plan: Plan, outcomes: Sequence[Outcome]) -> tuple[np.ndarray, np.ndarray]:
    """Return the lanes and times, from the start of the run, of what a source fires."""
    if pre < len(outcomes):
        return outcomes[pre].spike_lane, outcomes[pre].spike_time - plan.cells[pre].origin
    volley = plan.inputs[pre - len(plan.cells)]
    return volley.lane, volley.step * plan.first.dt


def _with_spikes(cells: Cells, incoming: Sequence[Arrivals]) -> Cells:
    """Add the events that spikes cause; every lane then has an event table of its own."""
    before = [] if cells.held is None else [cells.held.pending]
    added = [part for part in (*before, *incoming) if len(part)]
    if not added:
        return cells
    own = [cells.arrivals.of(int(table)) for table in cells.table]
    lane = np.repeat(np.arange(cells.lanes), [len(part) for part in own])
    parts = [Arrivals(*(np.concatenate([getattr(p, n) for p in own]) for n in ("time", "port")), lane,
                      np.concatenate([p.weight for p in own])), *added]  # fmt: skip
    columns = [np.concatenate([getattr(part, name) for part in parts]) for name in ("time", "port", "table", "weight")]
    return dataclasses.replace(cells, arrivals=Arrivals.sorted(*columns), table=np.arange(cells.lanes))


def _with_pending(cells: Cells, outcome: Outcome) -> Outcome:
    """Keep what is on its way when the run ends, for a run that goes on."""
    if outcome.held is None:
        return outcome
    end = cells.steps * cells.dt
    late = np.flatnonzero(cells.arrivals.time > end - cells.dt / 2)
    events = cells.arrivals
    pending = Arrivals(events.time[late] - end, events.port[late], events.table[late], events.weight[late])
    return dataclasses.replace(outcome, held=Held(outcome.held.ready, outcome.held.wait, pending))
