"""NEURON engine: a Plan as NMODL files and data, run by the NEURON simulator in a process of its own.

Every compartment is a section of one segment whose voltage NEURON itself solves, with a point process that carries the
model's currents, states, ports and spike rule. Methods are ``"fixed"`` (NEURON's default: backward Euler in the
voltage), ``"crank_nicolson"`` (its ``secondorder = 2``) and ``"cvode"`` (its adaptive step, with ``tolerance``).
"""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Callable

from nmdasim.engines import feedforward
from nmdasim.engines.neuron import build, rendered
from nmdasim.engines.neuron.job import CVODE, FIXED, job
from nmdasim.engines.neuron.process import RUNNER, run_apart
from nmdasim.errors import ModelError
from nmdasim.model.model import Model
from nmdasim.plan.plan import Outcome, Plan

METHODS = (FIXED, "crank_nicolson", CVODE)


def check(plan: Plan) -> None:
    """Refuse what this engine cannot render, and a machine without NEURON."""
    _check(plan)
    build.need()


def _check(plan: Plan) -> None:
    first = plan.first
    if first.method not in ("", *METHODS):
        raise ModelError(f"method {first.method!r}; the neuron engine has {', '.join(METHODS)}")
    if first.method == CVODE and not 1e-12 <= first.tolerance <= 1e-2:
        raise ModelError(f"tolerance {first.tolerance:g}; the neuron engine's cvode takes 1e-12 to 1e-2")
    if any(wire.plastic for wire in plan.wires):
        raise ModelError("the neuron engine renders no synapses with a state; take engine='kernel' or 'brian2'")
    for cells in plan.cells:
        rendered.check(cells.model)


def run(plan: Plan, report: Callable[[float], None]) -> list[Outcome]:
    """Run all populations in one NEURON; with cvode one instance after the other."""
    check(plan)
    resumed = dataclasses.replace(plan, cells=tuple(feedforward.resumed(cells) for cells in plan.cells))
    return feedforward.with_pending(plan, run_apart(resumed, report))


def source(model: Model) -> str:
    """Return the NMODL files, with values, units and sources."""
    files = rendered.of_model(model).files
    return "\n".join(f": --- {name} ---\n{text}" for name, text in files.items())


def files(plan: Plan) -> dict[str, str]:
    """Return a folder that runs with ``nrnivmodl .`` and ``python run.py``: text by name of the file.

    The files say the values of the model's parameters, their units and sources; nothing needs NEURON here.
    """
    _check(plan)
    found, texts = rendered.of_populations(plan, for_people=True)
    return {**texts, "plan.json": json.dumps(job(plan, found), indent=1), "run.py": RUNNER.read_text()}
