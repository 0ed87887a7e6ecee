"""LEMS, the language under NeuroML: a neuron as a component type with units, and a file that runs it."""

from nmdasim.exchange.lems.files import to_neuroml

__all__ = ["to_neuroml"]
