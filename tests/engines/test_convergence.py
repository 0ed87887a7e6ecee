"""The error against the reference falls with the step at the order of the method."""

import numpy as np
import pytest

import nmdasim as nm

ORDER = {"staggered": 2, "fixed": 1}


@pytest.fixture(scope="module")
def smooth():
    """Return a point neuron of the Morris & Lecar (1981) form that rests, driven by a smooth current."""
    return nm.Model(
        name="smooth",
        equations="""
        dv/dt = (g_l*(E_l - v) + g_ca*m*(E_ca - v) + g_k*n*(E_k - v) + I*sin(2*pi*t/(20*ms)))/C : volt
        dn/dt = (1/(1 + exp(-(v + 10*mV)/(8*mV))) - n)/tau : 1
        m = 1/(1 + exp(-(v + 10*mV)/(10*mV))) : 1
        """,
        parameters=dict(
            C=20 * nm.pF, g_l=2 * nm.nS, g_ca=4 * nm.nS, g_k=8 * nm.nS, E_l=-60 * nm.mV, E_ca=120 * nm.mV,
            E_k=-84 * nm.mV, I=60 * nm.pA, tau=8 * nm.ms,
        ),
        initial=dict(v=-50 * nm.mV, n=0.1),
        dt_max="1 ms",
    )  # fmt: skip


def errors(model, events, steps, names, *, duration, method):
    """Return the largest error of each trace against the reference, per step; shape (steps, names)."""
    options = dict(duration=duration, record=names, sample=max(steps) * nm.ms)
    exact = nm.simulate(model, events, engine="reference", dt=max(steps) * nm.ms, tolerance=1e-11, **options)
    runs = [nm.simulate(model, events, dt=step * nm.ms, method=method, **options) for step in steps]
    return np.array([[float(np.abs(run[name] - exact[name])[1:].max()) for name in names] for run in runs])


@pytest.mark.parametrize("method", ["staggered", "fixed"])
def test_the_error_of_a_smooth_model_falls_at_the_schemes_order(smooth, method):
    found = errors(smooth, (), [0.4, 0.2, 0.1, 0.05], ["v", "n"], duration=40 * nm.ms, method=method)
    order = np.log2(found[:-1] / found[1:])
    assert order[-1] == pytest.approx(ORDER[method], abs=0.25), found


@pytest.mark.parametrize("method", ["staggered", "fixed"])
def test_the_error_of_a_library_neuron_before_any_spike_falls_at_the_schemes_order(method):
    """One weak volley on wdr: rise and decay of the potential of both compartments, no spike."""
    events = nm.Events("ampa_a", [5.0] * nm.ms)
    found = errors(nm.neurons.wdr(), events, [0.1, 0.05, 0.025], ["v_soma", "v_dendrite"], duration=30 * nm.ms,
                   method=method)  # fmt: skip
    assert found[0].max() > 1e-5
    order = np.log2(found[:-1] / found[1:])
    assert order[-1] == pytest.approx(ORDER[method], abs=0.25), found


def test_the_default_scheme_is_more_accurate_than_the_fixed_one_at_equal_step(smooth):
    found = {m: errors(smooth, (), [0.1], ["v"], duration=40 * nm.ms, method=m)[0, 0] for m in ("", "fixed")}
    assert found[""] < 0.1 * found["fixed"]
