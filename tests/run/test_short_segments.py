"""A segment of a run between two samples of its traces has none, and the run goes on."""

import numpy as np

import nmdasim as nm


def test_a_segment_without_a_sample_has_empty_traces():
    decay = nm.Model(name="decay", equations="dx/dt = -x/(5*ms) : 1", initial=dict(x=1))
    options = dict(duration="0.1 ms", dt="0.1 ms", sample="0.3 ms", record=["x"], parameters={})
    first = nm.simulate(decay, **options, seed=range(2))
    second = nm.simulate(decay, **options, start=first)
    third = nm.simulate(decay, **options | dict(duration="0.3 ms"), start=second)
    assert [run.x.sizes["time"] for run in (first, second, third)] == [1, 0, 1]
    np.testing.assert_allclose(third.x.values, np.exp(-0.3 / 5), rtol=1e-4)
