"""``method="fixed"`` is NEURON's default step: the published run of aguiar2010 to the spike.

Targets: NEURON 9.0.2 on ModelDB 128559 (Aguiar, Sousa & Lima 2010), dt 0.0125 ms, 1 Hz, no noise.
"""

import numpy as np
import pytest

import nmdasim as nm

LATE = [4, 5, 7, 8, 10, 9, 9, 9, 9, 10, 10, 10, 10, 10, 10]


@pytest.fixture(scope="module")
def published(aguiar_latencies):
    train = nm.WindUp(frequency=1 * nm.Hz, pulses=15, latencies=aguiar_latencies)
    return nm.simulate(nm.neurons.aguiar2010(), train, engine="kernel", method="fixed", dt=0.0125 * nm.ms)


def spikes(result, population):
    times = result.spike_time.sel(population=population).values
    return times[np.isfinite(times)]


@pytest.mark.slow
def test_aguiar2010_gives_its_published_late_counts(published):
    assert np.abs(nm.measures.windup(published).late.values - LATE).max() <= 1


@pytest.mark.slow
@pytest.mark.parametrize("population", ["wdr", "relay"])
def test_aguiar2010_gives_its_published_spike_times_of_the_first_five_pulses(published, data, population):
    expected = np.loadtxt(data / f"aguiar2010_1Hz_{population}_spike_times_ms.csv")
    expected = expected[expected < 6000]
    found = spikes(published, population)
    found = found[found < 6000]
    assert len(found) == len(expected)
    assert np.abs(found - expected).max() <= 0.01


@pytest.mark.slow
def test_every_spike_of_the_relay_of_aguiar2010_is_the_published_one(published, data):
    expected = np.loadtxt(data / "aguiar2010_1Hz_relay_spike_times_ms.csv")
    assert spikes(published, "relay") == pytest.approx(expected, abs=0.01)


@pytest.mark.slow
def test_aguiar2010_answers_each_stimulus_with_3_to_4_early_spikes(published):
    assert set(nm.measures.windup(published).early.values.tolist()) <= {3, 4}
