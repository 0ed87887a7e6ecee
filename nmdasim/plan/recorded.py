"""Recorded states of a run, as the variables that were asked for."""

from __future__ import annotations

import numpy as np

from nmdasim import quantities
from nmdasim.errors import ModelError, closest
from nmdasim.language.evaluation import evaluate
from nmdasim.model.model import Model
from nmdasim.model.port import Summary
from nmdasim.plan.plan import Cells, Outcome, Probe


def recorded(plan: Cells, outcome: Outcome, wanted: Probe) -> tuple[np.ndarray, str]:
    """Return a recorded variable in its conventional unit, shape (lanes, samples), and that unit."""
    unit = plan.model.unit_of(wanted.variable)
    return quantities.in_unit(_trace(plan, outcome, wanted), unit), quantities.pretty(unit)


def _trace(plan: Cells, outcome: Outcome, wanted: Probe) -> np.ndarray:
    """Return a recorded state, or a subexpression computed from the recorded states it depends on."""
    recorded = dict(zip(plan.recording.traces, outcome.traces, strict=True))
    if wanted in recorded:
        return recorded[wanted]
    here = wanted.compartment
    values = {name: v[:, [here if v.shape[1] > 1 else 0]] for name, v in plan.parameters.items()}
    values |= {p.variable: trace for p, trace in recorded.items() if p.compartment == here}
    values["t"] = outcome.trace_time[None, :]
    return evaluate(plan.model.system.subexpressions[wanted.variable], values)


def summary_probes(model: Model) -> tuple[tuple[Probe, str], ...]:
    """Return the states, and what is kept of each in a window, from which a model's summaries can be computed."""
    return tuple((state, s.kind) for s in model.summaries.values() for state in state_probes(model, _site(model, s)))


def _site(model: Model, summary: Summary) -> Probe:
    (found, *others) = probe(model, f"{summary.variable}_{summary.region}")
    if (summary.kind != "start" and summary.variable not in model.system.states) or others:
        raise ModelError(
            f"{model.name}: {summary.kind} of {summary.variable} is no summary; of a variable that is no "
            "state, its value at the start of a window is"
        )
    return found


def summarised(plan: Cells, outcome: Outcome) -> list[np.ndarray]:
    """Return the value of each of a model's summaries in SI units, each (lanes, windows)."""
    kept = dict(zip(plan.recording.summaries, outcome.summaries, strict=True))
    found = []
    for summary in plan.model.summaries.values():
        here = _site(plan.model, summary)
        if (here, summary.kind) in kept:
            found.append(kept[here, summary.kind])
            continue
        values = {name: v[:, [here.compartment if v.shape[1] > 1 else 0]] for name, v in plan.parameters.items()}
        values |= {p.variable: kept[p, summary.kind] for p in state_probes(plan.model, here)}
        values["t"] = np.asarray(plan.recording.windows)[None, :-1]
        found.append(evaluate(plan.model.system.subexpressions[summary.variable], values))
    return found


def state_probes(model: Model, wanted: Probe) -> list[Probe]:
    """Return the states from which a probe can be computed: itself, or what a subexpression depends on."""
    if wanted.variable in model.system.states:
        return [wanted]
    names = {s.name for s in model.system.subexpressions[wanted.variable].free_symbols}
    needed = [state for state in model.system.states if state in names]
    return [Probe(state, wanted.compartment) for state in needed or model.system.states[:1]]


def probe(model: Model, name: str) -> list[Probe]:
    """Resolve a recorded name: a variable everywhere (``"v"``), or in a region's middle (``"v_soma"``).

    Raises
    ------
    ModelError
        If there is no such variable or region.
    """
    variables = {*model.system.states, *model.system.subexpressions}
    if name in variables:
        return [Probe(name, i) for i in range(len(model.morphology))]
    for region in model.morphology.regions:
        if name.endswith(f"_{region}") and name.removesuffix(f"_{region}") in variables:
            return [Probe(name.removesuffix(f"_{region}"), model.morphology.centre(region))]
    regions = ", ".join(model.morphology.regions)
    every = [*variables, *(f"{variable}_{region}" for variable in variables for region in model.morphology.regions)]
    listed = f"; variables are {', '.join(sorted(variables))}, each also as NAME_REGION with a region of {regions}"
    raise ModelError(f"{model.name} has nothing called {name!r} to record{closest(name, every) or listed}")
