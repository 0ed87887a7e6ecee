"""Renderings of a Plan. Every engine reads the same plan and knows no neuron or drug by name."""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import Protocol

from nmdasim.errors import ModelError, nearest
from nmdasim.model import registry
from nmdasim.model.model import Model
from nmdasim.plan.plan import Cells, Outcome, Plan

_MODULES = {"kernel": "kernel", "brian2": "brian2", "reference": "reference", "javascript": "javascript"}
DEFAULT = "kernel"

Report = Callable[[float], None]


class Engine(Protocol):
    """What an engine does; a module with these functions is one."""

    def check(self, plan: Plan) -> None:
        """Refuse a plan that it cannot run, before any work starts, with a ModelError."""

    def run(self, plan: Plan, report: Report) -> list[Outcome]:
        """Run a plan and return one outcome for each population.

        Numbers that are no longer finite, in any state, recorded or not, are marked in ``Outcome.broken``; the other
        lanes stand. `report` is called now and then with the share that is done, 0 to 1.
        """

    def source(self, model: Model) -> str:
        """Return what it makes of a model, as text."""


def names() -> list[str]:
    """Return the engines there are: the library's own, then those of installed plug-ins."""
    return list(dict.fromkeys([*_MODULES, *registry.entry_points(registry.ENGINES)]))


def engine(name: str = DEFAULT) -> Engine:
    """Return an engine by name.

    Raises
    ------
    ModelError
        If there is none of that name.
    """
    if name in _MODULES:
        own: Engine = import_module(f"nmdasim.engines.{_MODULES[name]}")
        return own
    if (door := registry.entry_points(registry.ENGINES).get(name)) is None:
        raise ModelError(f"engine {name!r} does not exist{nearest(str(name), names())}")
    plugin: Engine = door()
    return plugin


def run(plan: Plan, name: str = DEFAULT, report: Report | None = None) -> list[Outcome]:
    """Run a plan on an engine by name."""
    return engine(name).run(plan, report or (lambda share: None))


def alone(cells: Cells, name: str = DEFAULT, report: Report | None = None) -> Outcome:
    """Run one population, of single cells, on an engine by name."""
    return run(Plan(cells.lanes, (cells,)), name, report)[0]


def source(model: Model, name: str = DEFAULT) -> str:
    """Return what an engine makes of a model, as text."""
    return engine(name).source(model)
