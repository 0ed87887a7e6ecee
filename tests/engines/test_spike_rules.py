"""Spike rules that depend on time, that never end, or that are no number: the right spikes, or one sentence."""

import numpy as np
import pytest

import nmdasim as nm

ENGINES = ["kernel", "brian2", "reference"]
T = 10 * np.log(2)


def lif(equations="dv/dt = (2 - v)/(10*ms) : 1", **more):
    given = dict(name="lif", equations=equations, threshold="v > 1", reset="v = 0", parameters=dict(low=0.0))
    return nm.Model(**given | more)


def run(model, engine, **options):
    return nm.simulate(model, **dict(duration=100 * nm.ms, dt=0.05 * nm.ms, engine=engine) | options)


def spikes(model, engine="reference", **options):
    return run(model, engine, **options).spike_time.values


# --- time in a rule, on the engine without steps of its own -----------------------------------------------------------


def test_a_refractory_condition_on_time_ends_at_its_time():
    """v is at 2 - exp(-4.3) > 1 when the neuron may fire again, at 50 ms: it does at once."""
    right = [T, *(50 + np.arange(8) * T)]
    assert spikes(lif(refractory="t < 50*ms")) == pytest.approx(np.array(right), abs=1e-3)


def test_a_threshold_reads_time():
    assert spikes(lif(threshold="v > 1 and t > 20*ms"))[:2] == pytest.approx(np.array([20, 20 + T]), abs=1e-3)
    steady = lif(threshold="t % (10*ms) > 5*ms", reset=None, refractory="t % (10*ms) > 5*ms")
    assert spikes(steady) == pytest.approx(5 + 10 * np.arange(10.0), abs=1e-3)


def test_a_pulse_that_time_switches_in_an_equation_is_never_stepped_over():
    """20/ms for 0.3 ms, and 10 ms of decay: one of 50 such pulses lost would leave less."""
    model = nm.Model(name="pulses", equations="dv/dt = 20*int(t % (20*ms) > 19.7*ms)/ms - v/(1*second) : 1")
    result = run(model, "reference", duration=1000 * nm.ms, record="v", sample="1 ms", tolerance=1e-8)
    one, decay = 20 * 1000 * (1 - np.exp(-0.3e-3)), np.exp(-20e-3)
    right = one * (1 - decay**49) / (1 - decay) * np.exp(-19e-3)
    assert float(result.v[-1]) == pytest.approx(right, rel=1e-5)


# --- what would fire without end --------------------------------------------------------------------------------------


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("reset", ["v = 1.5", "v = 1", "v = low"])
def test_a_reset_that_leaves_the_neuron_above_threshold_is_refused_before_any_work(engine, reset):
    lanes = {"parameters": {"low": [0.0, 0.5, 2.0]}} if reset == "v = low" else {}
    with pytest.raises(nm.ModelError, match=r"lif: after its reset .* still holds .*without end; reset to where"):
        run(lif(reset=reset), engine, **lanes)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_neuron_with_neither_reset_nor_refractory_period_is_refused_once_it_fires(engine):
    quiet = {"parameters": {"low": 3.0}}
    model = lif(threshold="v > 1 + low", reset=None)
    assert int(run(model, engine, **quiet).spike_count) == 0
    with pytest.raises(nm.ModelError, match="it has no reset, so that after a spike its threshold"):
        run(model, engine)


@pytest.mark.parametrize("engine", ["brian2", "reference"])
def test_a_refractory_period_makes_sense_of_a_reset_above_threshold(engine):
    """It fires at once when each period is over."""
    found = spikes(lif(reset="v = 1.5", refractory=10 * nm.ms), engine)
    assert found == pytest.approx(T + 10 * np.arange(10), abs=0.05 + 1e-3)


# --- numbers that are none --------------------------------------------------------------------------------------------

SINGULAR = "x = v - at : 1\ndv/dt = (1 + x/(1 + q - exp(-x)))/(10*ms) : 1"


@pytest.mark.parametrize("method", ["", "euler"])
def test_a_lane_of_brian2_that_is_no_number_is_marked_and_its_neighbours_stay(method):
    """It is reset to 0, where one lane divides 0 by 0."""
    model = lif(SINGULAR, parameters=dict(at=0.01, q=1.0), initial=dict(v=0.5))
    with pytest.warns(RuntimeWarning, match=r"1 of 3 lanes overflowed \(at = 0"):
        result = run(model, "brian2", parameters=dict(at=[0.01, 0, 0.02], q=0.0), method=method)
    assert result.failed.values.tolist() == [False, True, False]
    assert np.isnan(result.spike_count.values).tolist() == [False, True, False]
    alone = run(model, "brian2", parameters=dict(at=[0.01, 0.02], q=0.0), method=method)
    assert result.spike_count.values[[0, 2]].tolist() == alone.spike_count.values.tolist()


def test_a_lane_of_a_chain_in_brian2_that_is_no_number_leaves_its_neighbours():
    """All lanes of a chain are solved as one system: they keep their bits beside one that turns NaN on the way."""
    shape = nm.Morphology(areas=(1e-9, 1e-9), parents=(-1, 0), conductances=(0, 1e-8), regions=dict(a=(0,), b=(1,)))
    chain = nm.Model(
        name="chain",
        equations="Im = g*(E - v) + 1e-3*g*mV*sqrt(x) : amp/meter**2\ndx/dt = -fall/(20*ms) : 1",
        parameters=dict(g=1 * nm.siemens / nm.meter**2, E=-40 * nm.mV, Cm=1 * nm.uF / nm.cm**2, fall=0.0),
        initial=dict(v=-70 * nm.mV, x=1), morphology=shape, threshold="v > -50*mV", reset="v = -70*mV",
    )  # fmt: skip
    options = dict(record="v", dt=0.1 * nm.ms)
    with pytest.warns(RuntimeWarning, match=r"1 of 3 lanes overflowed \(fall = 1"):
        beside = run(chain, "brian2", parameters=dict(fall=[0, 1, 0.1]), **options).isel(fall=[0, 2])
    alone = run(chain, "brian2", parameters=dict(fall=[0, 0.1]), **options)
    assert beside.v_a.values.tobytes() == alone.v_a.values.tobytes()
    assert np.all(alone.spike_count > 5)


@pytest.mark.parametrize("engine", ["brian2", "reference"])
@pytest.mark.parametrize("rule", [dict(threshold="v > sqrt(x)"), dict(refractory="5*ms*sqrt(x)")])
def test_a_spike_rule_that_is_no_number_marks_its_lane(engine, rule):
    """The root of what fell below 0 leaves every state finite, and would be a neuron that stopped firing."""
    model = lif("dv/dt = (2 - v)/(10*ms) : 1\ndx/dt = -low/(20*ms) : 1", initial=dict(x=1), **rule)
    with pytest.warns(RuntimeWarning, match=r"1 of 2 lanes overflowed \(low = 1"):
        assert run(model, engine, parameters=dict(low=[0, 1])).failed.values.tolist() == [False, True]


# --- long refractory periods ------------------------------------------------------------------------------------------


@pytest.mark.parametrize("method", ["staggered", "staggered/float32", "fixed"])
def test_a_refractory_period_longer_than_a_call_of_the_kernel_is_counted_to_the_step(method):
    """It ends 1300 steps after each spike, over 40,000 steps in calls of 4096, and in a second run too."""
    always = nm.Model(
        "always",
        "dv/dt = 1*mV/ms : volt",
        threshold="v > -1*mV",
        reset="v = 0*mV",
        refractory="130 ms",
        initial=dict(v=0 * nm.mV),
        dt="0.1 ms",
    )
    first = nm.simulate(always, duration="1.99 s", method=method)
    second = nm.simulate(always, duration="2.01 s", method=method, start=first)
    times = np.concatenate([nm.spikes(first).time_ms.values, nm.spikes(second).time_ms.values])
    assert np.round(10 * times).tolist() == list(range(1, 40_000, 1300))
