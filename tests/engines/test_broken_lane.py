"""A lane whose numbers overflow is named with its parameters, and its neighbours do not notice."""

import numpy as np
import pytest

import nmdasim as nm


@pytest.fixture(scope="module")
def growth():
    """Return dv/dt = v²/(20 mV·ms) - v/ms (blows up from above 20 mV), with a spike rule and a second state."""
    return nm.Model(
        name="growth",
        equations="dv/dt = (v**2/scale - v)/ms + drive : volt\ndx/dt = v/mV/ms : 1",
        parameters=dict(scale=20 * nm.mV, drive=0 * nm.volt / nm.second),
        initial=dict(v=10 * nm.mV),
        threshold="v > 9*mV",
        refractory=1 * nm.ms,
        dt="0.1 ms",
    )


def run(model, drives, **options):
    return nm.simulate(
        model, duration=60 * nm.ms, parameters=dict(drive=np.asarray(drives) * nm.volt / nm.second),
        record=["v", "x"], **options,
    )  # fmt: skip


def test_an_overflow_is_reported_with_the_parameters_of_its_lane(growth):
    with pytest.warns(RuntimeWarning, match=r"1 of 3 lanes overflowed \(drive = 40 .*\); try a smaller dt"):
        result = run(growth, [0, 40, 1])
    assert result.failed.values.tolist() == [False, True, False]
    assert np.isnan(result.spike_count.values).tolist() == [False, True, False]


def test_the_neighbours_of_a_broken_lane_keep_their_bits(growth):
    with pytest.warns(RuntimeWarning, match="1 of 4 lanes overflowed"):
        beside = run(growth, [0, 1, 40, 2]).isel(drive=[0, 1, 3])
    alone = run(growth, [0, 1, 2])
    for name in ("v", "x"):
        assert np.all(np.isfinite(alone[name]))
        assert beside[name].values.tobytes() == alone[name].values.tobytes()
    assert np.array_equal(beside.spike_count, alone.spike_count)


@pytest.mark.parametrize("method", ["staggered", "fixed", "staggered/float32"])
def test_an_overflow_is_reported_by_every_scheme(growth, method):
    with pytest.warns(RuntimeWarning, match=r"1 of 2 lanes overflowed \(drive = 1e\+300 "):
        run(growth, [0, 1e300], method=method)


def test_a_run_of_which_nothing_is_left_is_an_error(growth):
    with pytest.raises(nm.ModelError, match=r"2 of 2 lanes overflowed \(drive = 40 .*; drive = 50 "):
        run(growth, [40, 50])


def test_many_broken_lanes_are_counted_and_the_first_five_named(growth):
    with pytest.warns(RuntimeWarning, match=r"20 of 40 lanes overflowed .* and 15 more"):
        run(growth, np.concatenate([np.zeros(20), np.arange(40, 60)]))


def test_a_lane_of_a_compartment_model_that_overflows_leaves_its_neighbours():
    options = dict(duration=50 * nm.ms, record=["v_soma", "ca_dendrite"])
    events = nm.Events("ampa_c", [10, 12, 14] * nm.ms)
    reversals = [50, 60] * nm.mV
    alone = nm.simulate(nm.neurons.wdr(), events, parameters=dict(E_na=reversals), **options)
    with pytest.warns(RuntimeWarning, match=r"1 of 3 lanes overflowed \(E_na = 1e\+302 mV"):
        beside = nm.simulate(
            nm.neurons.wdr(), events, parameters=dict(E_na=[50, 1e302, 60] * nm.mV), **options
        )  # fmt: skip
    for name in ("v_soma", "ca_dendrite"):
        assert np.all(np.isfinite(alone[name]))
        assert beside[name].values[[0, 2]].tobytes() == alone[name].values.tobytes()
