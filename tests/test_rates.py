"""Wind-up in spikes per second: what may be compared over rates of stimulation, whose windows differ in length."""

import numpy as np
import xarray as xr

import nmdasim as nm


def fired(period, rates):
    """Return a result in which the late window of pulse k holds spikes at rates[k], in Hz; times in ms."""
    pulses = 1000 + period * np.arange(len(rates))
    times = [p + 100 + np.arange(int(r * (period - 100) / 1e3)) * 1e3 / r for p, r in zip(pulses, rates, strict=True)]
    table = np.concatenate(times)
    return xr.Dataset(
        {
            "spike_time": ("spike", table),
            "pulse_time": ("pulse", pulses),
            "window_end": ("pulse", pulses + period),
        }
    )


def test_the_same_firing_has_the_same_rate_in_windows_of_any_length_but_not_the_same_count():
    slow, fast = (nm.measures.windup(fired(period, [10, 20, 30])) for period in (1100.0, 600.0))
    for measured in (slow, fast):
        np.testing.assert_allclose(measured.late_rate, [10, 20, 30])
        assert float(measured.index_rate) == 10  # (10 + 20 + 30)/3 - 10
    assert float(slow["index"]) == 2 * float(fast["index"])


def test_a_window_that_ends_before_the_late_part_begins_has_no_rate():
    measured = nm.measures.measured(fired(50.0, [1, 1]))
    assert np.isnan(measured.late_rate).all()
    assert np.isnan(measured.index_rate)
