"""``method="fixed"`` is NEURON's default step: the published run of aguiar2010 to the spike.

Targets: NEURON 9.0.2 on ModelDB 128559 (Aguiar, Sousa & Lima 2010), dt 0.0125 ms, 1 Hz, no noise.
"""

import numpy as np
import pytest

import nmdasim as nm

LATE = [4, 5, 7, 8, 10, 9, 9, 9, 9, 10, 10, 10, 10, 10, 10]


def spikes(result, population):
    times = result.spike_time.sel(population=population).values
    return times[np.isfinite(times)]


@pytest.mark.slow
def test_aguiar2010_gives_its_published_late_counts_and_spike_times(aguiar_latencies, data):
    """Counts of all pulses, both cells' spikes of the first five to 0.01 ms, and every spike of the relay; one run."""
    train = nm.WindUp(frequency=1 * nm.Hz, pulses=15, latencies=aguiar_latencies)
    published = nm.simulate(nm.neurons.aguiar2010(), train, engine="kernel", method="fixed", dt=0.0125 * nm.ms)
    counts = nm.measures.windup(published)
    assert np.abs(counts.late.values - LATE).max() <= 1
    assert set(counts.early.values.tolist()) <= {3, 4}
    for population in ("wdr", "relay"):
        expected = np.loadtxt(data / f"aguiar2010_1Hz_{population}_spike_times_ms.csv")
        found = spikes(published, population)
        assert found[found < 6000] == pytest.approx(expected[expected < 6000], abs=0.01)
    assert found == pytest.approx(expected, abs=0.01)
