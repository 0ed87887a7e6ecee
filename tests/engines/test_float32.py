"""Single precision is an option, ``method="NAME/float32"``; its error against double precision is measured here."""

import numpy as np
import pytest

import nmdasim as nm

TRAIN = nm.WindUp(frequency=1 * nm.Hz, pulses=3, start=20 * nm.ms)
DOSES = [0, 1] * nm.uM


def wdr(method, protocol=TRAIN, **options):
    return nm.simulate(nm.neurons.wdr(), protocol, ketamine=DOSES, method=method, **options)


def test_float32_is_float64_by_name_and_by_default():
    weak = nm.Events("ampa_a", [5.0] * nm.ms)
    runs = [wdr(m, weak, duration=20 * nm.ms, record=["v_soma"]).v_soma for m in ("", "staggered", "staggered/float64")]
    assert np.array_equal(runs[0], runs[1])
    assert np.array_equal(runs[0], runs[2])


@pytest.mark.parametrize("method", ["staggered", "fixed"])
def test_float32_traces_before_any_spike_are_within_2_microvolt_of_float64(method):
    weak = nm.Events("ampa_a", [5.0] * nm.ms)
    single, double = (
        wdr(method + precision, weak, duration=30 * nm.ms, record=["v_soma", "v_dendrite"])
        for precision in ("/float32", "")
    )
    for name in ("v_soma", "v_dendrite"):
        error = float(np.abs(single[name] - double[name]).max())
        assert 0 < error < 2e-3  # mV


def test_float32_counts_are_within_1_of_float64():
    single, double = (nm.measures.windup(wdr(m)).late for m in ("staggered/float32", "staggered"))
    assert double.values.min() >= 3
    assert np.abs(single - double).max() <= 1


def test_a_precision_that_does_not_exist_is_refused():
    with pytest.raises(nm.ModelError, match="method 'staggered/float16'; the kernel engine has staggered, fixed, each "
                                            "also as NAME/float32"):  # fmt: skip
        wdr("staggered/float16")
