"""Networks on both engines: the same spikes where a network is not chaotic, the same statistics where it is."""

import dataclasses
import logging

import networks
import numpy as np
import pytest

import nmdasim as nm
from nmdasim.engines.form.events import adds_up
from nmdasim.engines.kernel import network as kernel_network
from nmdasim.language.reader import symbol
from nmdasim.plan import memory
from nmdasim.protocols import Stimulus


def irregularity(result, population):
    """Return the mean coefficient of variation of the interspike intervals."""
    table = nm.spikes(result, population=population).sort_values(["neuron", "time_ms"])
    intervals = [np.diff(group.time_ms) for _, group in table.groupby("neuron") if len(group) > 3]
    return np.mean([d.std() / d.mean() for d in intervals])


@pytest.mark.parametrize("name", ["coba", "delayed"])
def test_a_benchmark_network_has_the_same_rate_and_irregularity_on_both_engines(name):
    net = getattr(networks, name)(2000)
    runs = [nm.simulate(net, duration=1 * nm.second, seed=1, engine=engine) for engine in ("kernel", "brian2")]
    rates = [float(run.spike_count.sum()) / 2000 for run in runs]
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


def test_the_reference_engine_says_which_engines_run_circuits_that_lead_back(chain):
    with pytest.raises(nm.ModelError, match="leads back to an earlier one; take engine='kernel' or 'brian2'"):
        nm.simulate(chain, duration="10 ms", engine="reference")


def identical(one, other):
    """Whether two results hold the same bits."""
    same = [np.array_equal(one[name].values, other[name].values, equal_nan=True) for name in one.data_vars]
    return set(one.data_vars) == set(other.data_vars) and all(same)


@pytest.fixture(params=["whole", "one by one"])
def parts(request, monkeypatch):
    """Run with as few parts as threads allow, and with every instance in a part of its own."""
    if request.param == "one by one":
        monkeypatch.setattr(kernel_network, "_PART", 1)


@pytest.mark.parametrize("threads", [2, 3, 0])
def test_any_number_of_threads_gives_the_same_bits(chain, parts, threads):
    """Seeds and parameter sets are instances; 21 of them go into two parts of unequal size."""

    def run(threads):
        return nm.simulate(chain, parameters=dict(E_l=[-70, -60, -55] * nm.mV), seed=[4, 5, 9, 1, 2, 3, 8],
                           duration="100 ms", record=["v"], sample="1 ms", threads=threads)  # fmt: skip

    whole = run(1)
    assert len(whole.spike) > 100
    assert identical(run(threads), whole)


@pytest.mark.parametrize("threads", [1, 2])
def test_neurons_of_compartments_give_the_same_bits_on_threads(dorsal, threads):
    net, options, whole = dorsal
    assert identical(nm.simulate(net, Stimulus("noxious", 0.8), threads=threads, **options), whole)
    assert len(whole.spike) > 100


@pytest.fixture(scope="module")
def dorsal():
    net = nm.circuits.dorsal_horn()
    options = dict(duration="700 ms", seed=[1, 2, 3], ketamine=[0, 3] * nm.uM, record=["v_dendrite"], sample="1 ms")
    return net, options, nm.simulate(net, Stimulus("noxious", 0.8), threads=3, **options)


@pytest.mark.parametrize("instances", [1, 2, 6])
def test_progress_of_a_circuit_rises_to_the_whole(chain, instances):
    seen = []
    nm.simulate(chain, duration="50 ms", seed=range(instances), threads=2, progress=seen.append)
    assert seen == sorted(seen)
    assert seen[-1] == 1


@pytest.mark.parametrize("error", [KeyboardInterrupt, ZeroDivisionError])
def test_what_interrupts_one_thread_of_a_circuit_ends_all(chain, parts, error):
    seen = []

    def interrupt(share):
        seen.append(share)
        raise error

    with pytest.raises(error):
        nm.simulate(chain, duration="2 second", seed=range(8), threads=2, progress=interrupt)
    assert len(seen) == 1  # no other thread reports any more


@pytest.fixture(scope="module")
def growing():
    """Return a circuit whose cells blow up from a drive above 5 mV/ms: dv/dt = v²/(20 mV·ms) - v/ms + drive."""
    cell = nm.Model(
        name="growth",
        equations="dv/dt = (v**2/scale - v)/ms + drive : volt",
        parameters=dict(scale=20 * nm.mV, drive=0 * nm.volt / nm.second),
        initial=dict(v="8*mV + rand()*mV"),
        threshold="v > 5*mV",
        refractory=1 * nm.ms,
        ports=dict(exc="v += weight"),
        dt="0.1 ms",
    )
    link = nm.Projection("a", "b", port="exc", weight=0.1 * nm.mV, probability=0.5, delay=1 * nm.ms)
    populations = {"a": nm.Population(cell, 3), "b": nm.Population(cell, 4)}
    return nm.Circuit("growing", populations=populations, projections=(link,))


@pytest.mark.parametrize("threads", [1, 2])
def test_an_instance_that_blows_up_is_named_and_touches_no_other(growing, parts, threads):
    def run(drives):
        return nm.simulate(growing, duration="60 ms", parameters=dict(drive=drives * nm.volt / nm.second),
                           seed=[1, 2], threads=threads, record=["v"])  # fmt: skip

    with pytest.warns(RuntimeWarning, match=r"2 of 6 instances overflowed \(drive = 40 .*seed = 1; drive = 40 .*= 2\)"):
        result = run([0, 40, 4])
    assert result.failed.values.tolist() == [[False, False], [True, True], [False, False]]
    assert np.isnan(result.spike_count.values[:, 1]).all()
    assert np.isnan(result.rate.values[:, 1]).all()
    assert np.isnan(result.a_v.values[1]).all()
    sound = run([0, 4])
    assert len(sound.spike) > 100
    assert np.array_equal(result.spike_count.values[:, [0, 2]], sound.spike_count.values)
    assert np.array_equal(result.b_v.values[[0, 2]], sound.b_v.values)
    assert np.array_equal(result.spike_time.values, sound.spike_time.values)
    assert set(result.spike_lane.values.tolist()) <= {0, 1, 4, 5}


def test_a_circuit_of_which_nothing_holds_is_refused(growing):
    with pytest.raises(nm.ModelError, match=r"1 of 1 instance overflowed \(drive = 40 .*, seed = 3\)"):
        nm.simulate(growing, duration="60 ms", parameters=dict(drive=40 * nm.volt / nm.second), seed=3)


def test_a_circuit_says_what_it_needs_and_refuses_what_cannot_fit(chain, monkeypatch, caplog):
    with caplog.at_level(logging.INFO, logger="nmdasim"):
        nm.simulate(chain, duration="10 ms", seed=[1, 2])
    assert "2 instances of chain, 100 steps of 0.1 ms, about" in caplog.text
    monkeypatch.setattr(memory, "available", lambda: 1e6)
    with pytest.raises(nm.ModelError, match=r"100 instances of chain need about .* GB .*; run fewer at a time"):
        nm.simulate(chain, duration="1 second", seed=range(100), record=["v"])


def test_memory_counts_the_instances_in_flight(chain, monkeypatch):
    """Ten thousand steps of delay: too much for eight instances at a time, not for two."""
    slow = dataclasses.replace(chain.projections[2], delay=1000 * nm.ms)
    net = dataclasses.replace(chain, projections=(slow,))
    monkeypatch.setattr(kernel_network, "_PART", 1)
    monkeypatch.setattr(memory, "available", lambda: 40e6)
    nm.simulate(net, duration="10 ms", seed=range(8), threads=2)
    with pytest.raises(nm.ModelError, match="8 instances at a time with delay buffers of 10,002 .* fewer threads"):
        nm.simulate(net, duration="10 ms", seed=range(8), threads=8)


def test_initial_values_of_a_network_fit_its_neurons_and_instances(chain):
    cell = chain.populations["b"].model
    net = nm.Circuit("still", populations={"p": nm.Population(cell.replace(E_l=-60 * nm.mV), 3)})
    given = np.array([[-60, -59, -58], [-57, -56, -55]])

    def first(v, **options):
        return nm.simulate(net, duration="1 ms", initial=dict(v=v * nm.mV), record=["v"], **options).p_v.values[..., 0]

    assert first(given, seed=[1, 2]) == pytest.approx(given)
    assert first(given[0], seed=[1, 2]) == pytest.approx(np.stack([given[0]] * 2))
    with pytest.raises(nm.ModelError, match=r"initial v has shape \(2, 3\); give one value, one for each neuron \(3\)"):
        first(given, seed=[1, 2, 3])
