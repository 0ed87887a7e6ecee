"""NMDA receptor: activation by glutamate, magnesium block, calcium share and trapping channel block."""

from __future__ import annotations

from collections.abc import Mapping

from nmdasim.model.mechanism import Mechanism
from nmdasim.model.model import ModelError
from nmdasim.model.parameters import ParameterSet, load
from nmdasim.receptors import dual_exponential, magnesium, trapping
from nmdasim.receptors.blockers import blocker, largest_open
from nmdasim.receptors.scheme import product
from nmdasim.receptors.schemes import scheme
from nmdasim.receptors.subtypes import subtype as properties

_ACTIVATION = "a_nmda = clip(g_nmda/g_ref_nmda, 0, 1) : 1\n"
_CURRENT = "I_nmda = gain_nmda*g_nmda*(1 - b_nmda)*B_mg*(E_nmda - v) : amp\n"


def nmda(inputs: Mapping[str, str], kinetics: str = "", subtype: str = "") -> Mechanism:
    """Return the NMDA synapse of a neuron.

    The activation ``a_nmda`` is the summed conductance as a share of all its synapses fully bound (``g_ref_nmda``).

    Parameters
    ----------
    inputs
        Ports and the weight parameter of each, ``{"nmda_c": "w_nmda_c"}``.
    kinetics
        A kinetic scheme driven by transmitter pulses, ``"lester_jahr1992"``, in place of the dual exponential. The
        synapses of the neuron then share one cleft: each release adds its share of ``glutamate_peak``, which decays
        with ``tau_glutamate``.
    subtype
        ``"2A"`` …: deactivation (of the dual exponential), magnesium, calcium share and affinity to ketamine of that
        subtype. Conductances stay those of the neuron.

    Raises
    ------
    ModelError
        If there is no such scheme or subtype, or the scheme has magnesium as states.
    """
    gating, activation, parameters, ports = _scheme(inputs, kinetics) if kinetics else _dual_exponential(inputs)
    lines = (gating, magnesium.EQUATION, trapping.EQUATIONS, activation, _CURRENT)
    shared = load("receptors", "nmda") | load("receptors", "magnesium") | load("ketamine", "block") | parameters
    return Mechanism(
        name="nmda",
        equations="\n".join(line.strip() for line in lines) + "\n",
        parameters=shared | (_subtype(subtype, kinetics) if subtype else {}),
        currents=("I_nmda",),
        calcium=("f_ca_nmda*I_nmda/area",),
        ports=ports,
        gains={"nmda": ("gain_nmda",)},
        references=("jahr1990", "aguiar2010", "kotermanski2009"),
    )


_Parts = tuple[str, str, ParameterSet, dict[str, str]]


def _dual_exponential(inputs: Mapping[str, str]) -> _Parts:
    ports = {port: dual_exponential.port("nmda", weight) for port, weight in inputs.items()}
    return dual_exponential.equations("nmda"), _ACTIVATION, ParameterSet(), ports


def _scheme(inputs: Mapping[str, str], name: str) -> _Parts:
    chosen = scheme(name)
    if chosen.free != "B_mg":
        raise ModelError(f"nmda = {name!r} has magnesium as states; in a neuron, take a scheme with the fast block, "
                         "such as 'lester_jahr1992'")  # fmt: skip
    lines = [
        line
        for line in chosen.equations("nmda", "-glutamate/tau_glutamate").splitlines()
        if not line.startswith(("B_mg", "open_nmda"))
    ]
    opened = " + ".join(product(share, f"{state}_nmda") for state, share in chosen.conducting.items())
    activation = f"a_nmda = ({opened})/open_max : 1\ng_nmda = g_ref_nmda*a_nmda : siemens\n"
    ports = {port: f"glutamate += glutamate_peak*{weight}/g_ref_nmda" for port, weight in inputs.items()}
    rates = {key: p for key, p in chosen.parameters.items() if key.startswith("k_")}
    parameters = load("receptors", "cleft") | rates | {"open_max": largest_open(chosen)}
    return "\n".join(lines) + "\n", activation, parameters, ports


def _subtype(name: str, kinetics: str) -> ParameterSet:
    kind = properties(name)
    changed = {key: kind[key] for key in ("K_mg", "f_ca_nmda")}
    if not kinetics:
        changed["tau_d_nmda"] = kind["tau_deactivation"]
    return ParameterSet(changed | {"K_ketamine": blocker("ketamine", name).parameters["K_ketamine"]})
