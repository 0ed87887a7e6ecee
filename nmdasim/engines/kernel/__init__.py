"""Kernel engine: a model's equations as one generated, compiled function over batches of lanes."""

from __future__ import annotations

from collections.abc import Callable

from nmdasim.engines.form.methods import DEFAULT, METHODS
from nmdasim.engines.kernel import batches, network
from nmdasim.errors import ModelError
from nmdasim.model.model import Model
from nmdasim.plan.plan import Outcome, Plan
from nmdasim.plan.wiring import Network


def check(plan: Plan) -> None:
    """Refuse what this engine cannot render."""
    method, slash, precision = plan.method.partition("/")
    if (method or DEFAULT) not in METHODS or (slash and precision not in ("float32", "float64")):
        names = ", ".join(METHODS)
        raise ModelError(f"method {plan.method!r}; the kernel engine has {names}, each also as NAME/float32")
    states = set(plan.model.system.states)
    for probe, kind in plan.recording.summaries:
        if probe.variable not in states:
            raise ModelError(f"the {kind} of {probe.variable} is no state of {plan.model.name}; trace it instead")


def run(plan: Plan, report: Callable[[float], None]) -> Outcome:
    """Run every lane."""
    check(plan)
    return batches.run(plan, report)


def run_network(circuit: Network, report: Callable[[float], None]) -> list[Outcome]:
    """Run the populations of a circuit together."""
    for plan in circuit.plans:
        check(plan)
    return network.run(circuit, report)


def source(model: Model) -> str:
    """Return the generated source of a model, no parameter varied."""
    start = frozenset(model.initial) | {s for begin in model.starts.values() for s in begin}
    text = batches.kernel(model, DEFAULT, frozenset(), start, frozenset(), False).source.text
    return f"# {model.name}\n{text}"
