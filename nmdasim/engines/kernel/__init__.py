"""Kernel engine: a model's equations as one generated, compiled function over batches of lanes."""

from __future__ import annotations

from collections.abc import Callable

from nmdasim.engines import feedforward
from nmdasim.engines.form.methods import DEFAULT, METHODS
from nmdasim.engines.kernel import batches
from nmdasim.engines.kernel.compiled_model import kernel
from nmdasim.errors import ModelError, closest
from nmdasim.model.model import Model
from nmdasim.plan.plan import Cells, Outcome, Plan


def check(plan: Plan) -> None:
    """Refuse what this engine cannot render."""
    for cells in plan.cells:
        _check(cells)


def _check(cells: Cells) -> None:
    method, slash, precision = cells.method.partition("/")
    if (method or DEFAULT) not in METHODS or (slash and precision not in ("float32", "float64")):
        names, near = ", ".join(METHODS), closest(method, METHODS)
        raise ModelError(f"method {cells.method!r}; the kernel engine has {names}, each also as NAME/float32{near}")
    states = set(cells.model.system.states)
    for probe, kind in cells.recording.summaries:
        if probe.variable not in states:
            raise ModelError(f"the {kind} of {probe.variable} is no state of {cells.model.name}; trace it instead")


def run(plan: Plan, report: Callable[[float], None]) -> list[Outcome]:
    """Run a plan: single cells and their chains each from beginning to end, networks step by step."""
    check(plan)
    if plan.is_chain:
        return feedforward.run(plan, batches.run, report)
    from nmdasim.engines.kernel import network  # noqa: PLC0415  (single cells start without it)

    return network.run(plan, report)


def source(model: Model) -> str:
    """Return the generated source of a model, no parameter varied."""
    start = frozenset(model.initial) | {s for begin in model.starts.values() for s in begin}
    text = kernel(model, DEFAULT, frozenset(), start, frozenset(), False).source.text
    return f"# {model.name}\n{text}"
