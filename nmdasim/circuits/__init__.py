"""Circuits of populations: the dorsal horn."""

from collections.abc import Callable

from nmdasim.circuits.dorsal_horn import dorsal_horn
from nmdasim.model.circuit import Circuit

#: Every circuit by the name that the command line uses.
CATALOGUE: dict[str, Callable[[], Circuit]] = {"dorsal_horn": dorsal_horn}

__all__ = ["CATALOGUE", "dorsal_horn"]
