"""A run that goes on from another equals one long run."""

import numpy as np
import pytest
import xarray as xr
from brian2 import ms, uM

import nmdasim as nm
from nmdasim.errors import InputError
from nmdasim.model.port import Contact, Latency

ENGINES = ["kernel", "brian2"]


def cell(**more):
    """Return a neuron with a refractory period and an input that decays."""
    return nm.Model(
        "m",
        "dv/dt = (g*mV - v)/(10*ms) : volt (unless refractory)\n"
        "dg/dt = -g/(5*ms) : 1\n"
        "dclock/dt = t/second/ms : 1",
        threshold="v > 5*mV", reset="v = 0*mV", refractory=4 * ms, ports={"kick": "g += 60"}, **more,
    )  # fmt: skip


def together(first, second, name):
    return np.concatenate([first[name].values, second[name].values], axis=-1)


def spikes(*results):
    found = np.concatenate([result.spike_time.values.ravel() for result in results])
    return np.sort(found[np.isfinite(found)])


@pytest.mark.parametrize("engine", ENGINES)
def test_two_segments_equal_one_run_to_the_bit_refractoriness_over_the_cut_included(engine):
    early, late = [5, 16, 17] * ms, [6, 13] * ms
    options = dict(record=["v", "g", "clock"], sample="0.5 ms", engine=engine)
    first = nm.simulate(cell(), nm.Events("kick", early), duration="20 ms", **options)
    second = nm.simulate(cell(), nm.Events("kick", late), duration="20 ms", start=first, **options)
    whole = nm.simulate(cell(), nm.Events("kick", [5, 16, 17, 26, 33] * ms), duration="40 ms", **options)
    assert first.spike_time.values.max() > 16  # within the refractory period of the cut
    for name in ("v", "g", "clock", "time"):
        assert np.array_equal(together(first, second, name), whole[name].values), name
    assert np.array_equal(spikes(first, second), spikes(whole))
    assert np.array_equal(second.final_state, whole.final_state, equal_nan=True)


@pytest.mark.parametrize("method", ["", "fixed"])
def test_a_course_with_a_knot_at_the_cut_joins_to_the_bit_on_the_kernel(method):
    """A slope that began a step late left the second segment below the whole run for good."""

    def course(times, values):
        return xr.DataArray(values, {"time": ("time", times, {"units": "ms"})}, attrs={"units": "mV"})

    driven = nm.Model("m", "dv/dt = (push - v)/(10*ms) : volt", parameters=dict(push="0 mV"))
    options = dict(record=["v", "push"], sample="0.5 ms", method=method, dt="0.1 ms")
    first = nm.simulate(driven, duration="20 ms", parameters=dict(push=course([0.0, 20.0], [3.0, 3.0])), **options)
    late = course([0.0, 7.3, 20.0], [3.0, 8.0, 1.0])
    second = nm.simulate(driven, duration="20 ms", parameters=dict(push=late), start=first, **options)
    longer = course([0.0, 20.0, 27.3, 40.0], [3.0, 3.0, 8.0, 1.0])
    whole = nm.simulate(driven, duration="40 ms", parameters=dict(push=longer), **options)
    for name in ("v", "push"):
        assert np.array_equal(together(first, second, name), whole[name].values), name
    assert np.array_equal(second.final_state, whole.final_state, equal_nan=True)


def test_two_segments_of_the_reference_engine_equal_one_run_within_its_tolerance():
    first = nm.simulate(cell(), nm.Events("kick", [5, 16, 17] * ms), duration="20 ms", engine="reference")
    second = nm.simulate(cell(), nm.Events("kick", [6, 13] * ms), duration="20 ms", engine="reference", start=first)
    whole = nm.simulate(cell(), nm.Events("kick", [5, 16, 17, 26, 33] * ms), duration="40 ms", engine="reference")
    assert spikes(first, second) == pytest.approx(spikes(whole), abs=1e-4)


@pytest.mark.parametrize("name", ["wdr", "delrocq2023"])
def test_a_library_neuron_goes_on_to_the_bit_under_a_wind_up_train(name, direct_c):
    neuron = nm.neurons.CATALOGUE[name]()
    options = dict(ketamine=[0, 3] * uM, record=["v_soma", "ca_dendrite"], sample="5 ms")

    def train(pulses, start, first):
        tables = {fibre: np.asarray(table)[first : first + pulses] * nm.second for fibre, table in direct_c.items()}
        return nm.WindUp(frequency="2 Hz", pulses=pulses, start=start, latencies=tables)

    before = nm.simulate(neuron, train(2, "0.5 s", 0), **options)
    after = nm.simulate(neuron, train(1, "0 s", 2), start=before, **options)
    whole = nm.simulate(neuron, train(3, "0.5 s", 0), **options)
    for variable in ("v_soma", "ca_dendrite"):
        assert np.array_equal(together(before, after, variable), whole[variable].values)
    assert np.array_equal(spikes(before, after), spikes(whole))
    assert after.pulse_time.values == pytest.approx([1500.0])
    assert [run.attrs["block"] for run in (before, after)] == ["equilibrated", "as the run before left it"]
    late = nm.measures.windup(whole).late.isel(pulse=2).values
    assert np.array_equal(nm.measures.windup(after).late.isel(pulse=0).values, late)


@pytest.mark.parametrize("engine", ENGINES)
def test_spikes_on_their_way_along_a_chain_arrive_in_the_next_segment(engine):
    follower = nm.Model("f", "dv/dt = -v/(10*ms) : volt", ports={"kick": "v += 1*mV"})
    link = nm.Projection("a", "b", contacts=(Contact("kick"),), latency=Latency("15 ms", "0 ms", 2))
    chain = nm.Circuit("chain", {"a": cell(), "b": follower}, (link,))
    events = nm.Events("kick", [5] * ms, population="a")
    options = dict(record="v", sample="1 ms", engine=engine)
    first = nm.simulate(chain, events, duration="12 ms", **options)
    second = nm.simulate(chain, duration="28 ms", start=first, **options)
    whole = nm.simulate(chain, events, duration="40 ms", **options)
    assert first.v.values.max() == 0
    assert whole.v.values.max() > 1
    assert np.array_equal(together(first, second, "v"), whole.v.values)


def test_condition_wait_treat_test_are_four_values():
    """Drug between conditioning and test; every segment keeps the dimensions of those before."""
    neuron = nm.neurons.wdr()
    train = nm.WindUp(frequency="2 Hz", pulses=2, start="0.1 s")
    conditioned = nm.simulate(neuron, train, parameters={"gain_nmda": [0, 1]}, seed=[0, 1])
    waited = nm.simulate(neuron, duration="200 ms", start=conditioned)
    treated = nm.simulate(neuron, duration="100 ms", ketamine=[0, 10] * uM, start=waited)
    tested = nm.simulate(neuron, train, ketamine=[0, 10] * uM, start=treated)
    assert waited.spike_count.dims == ("gain_nmda_before", "seed")
    assert set(tested.spike_count.dims) == {"ketamine", "gain_nmda_before", "seed"}
    assert [run.attrs["drugs_given"] for run in (conditioned, waited, treated, tested)] == [
        "",
        "",
        "ketamine",
        "ketamine",
    ]
    assert [run.attrs["drugs_before"] for run in (conditioned, treated, tested)] == ["", "", "ketamine"]
    assert tested.attrs["begin_s"] == pytest.approx(1.1 + 0.2 + 0.1)
    assert tested.pulse_time.values[0] == pytest.approx(1500.0)
    assert list(tested.gain_nmda_before.values) == [0, 1]


def test_a_result_on_disk_can_be_gone_on_from(tmp_path):
    first = nm.simulate(cell(), nm.Events("kick", [16] * ms), duration="20 ms")
    first.to_netcdf(tmp_path / "first.nc")
    again = xr.load_dataset(tmp_path / "first.nc")
    one, other = (nm.simulate(cell(), duration="20 ms", start=start, record="v") for start in (first, again))
    assert np.array_equal(one.v, other.v)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (dict(dt="0.05 ms"), "start: the earlier run had dt"),
        (dict(engine="reference"), "start: the earlier run had engine 'kernel', this one 'reference'"),
        (dict(seed=[1, 2, 3]), "start: it has 2 values of seed, this run 3"),
        (dict(seed=[0, 2]), r"start: its seed is \[0, 1\], that of this run \[0, 2\]"),
        (dict(start=3), "start: give the result of an earlier simulate"),
    ],
)
def test_what_cannot_be_gone_on_from_is_refused_in_one_line(changed, message):
    first = nm.simulate(cell(), duration="5 ms", seed=[0, 1])
    with pytest.raises(InputError, match=message):
        nm.simulate(cell(), **(dict(duration="5 ms", start=first) | changed))


def test_another_neuron_cannot_go_on_from_it():
    first = nm.simulate(nm.neurons.wdr(), duration="5 ms")
    with pytest.raises(InputError, match="the earlier run had wdr"):
        nm.simulate(nm.neurons.delrocq2023(), duration="5 ms", start=first)


def test_a_lane_that_overflowed_stays_failed():
    model = nm.Model("m", "dx/dt = k*x**2/ms : 1", {"k": 0}, initial={"x": 1})
    with pytest.warns(RuntimeWarning):
        first = nm.simulate(model, duration="20 ms", parameters={"k": [0, 2]})
    with pytest.warns(RuntimeWarning):
        second = nm.simulate(model, duration="20 ms", start=first)
    assert second.failed.values.tolist() == [False, True]


def test_lanes_never_go_on_from_those_of_another_value():
    first = nm.simulate(nm.neurons.wdr(), duration="5 ms", ketamine=[0, 3] * uM)
    with pytest.raises(InputError, match="its ketamine is .*; give the same, or none to go on with each"):
        nm.simulate(nm.neurons.wdr(), duration="5 ms", ketamine=[3, 0] * uM, start=first)
    again = nm.simulate(nm.neurons.wdr(), duration="5 ms", ketamine=[0, 3] * uM, start=first)
    assert again.ketamine.values == pytest.approx([0, 3])
