"""Populations in turn: where every wire leads forward, the spikes of one are events of those that come after it."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np

from nmdasim.plan.plan import Arrivals, Cells, Outcome, Plan, Wire

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
        incoming = [_arriving(wire, plan, outcomes) for wire in plan.wires if wire.post == k]
        if cells.held is not None:
            incoming.append(cells.held.pending)
        outcome = alone(_with_spikes(cells, incoming), lambda done, k=k: report((k + done) / len(plan.cells)))  # type: ignore[misc]
        outcomes.append(_with_pending(cells, outcome, incoming))
    return outcomes


def resumed(cells: Cells) -> Cells:
    """Return a population with the spikes that an earlier run left on their way among its events."""
    return cells if cells.held is None else _with_spikes(cells, [cells.held.pending])


def with_pending(plan: Plan, outcomes: Sequence[Outcome]) -> list[Outcome]:
    """Return the outcomes of populations that ran together, with the spikes that are on their way at the end."""
    found = []
    for k, (cells, outcome) in enumerate(zip(plan.cells, outcomes, strict=True)):
        incoming = [_arriving(wire, plan, outcomes) for wire in plan.wires if wire.post == k]
        if cells.held is not None:
            incoming.append(cells.held.pending)
        found.append(_with_pending(cells, outcome, incoming))
    return found


def _arriving(wire: Wire, plan: Plan, outcomes: Sequence[Outcome]) -> Arrivals:
    """Return what the spikes of a source, population or input, bring through one wire, with lanes as tables."""
    lane, time = _fired(wire.pre, plan, outcomes)
    first = np.searchsorted(wire.source, lane)
    count = np.searchsorted(wire.source, lane, side="right") - first
    which = np.repeat(first - np.concatenate([[0], np.cumsum(count)[:-1]]), count) + np.arange(count.sum())
    delay, weight = (
        values if len(values) > 1 else np.broadcast_to(values, len(wire.source)) for values in (wire.delay, wire.weight)
    )
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
    added = [part for part in incoming if len(part)]
    if not added:
        return cells
    own = [cells.arrivals.of(int(table)) for table in cells.table]
    lane = np.repeat(np.arange(cells.lanes), [len(part) for part in own])
    time, port, weight = (np.concatenate([getattr(part, n) for part in own]) for n in ("time", "port", "weight"))
    arrivals = _joined([Arrivals(time, port, lane, weight), *added])
    return dataclasses.replace(cells, arrivals=arrivals, table=np.arange(cells.lanes))


def _joined(parts: Sequence[Arrivals]) -> Arrivals:
    time, port, table, weight = (
        np.concatenate([getattr(part, name) for part in parts]) for name in ("time", "port", "table", "weight")
    )
    return Arrivals.sorted(time, port, table, weight)


def _with_pending(cells: Cells, outcome: Outcome, incoming: Sequence[Arrivals]) -> Outcome:
    """Keep the spikes that are on their way when the run ends, for a run that goes on."""
    if outcome.held is None or not any(map(len, incoming)):
        return outcome
    every, end = _joined(incoming), cells.steps * cells.dt
    late = np.ceil(every.time / cells.dt - 0.5 - 1e-9) >= cells.steps
    pending = Arrivals(every.time[late] - end, every.port[late], every.table[late], every.weight[late])
    return dataclasses.replace(outcome, held=dataclasses.replace(outcome.held, pending=pending))
