"""What comes out of a Brian2 network: spikes, samples, states at the end, and what is left of refractory periods."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Any

import brian2 as b2
import numpy as np

from nmdasim import quantities
from nmdasim.model.model import Model
from nmdasim.plan.firing import endless, firing
from nmdasim.plan.plan import Cells, Held, Outcome, Probe, nearest_steps

#: What is kept of each neuron: the refractory period that its last spike began, and how often its reset left it above
#: threshold.
PERIOD, AGAIN = "nmdasim_period", "nmdasim_again"
#: And of a chain, 1 in lanes whose numbers are no longer finite.
BROKEN = "nmdasim_broken"


def timed(model: Model) -> bool:
    """Whether the refractory period is an expression, a time."""
    return isinstance(model.refractory, str) and not model.refractory_condition


def may_not_end(model: Model) -> bool:
    """Whether only a run can tell if the neuron, reset, fires again at once."""
    return firing(model).depends(model.system.states) and not timed(model)


def resume(group: Any, plan: Cells) -> None:
    """Give back what an earlier run left of the refractory periods."""
    if plan.held is None or "lastspike" not in group.variables:
        return
    where = np.arange(plan.lanes) * len(plan.model.morphology) + plan.model.spike_site
    group.variables["not_refractory"].get_value()[where] = plan.held.ready > 0.5
    left = plan.held.wait
    if timed(plan.model):  # what is left, as if begun now
        group.variables[PERIOD].get_value()[where] = left * plan.dt
    last = np.where(left > 0, (plan.begin - (_refractory_steps(group, plan) - left)) * plan.dt, -1e4)
    group.variables["lastspike"].get_value()[where] = last


def _refractory_steps(group: Any, plan: Cells) -> np.ndarray:
    """Return the refractory period of every lane in whole steps; 0 where it is a condition."""
    model, refractory = plan.model, plan.model.refractory
    period = np.zeros(1)
    if timed(model):
        period = np.asarray(group.variables[PERIOD].get_value())[model.spike_site :: len(model.morphology)]
    elif refractory is not None and not model.refractory_condition:
        period = quantities.si(refractory, "ms", name="refractory").ravel()
    return np.asarray(np.floor(period / plan.dt + 1e-3))


def _held(group: Any, plan: Cells) -> Held:
    """Return what is left of the refractory periods at the end."""
    if "lastspike" not in group.variables:
        return Held(np.ones(plan.lanes), np.zeros(plan.lanes))
    where = np.arange(plan.lanes) * len(plan.model.morphology) + plan.model.spike_site
    ready = np.asarray(group.variables["not_refractory"].get_value())[where].astype(float)
    last = np.asarray(group.variables["lastspike"].get_value())[where]
    since = plan.begin + plan.steps - np.round(np.maximum(last, -1e3) / plan.dt)
    return Held(ready, np.maximum(_refractory_steps(group, plan) - since, 0.0))


def guard(group: Any, lanes: int, clock: Any, name: str) -> Any:
    """Return what takes lanes that are no longer finite out of the equations of a chain, before they are solved.

    All lanes are solved as one: a single number that is not finite would be in all of them, or an error.
    """
    at = [
        group.variables[key].get_value().reshape(lanes, -1) for key in ("v", "nmdasim_I_start", "nmdasim_slope_start")
    ]
    whole = [values.reshape(-1) for values in at]
    mark = group.variables[BROKEN].get_value().reshape(lanes, -1)

    def isolate() -> None:
        if math.isfinite(sum(map(np.add.reduce, whole))):  # as it nearly always is, and quickly seen
            return
        bad = ~np.all([np.isfinite(values).all(axis=1) for values in at], axis=0)
        if bad.any():
            mark[bad] = 1
            for values in at:
                values[bad] = 0

    return b2.NetworkOperation(isolate, clock=clock, when="groups", order=0.75, name=name)


def probes(plan: Cells) -> list[Probe]:
    """Return what must be watched: traces, and what summaries are of."""
    recording = plan.recording
    return list(dict.fromkeys([*recording.traces, *(probe for probe, _ in recording.summaries)]))


def _every(plan: Cells, probe: Probe) -> int:
    """Return the steps between samples: as asked for traces, about 0.1 ms for summaries."""
    if probe in plan.recording.traces:
        return plan.sampled_steps
    return max(1, round(1e-4 / plan.dt))


def monitor(group: Any, plan: Cells, probe: Probe, index: int | str) -> Any:
    """Return a monitor; where the run does not begin on a sample, of every step."""
    where = np.arange(plan.lanes) * len(plan.model.morphology) + probe.compartment
    every = _every(plan, probe)
    name = f"nmdasim_trace_{index}"
    if plan.begin % every:
        return b2.StateMonitor(group, probe.variable, record=where, clock=group.clock, name=name)
    return b2.StateMonitor(group, probe.variable, record=where, dt=every * plan.dt * b2.second, name=name)


def _sampled(monitor: Any, plan: Cells, probe: Probe) -> tuple[np.ndarray, np.ndarray]:
    """Return times in seconds, whole multiples of the sampling interval, and values (lanes, samples)."""
    step = np.rint(np.asarray(monitor.t / b2.second) / plan.dt).astype(np.int64)
    kept = step % _every(plan, probe) == 0
    values = np.asarray(monitor.variables[probe.variable].get_value(), dtype=float)  # whatever its name
    return step[kept] * plan.dt, values[kept].T


def outcome(group: Any, plan: Cells, spikes: list[Any], monitors: dict[Probe, Any], left: np.ndarray) -> Outcome:
    """Return what one population did; broken are lanes with a state that is not finite, or a share that `left` [0, 1].

    Raises
    ------
    ModelError
        If a reset left the threshold true, with no refractory period.
    """
    if may_not_end(plan.model) and np.any(group.variables[AGAIN].get_value()):
        raise endless(plan.model)
    lane, time = np.empty(0, dtype=int), np.empty(0)
    if spikes:
        lane = np.asarray(spikes[0].i) // len(plan.model.morphology)
        time = np.asarray(spikes[0].t / b2.second) + plan.dt
        order = np.lexsort((time, lane))
        lane, time = lane[order], time[order]
    samples = {p: _sampled(m, plan, p) for p, m in monitors.items()}
    shape = (plan.lanes, len(plan.model.morphology))
    final = {s: np.array(group.variables[s].get_value(), dtype=float).reshape(shape) for s in plan.model.system.states}
    finite = np.all([np.isfinite(values).all(axis=1) for values in final.values()], axis=0)
    if BROKEN in group.variables:
        finite &= group.variables[BROKEN].get_value().reshape(shape).max(axis=1) < 0.5
    # An event acts at the step nearest to it, and is in what is seen there: the window of its time begins there too.
    edges = nearest_steps(np.asarray(plan.recording.windows), plan.dt) * plan.dt
    return Outcome(
        spike_lane=lane,
        spike_time=time,
        summaries=tuple(
            _reduce(samples[p][1], samples[p][0] - plan.origin, edges, kind) for p, kind in plan.recording.summaries
        ),
        traces=tuple(samples[p][1] for p in plan.recording.traces),
        trace_time=plan.sampled if plan.recording.traces else np.empty(0),
        broken=np.flatnonzero(~finite | left),
        final=final,
        held=_held(group, plan),
    )


def _reduce(values: np.ndarray, time: np.ndarray, edges: np.ndarray, kind: str) -> np.ndarray:
    """Return (lanes, windows): the value at the start of each, or its extremum; NaN where the run ends before."""
    starts = np.searchsorted(time, edges - 1e-9)
    found = np.full((len(values), len(edges) - 1), np.nan)
    for k, (a, b) in enumerate(pairwise(starts)):
        if a < values.shape[1]:
            found[:, k] = values[:, a] if kind == "start" else getattr(values[:, a:b], kind)(axis=1)
    return found
