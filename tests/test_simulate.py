import json

import numpy as np
import pytest
import xarray as xr
from brian2 import Hz, mM, ms, mV, nS, pA, uM

import nmdasim as nm

#: One value for the whole file: its equations are derived once.
WDR = nm.neurons.wdr()

DRIVE = nm.Events(port="exc", times=np.arange(2, 60, 4) * ms)


def run(model, events=DRIVE, duration="100 ms", **options):
    return nm.simulate(model, events, duration=duration, **options)


# --- anyone's model --------------------------------------------------------------------------------------------------


def test_a_users_model_runs_with_events_and_an_array_of_a_parameter(adex, engine):
    result = run(adex, parameters=dict(tau_w=[50, 100, 200] * ms), record=["v"], engine=engine)
    assert result.spike_count.dims == ("tau_w",)
    assert result.tau_w.values.tolist() == [50, 100, 200]
    assert result.tau_w.units == "ms"
    assert result.v.dims == ("tau_w", "time")
    assert result.v.units == "mV"
    assert result.spike_time.units == "ms"
    assert np.all(result.spike_count > 0)
    assert float(result.v.max()) > -50


def test_spike_times_are_sorted_padded_and_counted(adex, engine):
    events = nm.Events(port="graded", times=np.arange(2, 60, 4) * ms, weight=30 * nS)
    result = run(adex, events, parameters=dict(b=[0, 80.5, 400] * pA), engine=engine)
    times = result.spike_time.values
    assert np.sum(np.isfinite(times), axis=1).tolist() == result.spike_count.values.tolist()
    assert np.nanmin(np.diff(times, axis=1)) >= 2  # the refractory period
    assert result.spike_count.values[0] > result.spike_count.values[-1]  # adaptation
    assert result.spike.values.tolist() == list(range(1, times.shape[1] + 1))


def test_all_engines_agree_on_a_users_model(adex, engine):
    here = run(adex, engine=engine, dt="0.01 ms", parameters=dict(tau_w=[50, 200] * ms))
    reference = run(adex, engine="reference", parameters=dict(tau_w=[50, 200] * ms))
    assert here.spike_count.values.tolist() == reference.spike_count.values.tolist()
    assert here.spike_time.values == pytest.approx(reference.spike_time.values, abs=0.3, nan_ok=True)


def test_without_input_it_rests(adex, engine):
    result = nm.simulate(adex, duration="50 ms", record=["v"], engine=engine)
    assert int(result.spike_count) == 0
    assert result.v.values == pytest.approx(-70.6, abs=0.1)


def test_an_event_has_the_weight_given(adex, engine):
    options = dict(record=["g_e"], sample="0.1 ms", duration="10 ms", engine=engine)
    heavy = run(adex, nm.Events(port="graded", times=1 * ms, weight=3 * nS), **options)
    assert float(heavy.g_e.max()) == pytest.approx(3, rel=0.03)
    both = run(adex, [nm.Events("graded", 1 * ms, 3 * nS), nm.Events("graded", 1 * ms, 2 * nS)], **options)
    assert both.g_e.values == pytest.approx(heavy.g_e.values * 5 / 3, rel=1e-3, abs=1e-9)


def test_events_after_the_end_do_nothing(adex, engine):
    assert int(run(adex, nm.Events("exc", [1e3, 1e9] * ms), engine=engine).spike_count) == 0


def test_a_subexpression_can_be_recorded(engine):
    model = nm.Model(
        "leak", "dv/dt = I_leak/C : volt\nI_leak = g*(E - v) : amp", dict(C="100 pF", g="10 nS", E="-65 mV"),
        initial=dict(v=-75 * mV),
    )  # fmt: skip
    result = nm.simulate(model, duration="20 ms", record=["v", "I_leak"], engine=engine)
    assert result.I_leak.units == "nA"
    assert result.I_leak.values == pytest.approx(10e-3 * (-65 - result.v.values), abs=1e-6)
    assert result.v.values[:100] == pytest.approx(-65 - 10 * np.exp(-result.time.values[:100] / 10), abs=0.01)


# --- dimensions, recording, provenance -------------------------------------------------------------------------------


def test_arrays_become_the_outer_product_of_named_dimensions():
    result = nm.simulate(
        WDR, nm.WindUp(pulses=2, frequency=[2, 4] * Hz), ketamine=[0, 1, 10] * uM, mg=[0.5, 1] * mM,
        parameters=dict(gain_nmda=[0, 1]), seed=[5, 6],
    )  # fmt: skip
    sizes = {"frequency": 2, "gain_nmda": 2, "ketamine": 3, "mg": 2, "seed": 2}
    assert dict(result.spike_count.sizes) == sizes
    assert dict(result.ca_peak.sizes) == sizes | {"pulse": 2}
    units = {
        name: result[name].units for name in ("frequency", "ketamine", "mg", "spike_time", "ca_peak", "pulse_time")
    }
    assert units == {
        "frequency": "Hz", "ketamine": "µM", "mg": "mM", "spike_time": "ms", "ca_peak": "µM", "pulse_time": "ms"
    }  # fmt: skip


def test_each_lane_is_the_run_that_it_would_be_alone(engine):
    train = nm.WindUp(pulses=2, frequency="5 Hz", start="20 ms")
    both = nm.simulate(WDR, train, ketamine=[0, 3] * uM, seed=[1, 2], engine=engine)
    alone = nm.simulate(WDR, train, ketamine=3 * uM, seed=2, engine=engine)
    lane = both.sel(ketamine=3, seed=2).spike_time.dropna("spike")
    assert len(lane) > 5
    assert lane.values == pytest.approx(alone.spike_time.values, abs=1e-6)


def test_counts_do_not_depend_on_the_order_of_lanes(adex, engine):
    """Eight orders of five lanes in one run of forty, and one order by itself, against the five as they are."""
    strengths = [20, 50, 100, 144, 200]
    orders = [np.random.default_rng(seed).permutation(5) for seed in range(8)]

    def spikes(order):
        found = run(adex, parameters=dict(tau_w=np.take(strengths, order) * ms), engine=engine)
        return found.spike_count.values, found.spike_time.values

    counts, times = spikes(range(5))
    assert len(np.unique(times[:, -1])) > 2  # there is something to mix up
    for order in ([3, 0, 4, 1, 2], np.concatenate(orders)):
        mixed = spikes(order)
        assert mixed[0].tolist() == counts[order].tolist()
        assert mixed[1] == pytest.approx(times[order], abs=1e-9, nan_ok=True)


def test_events_reach_the_lanes_that_they_address_and_no_other(adex, engine):
    strengths = dict(tau_w=[50, 100] * ms)
    every, some = nm.Events("exc", [5] * ms), nm.Events("exc", [12, 14] * ms, lanes=[1, 2])
    options = dict(duration=30 * ms, engine=engine, record=["g_e"], sample=0.1 * ms)
    mixed = nm.simulate(adex, [every, some], parameters=strengths, seed=[4, 9], **options).g_e
    one = nm.simulate(adex, every, parameters=strengths, seed=[4, 9], **options).g_e
    both = nm.simulate(adex, [every, nm.Events("exc", [12, 14] * ms)], parameters=strengths, seed=[4, 9], **options).g_e
    assert mixed.dims == ("tau_w", "seed", "time")
    for lane, alike in enumerate([one, both, both, one]):
        place = dict(tau_w=lane // 2, seed=lane % 2)
        assert mixed.isel(place).values == pytest.approx(alike.isel(place).values, abs=1e-9)
    assert float(both.max()) > 1.5 * float(one.max())


def test_lanes_of_a_chain_keep_their_drawn_delays():
    model, options = nm.neurons.aguiar2010(), dict(duration="300 ms", seed=[1, 2], dt="0.05 ms", record=["v_soma"])

    def volley(**chosen):
        return [nm.Events(port, [5] * 20 * ms, population="relay", **chosen) for port in ("ampa_c", "nmda_c")]

    some = nm.simulate(model, volley(lanes=[1]), **options)
    every, quiet = nm.simulate(model, volley(), **options), nm.simulate(model, None, **options)
    assert int(every.spike_count.sel(population="relay").min()) > 0
    assert np.ptp((every.v_soma.isel(seed=1) - every.v_soma.isel(seed=0)).values) > 0.1  # the draws differ
    assert np.array_equal(some.v_soma.isel(seed=1), every.v_soma.isel(seed=1))
    assert np.array_equal(some.v_soma.isel(seed=0), quiet.v_soma.isel(seed=0))


@pytest.mark.parametrize(
    ("lanes", "message"),
    [([5], "address lane 5; this run has the lanes 0 to 1"), ([-1], "from 0 upward"), ([], "one or more"),
     ([0.5], "whole numbers"), (1, "give a list")],
)  # fmt: skip
def test_lanes_of_events_that_there_are_not_are_refused(adex, lanes, message):
    with pytest.raises(ValueError, match=message):
        nm.simulate(adex, nm.Events("exc", [5] * ms, lanes=lanes), duration="20 ms", seed=[0, 1])


def test_events_of_an_input_address_no_lanes():
    with pytest.raises(nm.ModelError, match="those of an input reach every instance"):
        nm.Events("exc", [5] * ms, lanes=[0]).draw(1.0, np.random.default_rng(0))


def test_the_same_seed_gives_the_same_numbers_and_another_seed_others():
    def times(seed):
        return nm.simulate(WDR, nm.WindUp(pulses=2), seed=seed).spike_time.values

    assert np.array_equal(times(3), times(3))
    assert times(3).shape != times(4).shape or not np.allclose(times(3), times(4))


def test_a_seed_draws_the_same_initial_values_alone_and_among_others():
    model = nm.Model("m", "dv/dt = -v/tau : volt", dict(tau=10 * ms), initial=dict(v="5*mV*randn()"))
    among = nm.simulate(model, duration="1 ms", record=["v"], seed=[1, 2, 3])
    alone = nm.simulate(model, duration="1 ms", record=["v"], seed=2)
    assert float(among.v.sel(seed=2)[0]) == pytest.approx(float(alone.v[0]))


def test_drawn_initial_values_differ_between_seeds():
    model = nm.Model("m", "dv/dt = -v/tau : volt", dict(tau=10 * ms), initial=dict(v="5*mV*randn()"))
    among = nm.simulate(model, duration="1 ms", record=["v"], seed=[1, 2, 3])
    assert len(np.unique(among.v[:, 0])) == 3


def test_traces_are_sampled_as_asked(engine):
    result = nm.simulate(WDR, duration="10 ms", record=["v", "ca_dendrite"], sample="0.5 ms", engine=engine)
    assert np.diff(result.time.values) == pytest.approx(0.5)
    assert float(result.time[0]) == pytest.approx(0, abs=1e-9)
    assert len(result.time) in (20, 21)
    assert {"v_soma", "v_dendrite", "ca_dendrite"} <= set(result.data_vars)
    assert result.ca_dendrite.units == "µM"
    assert result.v_soma.values[0] == pytest.approx(-65)


def test_a_result_names_everything_that_made_it(adex):
    result = nm.simulate(
        WDR, nm.WindUp(pulses=1, frequency=4 * Hz), ketamine=1 * uM, block="washin", dt="0.05 ms", seed=9
    )  # fmt: skip
    attrs = result.attrs
    assert attrs["model"] == "wdr"
    assert attrs["model_digest"] == nm.neurons.wdr().digest
    assert attrs["engine"] == nm.engines.DEFAULT
    assert attrs["dt_ms"] == pytest.approx(0.05)
    assert attrs["block"] == "washin"
    assert attrs["nmdasim_version"] == nm.__version__
    assert attrs["disclaimer"] == nm.DISCLAIMER
    assert {"K_ketamine", "g_na.soma"} <= set(attrs["unverified_parameters"].split())  # recalled; this library's own
    assert "K_mg" not in attrs["unverified_parameters"].split()
    assert {"jahr1990", "delrocq2023", "kotermanski2009"} <= set(attrs["references"].split())
    assert "WindUp" in attrs["protocol"]
    assert int(result.seed) == 9
    assert float(result.ketamine) == 1
    assert json.loads(attrs["parameters"])["K_mg"] == "3.57 mM"
    assert nm.simulate(adex, duration="1 ms").attrs["block"] == "none"


def test_the_parameters_of_a_result_are_those_that_ran():
    result = nm.simulate(WDR, duration="1 ms", parameters=dict(K_mg="5 mM"), mg=2 * mM)
    used = json.loads(result.attrs["parameters"])
    recorded = {
        name: used[name] if name not in result.coords else f"{float(result[name]):g} mM" for name in ("K_mg", "mg")
    }
    assert recorded == {"K_mg": "5 mM", "mg": "2 mM"}


def test_equilibrated_is_the_default_start_and_is_named():
    result = nm.simulate(WDR, nm.WindUp(pulses=1, frequency=4 * Hz), ketamine=10 * uM)
    assert result.attrs["block"] == "equilibrated"
    assert float(result.blocked[0]) > 0.5


def test_a_result_survives_a_netcdf_file(tmp_path):
    result = nm.simulate(WDR, nm.WindUp(pulses=1, frequency=4 * Hz), ketamine=[0, 1] * uM, seed=[0, 1])
    result.to_netcdf(tmp_path / "result.nc")
    with xr.open_dataset(tmp_path / "result.nc") as read:
        assert read.spike_time.identical(result.spike_time) or np.array_equal(
            read.spike_time.values, result.spike_time.values, equal_nan=True
        )
        assert read.attrs["block"] == "equilibrated"


def test_progress_runs_from_0_to_1():
    shares = []
    nm.simulate(WDR, nm.WindUp(pulses=1, frequency=[2, 4] * Hz), progress=shares.append)
    assert all(0 <= share <= 1 for share in shares)
    assert shares == sorted(shares)


# --- refusals, before any work ---------------------------------------------------------------------------------------


@pytest.fixture
def idle(monkeypatch):
    """Make a run fail, so that what passes here was refused before it."""

    def started(*_args, **_kwargs):
        raise AssertionError("the run started")

    monkeypatch.setattr("nmdasim.engines.kernel.run", started)


@pytest.mark.parametrize(
    ("options", "message"),
    [
        (dict(ketamine=-1 * uM), "ketamine = -1 µM; it cannot be negative"),
        (dict(ketamine=np.nan * uM), "ketamine = .* is not finite"),
        (dict(ketamine=[0, -1] * uM), "cannot be negative"),
        (dict(ketamine=1 * mV), "ketamine = 1 mV has the wrong dimension; it is given in uM"),
        (dict(ketamine=1), "ketamine = 1 has the wrong dimension"),
        (dict(ketamine=[] * uM), "ketamine has shape \\(0,\\)"),
        (dict(ketamine=[[1, 2]] * uM), "ketamine has shape \\(1, 2\\)"),
        (dict(mg=-1 * mM), "mg = -1 mM; it cannot be negative"),
        (dict(parameters=dict(g_cann="1 nS")), "wdr has no parameter 'g_cann'; did you mean 'g_can'"),
        (dict(parameters={"g_can.axon": "1 S/cm**2"}), "no parameter 'g_can.axon'"),
        (dict(parameters=dict(K_mg=3 * mV)), "K_mg = 3 mV has the wrong dimension"),
        (dict(parameters=dict(gain_nmda=-1)), "gain_nmda = -1"),
        (dict(initial=dict(x=3)), "x"),
        (dict(initial=dict(v=3 * nS)), "v"),
        (dict(dt=0 * ms), "takes a step above 0"),
        (dict(dt=-1 * ms), "takes a step above 0"),
        (dict(dt=1 * ms), "up to 0.25 ms"),
        (dict(dt=1e-300 * ms), "takes a step above 0"),
        (dict(dt=np.nan * ms), "dt = .* is not finite"),
        (dict(dt=1 * mV), "dt = 1 mV has the wrong dimension"),
        (dict(block="half"), "block = 'half': wdr has no such start; there are equilibrated, washin"),
        (dict(engine="genesis"), "engine 'genesis' does not exist; there are kernel"),
        (dict(method="magic"), "method 'magic'"),
        (dict(record=["v_tail"]), "nothing called 'v_tail' to record"),
        (dict(sample=0 * ms), "a sampling interval is above 0"),
        (dict(sample=1 * mV), "sample = 1 mV has the wrong dimension"),
        (dict(seed=-1), "a seed is a whole number from 0 upward"),
        (dict(seed=1.5), "a seed is a whole number"),
        (dict(seed=[]), "seed"),
        (dict(threads=-1), "threads = -1"),
        (dict(duration=-1 * ms), "a run is longer than 0"),
        (dict(duration=0 * ms), "a run is longer than 0"),
        (dict(tolerance=0), "tolerance"),
        (dict(tolerance=-1), "tolerance"),
    ],
)
def test_what_cannot_be_run_is_refused_before_any_work(idle, options, message):
    with pytest.raises(ValueError, match=message):
        nm.simulate(WDR, nm.WindUp(pulses=1), **options)


def test_a_run_without_a_protocol_needs_a_duration(idle, adex):
    with pytest.raises(ValueError, match="give a duration, as in simulate"):
        nm.simulate(adex)


def test_a_model_without_starts_has_no_block(idle, adex):
    with pytest.raises(nm.ModelError, match="adex has no such start; it has no alternative starts"):
        nm.simulate(adex, duration="1 ms", block="washin")


def test_a_circuit_with_fixed_relays_refuses_a_delay_per_pulse(idle, direct_c):
    with pytest.raises(ValueError, match="one fixed delay for each of its 20 relay synapses"):
        nm.simulate(nm.neurons.aguiar2010(), nm.WindUp(latencies=direct_c))


def test_a_step_too_large_to_stay_finite_is_said_and_not_returned(engine):
    stiff = nm.Model("stiff", "dx/dt = x**2/tau : 1", dict(tau=1 * ms), initial=dict(x=1.0))
    with pytest.raises(ValueError, match="finite|failed|overflowed"):
        nm.simulate(stiff, duration="50 ms", record=["x"], engine=engine)
