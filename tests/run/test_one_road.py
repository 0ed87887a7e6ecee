"""What works for a cell works for a chain and a network: courses, events, failures, names of traces."""

import brian2 as b2
import numpy as np
import pytest
import xarray as xr
from brian2 import Hz, ms, mV, uM

import nmdasim as nm
from nmdasim.errors import InputError, ModelError, OverflowedError
from nmdasim.model.port import Contact, Latency


@pytest.fixture(scope="module")
def course():
    """Return a concentration that rises from 0 to 10 µM within the first 100 ms."""
    time = xr.DataArray([0.0, 100.0], dims="time", attrs={"units": "ms"})
    return xr.DataArray([0.0, 10.0], coords={"time": time}, dims="time", attrs={"units": "uM"})


def test_a_course_of_concentration_reaches_the_output_cell_of_aguiar2010(course):
    result = nm.simulate(
        nm.neurons.aguiar2010(), nm.Events(port="ampa_c", times=[20] * ms, population="relay"), ketamine=course,
        duration="150 ms", record="ketamine_dendrite", sample="10 ms",
    )  # fmt: skip
    assert result.ketamine_dendrite.values[[0, 5, 12]] == pytest.approx([0, 5, 10], abs=0.02)


@pytest.mark.parametrize("engine", ["kernel", "brian2", "reference"])
def test_a_course_of_concentration_reaches_the_output_cell_of_a_chain(engine, course):
    cell = nm.Model("m", "dv/dt = (drug/uM*mV - v)/(1*ms) : volt", {"drug": "0 uM"}, ports={"kick": "v += 1*mV"})
    bundle = nm.Projection("a", "b", contacts=(Contact("kick"),), latency=Latency("2 ms", "0 ms", 3))
    chain = nm.Circuit("chain", {"a": cell, "b": cell}, (bundle,))
    events = nm.Events(port="kick", times=[20] * ms, population="a")
    result = nm.simulate(
        chain, events, parameters={"drug": course}, duration="150 ms", engine=engine, record="drug", sample="10 ms"
    )
    assert result.drug.values[[0, 5, 12]] == pytest.approx([0, 5, 10], abs=0.02)


@pytest.mark.parametrize("engine", ["kernel", "brian2", "reference"])
def test_a_course_reaches_every_cell_of_a_network_that_runs_in_turn(engine, course):
    cell = nm.Model("m", "dv/dt = (drug/uM*mV - v)/(1*ms) : volt", {"drug": "0 uM"}, ports={"kick": "v += 1*mV"})
    pair = nm.Circuit(
        "pair", {"a": nm.Population(cell, 2), "b": nm.Population(cell, 3)},
        (nm.Projection("a", "b", port="kick", probability=1.0),),
    )  # fmt: skip
    result = nm.simulate(
        pair, parameters={"drug": course}, duration="150 ms", engine=engine, record="v", sample="10 ms"
    )
    for name, size in (("a", 2), ("b", 3)):
        trace = result[f"{name}_v"]
        assert trace.sizes[f"neuron_{name}"] == size
        assert trace.isel(time=12).values == pytest.approx(10, rel=1e-3)
        assert trace.isel(time=5).values == pytest.approx(4.9, abs=0.03)


@pytest.mark.parametrize("engine", ["kernel", "brian2"])
def test_own_events_act_on_the_output_cell_of_a_chain(engine):
    cell = nm.Model(
        "m", "dv/dt = -v/(10*ms) : volt", threshold="v > 5*mV", reset="v = 0*mV", ports={"kick": "v += weight"}
    )
    pair = nm.Circuit("pair", {"a": cell, "b": cell}, (nm.Projection("a", "b", port="kick", weight=0 * mV,
                                                                      indices=([0], [0])),))  # fmt: skip
    events = nm.Events(port="kick", times=np.arange(1, 15) * 2 * ms, weight=6 * mV)
    result = nm.simulate(pair, events, duration="40 ms", engine=engine)
    assert result.spike_count.values.tolist() == [0, 14]


def test_weighted_events_on_the_output_of_a_chain_keep_their_weight_beside_the_spikes_of_the_first_cell():
    relay = nm.Model(
        "r", "dv/dt = -v/(10*ms) : volt", threshold="v > 5*mV", reset="v = 0*mV", ports={"kick": "v += 6*mV"}
    )
    cell = nm.Model("m", "dv/dt = -v/(10*ms) : volt", threshold="v > 5*mV", reset="v = 0*mV",
                    ports={"kick": "v += weight", "tap": "v += 0.1*mV"})  # fmt: skip
    bundle = nm.Projection("r", "m", contacts=(Contact("tap"),), latency=Latency("2 ms", "0 ms", 3))
    chain = nm.Circuit("chain", {"r": relay, "m": cell}, (bundle,))
    events = [nm.Events("kick", [5] * ms, population="r"), nm.Events("kick", [10, 20] * ms, weight=6 * mV)]
    result = nm.simulate(chain, events, duration="40 ms")
    assert result.spike_count.values.tolist() == [1, 2]


# --- failures --------------------------------------------------------------------------------------------------------

#: x reaches infinity after 1/k ms; nobody records it, and v does not read it.
EXPLODING = "dv/dt = -v/(10*ms) : volt\ndx/dt = k*x**2/ms : 1"


def exploding(**more):
    return nm.Model("exploding", EXPLODING, {"k": 0}, initial={"x": 1, "v": -1 * mV}, **more)


@pytest.mark.parametrize("engine", ["kernel", "brian2", "reference"])
def test_a_variable_that_nobody_recorded_overflows_and_its_lane_is_marked_on_every_engine(engine):
    with pytest.warns(RuntimeWarning, match="1 of 3 lanes overflowed .*k = 2"):
        result = nm.simulate(
            exploding(), duration="20 ms", parameters={"k": [0, 0.01, 2]}, engine=engine, record="v", sample="1 ms"
        )
    assert result.failed.values.tolist() == [False, False, True]
    assert np.isnan(result.v.values[2]).all()
    assert result.v.values[:2, 10] == pytest.approx(-np.exp(-1), rel=1e-3)
    assert np.isfinite(result.spike_count.values[:2]).all()
    assert np.isnan(result.spike_count.values[2])


@pytest.mark.parametrize("engine", ["kernel", "brian2", "reference"])
def test_a_run_of_which_no_lane_is_left_is_refused_on_every_engine(engine):
    with pytest.raises(OverflowedError, match="1 of 1 lane overflowed"):
        nm.simulate(exploding(), duration="20 ms", parameters={"k": 2}, engine=engine)


@pytest.mark.parametrize("engine", ["kernel", "brian2"])
def test_an_instance_of_a_network_overflows_alone(engine):
    net = nm.Circuit("net", {"e": nm.Population(exploding(), 3)})
    with pytest.warns(RuntimeWarning, match="1 of 2 instances overflowed"):
        result = nm.simulate(net, duration="20 ms", parameters={"k": [0, 2]}, engine=engine)
    assert result.failed.values.tolist() == [False, True]


# --- names and refusals ----------------------------------------------------------------------------------------------


def test_traces_of_every_compartment_of_a_network_have_names_of_their_own():
    cell = nm.neurons.wdr()
    net = nm.Circuit("net", {"p": nm.Population(cell, 2), "q": nm.Population(nm.neurons.delrocq2023(), 1)}, dt="0.1 ms")
    result = nm.simulate(net, duration="2 ms", record=["v"])
    p, q = ([name for name in result.data_vars if name.startswith(f"{key}_v")] for key in "pq")
    assert p == ["p_v_soma", "p_v_dendrite"]
    assert len(q) == len(set(q)) == 16
    assert {"q_v_soma", "q_v_0"} <= set(q)


def test_a_single_name_is_recorded_as_one():
    result = nm.simulate(nm.neurons.wdr(), duration="2 ms", record="v_soma")
    assert "v_soma" in result


@pytest.mark.parametrize(
    ("protocol", "message"),
    [
        ({"touch": nm.Poisson(10 * Hz, 3)}, "wdr has no inputs to replace; drive its ports with nm.Events"),
        (nm.Poisson(10 * Hz, 3), "is no protocol; give nm.WindUp"),
        ("WindUp", "'WindUp' is no protocol"),
        (3, "3 is no protocol"),
    ],
)
def test_what_is_no_protocol_of_a_cell_is_refused_in_words(protocol, message):
    with pytest.raises((InputError, ModelError), match=message):
        nm.simulate(nm.neurons.wdr(), protocol, duration="10 ms")


def test_the_clock_of_the_users_own_brian2_scripts_is_left_alone():
    before = b2.defaultclock.dt
    nm.simulate(exploding(), duration="1 ms", engine="brian2", dt="0.05 ms")
    assert b2.defaultclock.dt == before


def test_what_is_given_twice_is_refused():
    with pytest.raises(InputError, match="ketamine is given twice"):
        nm.simulate(nm.neurons.wdr(), duration="1 ms", ketamine=1 * uM, parameters={"ketamine": 2 * uM})


def test_a_network_takes_parameters_that_vary_together():
    cell = nm.Model("m", "dv/dt = (drive - v)/tau : volt", {"drive": "0 mV", "tau": "10 ms"})
    net = nm.Circuit("net", {"e": nm.Population(cell, 2)})
    pairs = {
        "drive": xr.DataArray([1.0, 2.0, 3.0], dims="sample", attrs={"units": "mV"}),
        "tau": xr.DataArray([1.0, 2.0, 4.0], dims="sample", attrs={"units": "ms"}),
    }
    result = nm.simulate(net, duration="4 ms", parameters=pairs, record="v", sample="1 ms", dt="0.05 ms")
    expected = [d * (1 - np.exp(-3 / t)) for d, t in ((1, 1), (2, 2), (3, 4))]
    assert result.e_v.isel(time=3, neuron_e=0).values == pytest.approx(expected, rel=1e-3)
    assert result.e_v.dims[0] == "sample"


def test_conductances_of_a_circuit_and_of_its_cells_alone_give_the_same_numbers():
    """One cell as a model, as a circuit of one, and as a population of one run the same plan."""
    cell = nm.neurons.wdr()
    events = nm.Events(port="ampa_c", times=[10, 20, 30] * ms)
    alone = nm.simulate(cell, events, duration="60 ms", record="v_soma").v_soma.values
    circuit = nm.Circuit("c", {"cell": nm.Population(cell, 1)}, dt=cell.dt)
    named = nm.simulate(circuit, [nm.Events("ampa_c", [10, 20, 30] * ms, population="cell")], duration="60 ms",
                        record="v_soma").v_soma.values  # fmt: skip
    assert np.array_equal(alone, named)
