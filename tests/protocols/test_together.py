"""Protocols that run together: what one of them varies is its own, and nothing that two give is lost."""

import numpy as np
import pytest
from brian2 import Hz, ms

import nmdasim as nm
from nmdasim import Events, Poisson, WindUp
from nmdasim.protocols import Conditioning, Stimulus
from nmdasim.sweep import fit

CELL = nm.Model(
    "two counters",
    "dv/dt = -v/tau : 1\ndw/dt = -w/tau : 1",
    parameters=dict(tau="50 ms"),
    ports=dict(a="v += 1", b="w += 1"),
    dt="1 ms",
)


def _events(result, rate):
    """Return the number of events at each port until the result's first train ends, at one rate."""
    one = result.sel(rate=rate)
    return [int((one[name].diff("time") > 0.5).sum()) for name in ("v", "w")]


@pytest.mark.parametrize("order", [1, -1])
def test_a_list_belongs_to_the_protocol_that_has_it(order):
    trains = [Events("a", rate=10 * Hz, count=20), Events("b", rate=["20 Hz", "40 Hz"], count=80)]
    result = nm.simulate(CELL, trains[::order], duration="1.05 s", record=["v", "w"])
    assert (result.rate.values.tolist(), result.rate.units) == ([20, 40], "Hz")
    # the first event of each comes at 0, before anything is recorded
    assert [_events(result, rate) for rate in (20, 40)] == [[10, 20], [10, 41]]


@pytest.mark.parametrize("nested", [lambda one, two: [one, [two]], lambda one, two: [[[two], one]]])
def test_a_list_keeps_its_unit_however_protocols_are_nested(nested):
    trains = nested(Events("a", rate="10 Hz", count=2), Events("b", rate=["0.01 kHz", "0.02 kHz"], count=2))
    result = nm.simulate(CELL, trains, duration="300 ms")
    assert (result.rate.values.tolist(), result.rate.units) == ([0.01, 0.02], "kHz")


def test_the_pulses_of_a_train_stay_at_its_own_rate():
    trains = [WindUp(1 * Hz, 3), WindUp(["1000 mHz", "2000 mHz"], 3, start="5 s")]
    result = nm.simulate(nm.neurons.wdr(), trains)
    assert (result.frequency.values.tolist(), result.frequency.units) == ([1000, 2000], "mHz")
    assert np.all(result.pulse_time.values == [1000, 2000, 3000])


def test_a_result_says_that_of_several_trains_the_first_is_measured():
    one, two = WindUp(1 * Hz, 2), WindUp(1 * Hz, 2, start="1.3 s")
    found = [nm.simulate(nm.neurons.wdr(), trains) for trains in ([one, two], [one, Events("ampa_c", 5 * ms)], one)]
    assert ["wind-up are those of the first alone" in one.attrs.get("warnings", "") for one in found] == [1, 0, 0]


def test_the_same_list_in_two_is_one_dimension_and_different_ones_are_refused():
    def both(*rates):
        trains = [Events(port, rate=rate, count=80) for port, rate in zip("ab", rates, strict=True)]
        return nm.simulate(CELL, trains, duration="1.05 s", record=["v", "w"])

    result = both([20, 40] * Hz, ["20 Hz", "40 Hz"])
    assert [_events(result, rate) for rate in (20, 40)] == [[20, 20], [41, 41]]
    with pytest.raises(ValueError, match="different lists of rate; give a list to one"):
        both([10, 50] * Hz, [20, 40] * Hz)
    with pytest.raises(ValueError, match="different lists of count"):
        nm.simulate(CELL, [Events("a", rate=1 * Hz, count=[1, 2]), Events("b", rate=1 * Hz, count=[1, 3])])


def test_an_axis_of_a_sweep_or_a_fit_says_of_which_protocol_it_is():
    trains = [Events("a", rate=10 * Hz), Events("b", rate=20 * Hz)]
    with pytest.raises(ValueError, match="have rate, and an axis does not say of which"):
        nm.Sweep(CELL, trains, {"rate": [1, 2] * Hz}, duration="1 s", readouts=("spike_count",))
    what = nm.Sweep(CELL, [trains[0], Events("b", 5 * ms)], {"rate": [1, 2] * Hz}, readouts=("spike_count",))
    assert [one.parts[0].rate / Hz for one in what.variants()] == [1, 2]
    data = nm.simulate(CELL, trains[:1]).spike_count.expand_dims(rate=[1.0, 2.0])
    with pytest.raises(ValueError, match="have rate, and an axis"):
        fit(CELL, trains, data, {"tau": ("10 ms", "90 ms")}, readout="spike_count")


def test_no_protocol_is_lost_behind_another():
    circuit = nm.circuits.dorsal_horn()
    with pytest.raises(ValueError, match="both give input 'c', and one would be lost"):
        nm.simulate(circuit, [Conditioning(pulses=1), Stimulus("noxious")], duration="1 ms")
    with pytest.raises(ValueError, match="both give input 'touch'"):
        nm.simulate(circuit, [Stimulus("touch"), {"touch": Poisson(rate=1 * Hz, size=20)}], duration="1 ms")
    tables = [WindUp(pulses=1, latencies={"adelta": [time] * 20 * ms}) for time in (10, 20)]
    with pytest.raises(ValueError, match="both give latencies of 'adelta'"):
        nm.simulate(nm.neurons.aguiar2010(), tables)
