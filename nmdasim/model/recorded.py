"""Recorded states of a run, as the variables that were asked for."""

from __future__ import annotations

import numpy as np

from nmdasim.model import units
from nmdasim.model.model import Model
from nmdasim.model.plan import Outcome, Plan, Probe
from nmdasim.model.symbols import evaluate


def recorded(plan: Plan, outcome: Outcome, wanted: Probe) -> tuple[np.ndarray, str]:
    """Return a recorded variable in its conventional unit, shape (lanes, samples), and that unit."""
    unit = _variable_unit(plan.model, wanted.variable)
    return units.in_unit(_trace(plan, outcome, wanted), unit), units.pretty(unit)


def _trace(plan: Plan, outcome: Outcome, wanted: Probe) -> np.ndarray:
    """Return a recorded state, or a subexpression computed from the recorded states it depends on."""
    recorded = dict(zip(plan.recording.traces, outcome.traces, strict=True))
    if wanted in recorded:
        return recorded[wanted]
    here = wanted.compartment
    values = {name: v[:, [here if v.shape[1] > 1 else 0]] for name, v in plan.parameters.items()}
    values |= {p.variable: trace for p, trace in recorded.items() if p.compartment == here}
    values["t"] = outcome.trace_time[None, :]
    return evaluate(plan.model.system.subexpressions[wanted.variable], values)


def _variable_unit(model: Model, variable: str) -> str:
    return "mV" if variable == "v" else model.unit_of(variable)
