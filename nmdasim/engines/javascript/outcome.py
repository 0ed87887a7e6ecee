"""What a run in Node found, as outcomes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from nmdasim.engines.form.events import may_not_end
from nmdasim.engines.form.statements import Flag
from nmdasim.engines.javascript.node import Found
from nmdasim.engines.javascript.rendered import Rendered
from nmdasim.engines.kernel.batches import final_states
from nmdasim.plan.firing import endless
from nmdasim.plan.plan import Arrivals, Cells, Held, Outcome, Plan


def outcomes(plan: Plan, made: list[Rendered], found: Found) -> list[Outcome]:
    """Return one outcome a population.

    Raises
    ------
    ModelError
        If a neuron fired without end.
    """
    parts = zip(plan.cells, made, found.head["populations"], strict=True)
    results = [_outcome(cells, one, part, found) for cells, one, part in parts]
    for part in found.head["synapses"]:
        wire = plan.wires[part["wire"]]
        held = {name: found.array(place) for name, place in part["held"].items()}
        finite = np.all([np.isfinite(values) for values in held.values()], axis=0) if held else np.ones(1, bool)
        one = results[wire.post]
        one.synapses[part["wire"]] = held  # type: ignore[index]
        if not finite.all():
            results[wire.post] = _broken(one, wire.target[~finite])
    return results


def _broken(outcome: Outcome, lanes: np.ndarray) -> Outcome:
    return replace(outcome, broken=np.union1d(outcome.broken, lanes).astype(np.int64))


def _outcome(cells: Cells, made: Rendered, part: dict[str, Any], found: Found) -> Outcome:
    lane, step = found.array(part["lane"]).astype(np.int64), found.array(part["step"])
    order = np.lexsort((step, lane))
    states = found.array(part["states"]).reshape(cells.lanes, made.lane.size)
    ready, wait = (states[:, made.lane.flag(flag)].copy() for flag in (Flag.READY, Flag.WAIT))
    if may_not_end(cells.model) and np.any(wait > 0):
        raise endless(cells.model)
    slots = {(state, c): states[:, at] for c, row in enumerate(made.lane.slots) for state, at in row.items()}
    finite = np.all(np.isfinite(np.stack([*slots.values()])), axis=0)
    return Outcome(
        spike_lane=lane[order],
        spike_time=step[order] * cells.dt,
        summaries=tuple(found.array(one).reshape(cells.lanes, -1) for one in part["summaries"]),
        traces=tuple(found.array(one).reshape(cells.lanes, -1) for one in part["traces"]),
        trace_time=cells.sampled if cells.recording.traces else np.empty(0),
        broken=np.flatnonzero(~finite),
        final=final_states(cells, cells.lanes, slots),
        held=Held(ready, wait, _pending(cells, part, found)),
        synapses={},
    )


def _pending(cells: Cells, part: dict[str, Any], found: Found) -> Arrivals:
    """Return what is on its way at the end of a circuit's run."""
    if part["ring"] is None:
        return Arrivals.gather([])
    ports = max(len(cells.model.ports), 1)
    ring = found.array(part["ring"]).reshape(-1, ports, cells.lanes)
    slot, port, lane = np.nonzero(ring)
    step = (slot - cells.begin - cells.steps) % len(ring)
    return Arrivals.sorted(step * cells.dt, port, lane, ring[slot, port, lane])
