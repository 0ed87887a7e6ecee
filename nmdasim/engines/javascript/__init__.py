"""Engine javascript: a model's equations as one readable ES module, run by Node here and by a worker in a page."""

from __future__ import annotations

from collections.abc import Callable

from nmdasim.engines import feedforward
from nmdasim.engines.form.methods import DEFAULT, METHODS
from nmdasim.engines.javascript import node
from nmdasim.engines.javascript.card import card as written
from nmdasim.engines.javascript.card import modules
from nmdasim.engines.javascript.outcome import outcomes
from nmdasim.engines.javascript.rendered import module, moving
from nmdasim.errors import ModelError
from nmdasim.model.model import Model
from nmdasim.plan.plan import Cells, Outcome, Plan

Report = Callable[[float], None]


def check(plan: Plan) -> None:
    """Refuse what this engine cannot render, or cannot run here."""
    for cells in plan.cells:
        _check(cells)
    node.node()


def _check(cells: Cells) -> None:
    if (cells.method or DEFAULT) not in METHODS:
        raise ModelError(f"method {cells.method!r}; the engine javascript has {', '.join(METHODS)}")
    states = set(cells.model.system.states)
    for probe, kind in cells.recording.summaries:
        if probe.variable not in states:
            raise ModelError(f"the {kind} of {probe.variable} is no state of {cells.model.name}; trace it instead")


def run(plan: Plan, report: Report) -> list[Outcome]:
    """Run a plan through Node: single cells and their chains each from beginning to end, networks step by step."""
    check(plan)
    if plan.is_chain:
        return feedforward.run(plan, _alone, report)
    return _run(plan, report)


def _alone(cells: Cells, report: Report) -> Outcome:
    return _run(Plan(cells.lanes, (cells,)), report)[0]


def _run(plan: Plan, report: Report) -> list[Outcome]:
    made = modules(plan)
    return outcomes(plan, made, node.run(written(plan), report))


def source(model: Model) -> str:
    """Return the module of a model."""
    return module(model, DEFAULT, moving(model), frozenset()).text
