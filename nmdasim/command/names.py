"""Models and engines by the names that are typed, those of other packages included; also what the shell completes."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Annotated

import typer

from nmdasim.errors import InputError, nearest

if TYPE_CHECKING:
    from nmdasim.model.circuit import Circuit
    from nmdasim.model.model import Model


def catalogue() -> dict[str, Callable[..., Model | Circuit]]:
    """Return every neuron and circuit by name."""
    from nmdasim import circuits, neurons

    return {**neurons.catalogue(), **circuits.CATALOGUE}


def model(name: str) -> Model | Circuit:
    """Return a neuron or a circuit by name."""
    return _named(name, catalogue())


def neuron(name: str) -> Model | Circuit:
    """Return a neuron, or a chain of neurons, by name."""
    from nmdasim import neurons

    return _named(name, neurons.catalogue())


def _named(name: str, known: Mapping[str, Callable[..., Model | Circuit]]) -> Model | Circuit:
    if name not in known:
        raise InputError(f"unknown model {name!r}{nearest(name, known)}")
    return known[name]()


def complete_model(incomplete: str) -> list[str]:
    """Return the models of which the shell may mean one."""
    return [name for name in catalogue() if name.startswith(incomplete)]


def complete_neuron(incomplete: str) -> list[str]:
    """Return the neurons of which the shell may mean one."""
    from nmdasim import neurons

    return [name for name in neurons.catalogue() if name.startswith(incomplete)]


def complete_engine(incomplete: str) -> list[str]:
    """Return the engines of which the shell may mean one."""
    from nmdasim import engines

    return [name for name in engines.names() if name.startswith(incomplete)]


ModelName = Annotated[
    str, typer.Argument(help="A name that `nmdasim models` lists, as wdr.", autocompletion=complete_model)
]
EngineName = Annotated[
    str,
    typer.Option(
        help="kernel, brian2, reference or javascript; the default is the fastest.", autocompletion=complete_engine
    ),
]
