"""Segments of a network: what goes on from a run equals one long run, to the bit; events reach any population."""

import dataclasses

import networks
import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim.engines.kernel import network as kernel_network
from nmdasim.protocols import Stimulus


def spikes(*results):
    """Return instance, population, neuron and time of every spike, in one order."""
    names = ("spike_lane", "spike_population", "spike_neuron", "spike_time")
    columns = [np.concatenate([result[name].values for result in results]) for name in names]
    return np.stack(columns)[:, np.lexsort(columns[::-1])]


def traces(*results):
    """Return the traces of every population, joined over time."""
    names = [name for name in results[0].data_vars if "time" in results[0][name].dims]
    return {name: np.concatenate([result[name].values for result in results], axis=-1) for name in names}


def check_equal(segments, whole):
    assert np.array_equal(spikes(*segments), spikes(whole))
    for name, values in traces(*segments).items():
        assert np.array_equal(values, whole[name].values), name
    assert np.array_equal(segments[-1].final_state.values, whole.final_state.values, equal_nan=True)
    for name in (name for name in whole.data_vars if str(name).startswith("in_flight")):
        assert np.array_equal(segments[-1][name].values, whole[name].values), name


@pytest.fixture(params=["whole", "one by one"])
def parts(request, monkeypatch):
    """Run with as few parts as threads allow, and with every instance in a part of its own."""
    if request.param == "one by one":
        monkeypatch.setattr(kernel_network, "_PART", 1)


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize("method", ["staggered", "fixed", "staggered/float32"])
def test_a_network_goes_on_to_the_bit_with_spikes_on_their_way_and_neurons_refractory(parts, method, threads):
    net = networks.delayed(400)
    options = dict(seed=[1, 2], record=["v", "ge"], sample="1 ms", threads=threads, method=method)
    whole = nm.simulate(net, duration="200 ms", **options)
    first = nm.simulate(net, duration="100 ms", **options)
    assert len(first.in_flight_time) > 20  # delays of 0.5 to 3 ms lead over the cut
    assert len(np.unique(first.in_flight_time)) > 5
    late = first.spike_time.values > 97
    assert late.sum() > 5  # within 5 ms of a spike a neuron is refractory
    second = nm.simulate(net, duration="100 ms", start=first, **options)
    assert len(second.spike) > 50
    check_equal([first, second], whole)


def test_any_number_of_segments_makes_the_same_run():
    net = networks.coba(800)
    whole = nm.simulate(net, duration="60 ms", seed=3)
    done = [nm.simulate(net, duration="7.3 ms", seed=3)]
    for length in ("0.1 ms", "22.6 ms", "30 ms"):
        done.append(nm.simulate(net, duration=length, seed=3, start=done[-1]))
    check_equal(done, whole)
    assert len(whole.spike) > 100


def test_what_is_on_its_way_moves_the_next_segment():
    """Without the spikes in flight the second segment would be another one: the check above can fail."""
    net = networks.delayed(400)
    first = nm.simulate(net, duration="100 ms", seed=1)
    bare = first.drop_vars([name for name in first.data_vars if str(name).startswith("in_flight")])
    second, cut = (nm.simulate(net, duration="100 ms", seed=1, start=start) for start in (first, bare))
    assert not np.array_equal(spikes(second), spikes(cut))


def test_neurons_of_compartments_and_a_delay_of_40_ms_go_on_to_the_bit():
    """C fibres fire around 200 ms after the stimulus, and reach the inhibitory interneurons 40 ms later."""
    net = nm.circuits.dorsal_horn()
    options = dict(seed=[1, 2], ketamine=[0, 3] * nm.uM, record=["v_dendrite", "ca_dendrite"], sample="1 ms")
    hit = Stimulus("noxious", 1.0, time="20 ms")
    whole = nm.simulate(net, hit, duration="500 ms", **options)
    first = nm.simulate(net, hit, duration="275 ms", **options)
    assert len(first.in_flight_time) > 10
    second = nm.simulate(net, duration="225 ms", start=first, **options)
    assert len(second.spike) > 10
    check_equal([first, second], whole)


@pytest.fixture(scope="module")
def counters():
    """Return two populations whose x adds up the weights of events, and whose n counts them."""
    cell = nm.Model(
        name="counter",
        equations="dv/dt = 0*volt/second : volt\ndx/dt = 0/second : 1\ndn/dt = 0/second : 1",
        ports=dict(add="x += weight", count="n += 1"),
        dt="0.1 ms",
    )
    link = nm.Projection("f", "b", port="count", indices=([0], [1]), delay=3 * nm.ms)
    return nm.Circuit("counters", populations={"a": nm.Population(cell, 2), "b": nm.Population(cell, 3)},
                      projections=(link,), inputs={"f": nm.Events(port="", times=[4] * nm.ms)})  # fmt: skip


@pytest.mark.parametrize("threads", [1, 3])
def test_events_reach_every_neuron_of_the_population_that_they_name(counters, parts, threads):
    events = [
        nm.Events("add", [2, 5] * nm.ms, weight=0.25, population="a"),
        nm.Events("add", [3] * nm.ms, weight=2.0, population="b", lanes=[1]),
        nm.Events("count", [6, 6, 8] * nm.ms, population="b"),
    ]
    result = nm.simulate(counters, events, duration="10 ms", seed=[1, 2, 3], record=["x", "n"], threads=threads)

    def at(time):
        row = result.sel(time=time, method="nearest")
        return row.a_x.values, row.b_x.values, row.b_n.values

    a_x, b_x, b_n = at(4.0)
    assert np.all(a_x == 0.25)
    assert b_x.tolist() == [[0, 0, 0], [2, 2, 2], [0, 0, 0]]
    assert np.all(b_n == 0)
    a_x, b_x, b_n = at(9.9)
    assert np.all(a_x == 0.5)
    assert b_n.tolist() == [[3, 4, 3]] * 3  # one more by the fibre, 3 ms after its spike
    assert np.all(result.a_n == 0)


def test_times_of_a_segments_events_count_from_its_start(counters):
    quiet = dataclasses.replace(counters, inputs={"f": nm.Volleys(())})
    first = nm.simulate(quiet, nm.Events("add", [2] * nm.ms, weight=1.0, population="a"), duration="5 ms", record=["x"])
    second = nm.simulate(quiet, nm.Events("add", [2] * nm.ms, weight=1.0, population="a"), duration="5 ms",
                         record=["x"], start=first)  # fmt: skip
    x = second.a_x.isel(neuron_a=0)
    assert float(x.sel(time=6.5, method="nearest")) == 1
    assert float(x.sel(time=7.5, method="nearest")) == 2


def test_a_course_of_concentration_reaches_every_neuron_of_a_network():
    net = nm.circuits.dorsal_horn()
    course = xr.DataArray([0.0, 20.0, 20.0], coords={"time": ("time", [10.0, 20.0, 40.0], {"units": "ms"})},
                          dims="time", attrs={"units": "uM"})  # fmt: skip
    result = nm.simulate(net, ketamine=course, duration="40 ms", seed=[1, 2], record=["ketamine"], sample="1 ms")
    found = result.projection_ketamine_dendrite
    assert found.units in ("uM", "µM")
    given = np.interp(found.time, course.time, course)
    assert found.dims == ("seed", "neuron_projection", "time")
    assert np.allclose(found, given, atol=0.15)
    assert given.max() == 20
