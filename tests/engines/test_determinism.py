"""Results are the same bit for bit, however lanes are spread over threads, calls and positions."""

import numpy as np
import pytest

import nmdasim as nm

#: One value for the whole file: its equations are derived once.
WDR = nm.neurons.wdr()

TRAIN = nm.WindUp(frequency=4 * nm.Hz, pulses=1, start=20 * nm.ms)
DOSES = np.geomspace(0.01, 10, 150)


def wdr(doses, **options):
    return nm.simulate(WDR, TRAIN, ketamine=doses * nm.uM, record=["v_soma", "ca_dendrite"],
                       sample=5 * nm.ms, **options)  # fmt: skip


@pytest.fixture(scope="module")
def whole():
    return wdr(DOSES, threads=1)


def same(left, right):
    """Compare bits: NaN equals NaN, 0 does not equal -0."""
    names = ["spike_count", "v_soma", "ca_dendrite", "ca_peak", "blocked"]
    width = min(left.sizes["spike"], right.sizes["spike"])
    assert not np.any(left.spike_time.isel(spike=slice(width, None)).notnull())
    assert not np.any(right.spike_time.isel(spike=slice(width, None)).notnull())
    pairs = [(left[n].values, right[n].values) for n in names]
    pairs.append(tuple(r.spike_time.isel(spike=slice(width)).values for r in (left, right)))
    return all(np.ascontiguousarray(a).tobytes() == np.ascontiguousarray(b).tobytes() for a, b in pairs)


@pytest.mark.parametrize("threads", [2, 3, 0])
def test_any_number_of_threads_gives_the_same_bits(whole, threads):
    assert whole.spike_count.values.min() != whole.spike_count.values.max()
    assert same(wdr(DOSES, threads=threads), whole)


@pytest.mark.parametrize("size", [1, 7, 33, 128, 129])
def test_any_number_of_lanes_in_a_call_gives_the_same_bits(whole, size):
    first = 150 - size
    values = DOSES[first:] if size > 1 else DOSES[[first]]
    assert same(wdr(values), whole.isel(ketamine=slice(first, None)))


def test_any_order_of_lanes_gives_the_same_bits(whole):
    order = np.random.default_rng(1).permutation(len(DOSES))
    shuffled = wdr(DOSES[order])
    assert same(shuffled.isel(ketamine=np.argsort(order)), whole)


@pytest.mark.parametrize("threads", [1, 2])
def test_lanes_that_draw_their_own_events_do_not_touch_one_another(threads):
    seeds = [3, 11, 5, 8]
    together = nm.simulate(WDR, TRAIN, seed=seeds, threads=threads)
    for k, seed in enumerate(seeds):
        alone = nm.simulate(WDR, TRAIN, seed=seed)
        found = together.spike_time.isel(seed=k).values
        assert np.array_equal(found[np.isfinite(found)], alone.spike_time.values[np.isfinite(alone.spike_time.values)])


def test_a_second_run_gives_the_same_bits(whole):
    assert same(wdr(DOSES, threads=1), whole)
