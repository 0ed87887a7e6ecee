"""A coordinate stands in the unit that was given, else the field's, on every path: what is selected is meant."""

import dataclasses

import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim import mM, ms, mV, nS, pF, quantities, second, uM
from nmdasim.run.axes import coordinate, parameter_axes, protocol_axes
from nmdasim.sweep.reading import read

#: Nothing was written of the units of this model: a quantity does not remember its own.
CELL = nm.Model(
    "own",
    "dv/dt = -v/tau*(1 + ketamine/uM + mg/mM) - g*v/C : volt",
    parameters=dict(tau=10 * ms, ketamine=0 * uM, mg=1.2 * mM, g=0.01 * nS, C=281 * pF),
    initial=dict(v=-70 * mV),
    threshold="v > 0*mV",
    ports=dict(exc="v += 1*mV"),
    dt="1 ms",
)
WRITTEN = nm.Model(
    "written", CELL.equations, dict(CELL.parameters) | dict(tau="10 ms", ketamine="0 uM", mg="1 mM"), dt="1 ms"
)
MILLIMOLAR = nm.Model("millimolar", CELL.equations, dict(CELL.parameters) | dict(ketamine="0 mM"), dt="1 ms")


@pytest.mark.parametrize(
    ("model", "name", "given", "values", "unit"),
    [
        (CELL, "ketamine", [0, 1, 3] * uM, [0, 1, 3], "µM"),
        (CELL, "ketamine", [0.001, 0.3] * uM, [0.001, 0.3], "µM"),
        (CELL, "ketamine", ["0 nM", "300 nM"], [0, 300], "nM"),
        (CELL, "mg", [0.2, 0.5] * mM, [0.2, 0.5], "mM"),
        (CELL, "mg", [0.5, 1, 2] * mM, [0.5, 1, 2], "mM"),
        (CELL, "tau", [5, 10, 20] * second, [5000, 10000, 20000], "ms"),  # as the model's own tau stands
        (CELL, "tau", [1000, 2000] * ms, [1000, 2000], "ms"),
        (CELL, "tau", ["5 s", "10 s"], [5, 10], "s"),
        (CELL, "g", [0.02, 0.03] * nS, [0.02, 0.03], "nS"),
        (CELL, "C", [1000, 2000] * pF, [1000, 2000], "pF"),
        (CELL, "tau", [0, "5 ms"], [0, 5], "ms"),
        (CELL, "tau", xr.DataArray([1.0, 2.0], dims="tau", attrs={"units": "second"}), [1, 2], "second"),
        (WRITTEN, "ketamine", [1, 2] * mM, [1000, 2000], "µM"),
        (MILLIMOLAR, "ketamine", [0, 1, 3] * uM, [0, 1, 3], "µM"),  # a default of 0 says nothing of a drug's unit
        (WRITTEN, "ketamine", ["1 mM", "2 mM"], [1, 2], "mM"),
        (WRITTEN, "mg", ["500 uM"], [500], "µM"),
    ],
)
def test_a_coordinate_is_in_the_unit_that_was_given(model, name, given, values, unit):
    _, shown, attrs = coordinate(parameter_axes(model, {name: given})[0])
    assert attrs["units"] == unit
    assert shown.tolist() == values  # exactly: 0.3 can be selected as 0.3


def test_an_argument_of_a_protocol_is_too():
    train = nm.WindUp(frequency=["500 mHz", "2000 mHz"], pulses=[2, 3])
    rate, count = (coordinate(axis) for axis in protocol_axes(train))
    assert (rate[1].tolist(), rate[2]["units"]) == ([500, 2000], "mHz")
    assert count[1].tolist() == [2, 3]


@pytest.fixture(scope="module")
def result():
    return nm.simulate(
        CELL, duration="5 ms", ketamine=[0, 1, 3] * uM, parameters=dict(tau=["5 ms", "10 ms"]), record="v"
    )


def test_what_is_selected_is_what_was_asked_for(result):
    assert result.ketamine.units == "µM"
    chosen = result.sel(ketamine=1, tau=10)
    np.testing.assert_allclose(chosen.v, -70 * np.exp(-((1 + 1 + 1.2) / 10 + 0.01 / 281) * result.time), rtol=1e-9)


def test_units_survive_a_file_and_come_back_as_parameters(result, tmp_path):
    result.to_netcdf(tmp_path / "r.nc")
    with xr.open_dataset(tmp_path / "r.nc") as again:
        assert again.tau.units == "ms"
        same = nm.simulate(CELL, duration="5 ms", parameters=dict(tau=again.tau, ketamine=again.ketamine), record="v")
        xr.testing.assert_identical(same.ketamine, result.ketamine)
        np.testing.assert_array_equal(same.v, result.v)


def test_a_run_goes_on_from_one_whose_units_were_others(result):
    nm.simulate(CELL, duration="5 ms", ketamine=["0 nM", "1000 nM", "3000 nM"], start=result)


@pytest.mark.parametrize(
    ("axes", "values", "unit"),
    [
        ({"ketamine": ["0 nM", "300 nM"]}, [0, 300], "nM"),
        ({"ketamine": [0, 1, 3] * uM}, [0, 1, 3], "µM"),
        ({"frequency": ["500 mHz", "1000 mHz"]}, [500, 1000], "mHz"),
    ],
)
def test_axes_of_a_sweep_are_in_the_unit_given(axes, values, unit):
    model = nm.neurons.wdr() if "frequency" in axes else CELL
    train = nm.WindUp() if "frequency" in axes else None
    what = nm.Sweep(model, train, axes, readouts=("spike_count",), duration=None if train else "5 ms")
    _, shown, attrs = coordinate(what.varied[0])
    assert (shown.tolist(), attrs["units"]) == (values, unit)


def test_axes_of_a_specification_and_ranges_of_samples_are_too(tmp_path):
    path = tmp_path / "s.toml"
    path.write_text(
        '[axes]\nketamine = {from = "100 nM", to = "300 nM", points = 3}\nfrequency = ["500 mHz"]\n'
        '[samples]\npoints = 2\nranges = {K_mg = ["1000 uM", "2000 uM"]}\n'
    )
    found = {axis.name: coordinate(axis) for axis in read(path).varied}
    assert found["ketamine"][1].tolist() == [100, 200, 300]
    assert {name: one[2]["units"] for name, one in found.items()} == {
        "K_mg": "µM",
        "ketamine": "nM",
        "frequency": "mHz",
    }


def test_a_unit_is_read_as_labels_spell_it():
    for unit in ("S/cm**2", "uM", "uA/cm**2", "1/ms"):
        assert quantities.parse_unit(quantities.pretty(unit)) == quantities.parse_unit(unit)


def test_a_drug_of_an_own_model_is_free_by_name_where_nothing_else_is_said(result, tmp_path):
    assert result.ketamine.long_name == "free ketamine at the receptor"
    assert "ketamine_free_uM" in nm.export(result.spike_count, tmp_path / "r.csv")[0].read_text()
    words = dataclasses.replace(
        CELL, parameters=dict(CELL.parameters) | {"ketamine": nm.Parameter("0 uM", description="in the bath")}
    )
    plain = nm.Model("plain", "dv/dt = -v*ketamine/ms : 1", dict(ketamine=1), dt="1 ms")
    for model, values, text in ((words, [0, 1] * uM, "in the bath"), (plain, [1, 2], "")):
        assert parameter_axes(model, {"ketamine": values})[0].text == text
