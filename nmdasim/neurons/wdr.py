"""Two-compartment wide-dynamic-range neuron: this library's own reduction of delrocq2023, for teaching and sweeps."""

from __future__ import annotations

from collections.abc import Mapping

from nmdasim.errors import plainly
from nmdasim.model.model import Model
from nmdasim.model.morphology import Morphology
from nmdasim.neurons import dorsal_horn_cell as cell
from nmdasim.neurons.delrocq2023 import densities
from nmdasim.parameters import load


@plainly
def wdr(nmda: str = "", subtype: str | Mapping[str, float] = "", calcium: str = "fraction") -> Model:
    """Return a soma that spikes and a dendrite that receives, coupled by one conductance.

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
        "wdr",
        {"kinetics": nmda, "subtype": subtype, "calcium": calcium},
        parameters=densities() | load("wdr"),
        morphology=_two_compartments(),
        fibres={"adelta": cell.a_delta(), "c": cell.c_fibres()},
        references=("delrocq2023", "nmdasim"),
        **cell.steps(nmda, "0.1 ms"),
        description="2 compartments, own reduction of delrocq2023; the default",
    )


def _two_compartments() -> Morphology:
    p = load("wdr", "morphology")
    return Morphology(
        areas=(float(p["soma_area"].si), float(p["dendrite_area"].si)),
        parents=(-1, 0),
        conductances=(0.0, float(p["coupling"].si)),
        regions={"soma": (0,), "dendrite": (1,)},
    )
