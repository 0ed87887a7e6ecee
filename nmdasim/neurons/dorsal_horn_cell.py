"""What the dorsal-horn neurons of Aguiar et al. 2010 share: channels, receptors, the chain of compartments, the input."""

from __future__ import annotations

from typing import Any

from nmdasim.model.mechanism import Mechanism
from nmdasim.model.model import Model
from nmdasim.model.morphology import Morphology, Section
from nmdasim.model.parameters import load
from nmdasim.model.ports import Afferent, Contact, Latency, Summary
from nmdasim.receptors import EQUILIBRATED, WASHIN, ampa, gaba, nk1, nmda

#: Per-window read-outs that every neuron with an NMDA synapse on its dendrite offers.
SUMMARIES = {
    "ca_peak": Summary("ca", "dendrite", "max", "uM", "peak dendritic calcium"),
    "blocked": Summary("b_nmda", "dendrite", "start", "1", "share of NMDA receptors blocked by ketamine"),
}


def channels(*names: str) -> list[Mechanism]:
    """Return membrane mechanisms of the paper by name."""
    return [Mechanism.read("aguiar2010", name) for name in names]


def receptors(c_only: bool = False, kinetics: str = "", subtype: str = "") -> list[Mechanism]:
    """Return the synaptic receptors, with ports for C fibres and (unless `c_only`) for Aδ fibres.

    `kinetics` and `subtype` are those of :func:`nmdasim.receptors.nmda`.
    """
    fibres = ("c",) if c_only else ("a", "c")
    return [
        ampa({f"ampa_{fibre}": f"w_ampa_{fibre}" for fibre in fibres}),
        nmda({f"nmda_{fibre}": f"w_nmda_{fibre}" for fibre in fibres}, kinetics, subtype),
        nk1(),
    ]


def morphology() -> Morphology:
    """Return the chain dendrite – soma – hillock – axon of 16 compartments."""
    p = {name: parameter.value for name, parameter in load("aguiar2010", "morphology").items()}
    sections = [
        Section("dendrite", p["dendrite_length"], p["dendrite_diameter"], 5),
        Section("soma", p["soma_length"], p["soma_diameter"], 3),
        Section("hillock", p["hillock_length"], p["hillock_start"], 3, end=p["hillock_end"]),
        Section("axon", p["axon_length"], p["axon_diameter"], 5),
    ]
    return Morphology.chain(sections, p["Ri"])


def a_delta(population: str = "") -> Afferent:
    """Return the bundle of Aδ synapses, whose latencies every stimulus draws anew."""
    p = load("aguiar2010", "input")
    contacts = (Contact("ampa_a", population=population), Contact("nmda_a", population=population))
    latency = Latency(p["latency_a"].value, p["jitter_a"].value, int(p["synapses"].si), table="adelta")
    return Afferent(contacts, latency)


def c_latency(*, redrawn: bool) -> Latency:
    """Return the arrival times of C input after the stimulus."""
    p = load("aguiar2010", "input")
    return Latency(p["latency_c"].value, p["jitter_c"].value, int(p["synapses"].si), redrawn=redrawn, table="c")


def c_fibres() -> Afferent:
    """Return the bundle of C fibres that end on the neuron itself."""
    late = load("aguiar2010", "input")["delay_gaba"].value
    contacts = (Contact("ampa_c"), Contact("nmda_c"), Contact("nk1"), Contact("gaba", late))
    return Afferent(contacts, c_latency(redrawn=True))


def wide_dynamic_range(name: str, kinetics: str = "", subtype: str = "", **options: Any) -> Model:
    """Return a neuron with all currents of the wide-dynamic-range cell.

    `options` give densities, weights and the rest of :class:`Model`; `kinetics` and `subtype` are those of :func:`nmdasim.receptors.nmda`.
    """
    options.setdefault("morphology", morphology())
    shape: Morphology = options["morphology"]
    return Model.assemble(
        name,
        [
            *channels("leak", "na", "k", "nap", "cal", "kca", "can", "pool"),
            *receptors(False, kinetics, subtype),
            gaba(),
        ],
        site=shape.centre("dendrite"),
        **spike_rule(shape.centre(options.pop("spike_region", "soma"))),
        starts={"equilibrated": EQUILIBRATED, "washin": WASHIN},
        summaries=SUMMARIES,
        **options,
    )


def spike_rule(site: int) -> dict[str, Any]:
    """Return the spike rule: an upward crossing of -30 mV, no reset."""
    level = f"{float(load('aguiar2010', 'input')['threshold'].number):g}*mV"
    return {"threshold": f"v > {level}", "refractory": f"v > {level}", "spike_site": site}
