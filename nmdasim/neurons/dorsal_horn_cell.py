"""What the dorsal-horn neurons of Aguiar et al. 2010 share: channels, receptors, chain of compartments, input."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from nmdasim.model.mechanism import Mechanism
from nmdasim.model.model import Model
from nmdasim.model.morphology import Morphology, Section
from nmdasim.model.port import Contact, Fibres, Latency, Summary
from nmdasim.parameters import load, mechanism
from nmdasim.receptors import ampa, gaba, nk1, nmda, scheme
from nmdasim.receptors.dosing import blocked


def summaries(parts: Iterable[Mechanism]) -> dict[str, Summary]:
    """Return the per-window read-outs of a neuron with NMDA synapses on its dendrite; the block by subtype and drug."""
    found = {"ca_peak": Summary("ca", "dendrite", "max", "uM", "peak dendritic calcium")}
    for part in parts:
        found |= blocked(part, "dendrite")
    return found


def channels(*names: str) -> list[Mechanism]:
    """Return membrane mechanisms of the paper by name."""
    return [mechanism("aguiar2010", name) for name in names]


def receptors(c_only: bool = False, **kind: Any) -> list[Mechanism]:
    """Return the synaptic receptors, with ports for C fibres and (unless `c_only`) for Aδ fibres.

    `kind` is ``kinetics``, ``subtype`` and ``calcium`` of :func:`nmdasim.receptors.nmda`.
    """
    fibres = ("c",) if c_only else ("a", "c")
    return [
        ampa({f"ampa_{fibre}": f"w_ampa_{fibre}" for fibre in fibres}),
        nmda({f"nmda_{fibre}": f"w_nmda_{fibre}" for fibre in fibres}, **kind),
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


def a_delta(population: str = "") -> Fibres:
    """Return the bundle of Aδ synapses, whose latencies every stimulus draws anew."""
    p = load("aguiar2010", "input")
    contacts = (Contact("ampa_a", population=population), Contact("nmda_a", population=population))
    return Fibres(contacts, int(p["synapses"].si), p["latency_a"].value, p["jitter_a"].value)


def c_latency() -> Latency:
    """Return the arrival times of C input by way of a relay, whose synapses each keep their own."""
    p = load("aguiar2010", "input")
    return Latency(p["latency_c"].value, p["jitter_c"].value, int(p["synapses"].si), redrawn=False, table="c")


def c_fibres() -> Fibres:
    """Return the bundle of C fibres that end on the neuron itself."""
    p = load("aguiar2010", "input")
    contacts = (Contact("ampa_c"), Contact("nmda_c"), Contact("nk1"), Contact("gaba", p["delay_gaba"].value))
    return Fibres(contacts, int(p["synapses"].si), p["latency_c"].value, p["jitter_c"].value)


def wide_dynamic_range(name: str, kind: Mapping[str, Any], **options: Any) -> Model:
    """Return a neuron with all currents of the wide-dynamic-range cell.

    `options` give densities, weights and the rest of :class:`Model`; `kind` is that of :func:`receptors`.
    """
    options.setdefault("morphology", morphology())
    shape: Morphology = options["morphology"]
    synapses = receptors(**kind)
    return Model.assemble(
        name,
        [*channels("leak", "na", "k", "nap", "cal", "kca", "can", "pool"), *synapses, gaba()],
        site=shape.centre("dendrite"),
        **spike_rule(shape.centre(options.pop("spike_region", "soma"))),
        summaries=summaries(synapses),
        **options,
    )


def steps(kinetics: str, dt: str) -> dict[str, Any]:
    """Return the default and the largest time step of a cell; magnesium enters a pore within tens of microseconds."""
    fast = bool(kinetics and scheme(kinetics).occupied)
    return {"dt": "0.0125 ms", "dt_max": "0.0125 ms"} if fast else {"dt": dt, "dt_max": "0.25 ms"}


def spike_rule(site: int) -> dict[str, Any]:
    """Return the spike rule: an upward crossing of -30 mV, no reset."""
    level = f"{float(load('aguiar2010', 'input')['threshold'].number):g}*mV"
    return {"threshold": f"v > {level}", "refractory": f"v > {level}", "spike_site": site}
