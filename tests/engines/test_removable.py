"""A rate that is 0/0 as papers print it freezes no engine: exactly at its singular voltage, and just beside it."""

import numpy as np
import pytest

import nmdasim as nm
from nmdasim import ms, mV

#: Lanes that start at the singular voltage of alpha_m, then of alpha_n, and ever further from them.
STARTS = np.concatenate([at + np.array([0, 1e-12, -1e-9, 1e-6, -1e-4, 1e-3, 0.05]) for at in (-35.0, -50.0)])


@pytest.fixture(scope="module")
def squid():
    """Return the neuron of Hodgkin & Huxley (1952), its rates as printed, their singular voltages at -35 and -50 mV."""
    return nm.Model(
        name="squid",
        equations="""
        dU/dt = (g_na*m**3*h*(E_na - U) + g_k*n**4*(E_k - U) + g_l*(E_l - U) + I)/C : volt
        dm/dt = alpha_m*(1 - m) - 4*exp(-(U + 60*mV)/(18*mV))/ms*m : 1
        dh/dt = 0.07*exp(-(U + 60*mV)/(20*mV))/ms*(1 - h) - h/(exp(-(U + 30*mV)/(10*mV)) + 1)/ms : 1
        dn/dt = alpha_n*(1 - n) - 0.125*exp(-(U + 60*mV)/(80*mV))/ms*n : 1
        alpha_m = 0.1/mV*(U + 35*mV)/(1 - exp(-(U + 35*mV)/(10*mV)))/ms : Hz
        alpha_n = above/below/ms : Hz
        above = 0.01/mV*(U + 50*mV) : 1
        below = 1 - exp(-(U + 50*mV)/(10*mV)) : 1
        """,
        parameters=dict(
            g_na=120 * nm.nS, g_k=36 * nm.nS, g_l=0.3 * nm.nS, E_na=55 * mV, E_k=-72 * mV, E_l=-50 * mV, C=1 * nm.pF,
            I=10 * nm.pA, start=-35 * mV,
        ),
        initial=dict(U="start", m=0.05, h=0.6, n=0.32),
        threshold="U > -20*mV",
        refractory="U > -20*mV",
    )  # fmt: skip


def times(squid, duration, starts=STARTS, **options):
    run = nm.simulate(squid, duration=duration * ms, parameters=dict(start=starts * mV), **options)
    return run.spike_time.values


@pytest.fixture(scope="module")
def exact(squid):
    return times(squid, 25, engine="reference")


@pytest.mark.parametrize("method", ["staggered", "staggered/float32"])
def test_the_kernel_fires_where_the_reference_does(squid, exact, method):
    found = times(squid, 25, dt=0.01 * ms, method=method)
    assert np.isfinite(exact).sum(axis=1).tolist() == [2] * len(STARTS)
    assert found == pytest.approx(exact, abs=0.04)


@pytest.mark.parametrize("method", ["", "rk4"])
def test_brian2_fires_where_the_reference_does(squid, exact, method):
    found = times(squid, 2, STARTS[[0, 3, 7]], engine="brian2", dt=0.02 * ms, method=method)
    assert found[:, 0] == pytest.approx(exact[[0, 3, 7], 0], abs=0.06)


def test_from_minus_35_mv_it_fires_as_often_as_with_its_rates_written_through_exprel(squid):
    """Seven spikes in 100 ms; 0 is what a frozen run gives."""
    assert np.isfinite(times(squid, 100, STARTS[:8], dt=0.01 * ms)).sum(axis=1).tolist() == [7] * 8
