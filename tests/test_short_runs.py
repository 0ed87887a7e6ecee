"""A run that ends before its protocol does."""

import numpy as np
import pytest

import nmdasim as nm


@pytest.mark.parametrize("engine", ["kernel", "brian2", "reference"])
def test_read_outs_of_pulses_beyond_the_end_are_missing_on_every_engine(engine):
    train = nm.WindUp(pulses=3, frequency="20 Hz", start="50 ms")
    result = nm.simulate(nm.neurons.wdr(), train, duration="102 ms", dt="0.1 ms", engine=engine)
    np.testing.assert_array_equal(np.isnan(result.ca_peak.squeeze()), [False, True, True])
    np.testing.assert_array_equal(np.isnan(result.blocked.squeeze()), [False, False, True])  # seen at the pulse itself
