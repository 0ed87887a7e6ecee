"""The pieces of work that are timed, as Models and Events: W0 to W3."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np

from nmdasim.model.model import Model
from nmdasim.model.parameter import ParameterSet
from nmdasim.neurons import delrocq2023
from nmdasim.protocols import Events, WindUp
from nmdasim.quantities import unit

_SQUID = """
dv/dt = (g_na*m**3*h*(E_na - v) + g_k*n**4*(E_k - v) + g_l*(E_l - v) + g_e*(E_e - v))/C_m : volt
dm/dt = alpha_m*(1 - m) - beta_m*m : 1
dh/dt = alpha_h*(1 - h) - beta_h*h : 1
dn/dt = alpha_n*(1 - n) - beta_n*n : 1
alpha_m = 1/ms/exprel(-(v + 40*mV)/(10*mV)) : Hz
beta_m = 4/ms*exp(-(v + 65*mV)/(18*mV)) : Hz
alpha_h = 0.07/ms*exp(-(v + 65*mV)/(20*mV)) : Hz
beta_h = 1/ms/(1 + exp(-(v + 35*mV)/(10*mV))) : Hz
alpha_n = 0.1/ms/exprel(-(v + 55*mV)/(10*mV)) : Hz
beta_n = 0.125/ms*exp(-(v + 65*mV)/(80*mV)) : Hz
"""

_DORSAL_HORN_POINT = """
dv/dt = (g_l*(E_l-v) + g_na*m**3*h*(E_na-v) + g_k*n**4*(E_k-v) + I_cal + g_ampa*a*(0*mV-v) + I_nmda)/C_m : volt
I_cal = g_cal*q**2*(E_ca-v) : amp/meter**2
I_nmda = g_nmda*s*(1-b)*(0*mV-v)/(1+mg/(3.57*mmolar)*exp(-0.062*v/mV)) : amp/meter**2
dm/dt = alpha_m*(1-m)-beta_m*m : 1
dh/dt = alpha_h*(1-h)-beta_h*h : 1
dn/dt = alpha_n*(1-n)-beta_n*n : 1
dq/dt = (1/(1+exp(-(v+20*mV)/(7*mV)))-q)/(2*ms) : 1
alpha_m = 1.28*exprel(-(v+51.9*mV)/(4*mV))**-1/ms : Hz
beta_m = 1.4*exprel((v+24.9*mV)/(5*mV))**-1/ms : Hz
alpha_h = 0.128*exp(-(v+48*mV)/(18*mV))/ms : Hz
beta_h = 4/(1+exp(-(v+25*mV)/(5*mV)))/ms : Hz
alpha_n = 0.16*exprel(-(v+50*mV)/(5*mV))**-1/ms : Hz
beta_n = 0.5*exp(-(v+55*mV)/(40*mV))/ms : Hz
da/dt = -a/(5*ms) : 1
dx/dt = -x/(3*ms) : 1
ds/dt = 0.5/ms*x*(1-s)-s/(100*ms) : 1
db/dt = k_on*ket*s*(1-b)-k_off*s*b-k_leak*b : 1
dca/dt = k_ca*(-I_cal-0.1*I_nmda)-(ca-ca0)/(30*ms) : mmolar
"""

_ADEX = """
dv/dt = (g_l*(E_l - v) + g_l*d_t*exp((v - v_t)/d_t) - w + I_in)/C : volt (unless refractory)
dw/dt = (a*(v - E_l) - w)/tau_w : amp
"""


@dataclass(frozen=True, eq=False)
class Work:
    """One piece of work.

    Parameters
    ----------
    name, title
        Short name, and one line that says what it is.
    model
        Builds the model.
    varied
        The parameter that differs between lanes, and its values.
    seconds, dt
        Simulated time and step of the full work, in seconds.
    events
        Protocol, or events on ports.
    method
        Method that Brian2 is given for it.
    """

    name: str
    title: str
    model: Callable[[], Model]
    varied: tuple[str, Any]
    seconds: float
    dt: float
    events: Any = None
    method: str = "exponential_euler"

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return len(self.varied[1])

    def spread(self, count: int) -> np.ndarray:
        """Return the indices of `count` lanes spread evenly over the range: of one, the middle."""
        return ((np.arange(count) + 0.5) * self.lanes / count).astype(int)


@cache
def squid() -> Model:
    """Return the squid axon of Hodgkin and Huxley as NEURON's ``hh`` has it, driven by a steady conductance."""
    area = "/cm**2"
    return Model(
        "squid",
        _SQUID,
        parameters=ParameterSet(
            {
                "g_na": f"0.12 S{area}",
                "g_k": f"0.036 S{area}",
                "g_l": f"0.0003 S{area}",
                "g_e": f"0.1 mS{area}",
                "C_m": f"1 uF{area}",
                "E_na": "50 mV",
                "E_k": "-77 mV",
                "E_l": "-54.3 mV",
                "E_e": "0 mV",
            }
        ),
        initial={
            "v": "-65*mV",
            "m": "alpha_m/(alpha_m + beta_m)",
            "h": "alpha_h/(alpha_h + beta_h)",
            "n": "alpha_n/(alpha_n + beta_n)",
        },
        threshold="v > 0*mV",
        refractory="v > 0*mV",
    )


@cache
def dorsal_horn_point() -> Model:
    """Twelve states of a dorsal-horn neuron in one compartment: a fair load, not a published model."""
    per = "mS/cm**2"
    return Model(
        "dorsal_horn_point",
        _DORSAL_HORN_POINT,
        parameters=ParameterSet(
            {
                "C_m": "1 uF/cm**2",
                "g_l": f"0.1 {per}",
                "g_na": f"50 {per}",
                "g_k": f"10 {per}",
                "g_cal": f"0.1 {per}",
                "g_ampa": f"0.3 {per}",
                "g_nmda": f"0.4 {per}",
                "E_l": "-70 mV",
                "E_na": "50 mV",
                "E_k": "-90 mV",
                "E_ca": "120 mV",
                "mg": "1 mM",
                "k_on": "0.1 1/ms/mM",
                "k_off": "0.001 1/ms",
                "k_leak": "0.0001 1/ms",
                "k_ca": "-1e-3 mM*m**2/A/ms",
                "ca0": "5e-5 mM",
                "ket": "0 mM",
            }
        ),
        initial={"v": "-70*mV", "h": 0.99, "ca": "5e-5*mM"},
        threshold="v > 0*mV",
        refractory="v > 0*mV",
        ports={"fibre": "x += 0.3; a += 0.3"},
    )


@cache
def adaptive_exponential() -> Model:
    """Adaptive-exponential neuron with the values of Brette and Gerstner (2005)."""
    return Model(
        "adaptive_exponential",
        _ADEX,
        parameters=ParameterSet(
            {
                "C": "281 pF",
                "g_l": "30 nS",
                "E_l": "-70.6 mV",
                "v_t": "-50.4 mV",
                "d_t": "2 mV",
                "tau_w": "144 ms",
                "a": "4 nS",
                "b": "0.0805 nA",
                "I_in": "1 nA",
            }
        ),
        initial={"v": "-70.6*mV"},
        threshold="v > -20*mV",
        reset="v = E_l; w += b",
        refractory="2 ms",
    )


def _volleys(seconds: float) -> Events:
    """Ten events within 20 ms after each full second + 0.1 s."""
    rng = np.random.default_rng(0)
    times = [second + 0.1 + 0.02 * np.sort(rng.random(10)) for second in range(round(seconds))]
    return Events(port="fibre", times=np.concatenate(times) * unit("second"))


def works() -> list[Work]:
    """Return W0 to W3."""
    ketamine = np.concatenate([[0.0], np.geomspace(0.01, 100, 255)])
    return [
        Work(
            "W0",
            "squid axon, 256 conductances, 1 s, dt 0.025 ms",
            squid,
            ("g_e", np.linspace(0.0, 0.5, 256) * unit("mS") / unit("cm") ** 2),
            1.0,
            2.5e-5,
        ),
        Work(
            "W1",
            "12-state dorsal-horn point neuron, 256 ketamine concentrations, 16 s, dt 0.025 ms",
            dorsal_horn_point,
            ("ket", np.geomspace(1e-5, 1e-1, 256) * unit("mM")),
            16.0,
            2.5e-5,
            _volleys(16),
        ),
        Work(
            "W2",
            "delrocq2023, 15 pulses at 1 Hz, 256 ketamine concentrations, dt 0.1 ms",
            delrocq2023,
            ("ketamine", ketamine * unit("uM")),
            16.0,
            1e-4,
            WindUp(),
        ),
        Work(
            "W3",
            "adaptive-exponential neuron, 10 000 currents, 10 s, dt 0.1 ms",
            adaptive_exponential,
            ("I_in", np.linspace(0.3, 1.5, 10_000) * unit("nA")),
            10.0,
            1e-4,
            None,
            "euler",
        ),
    ]


def named(name: str) -> Work:
    """Return a work by name."""
    return next(work for work in works() if work.name == name)
