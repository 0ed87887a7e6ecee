"""A dorsal-horn circuit: touch, Aδ and C fibres, interneurons that gate, and projection neurons that wind up.

Touch fibres reach the projection neurons directly and through excitatory interneurons, and excite the inhibitory
interneurons that hold both back. Aδ and C fibres end on the projection neurons, which are those of the model `wdr` with
a tonic GABA-A conductance and two slow variables that stand for what conditioning leaves behind: ρ, the strength of
synapses, and the loss of chloride extrusion.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping

from nmdasim.circuits.inhibitory import inhibitory_cell
from nmdasim.errors import plainly
from nmdasim.model.circuit import Circuit, Projection
from nmdasim.model.mechanism import Mechanism
from nmdasim.model.model import Model
from nmdasim.model.parameter import ParameterSet
from nmdasim.model.population import Population
from nmdasim.model.synapse import Synapse
from nmdasim.neurons import wdr
from nmdasim.parameters import load
from nmdasim.protocols.sources import Volleys
from nmdasim.receptors import dual_exponential

#: ρ of Graupner & Brunel 2012 without noise and depression; a slow sensor of calcium in place of calcium itself. Each
#: C and touch synapse has a ρ of its own, as has the neuron for what is no property of one synapse: its NMDA receptors.
_RHO = "drho/dt = (gamma_p*(1 - rho)*int({sensor} > theta_p) - rho*(1 - rho)*(0.5 - rho))/tau_rho : 1"
_SENSITIZATION = f"""
dsensor/dt = (ca - sensor)/tau_sensor : mM
{_RHO.format(sensor="sensor")}
nmda_gain = 1 + phosphorylation*rho : 1
dloss/dt = (1 - loss)*int(sensor > theta_p)/tau_loss - loss/tau_recovery : 1
E_anion = E_gaba + anion_shift*loss : volt
"""
_TONIC = "I_tonic = g_tonic*(E_anion - v) : amp/meter**2"
_INTERNEURON = """
dv/dt = (g_l*(E_l - v) + g_e*(E_e - v) + g_i*(E_gaba - v))/C_m : volt (unless refractory)
dg_e/dt = -g_e/tau_e : siemens
dg_i/dt = -g_i/tau_i : siemens
"""


@plainly
def dorsal_horn(inhibitory: str | Mapping[str, float] = "") -> Circuit:
    """Return the circuit at rest; :meth:`Circuit.driven` stimulates its inputs ``touch``, ``adelta`` and ``c``.

    Every size, weight, latency and gain stands in ``parameters/dorsal_horn.toml`` with its source. Sensitization has
    five switches. Parameters of the synapses are ``potentiation`` (C) and ``heterosynaptic`` (touch), parameters of the
    projection neurons ``phosphorylation`` and ``mg_relief`` (NMDA receptors), each a gain at ρ = 1, and
    ``anion_shift``, by which a full loss of chloride extrusion moves the anion reversal; 0 switches each off.
    ``E_gaba``, the reversal without loss, can be set besides, for the interneurons too.

    Parameters
    ----------
    inhibitory
        Subtype or mixture of NMDA receptors on the inhibitory cells, ``"inhibitory_2c2d"``, which then carry a share of
        their excitation, see :func:`nmdasim.circuits.inhibitory.inhibitory_cell`; by default they have none.
    """
    sizes = {name: int(p.si) for name, p in load("dorsal_horn", "sizes").items()}
    interneuron = Model(
        name="interneuron",
        equations=_INTERNEURON,
        parameters=load("dorsal_horn", "interneuron"),
        initial={"v": "E_l"},
        threshold="v > V_t",
        reset="v = V_r",
        refractory="2 ms",
        ports={"exc": "g_e += weight", "inh": "g_i += weight"},
    )
    gate = inhibitory_cell(inhibitory) if inhibitory else interneuron
    populations = {"excitatory": interneuron, "inhibitory": gate, "projection": projection_neuron()}
    return Circuit(
        "dorsal_horn",
        populations={
            name: Population(cell, sizes[name], parameters=_spread(cell, name)) for name, cell in populations.items()
        },
        projections=_projections(),
        inputs={name: Volleys((), sizes[name]) for name in ("touch", "adelta", "c")},
        references=("delrocq2023", "aguiar2010", "graupner2012", "medlock2022", "nmdasim"),
        dt="0.1 ms",
        dt_max="0.25 ms",
        description="50 neurons and 60 fibres; touch gates itself through inhibition",
        numbers={name: load("dorsal_horn", name) for name in ("sizes", "weights", "latencies", "spread", "pressure")},
    )


def _spread(cell: Model, name: str) -> dict[str, str]:
    """Return parameters in which the neurons of a population differ, normally distributed around the cell's."""
    own = load("dorsal_horn", "spread")["projection" if name == "projection" else "interneuron"]
    names = ("w_touch", "w_ampa_c", "w_nmda_c") if name == "projection" else ("g_l",)
    return {key: f"{key}*(1 + {own.number:g}*randn())" for key in names if key in cell.parameters}


def _potentiating(gain: str) -> Synapse:
    """Return a synapse whose strength follows the calcium sensor of its neuron; `gain` is what ρ = 1 adds to it."""
    own, cell = load("dorsal_horn", "synapses"), load("dorsal_horn", "projection")
    return Synapse(
        gain,
        f"{_RHO.format(sensor='sensor_post')} (clock-driven)\nstrength = 1 + {gain}*rho : 1",
        parameters=ParameterSet({gain: own[gain], **{name: cell[name] for name in ("gamma_p", "theta_p", "tau_rho")}}),
        initial={"rho": "rho_post"},
        references=("graupner2012",),
        description="Graupner & Brunel's synapse, driven by a slow sensor of calcium",
    )


def _projections() -> tuple[Projection, ...]:
    weights = {name: p.value for name, p in load("dorsal_horn", "weights").items()}
    delays = load("dorsal_horn", "latencies")
    delay = delays["synapse"].value

    def link(pre: str, post: str, port: str, later: object = None) -> Projection:
        weight = weights[f"{pre}_to_{post}"]
        return Projection(pre, post, port=port, weight=weight, probability=1.0, delay=later)

    def fibre(pre: str, port: str) -> Projection:
        return Projection(pre, "projection", port=port, probability=1.0)

    def plastic(pre: str, port: str, gain: str, later: object = None) -> Projection:
        return Projection(
            pre, "projection", port=port, probability=1.0, delay=later, weight="strength", synapse=_potentiating(gain)
        )

    return (
        link("touch", "inhibitory", "exc"),
        link("touch", "excitatory", "exc", delay),
        link("c", "inhibitory", "exc", delays["polysynaptic"].value),
        link("inhibitory", "excitatory", "inh", delay),
        link("inhibitory", "projection", "gaba", delay),
        link("excitatory", "projection", "ampa", delay),
        plastic("touch", "ampa_t", "heterosynaptic", delay),
        *(fibre("adelta", port) for port in ("ampa_a", "nmda_a")),
        plastic("c", "ampa_c", "potentiation"),
        *(fibre("c", port) for port in ("nmda_c", "nk1")),
    )


def projection_neuron() -> Model:
    """Return the wide-dynamic-range neuron `wdr` with tonic inhibition, ρ and a loss of chloride extrusion."""
    base = wdr()
    own = base.parameters | load("dorsal_horn", "c_synapses") | load("dorsal_horn", "projection")
    cell = dataclasses.replace(base, name="projection", parameters=own)
    parts = {part.name: part for part in base.mechanisms}
    nmda = parts["nmda"].substituted({"gain_nmda": "gain_nmda*nmda_gain", "K_mg": "K_mg*(1 + mg_relief*rho)"})
    gaba = dataclasses.replace(
        parts["gaba"].substituted({"E_gaba": "E_anion"}),
        ports={"gaba": dual_exponential.port("gaba", "weight")},
        gains={},
    )
    synapses = {
        "ampa_c": dual_exponential.port("ampa", "w_ampa_c*weight"),
        "ampa_t": dual_exponential.port("ampa", "w_touch*weight"),
        "ampa": dual_exponential.port("ampa", "weight"),
    }
    ampa = dataclasses.replace(parts["ampa"], ports=dict(parts["ampa"].ports) | synapses)
    cell = cell.with_(Mechanism("sensitization", _SENSITIZATION, initial={"sensor": "Ca_rest"}))
    cell = cell.with_(Mechanism("tonic", _TONIC, densities=("I_tonic",)))
    for part in (ampa, nmda, gaba):
        cell = cell.with_(part, instead=part.name)
    return dataclasses.replace(
        cell,
        fibres={},
        summaries={},
        description="wdr with tonic inhibition and slow traces of calcium",
    )
