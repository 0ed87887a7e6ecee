"""Wide-dynamic-range neuron and relay interneuron of Aguiar, Sousa & Lima 2010: a feed-forward circuit of two cells.

C fibres excite the relay; each of its spikes reaches the wide-dynamic-range neuron through 20 synapses. The relay sits
on a spike-count border, so the counts depend on the integrator and its step: reproduce them as a check of a scheme,
never as physiology.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from nmdasim.errors import plainly
from nmdasim.model.circuit import Circuit, Projection
from nmdasim.model.model import Model
from nmdasim.model.port import Contact, Fibres
from nmdasim.neurons import dorsal_horn_cell as cell
from nmdasim.parameters import load


@plainly
def aguiar2010(nmda: str = "", subtype: str | Mapping[str, float] = "", calcium: str = "fraction") -> Circuit:
    """Return the two-cell circuit.

    Parameters
    ----------
    nmda
        Kinetic scheme of the NMDA receptors of both cells, ``"lester_jahr1992"``; by default the published dual
        exponential. That adds up to four times ``g_ref_nmda`` during a volley of the relay, where a scheme saturates,
        so with a scheme the wide-dynamic-range neuron has three times the conductance (``gain_nmda``); with the
        published one it does not wind up.
    subtype
        Subtype of the NMDA receptors of both cells, ``"2A"`` …, or a mixture ``{"2A": 0.7, "2B": 0.3}``; by default
        the published constants.
    calcium
        ``"fraction"`` of the NMDA current, as published, or ``"ghk"``; see :func:`nmdasim.receptors.nmda`.
    """
    kind = {"kinetics": nmda, "subtype": subtype, "calcium": calcium}
    on_relay = [Contact(port, population="relay") for port in ("ampa_c", "nmda_c", "nk1")]
    late = load("aguiar2010", "input")["delay_gaba"].value
    return Circuit(
        "aguiar2010",
        populations={"relay": _relay(kind), "wdr": _wide_dynamic_range(kind)},
        projections=(
            Projection(
                "relay",
                "wdr",
                contacts=(Contact("ampa_c"), Contact("nmda_c"), Contact("gaba", late)),
                latency=cell.c_latency(),
            ),
        ),
        fibres={
            "adelta": cell.a_delta("wdr"),
            "c": Fibres((*on_relay, Contact("nk1", population="wdr")), redrawn=False, table=""),
        },
        references=("aguiar2010",),
        **cell.steps(nmda, "0.025 ms"),
        description="2 cells of 16 compartments: relay interneuron and wide-dynamic-range neuron; not converged in dt",
    )


def _wide_dynamic_range(kind: Mapping[str, Any]) -> Model:
    inherited = load("aguiar2010", "reversals") | load("aguiar2010", "spike_generator")
    own = load("aguiar2010", "wdr") | (load("aguiar2010", "saturating") if kind["kinetics"] else {})
    return cell.wide_dynamic_range("aguiar2010.wdr", kind, parameters=inherited | own)


def _relay(kind: Mapping[str, Any]) -> Model:
    shape = cell.morphology()
    inherited = load("aguiar2010", "reversals") | load("aguiar2010", "spike_generator")
    return Model.assemble(
        "aguiar2010.relay",
        [*cell.channels("leak", "na", "k", "kca", "pool"), *cell.receptors(c_only=True, **kind)],
        site=shape.centre("dendrite"),
        parameters=inherited | load("aguiar2010", "relay"),
        morphology=shape,
        **cell.spike_rule(shape.centre("hillock")),
    )
