"""GABA-A receptor."""

from __future__ import annotations

from nmdasim.model.mechanism import Mechanism
from nmdasim.parameters import load
from nmdasim.receptors import dual_exponential


def gaba() -> Mechanism:
    """Return the phasic GABA-A synapse of a neuron (port ``gaba``, weight ``w_gaba``)."""
    return Mechanism(
        name="gaba",
        equations=dual_exponential.equations("gaba") + "I_gaba = g_gaba*(E_gaba - v) : amp\n",
        parameters=load("receptors", "gaba"),
        currents=("I_gaba",),
        ports={"gaba": dual_exponential.port("gaba", "w_gaba")},
        gains={"gaba": ("w_gaba",)},
        references=("aguiar2010",),
    )
