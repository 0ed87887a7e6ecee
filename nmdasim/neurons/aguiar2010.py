"""Wide-dynamic-range neuron and relay interneuron of Aguiar, Sousa & Lima 2010: a feed-forward circuit of two cells.

C fibres excite the relay; each of its spikes reaches the wide-dynamic-range neuron through 20 synapses. The relay sits
on a spike-count border, so the counts depend on the integrator and its step: reproduce them as a check of a scheme,
never as physiology.
"""

from __future__ import annotations

from nmdasim.model.circuit import Circuit, Projection
from nmdasim.model.model import Model
from nmdasim.model.parameters import load
from nmdasim.model.ports import Afferent, Contact, Latency
from nmdasim.neurons import dorsal_horn_cell as cell
from nmdasim.receptors import EQUILIBRATED, WASHIN


def aguiar2010() -> Circuit:
    """Return the two-cell circuit."""
    stimulus = Latency("0 ms", "0 ms", synapses=1, redrawn=False)
    on_relay = [Contact(port, population="relay") for port in ("ampa_c", "nmda_c", "nk1")]
    late = load("aguiar2010", "input")["delay_gaba"].value
    return Circuit(
        "aguiar2010",
        populations={"relay": _relay(), "wdr": _wide_dynamic_range()},
        projections=(
            Projection(
                "relay",
                "wdr",
                contacts=(Contact("ampa_c"), Contact("nmda_c"), Contact("gaba", late)),
                latency=cell.c_latency(redrawn=False),
            ),
        ),
        afferents={
            "adelta": cell.a_delta("wdr"),
            "c": Afferent((*on_relay, Contact("nk1", population="wdr")), stimulus),
        },
        references=("aguiar2010",),
        dt="0.025 ms",
        dt_max="0.25 ms",
        description="2 cells of 16 compartments: relay interneuron and wide-dynamic-range neuron; not converged in dt",
    )


def _wide_dynamic_range() -> Model:
    inherited = load("aguiar2010", "reversals") | load("aguiar2010", "spike_generator")
    return cell.wide_dynamic_range("aguiar2010.wdr", parameters=inherited | load("aguiar2010", "wdr"))


def _relay() -> Model:
    shape = cell.morphology()
    inherited = load("aguiar2010", "reversals") | load("aguiar2010", "spike_generator")
    return Model.assemble(
        "aguiar2010.relay",
        [*cell.channels("leak", "na", "k", "kca", "pool"), *cell.receptors(c_only=True)],
        site=shape.centre("dendrite"),
        parameters=inherited | load("aguiar2010", "relay"),
        morphology=shape,
        starts={"equilibrated": EQUILIBRATED, "washin": WASHIN},
        **cell.spike_rule(shape.centre("hillock")),
    )
