"""A Plan as data for the runner: sections, events, synapses and probes, as plain lists."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np

from nmdasim.engines.neuron.mechanism import AREA, Mechanism
from nmdasim.engines.neuron.rendered import Rendered
from nmdasim.model.sizes import SIZES
from nmdasim.plan.plan import Arrivals, Cells, Plan, Probe, Volley, Wire

#: About so many seconds lie between the points at which an extremum is sought.
_SAMPLE = 1e-4
CVODE, FIXED = "cvode", "fixed"


def job(plan: Plan, rendered: Sequence[Rendered]) -> dict[str, Any]:
    """Return what the runner reads."""
    first = plan.first
    return {
        "method": first.method or FIXED,
        "dt_ms": first.dt * 1e3,
        "steps": first.steps,
        "origin_s": first.origin,
        "tolerance": first.tolerance,
        "scales": _scales(plan, rendered),
        "instances": plan.instances,
        "populations": [_population(*part, k) for k, part in enumerate(zip(plan.cells, rendered, strict=True))],
        "fibres": [_fired(volley, first.dt) for volley in plan.inputs],
        "wires": [_wire(wire) for wire in plan.wires if fires(plan, wire)],
        "probes": [
            {"population": k, "variable": p.variable, "compartment": p.compartment, "absent": 0.0}
            for k, cells in enumerate(plan.cells)
            for p in probes(cells)
        ],
        "sampled_steps": sampled(plan).tolist(),
    }


def fires(plan: Plan, wire: Wire) -> bool:
    """Whether anything can come through a wire: it has synapses, and its source a threshold."""
    return len(wire.source) > 0 and (wire.pre >= len(plan.cells) or plan.cells[wire.pre].model.threshold is not None)


def probes(cells: Cells) -> list[Probe]:
    """Return what must be watched: traces, and what summaries are of."""
    recording = cells.recording
    return list(dict.fromkeys([*recording.traces, *(probe for probe, _ in recording.summaries)]))


def sampled(plan: Plan) -> np.ndarray:
    """Return the steps, from the start of the run, at which probes are read: often enough for every population."""
    first, every = plan.first, [cells.sampled_steps for cells in plan.cells if cells.recording.traces]
    if any(cells.recording.summaries for cells in plan.cells):
        every.append(max(1, round(_SAMPLE / first.dt)))
    if not every:
        return np.empty(0, dtype=np.int64)
    apart = int(np.gcd.reduce(every))
    return np.arange(-first.begin % apart, first.steps, apart)


def _scales(plan: Plan, rendered: Sequence[Rendered]) -> dict[str, float]:
    """Return the typical size of each state, for absolute tolerances; the membrane is in mV."""
    return {
        f"{m.name}.{spelled}": SIZES.get(cells.model.unit_of(state), 1.0)
        for cells, one in zip(plan.cells, rendered, strict=True)
        for m in one.mechanisms
        for state, spelled in m.states.items()
    }


def _population(cells: Cells, rendered: Rendered, index: int) -> dict[str, Any]:
    model, shape = cells.model, cells.model.morphology
    needed = {name for m in rendered.mechanisms for name in m.parameters}
    values = {name: v.tolist() for name, v in cells.parameters.items() if name in needed}
    if "area" in needed and "area" not in values:
        values["area"] = [list(shape.areas)]
    fresh = cells.held is None
    return {
        "name": cells.name or f"{model.name}_{index}" if index else cells.name or model.name,
        "lanes": cells.lanes,
        "voltage": "" if model.is_point else model.potential,
        "states": list(model.system.states),
        "site": -1 if model.threshold is None else model.spike_site,
        "ports": [port.compartment for port in model.ports.values()],
        "compartments": [_compartment(cells, rendered.of(c), c) for c in range(len(shape))],
        "cm_uF_per_cm2": [[1.0]] if model.is_point else (100 * cells.parameters["Cm"]).tolist(),
        "parameters": values,
        "initial": {name: v.tolist() for name, v in cells.initial.items()},
        "ready": [1.0] * cells.lanes if fresh else cells.held.ready.tolist(),  # type: ignore[union-attr]
        "wait_ms": [0.0] * cells.lanes if fresh else (cells.held.wait * cells.dt * 1e3).tolist(),  # type: ignore[union-attr]
        "table": cells.table.tolist(),
        "events": _events(cells.arrivals),
    }


def _compartment(cells: Cells, found: Mechanism, c: int) -> dict[str, Any]:
    shape = cells.model.morphology
    return {
        "area_um2": AREA if cells.model.is_point else shape.areas[c] * 1e12,
        "parent": shape.parents[c],
        "siemens_to_parent": shape.conductances[c],
        "mechanism": {
            "name": found.name,
            "states": dict(found.states),
            "starts": dict(found.starts),
            "parameters": dict(found.parameters),
            "own": dict(found.own),
        },
    }


def _events(arrivals: Arrivals) -> dict[str, list[Any]]:
    """Return, for each table, a port, a weight and the times of the events that share them."""
    found: dict[str, dict[tuple[int, float], list[float]]] = {}
    columns = (arrivals.table, arrivals.port, arrivals.weight, arrivals.time)
    for table, port, weight, time in zip(*(column.tolist() for column in columns), strict=True):
        found.setdefault(str(table), {}).setdefault((port, weight), []).append(time * 1e3)
    return {table: [[*key, times] for key, times in own.items()] for table, own in found.items()}


def _fired(volley: Volley, dt: float) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for lane, step in zip(volley.lane.tolist(), volley.step.tolist(), strict=True):
        found.setdefault(str(lane), []).append(step * dt * 1e3)
    return found


def _wire(wire: Wire) -> dict[str, Any]:
    return {
        "pre": wire.pre,
        "post": wire.post,
        "port": wire.port,
        "source": wire.source.tolist(),
        "target": wire.target.tolist(),
        "weight": np.ravel(wire.weight).tolist(),
        "delay_ms": (np.ravel(wire.delay) * 1e3).tolist(),
    }
