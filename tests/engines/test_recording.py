"""What a run keeps equals what a full trace gives, and nothing else is kept."""

import numpy as np
import pytest

import nmdasim as nm
from nmdasim import engines
from nmdasim.run.simulate import plan

#: One value for the whole file: its equations are derived once.
WDR = nm.neurons.wdr()

TRAIN = nm.WindUp(frequency=4 * nm.Hz, pulses=2, start=20 * nm.ms)
DOSES = [0, 1, 10] * nm.uM


@pytest.fixture(scope="module")
def full():
    """Every step of the traces, from which every summary can be computed."""
    return nm.simulate(WDR, TRAIN, ketamine=DOSES, record=["v_soma", "ca_dendrite", "b_nmda_dendrite"],
                       sample=0.1 * nm.ms)  # fmt: skip


def inside(result, pulse):
    """Return the samples of one window, its end included."""
    start, end = float(result.pulse_time[pulse]), float(result.window_end[pulse])
    return result.isel(time=np.flatnonzero((result.time >= start - 1e-6) & (result.time <= end + 1e-6)))


def test_spikes_are_the_upward_crossings_of_the_trace(full):
    above = full.v_soma.values > -30
    for lane in range(3):
        crossings = np.flatnonzero(above[lane, 1:] & ~above[lane, :-1]) + 1
        times = full.spike_time.values[lane]
        assert times[np.isfinite(times)] == pytest.approx(full.time.values[crossings], abs=1e-6)
        assert full.spike_count.values[lane] == len(crossings) > 5


def test_the_counts_of_each_window_are_its_spikes(full):
    late = nm.measures.windup(full).late
    for pulse in range(2):
        start, end = float(full.pulse_time[pulse]) + 100, float(full.window_end[pulse])
        spikes = (full.spike_time >= start) & (full.spike_time < end)
        assert np.array_equal(late.isel(pulse=pulse), spikes.sum("spike"))


@pytest.mark.parametrize("pulse", [0, 1])
def test_the_peak_of_a_window_is_the_maximum_of_the_trace(full, pulse):
    """The default method keeps calcium at half steps; its trace is the mean of two, so they differ by part of one."""
    window = inside(full, pulse).ca_dendrite
    peak, change = window.max("time").values, np.abs(window.diff("time")).max("time").values
    found = full.ca_peak.isel(pulse=pulse).values
    assert np.all(found >= peak)
    assert np.all(found <= peak + change)


def test_the_peak_of_a_window_is_bit_for_bit_the_maximum_where_states_live_at_whole_steps():
    result = nm.simulate(WDR, TRAIN, ketamine=DOSES, method="fixed", record=["ca_dendrite"],
                         sample=0.1 * nm.ms)  # fmt: skip
    found = result.ca_peak.isel(pulse=0).values
    assert np.array_equal(found, inside(result, 0).ca_dendrite.max("time").values)


@pytest.mark.parametrize("pulse", [0, 1])
def test_the_start_of_a_window_is_the_trace_at_the_pulse(full, pulse):
    first = inside(full, pulse).b_nmda_dendrite.isel(time=0)
    assert full.blocked.isel(pulse=pulse).values == pytest.approx(first.values, rel=1e-3, abs=1e-9)


def test_a_decimated_trace_is_every_nth_sample_of_the_full_one(full):
    coarse = nm.simulate(WDR, TRAIN, ketamine=DOSES, record=["v_soma", "ca_dendrite"], sample=0.7 * nm.ms)
    assert coarse.time.values == pytest.approx(full.time.values[::7])
    for name in ("v_soma", "ca_dendrite"):
        assert np.array_equal(coarse[name], full[name][:, ::7])


def test_recording_does_not_change_the_spikes(full):
    bare = nm.simulate(WDR, TRAIN, ketamine=DOSES)
    assert np.array_equal(bare.spike_time, full.spike_time, equal_nan=True)
    assert "time" not in bare.dims


def test_a_run_stores_numbers_per_lane_and_window_and_none_per_step():
    """Ten times the steps: as many numbers, but for spikes."""
    outcomes = []
    for dt in (1e-4, 1e-5):
        p = plan(nm.neurons.wdr(), TRAIN, parameters={"ketamine": DOSES}, duration=TRAIN.duration, dt=dt)
        outcomes.append(engines.alone(p))
    sizes = [[s.shape for s in o.summaries] + [t.shape for t in o.traces] for o in outcomes]
    assert sizes[0] == sizes[1] == [(3, 2), (3, 2)]


def test_a_trace_stores_lanes_times_samples():
    result = nm.simulate(WDR, nm.Events("ampa_c", [5] * nm.ms), duration=50 * nm.ms, ketamine=DOSES,
                         record=["v_soma"], sample=1 * nm.ms)  # fmt: skip
    assert result.v_soma.shape == (3, 50)


def test_a_trace_of_a_point_neuron_goes_on_beyond_the_steps_of_one_call():
    rest = nm.Model(
        name="resting",
        equations="dv/dt = (E - v)/tau : volt",
        parameters=dict(E=-60 * nm.mV, tau=10 * nm.ms),
        initial=dict(v="E"),
    )
    result = nm.simulate(rest, duration=900 * nm.ms, dt=0.1 * nm.ms, record=["v"])
    assert result.sizes["time"] == 9000
    assert np.allclose(result.v.values, -60, rtol=1e-12)
