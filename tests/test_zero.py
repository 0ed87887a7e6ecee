"""A bare 0 has no unit to get wrong: it is taken wherever a quantity is, and refused where 0 itself is."""

import dataclasses

import numpy as np
import pytest
from brian2 import Quantity

import nmdasim as nm
from nmdasim import pharmacology as ph
from nmdasim import quantities
from nmdasim.receptors import bench, scheme
from nmdasim.sweep import reading


@pytest.mark.parametrize("zero", [0, 0.0, -0.0, "0", np.zeros(2), [0, 0]])
@pytest.mark.parametrize("unit", ["mV", "uM", "nS", "1", "mg/kg", "1/uM/second"])
def test_zero_is_of_every_dimension(zero, unit):
    assert not np.any(quantities.si(zero, unit, name="x"))


@pytest.mark.parametrize("value", [1, 1e-300, "1", [0, 1], np.array([0.0, 2.0]), np.nan, "0 mV", 0 * nm.mV])
def test_all_else_keeps_its_unit(value):
    with pytest.raises(nm.UnitError):
        quantities.si(value, "uM", name="x")


def test_a_list_may_begin_at_a_bare_zero():
    assert quantities.si([0, "1 uM", 10 * nm.uM], "uM", name="x") == pytest.approx([0, 1e-3, 1e-2])
    assert quantities.quantity([0, "1 uM"]).dim is (1 * nm.uM).dim
    with pytest.raises(nm.UnitError, match="mixes dimensions"):
        quantities.quantity([1, "1 uM"])


def test_one_value_is_one():
    assert quantities.number(0, "ms", name="x") == 0
    with pytest.raises(nm.UnitError, match=r"x = .* has shape \(2,\); give one value"):
        quantities.number([1, 2] * nm.ms, "ms", name="x")


CELL = nm.Model(
    name="cell",
    equations="dv/dt = (g_l*(E_l - v) + g_e*(E_e - v))/C : volt\ndg_e/dt = -g_e/tau : siemens",
    parameters=dict(g_l=10 * nm.nS, E_l=-70 * nm.mV, E_e=0 * nm.mV, C=200 * nm.pF, tau=5 * nm.ms),
    initial=dict(v=-70 * nm.mV),
    threshold="v > -50*mV",
    reset="v = -60*mV",
    refractory=0,
    ports=dict(exc="g_e += weight"),
)


def run(**options):
    return nm.simulate(CELL, duration="5 ms", sample="1 ms", record="v", **options)


def test_a_refractory_period_of_0_is_none_on_every_engine(engine):
    drive = nm.Events("exc", [1] * nm.ms, weight=500 * nm.nS)
    ours, without = (
        nm.simulate(dataclasses.replace(CELL, refractory=given), drive, duration="10 ms", engine=engine).spike_count
        for given in (0, 0 * nm.ms)
    )
    assert int(ours) == int(without) > 1


@pytest.mark.parametrize(
    ("given", "same"),
    [
        (lambda: CELL.replace(g_l=0), lambda: CELL.replace(g_l="0 nS")),
        (lambda: nm.neurons.wdr().replace(g_pas=0), lambda: nm.neurons.wdr().replace(g_pas="0 S/cm**2")),
    ],
    ids=["own", "wdr"],
)
def test_a_parameter_is_replaced_by_0(given, same):
    assert given().digest == same().digest


def test_a_run_takes_0_for_parameters_initial_values_and_weights():
    drive = nm.Events("exc", 0, weight=0)
    ours = nm.simulate(CELL, drive, duration="5 ms", parameters=dict(g_l=0), initial=dict(v=0), record="v")
    assert float(ours.v[0]) == 0
    assert np.all(ours.v[1:] == -60)
    assert run(parameters=dict(g_l=[0, 10 * nm.nS])).g_l.values == pytest.approx([0, 10])


def test_a_drug_of_0_is_no_drug():
    train = nm.WindUp(pulses=1, start=0)
    ours, same = (nm.simulate(nm.neurons.wdr(), train, ketamine=given) for given in (0, 0 * nm.uM))
    assert float(ours.ketamine) == 0
    assert np.array_equal(ours.spike_time, same.spike_time)
    assert nm.simulate(nm.neurons.wdr(), train, ketamine=[0, 1 * nm.uM]).ketamine.values.tolist() == [0, 1]


def net(**link):
    return nm.Circuit(
        populations=dict(e=nm.Population(CELL, 2)),
        projections=[nm.Projection("fibres", "e", port="exc", probability=1.0, **link)],
        inputs=dict(fibres=nm.Volleys(0, 2, latency=0, jitter=0)),
    )


def test_a_projection_takes_a_weight_and_a_delay_of_0():
    silent = nm.simulate(net(weight=0, delay=0), duration="20 ms")
    assert silent.spike_time.size == 0
    ours, without = (nm.simulate(net(weight=500 * nm.nS, **delay), duration="20 ms") for delay in (dict(delay=0), {}))
    assert ours.spike_time.size > 0
    assert np.array_equal(ours.spike_time, without.spike_time)


def test_sources_begin_at_0_and_fire_at_0_hz():
    assert nm.Poisson(0, start=0, stop=0).draw(1.0, np.random.default_rng(0))[0].size == 0


def test_doses_schedules_and_patches_take_0():
    assert ph.dose(0, at=0, over=0).amount == 0
    course = ph.time_course(ph.Regimen((ph.dose("20 mg", at=0),)), [0, 3600 * nm.second])
    assert course.time.values.tolist() == [0, 1]
    assert float(bench.pulse(scheme("destexhe1996"), mg=0, v=0, glutamate=0, tail="10 ms").open.max()) == 0


def test_a_sweep_takes_0(tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text("[axes]\nketamine = {from = 0, to = '1 uM', points = 2}\nK_mg = ['1 mM', '2 mM']\n")
    doses = next(axis for axis in reading.read(path).varied if axis.name == "ketamine").values
    assert doses == pytest.approx([0, 1e-3])
    ranges = nm.Samples(dict(ketamine=(0, "1 uM")), 4).columns()["ketamine"]
    assert isinstance(ranges, Quantity)
    assert ranges.dim is (1 * nm.uM).dim


@pytest.mark.parametrize("zero", [0, "0 ms", 0 * nm.ms])
def test_where_0_itself_makes_no_sense_it_is_refused_by_that(zero):
    with pytest.raises(nm.NmdasimError, match="longer than 0"):
        nm.simulate(CELL, duration=zero)
    with pytest.raises(nm.NmdasimError, match="step above 0"):
        nm.simulate(CELL, duration="1 ms", dt=zero)
    with pytest.raises(nm.NmdasimError, match="above 0"):
        nm.simulate(CELL, duration="1 ms", sample=zero)
