"""An inhibitory interneuron with NMDA receptors: part of the charge that excitation brings is theirs.

It is the interneuron of :func:`nmdasim.circuits.dorsal_horn` as mechanisms, so that a drug or a tonic current can be
added; its potential goes on after the reset, where that of the plain interneuron pauses for the refractory period.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from nmdasim.model.mechanism import Mechanism
from nmdasim.model.model import Model
from nmdasim.model.morphology import Morphology
from nmdasim.model.parameter import Parameter, ParameterSet
from nmdasim.parameters import load
from nmdasim.receptors import nmda
from nmdasim.receptors.charge import opened

_AREA = 5e-9  # m²; with 1 µF/cm² the capacitance of the plain interneuron
_PASSIVE = """
I_l = g_l*(E_l - v) : amp
I_e = g_e*(E_e - v) : amp
I_i = g_i*(E_gaba - v) : amp
dg_e/dt = -g_e/tau_e : siemens
dg_i/dt = -g_i/tau_i : siemens
"""


def inhibitory_cell(subtype: str | Mapping[str, float]) -> Model:
    """Return the interneuron with synaptic NMDA receptors of a subtype or mixture.

    An excitatory event of some weight brings the charge that it brings to the plain interneuron, held at ``V_charge``:
    ``nmda_share`` of it through NMDA receptors, the rest through the fast conductance.

    Parameters
    ----------
    subtype
        As of :func:`nmdasim.receptors.nmda`.
    """
    own = load("dorsal_horn", "interneuron")
    receptor = nmda({"exc": "weight*nmda_share*nmda_per_exc"}, subtype=subtype)
    fast = Mechanism(
        "synapses", _PASSIVE, currents=("I_l", "I_e", "I_i"), initial={"v": "E_l"}, ports={"inh": "g_i += weight"}
    )
    both = {"exc": f"g_e += weight*(1 - nmda_share); {receptor.ports['exc']}"}
    density = float(own["C_m"].si) / _AREA
    parameters = ParameterSet({name: p for name, p in own.items() if name != "C_m"}) | _shared(own)
    return Model.assemble(
        "interneuron",
        [fast, replace(receptor, ports=both)],
        parameters=parameters | {"Cm": replace(own["C_m"], value=f"{density} farad/meter**2", unit="uF/cm**2")},
        morphology=Morphology.point(_AREA),
        threshold="v > V_t",
        reset="v = V_r",
        refractory="2 ms",
        description="inhibitory interneuron with NMDA receptors",
    )


def _shared(own: ParameterSet) -> ParameterSet:
    """Return how NMDA receptors share in the excitation, and what all of them amount to."""
    published = load("receptors", "nmda") | load("receptors", "magnesium")
    each = float(own["tau_e"].si) / opened(published)
    share = load("dorsal_horn", "inhibitory_nmda")
    sizes, weights = load("dorsal_horn", "sizes"), load("dorsal_horn", "weights")
    every = sum(float(sizes[pre].si) * float(weights[f"{pre}_to_inhibitory"].si) for pre in ("touch", "c"))
    bound = every * each * float(share["nmda_share"].si)
    return share | {
        "nmda_per_exc": Parameter(
            f"{each:.6g}",
            source="nmdasim",
            kind="derived",
            description="NMDA conductance that carries the charge of a fast conductance of 1 at V_charge",
        ),
        "g_ref_nmda": Parameter(
            f"{bound * 1e9:.6g} nS", source="nmdasim", kind="derived", description="all NMDA synapses fully bound"
        ),
    }
