"""Ketamine beside an opioid, and both together: what each takes from a first response and from wind-up.

Opioids depress respiration, ketamine far less; neither is weighed here, where a neuron or a circuit is all there is.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import xarray as xr

from nmdasim import quantities
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model
from nmdasim.neurons import delrocq2023
from nmdasim.parameters import load
from nmdasim.protocols import Conditioning, WindUp
from nmdasim.readout import measures
from nmdasim.receptors.opioid import opioid, opioid_circuit
from nmdasim.run.simulate import simulate

#: Shares of release left, and free ketamine in µM.
RELEASE = (1.0, 0.9, 0.8, 0.7, 0.6, 0.4, 0.2)
KETAMINE = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)


def saturating() -> Model:
    """Return the reference neuron with NMDA receptors that saturate in a volley of C fibres.

    The scheme is that of Edmonds & Colquhoun 1992. Less release then takes from AMPA receptors, whose conductance is
    proportional to it, and at first hardly from NMDA receptors: in this neuron an opioid and ketamine are told apart.
    Its conductance is assumed, see ``[saturating]`` of ``opioid.toml``.
    """
    gain = load("opioid", "saturating")["gain_nmda"]
    cell = delrocq2023(nmda="edmonds_colquhoun1992")
    return dataclasses.replace(cell, parameters=cell.parameters | {"gain_nmda": gain})


def opioid_contrast(
    model: Model | Circuit,
    *,
    release: Sequence[float] = RELEASE,
    ketamine: Sequence[float] = KETAMINE,
    conductance: Any = None,
    seed: Sequence[int] = range(5),
    **options: Any,
) -> xr.Dataset:
    """Give a train of C volleys under every pair of an opioid's and ketamine's strengths.

    Parameters
    ----------
    model
        A neuron with C synapses, or a dorsal-horn circuit.
    release
        Shares of release from C terminals that an opioid leaves.
    ketamine
        Free concentrations in µM, equilibrated.
    conductance
        Potassium conductance that the opioid opens behind the synapse; none by default.
    seed
        Draws.
    options
        Of :func:`nmdasim.run.simulate`.

    Returns
    -------
    xarray.Dataset
        ``input`` (spikes after the first volley), ``index`` and ``slope`` of wind-up over (release_opioid, ketamine,
        seed), as of :func:`nmdasim.measures.windup`.
    """
    parameters: dict[str, Any] = {"release_opioid": list(release)}
    if conductance is not None:
        parameters["g_girk"] = conductance
    network = isinstance(model, Circuit)
    treated = opioid_circuit(model) if isinstance(model, Circuit) else opioid(model)
    result = simulate(
        treated,
        Conditioning() if network else WindUp(),
        ketamine=list(ketamine) * quantities.unit("uM"),
        parameters=parameters,
        seed=list(seed),
        **options,
    )
    found = measures.windup(result)[["input", "index", "slope"]]
    return found.assign_attrs(result.attrs)
