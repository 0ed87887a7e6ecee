"""Networks on both engines: the same spikes where a network is not chaotic, the same statistics where it is."""

import dataclasses

import networks
import numpy as np
import pytest

import nmdasim as nm
from nmdasim.engines.kernel.source import adds_up
from nmdasim.model.symbols import symbol


def irregularity(result, population):
    """Return the mean coefficient of variation of the interspike intervals."""
    table = nm.spikes(result, population=population).sort_values(["neuron", "time_ms"])
    intervals = [np.diff(group.time_ms) for _, group in table.groupby("neuron") if len(group) > 3]
    return np.mean([d.std() / d.mean() for d in intervals])


@pytest.mark.parametrize("name", ["coba", "delayed"])
def test_a_benchmark_network_has_the_same_rate_and_irregularity_on_both_engines(name):
    net = getattr(networks, name)(4000)
    runs = [nm.simulate(net, duration=1 * nm.second, seed=1, engine=engine) for engine in ("kernel", "brian2")]
    rates = [float(run.spike_count.sum()) / 4000 for run in runs]
    assert rates[0] == pytest.approx(rates[1], rel=0.12)
    assert 2 < rates[0] < 60
    assert irregularity(runs[0], "e") == pytest.approx(irregularity(runs[1], "e"), rel=0.12)


@pytest.fixture(scope="module")
def chain():
    """Return fibres → 40 integrate-and-fire neurons → 30 more, weak enough not to be chaotic, with delays."""
    cell = networks.cuba(100).populations["e"].model.replace(E_l=-60 * nm.mV)
    rng = np.random.default_rng(0)
    pre, post = rng.integers(0, 40, 400), rng.integers(0, 30, 400)
    pairs = nm.Projection("a", "b", port="exc", weight=rng.uniform(1, 5, 400) * nm.mV, indices=(pre, post),
                          delay=rng.uniform(0.2, 9, 400) * nm.ms)  # fmt: skip
    inhibition = nm.Projection("b", "a", port="inh", weight=-3 * nm.mV, probability=0.3, delay=2 * nm.ms)
    drive = nm.Projection("fibres", "a", port="exc", weight=4 * nm.mV, probability=0.4)
    return nm.Circuit(
        "chain",
        populations={
            "a": nm.Population(cell, 40, initial=dict(v="-60*mV + 5*mV*rand()")),
            "b": nm.Population(cell, 30),
        },
        projections=(drive, pairs, inhibition),
        inputs={"fibres": nm.Poisson(40 * nm.Hz, 50)},
    )


def test_both_engines_find_the_same_spikes(chain):
    """The kernel's step is of second order, Brian2's of first: at 0.01 ms their spikes lie within a few steps."""
    runs = [nm.simulate(chain, duration="60 ms", dt="0.01 ms", seed=[3, 4], engine=e) for e in ("kernel", "brian2")]
    columns = ["lane", "neuron", "time_ms"]
    ours, theirs = (nm.spikes(run, population="a").query("time_ms < 55").sort_values(columns) for run in runs)
    assert len(ours) == len(theirs) > 50
    assert np.array_equal(ours.neuron, theirs.neuron)
    apart = np.abs(ours.time_ms.values - theirs.time_ms.values)
    assert np.median(apart) < 0.05
    assert np.max(apart) < 0.6  # one that grazes the threshold


def test_a_spike_acts_after_its_delay_and_repeated_pairs_add_up():
    cell = nm.Model(
        name="sum", equations="dv/dt = 0*volt/second : volt\ndx/dt = 0/second : 1", ports=dict(in_="x += weight")
    )
    links = (nm.Projection("f", "p", port="in_", weight=0.5, indices=([0, 0], [1, 1]), delay=3 * nm.ms),)
    net = nm.Circuit(populations={"p": nm.Population(cell, 2)}, projections=links,
                     inputs={"f": nm.Events(port="", times=[5] * nm.ms)})  # fmt: skip
    for engine in ("kernel", "brian2"):
        x = nm.simulate(net, duration="12 ms", engine=engine, record=["x"]).p_x
        assert x.sel(time=7.9, method="nearest").values.tolist() == [0, 0]
        assert x.sel(time=8.3, method="nearest").values.tolist() == [0, 1]


def test_an_instance_does_not_depend_on_what_runs_beside_it(chain):
    alone = nm.spikes(nm.simulate(chain, duration="100 ms", seed=4), population="b")
    beside = nm.spikes(nm.simulate(chain, duration="100 ms", seed=[3, 4, 5]), population="b")
    assert np.array_equal(alone.time_ms, beside[beside.lane == 1].time_ms)


def test_a_parameter_given_as_an_array_is_a_dimension(chain):
    result = nm.simulate(chain, duration="100 ms", parameters=dict(E_l=[-70, -60, -55] * nm.mV))
    counts = result.spike_count.sel(population="a").values
    assert counts[0] < counts[1] < counts[2]
    assert result.spike_count.dims == ("population", "E_l")


def test_a_port_that_saturates_is_left_to_brian2():
    x, weight = symbol("x"), symbol("weight")
    assert adds_up(x * 0 + 3)
    assert adds_up(weight * 2)
    assert not adds_up(weight + 1)
    assert not adds_up(weight**2)
    cell = nm.Model(
        name="full", equations="dv/dt = 0*volt/second : volt\ndx/dt = 0/second : 1", ports=dict(in_="x += 0.5*(1 - x)")
    )
    net = nm.Circuit(populations={"p": nm.Population(cell, 1)},
                     projections=(nm.Projection("f", "p", port="in_", probability=1.0),),
                     inputs={"f": nm.Poisson(10 * nm.Hz)})  # fmt: skip
    with pytest.raises(nm.ModelError, match="port 'in_' does not add in proportion .* engine='brian2'"):
        nm.simulate(net, duration="10 ms")
    nm.simulate(net, duration="10 ms", engine="brian2")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(port="gaba"), "p has no port 'gaba'; it has exc, inh"),
        (dict(pre="fibers"), "no population or input 'fibers'; did you mean 'fibres'"),
        (dict(probability=1.2), "probability = 1.2; it is from 0 to 1"),
        (dict(delay=0.01 * nm.ms), "delay = 0.01 ms is shorter than the step, 0.1 ms"),
        (dict(weight=-1 * nm.nS), "is negative; port 'exc' takes weights from 0 upward"),
        (dict(weight=1 * nm.mV), "weight = 1. mV does not fit port 'exc'"),
        (dict(weight=None), "give a weight"),
        (dict(probability=None, indices=([0], [9])), "indices of p are whole numbers from 0 to 4"),
        (dict(probability=None, indices=([0, 1], [2])), "2 and 1 entries"),
        (dict(probability=None), "give port= with probability= or indices="),
    ],
)
def test_a_projection_that_cannot_be_is_refused_by_name(change, message):
    cell = nm.Model(
        name="cell", equations="dv/dt = 0*volt/second : volt\ndg/dt = -g/(5*ms) : siemens",
        ports=dict(exc="g += weight", inh="g += weight"),
    )  # fmt: skip
    good = dict(pre="fibres", post="p", port="exc", weight=1 * nm.nS, probability=0.5)
    with pytest.raises(nm.ModelError, match=message):
        nm.Circuit(populations={"p": nm.Population(cell, 5)}, projections=(nm.Projection(**(good | change)),),
                   inputs={"fibres": nm.Poisson(1 * nm.Hz, 3)})  # fmt: skip


def test_a_step_longer_than_a_delay_is_refused_before_the_run(chain):
    with pytest.raises(nm.ModelError, match="delay = 0.2.* ms is shorter than the step, 0.5 ms"):
        nm.simulate(chain, duration="10 ms", dt="0.5 ms")


@pytest.mark.parametrize("size", [0, -1, 2.5, True])
def test_a_population_has_a_whole_number_of_neurons(chain, size):
    with pytest.raises(nm.ModelError, match="a size is a whole number above 0"):
        dataclasses.replace(chain.populations["a"], size=size)


def test_the_reference_engine_says_which_engines_render_networks(chain):
    with pytest.raises(nm.ModelError, match="renders no networks; take kernel or brian2"):
        nm.simulate(chain, duration="10 ms", engine="reference")
