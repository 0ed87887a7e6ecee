"""NK1 receptor: the slow substance-P conductance, a calcium-carrying cation current with a time constant of seconds."""

from __future__ import annotations

from nmdasim.model.mechanism import Mechanism
from nmdasim.parameters import load
from nmdasim.receptors import dual_exponential


def nk1() -> Mechanism:
    """Return the NK1 synapse of a neuron (port ``nk1``, weight ``w_nk1``)."""
    return Mechanism(
        name="nk1",
        equations=dual_exponential.equations("nk1") + "I_nk1 = g_nk1*(E_nk1 - v) : amp\n",
        parameters=load("receptors", "nk1"),
        currents=("I_nk1",),
        calcium=("f_ca_nk1*I_nk1/area",),
        ports={"nk1": dual_exponential.port("nk1", "w_nk1")},
        gains={"nk1": ("w_nk1",)},
        references=("aguiar2010",),
    )
