"""NMDA receptor: dual-exponential activation, magnesium block, calcium share and trapping channel block."""

from __future__ import annotations

from collections.abc import Mapping

from nmdasim.model.mechanism import Mechanism
from nmdasim.model.parameters import load
from nmdasim.receptors import dual_exponential, magnesium, trapping

_CURRENT = """
a_nmda = clip(g_nmda/g_ref_nmda, 0, 1) : 1
I_nmda = gain_nmda*g_nmda*(1 - b_nmda)*B_mg*(E_nmda - v) : amp
"""


def nmda(inputs: Mapping[str, str]) -> Mechanism:
    """Return the NMDA synapse of a neuron.

    The activation ``a_nmda`` is the summed conductance as a share of all its synapses fully bound (``g_ref_nmda``).

    Parameters
    ----------
    inputs
        Ports and the weight parameter of each, ``{"nmda_c": "w_nmda_c"}``.
    """
    lines = (dual_exponential.equations("nmda"), magnesium.EQUATION, trapping.EQUATIONS, _CURRENT)
    parameters = load("receptors", "nmda") | load("receptors", "magnesium") | load("ketamine", "block")
    return Mechanism(
        name="nmda",
        equations="\n".join(line.strip() for line in lines) + "\n",
        parameters=parameters,
        currents=("I_nmda",),
        calcium=("f_ca_nmda*I_nmda/area",),
        ports={port: dual_exponential.port("nmda", weight) for port, weight in inputs.items()},
        gains={"nmda": ("gain_nmda",)},
        references=("jahr1990", "aguiar2010", "kotermanski2009"),
    )
