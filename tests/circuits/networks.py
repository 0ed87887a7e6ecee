"""Public benchmark networks of Vogels & Abbott type, as Circuits (Brette et al. 2007, J Comput Neurosci 23:349)."""

import dataclasses

import numpy as np

import nmdasim as nm


def _balanced(cell, size, exc, inh, initial):
    excitatory = int(0.8 * size)
    links = [
        nm.Projection(pre, post, port=port, weight=weight, probability=80 / size)
        for pre, port, weight in (("e", "exc", exc), ("i", "inh", inh))
        for post in ("e", "i")
    ]
    return nm.Circuit(
        cell.name,
        populations={
            "e": nm.Population(cell, excitatory, initial=initial),
            "i": nm.Population(cell, size - excitatory, initial=initial),
        },
        projections=tuple(links),
    )


def cuba(size=1000):
    """Return Brian2's example ``CUBA``, its probability scaled to 80 synapses a neuron."""
    cell = nm.Model(
        name="cuba",
        equations="""
        dv/dt = (ge + gi - (v - E_l))/tau_m : volt (unless refractory)
        dge/dt = -ge/tau_e : volt
        dgi/dt = -gi/tau_i : volt
        """,
        parameters=dict(tau_m=20 * nm.ms, tau_e=5 * nm.ms, tau_i=10 * nm.ms, E_l=-49 * nm.mV),
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=5 * nm.ms,
        ports=dict(exc="ge += weight", inh="gi += weight"),
    )
    start = dict(v="-60*mV + rand()*10*mV")
    return _balanced(cell, size, 60 * 0.27 / 10 * nm.mV, -20 * 4.5 / 10 * nm.mV, start)


def coba(size=1000):
    """Return the conductance-based network of Brette et al. 2007, benchmark 1."""
    cell = nm.Model(
        name="coba",
        equations="""
        dv/dt = ((E_l - v) + ge*(E_e - v) + gi*(E_i - v))/tau_m : volt (unless refractory)
        dge/dt = -ge/tau_e : 1
        dgi/dt = -gi/tau_i : 1
        """,
        parameters=dict(tau_m=20 * nm.ms, tau_e=5 * nm.ms, tau_i=10 * nm.ms, E_l=-60 * nm.mV, E_e=0 * nm.mV,
                        E_i=-80 * nm.mV),
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=5 * nm.ms,
        ports=dict(exc="ge += weight", inh="gi += weight"),
    )  # fmt: skip
    start = dict(v="-60*mV + (randn()*5 - 5)*mV", ge="(randn()*1.5 + 4)*1", gi="(randn()*12 + 20)*1")
    return _balanced(cell, size, 0.6, 6.7, start)


def cobahh(size=4000):
    """Return Brian2's example ``COBAHH`` (benchmark 3)."""
    cell = nm.Model(
        name="cobahh",
        equations="""
        dv/dt = (g_l*(E_l-v) + ge*(E_e-v) + gi*(E_i-v) - g_na*(m*m*m)*h*(v-E_na) - g_kd*(n*n*n*n)*(v-E_k))/C : volt
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
        threshold="v > -20*mV",
        refractory=3 * nm.ms,
        ports=dict(exc="ge += weight", inh="gi += weight"),
    )  # fmt: skip
    start = dict(v="-60*mV + (randn()*5 - 5)*mV", ge="(randn()*1.5 + 4)*10*nS", gi="(randn()*12 + 20)*10*nS")
    return _balanced(cell, size, 6 * nm.nS, 67 * nm.nS, start)


def delayed(size=1000):
    """Return the current-based network with delays: 1 ms, and pairs given one by one with delays of their own."""
    net = cuba(size)
    cell = net.populations["e"].model.replace(E_l=-45 * nm.mV)
    rng = np.random.default_rng(1)
    links = [dataclasses.replace(link, delay=1 * nm.ms) for link in net.projections[:3]]
    pre, post = rng.integers(0, size - int(0.8 * size), (2, 3200))
    links.append(
        nm.Projection("i", "i", port="inh", weight=-9 * nm.mV, indices=(pre, post),
                      delay=rng.uniform(0.5, 3, 3200) * nm.ms)
    )  # fmt: skip
    populations = {name: dataclasses.replace(p, model=cell) for name, p in net.populations.items()}
    return dataclasses.replace(net, name="delayed", populations=populations, projections=tuple(links))
