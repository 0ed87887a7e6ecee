"""An opioid for contrast with ketamine: less release from C terminals, and a potassium conductance in the neuron.

Ketamine leaves release alone and closes NMDA receptors; a µ-opioid takes from every C synapse, AMPA, NMDA and NK1
alike. It is described by what it does (a share of release, a conductance), not by a concentration.
"""

from __future__ import annotations

import dataclasses

from nmdasim.errors import ModelError
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model
from nmdasim.parameters import mechanism

_RELEASE = "release_opioid"
#: Mechanisms of C synapses, and the weights that release scales.
_SYNAPSES = {"ampa": "w_ampa_c", "nmda": "w_nmda_c", "nk1": "w_nk1"}


def opioid(model: Model, at: str = "dendrite") -> Model:
    """Return a neuron with µ receptors before and behind its C synapses, both without effect yet.

    ``release_opioid`` (1: all of it) is the share of release that is left, ``g_girk`` the potassium conductance; either
    is set by ``replace``, or given as an axis in ``parameters=``.

    Parameters
    ----------
    model
        A neuron with C synapses.
    at
        Region of the potassium conductance.

    Raises
    ------
    ModelError
        If it has no C synapses.
    """
    parts = {part.name: part for part in model.mechanisms}
    weights = {name: weight for name, weight in _SYNAPSES.items() if name in parts and weight in model.parameters}
    if not weights:
        raise ModelError(f"{model.name} has no C synapses ({', '.join(_SYNAPSES.values())}) on which an opioid acts")
    cell = model.with_(mechanism("opioid", "opioid"), at=at)
    for name, weight in weights.items():
        released = dataclasses.replace(
            parts[name].substituted({weight: f"{weight}*{_RELEASE}"}), gains=parts[name].gains
        )
        cell = cell.with_(released, instead=name)
    return cell


def opioid_circuit(circuit: Circuit) -> Circuit:
    """Return a dorsal horn with µ receptors on its projection neurons and the C terminals that reach them."""
    name = circuit.output
    population = circuit.populations[name]
    changed = dataclasses.replace(population, model=opioid(population.model))
    return dataclasses.replace(circuit, populations={**circuit.populations, name: changed})
