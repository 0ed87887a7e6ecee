"""Circuits of populations: the dorsal horn."""

from nmdasim.circuits.dorsal_horn import dorsal_horn

__all__ = ["dorsal_horn"]
