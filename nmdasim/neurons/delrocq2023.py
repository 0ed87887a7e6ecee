"""Wide-dynamic-range neuron of Chafaï, Delrocq et al. 2023, C fibres directly on it: the reference neuron.

Its counts per pulse are the same for steps of 0.003 to 0.0125 ms and for an adaptive integrator, and within one spike
up to 0.1 ms.
"""

from __future__ import annotations

from collections.abc import Mapping

from nmdasim.errors import plainly
from nmdasim.model.model import Model
from nmdasim.model.parameter import ParameterSet
from nmdasim.neurons import dorsal_horn_cell as cell
from nmdasim.parameters import load


@plainly
def delrocq2023(nmda: str = "", subtype: str | Mapping[str, float] = "", calcium: str = "fraction") -> Model:
    """Return the 16-compartment reference neuron.

    Parameters
    ----------
    nmda
        Kinetic scheme of the NMDA receptor, ``"lester_jahr1992"``; by default the published dual exponential.
    subtype
        Subtype of the NMDA receptor, ``"2A"`` …, or a mixture ``{"2A": 0.7, "2B": 0.3}``; by default the published
        constants.
    calcium
        ``"fraction"`` of the NMDA current, as published, or ``"ghk"``; see :func:`nmdasim.receptors.nmda`.
    """
    return cell.wide_dynamic_range(
        "delrocq2023",
        {"kinetics": nmda, "subtype": subtype, "calcium": calcium},
        parameters=densities(),
        fibres={"adelta": cell.a_delta(), "c": cell.c_fibres()},
        references=("delrocq2023", "aguiar2010"),
        **cell.steps(nmda, "0.1 ms"),
        description="16 compartments, C fibres directly on it; the reference neuron",
    )


def densities() -> ParameterSet:
    """Return its parameters: those of aguiar2010 with what differs."""
    inherited = load("aguiar2010", "reversals") | load("aguiar2010", "spike_generator") | load("aguiar2010", "wdr")
    return inherited | load("delrocq2023")
