"""A run that ends before its protocol does."""

import numpy as np
import pytest

import nmdasim as nm


@pytest.mark.parametrize("engine", ["kernel", "brian2", "reference"])
def test_read_outs_of_pulses_beyond_the_end_are_missing_on_every_engine(engine):
    result = nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=3), duration="2.02 s", dt="0.1 ms", engine=engine)
    np.testing.assert_array_equal(np.isnan(result.ca_peak.squeeze()), [False, True, True])
    np.testing.assert_array_equal(np.isnan(result.blocked.squeeze()), [False, False, True])  # seen at the pulse itself
