"""Open doors: what other packages offer by entry points, and what is said of one that does not hold what it promises.

A package registers under a group in its own ``pyproject.toml``::

    [project.entry-points."nmdasim.models"]
    my_neuron = "my_package.neurons:my_neuron"      # a function that returns a Model or a Circuit

    [project.entry-points."nmdasim.engines"]
    my_engine = "my_package.engine"                 # a module (or object) with run, check and source

    [project.entry-points."nmdasim.protocols"]
    my_train = "my_package.protocols:MyTrain"       # a dataclass with the members of nmdasim.protocols.Protocol

    [project.entry-points."nmdasim.parameters"]
    my_paper = "my_package.tables"                  # a package in which my_paper.toml lies, and .bib files beside it;
                                                    # drugs in it, as drugs.toml has them, join the table of drugs

Nothing is loaded before it is asked for; the library's own names come first.
"""

from __future__ import annotations

import contextlib
import importlib.metadata
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from nmdasim.errors import PluginError

MODELS, ENGINES, PARAMETERS, PROTOCOLS = "nmdasim.models", "nmdasim.engines", "nmdasim.parameters", "nmdasim.protocols"


@dataclass(frozen=True)
class Door:
    """One name that a package offers; called, it loads what stands behind it.

    Raises
    ------
    PluginError
        On loading or building, whatever goes wrong; the message names the package.
    """

    name: str
    group: str
    package: str
    load: Callable[[], Any]

    def __call__(self) -> Any:
        """Return what stands behind the name."""
        try:
            return self.load()
        except Exception as error:
            raise self._broken(error) from error

    def build(self, **options: Any) -> Any:
        """Return what the function behind the name makes, as a model."""
        make = self()
        try:
            return make(**options)
        except Exception as error:
            raise self._broken(error) from error

    def _broken(self, error: Exception) -> PluginError:
        return PluginError(
            f"package {self.package!r} offers {self.name!r} under {self.group!r}, which cannot be loaded "
            f"({type(error).__name__}: {error}); update or uninstall it"
        )


def entry_points(group: str) -> dict[str, Door]:
    """Return what the installed packages offer under a group, by name; of two of one name the first on the path."""
    found: dict[str, Door] = {}
    for entry in importlib.metadata.entry_points(group=group):
        package = entry.dist.name if entry.dist else entry.value.partition(":")[0]
        found.setdefault(entry.name, Door(entry.name, group, package, entry.load))
    return found


def builders(group: str = MODELS) -> dict[str, Callable[..., Any]]:
    """Return the functions that make what a group offers, by name."""
    return {name: door.build for name, door in entry_points(group).items()}


def tables() -> dict[str, Callable[[], Traversable]]:
    """Return the tables of published numbers that packages offer, each as a call for its TOML file."""

    def beside(door: Door) -> Callable[[], Traversable]:
        return lambda: files(door()).joinpath(f"{door.name}.toml")

    return {name: beside(door) for name, door in entry_points(PARAMETERS).items()}


def folders() -> list[Traversable]:
    """Return where those tables lie, and the ``.bib`` files beside them; of packages that load."""
    found = []
    for door in entry_points(PARAMETERS).values():
        with contextlib.suppress(PluginError):  # whoever asks for a table of it is told
            found.append(files(door()))
    return found
