"""Renderings of a Plan.

An engine has ``run(plan, report)``, ``check(plan)`` and ``source(model)``; it knows no neuron or drug by name.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Sequence
from importlib import import_module
from typing import Any

import numpy as np

from nmdasim.errors import ModelError
from nmdasim.model import registry
from nmdasim.model.model import Model
from nmdasim.plan.plan import Arrivals, Link, Outcome, Plan
from nmdasim.plan.wiring import Network

_MODULES = {"kernel": "kernel", "brian2": "brian2", "reference": "reference"}
DEFAULT = "kernel"

Report = Callable[[float], None]


def names() -> list[str]:
    """Return the engines there are: the library's own, then those of installed plug-ins."""
    return list(dict.fromkeys([*_MODULES, *registry.entry_points(registry.ENGINES)]))


def _module(engine: str) -> Any:
    if engine in _MODULES:
        return import_module(f"nmdasim.engines.{_MODULES[engine]}")
    if (door := registry.entry_points(registry.ENGINES).get(engine)) is None:
        raise ModelError(f"engine {engine!r} does not exist; there are {', '.join(names())}")
    return door()


def run(plan: Plan, engine: str = DEFAULT, report: Report | None = None) -> Outcome:
    """Run one plan.

    Parameters
    ----------
    plan
        What to run.
    engine
        Name of the engine.
    report
        Called now and then with the share that is done, 0 to 1.
    """
    return _module(engine).run(plan, report or (lambda share: None))


def run_feedforward(
    plans: Sequence[Plan], links: Sequence[Link], engine: str = DEFAULT, report: Report | None = None
) -> list[Outcome]:
    """Run cells in order; the spikes of each become events of those that it projects to."""
    outcomes: list[Outcome] = []
    for k, plan in enumerate(plans):
        incoming = [(link, outcomes[link.pre]) for link in links if link.post == k]
        joined = _with_spikes(plan, incoming) if incoming else plan
        share = (lambda done, k=k: report((k + done) / len(plans))) if report else None
        outcomes.append(run(joined, engine, share))
    return outcomes


def run_network(network: Network, engine: str = DEFAULT, report: Report | None = None) -> list[Outcome]:
    """Run the populations of a circuit together.

    Raises
    ------
    ModelError
        If `engine` renders no networks.
    """
    module = _module(engine)
    if not hasattr(module, "run_network"):
        raise ModelError(f"engine {engine!r} renders no networks; take {' or '.join(('kernel', 'brian2'))}")
    found: list[Outcome] = module.run_network(network, report or (lambda share: None))
    return found


def _with_spikes(plan: Plan, incoming: Sequence[tuple[Link, Outcome]]) -> Plan:
    """Add the events that spikes cause; every lane then has an event table of its own."""
    parts: list[tuple[Any, int, int, float]] = []
    for lane in range(plan.lanes):
        own = plan.arrivals.of(int(plan.table[lane]))
        for port in np.unique(own.port):
            parts.append((own.time[own.port == port], int(port), lane, 0.0))
        for link, outcome in incoming:
            arrivals = outcome.spikes_of(lane)[:, None] + link.delays[plan.table[lane]]
            parts += [(arrivals + extra, port, lane, 0.0) for port, extra in link.ports]
    return dataclasses.replace(plan, arrivals=Arrivals.gather(parts), table=np.arange(plan.lanes))


def check(plan: Plan, engine: str) -> None:
    """Refuse a plan that `engine` cannot run, before any work starts."""
    _module(engine).check(plan)


def source(model: Model, engine: str) -> str:
    """Return what `engine` makes of a model, as text."""
    return _module(engine).source(model)
