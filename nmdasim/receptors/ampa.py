"""AMPA receptor."""

from __future__ import annotations

from collections.abc import Mapping

from nmdasim.model.mechanism import Mechanism
from nmdasim.parameters import load
from nmdasim.receptors import dual_exponential


def ampa(inputs: Mapping[str, str]) -> Mechanism:
    """Return the AMPA synapse of a neuron.

    Parameters
    ----------
    inputs
        Ports and the weight parameter of each, ``{"ampa_c": "w_ampa_c"}``.
    """
    return Mechanism(
        name="ampa",
        equations=dual_exponential.equations("ampa") + "I_ampa = g_ampa*(E_ampa - v) : amp\n",
        parameters=load("receptors", "ampa"),
        currents=("I_ampa",),
        ports={port: dual_exponential.port("ampa", weight) for port, weight in inputs.items()},
        gains={port: (weight,) for port, weight in inputs.items()} | {"ampa": tuple(inputs.values())},
        references=("aguiar2010",),
    )
