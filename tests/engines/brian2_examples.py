"""Models made from Brian2's public examples, by name; each with the events and the varied parameter of its test."""

from dataclasses import dataclass
from typing import Any

import nmdasim as nm


@dataclass(frozen=True, eq=False)
class Example:
    """A model, what arrives at it, and a parameter whose values are the lanes."""

    model: nm.Model
    varied: dict[str, Any]
    events: tuple[nm.Events, ...] = ()
    duration: Any = "200 ms"
    dt: Any = "0.05 ms"


def leaky():
    """Return a leaky integrate-and-fire neuron, equations of Brian2's example ``IF_curve_LIF``."""
    model = nm.Model(
        name="leaky",
        equations="dv/dt = (v0 - v)/tau : volt (unless refractory)",
        parameters=dict(v0=15 * nm.mV, tau=10 * nm.ms),
        threshold="v > 10*mV",
        reset="v = 0*mV",
        refractory=5 * nm.ms,
    )
    return Example(model, dict(v0=[0, 9.9, 10.3, 12, 15, 20] * nm.mV))


def adaptive_exponential():
    """Return an adaptive exponential neuron, equations and values of Brian2's example ``Brette_Gerstner_2005``."""
    model = nm.Model(
        name="adaptive_exponential",
        equations="""
        dv/dt = (g_l*(E_l - v) + g_l*d_t*exp((v - v_t)/d_t) + I - w)/C : volt
        dw/dt = (a*(v - E_l) - w)/tau_w : amp
        """,
        parameters=dict(
            C=281 * nm.pF, g_l=30 * nm.nS, E_l=-70.6 * nm.mV, v_t=-50.4 * nm.mV, d_t=2 * nm.mV, v_r=-70.6 * nm.mV,
            tau_w=144 * nm.ms, a=4 * nm.nS, b=0.0805 * nm.nA, I=1 * nm.nA,
        ),
        initial=dict(v=-70.6 * nm.mV),
        threshold="v > -40.4*mV",
        reset="v = v_r; w += b",
    )  # fmt: skip
    return Example(model, dict(I=[0, 0.5, 0.8, 1, 1.5] * nm.nA))


def hodgkin_huxley():
    """Return the neuron of Brian2's example ``COBAHH`` (Traub & Miles currents, conductance-based synapses)."""
    model = nm.Model(
        name="hodgkin_huxley",
        equations="""
        dv/dt = (g_l*(E_l-v) + ge*(E_e-v) + gi*(E_i-v) - g_na*m**3*h*(v-E_na) - g_kd*n**4*(v-E_k))/C : volt
        dm/dt = alpha_m*(1-m) - beta_m*m : 1
        dn/dt = alpha_n*(1-n) - beta_n*n : 1
        dh/dt = alpha_h*(1-h) - beta_h*h : 1
        dge/dt = -ge/tau_e : siemens
        dgi/dt = -gi/tau_i : siemens
        alpha_m = 0.32/mV*4*mV/exprel((13*mV-v+VT)/(4*mV))/ms : Hz
        beta_m = 0.28/mV*5*mV/exprel((v-VT-40*mV)/(5*mV))/ms : Hz
        alpha_h = 0.128*exp((17*mV-v+VT)/(18*mV))/ms : Hz
        beta_h = 4/(1+exp((40*mV-v+VT)/(5*mV)))/ms : Hz
        alpha_n = 0.032/mV*5*mV/exprel((15*mV-v+VT)/(5*mV))/ms : Hz
        beta_n = 0.5*exp((10*mV-v+VT)/(40*mV))/ms : Hz
        """,
        parameters=dict(
            C=200 * nm.pF, g_l=10 * nm.nS, E_l=-60 * nm.mV, E_k=-90 * nm.mV, E_na=50 * nm.mV, g_na=20 * nm.uS,
            g_kd=6 * nm.uS, VT=-63 * nm.mV, tau_e=5 * nm.ms, tau_i=10 * nm.ms, E_e=0 * nm.mV, E_i=-80 * nm.mV,
        ),
        initial=dict(v=-65 * nm.mV, m="alpha_m/(alpha_m + beta_m)", h="alpha_h/(alpha_h + beta_h)",
                     n="alpha_n/(alpha_n + beta_n)"),
        threshold="v > -20*mV",
        refractory="v > -20*mV",
        ports=dict(exc="ge += weight", inh="gi += weight"),
    )  # fmt: skip
    events = (
        nm.Events("exc", [20, 22, 24, 40, 41, 60, 80, 82, 120, 150] * nm.ms, weight=30 * nm.nS),
        nm.Events("inh", [59, 149] * nm.ms, weight=67 * nm.nS),
    )
    return Example(model, dict(g_kd=[3, 6, 12] * nm.uS), events)


def izhikevich():
    """Return Izhikevich's simple model (2003), written with units as in Brian2's examples."""
    model = nm.Model(
        name="izhikevich",
        equations="""
        dv/dt = (0.04/ms/mV)*v**2 + (5/ms)*v + 140*mV/ms - u + I : volt
        du/dt = a*(b*v - u) : volt/second
        """,
        parameters=dict(a=0.02 / nm.ms, b=0.2 / nm.ms, c=-65 * nm.mV, d=8 * nm.mV / nm.ms, I=10 * nm.mV / nm.ms),
        initial=dict(v=-65 * nm.mV, u="b*v"),
        threshold="v >= 30*mV",
        reset="v = c; u += d",
    )
    return Example(model, dict(d=[2, 4, 8] * nm.mV / nm.ms))


def synaptic_decay():
    """Return the neuron of Brian2's example ``CUBA``: currents that decay exponentially."""
    model = nm.Model(
        name="synaptic_decay",
        equations="""
        dv/dt = (ge + gi - (v - E_l))/tau_m : volt (unless refractory)
        dge/dt = -ge/tau_e : volt
        dgi/dt = -gi/tau_i : volt
        """,
        parameters=dict(tau_m=20 * nm.ms, tau_e=5 * nm.ms, tau_i=10 * nm.ms, E_l=-51 * nm.mV),
        initial=dict(v=-60 * nm.mV),
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=5 * nm.ms,
        ports=dict(exc="ge += 1.62*mV", inh="gi += -9*mV"),
    )
    events = (nm.Events("exc", [5, 6, 7, 30, 31, 32, 33, 90] * nm.ms), nm.Events("inh", [50, 120] * nm.ms))
    return Example(model, dict(E_l=[-60, -51, -49] * nm.mV), events)


EXAMPLES = {
    f.__name__: f for f in (leaky, adaptive_exponential, hodgkin_huxley, izhikevich, synaptic_decay)
}  # fmt: skip
