"""Arrays and DataArrays as initial values and parameters act or are refused, whatever the model and the engine."""

from dataclasses import replace

import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim import ms, mV
from nmdasim.errors import NmdasimError

ENGINES = ["kernel", "brian2", "reference"]


def cell():
    """Return two compartments whose v stays where it began: nothing flows."""
    return nm.Model(
        "cell",
        "Im = g*(v - v) : amp/meter**2",
        {"g": "1 mS/cm**2", "Cm": "1 uF/cm**2"},
        initial=dict(v=-60 * mV),
        morphology=nm.Morphology(
            areas=(1e-9, 1e-9), parents=(-1, 0), conductances=(0.0, 1e-8), regions={"soma": (0,), "dendrite": (1,)}
        ),
    )


def point():
    return nm.Model("point", "dv/dt = g*0*mV/second : volt", {"g": 1.0}, initial=dict(v=-60 * mV))


def network():
    return nm.Circuit("network", {"cells": nm.Population(cell(), 2)})


MODELS = {"point": point, "cell": cell, "network": network}


def ends(model, engine, **given):
    """Return v at the end, in mV: (instances, neurons), of a run with two values of g."""
    axis = {"g": [1.0, 2.0]} if model == "point" else {"g": [1, 2] * nm.siemens / nm.meter**2}
    made = MODELS[model]() if "of" not in given else given.pop("of")
    run = dict(
        duration=1 * ms, dt=0.1 * ms, engine=engine, parameters=axis, record="v" if model == "point" else "v_soma"
    )
    result = nm.simulate(made, **(run | given))
    return result["cells_v_soma" if model == "network" else run["record"]].values[..., -1].reshape(2, -1)


TWO = xr.DataArray([-70.0, -50.0], dims="g", attrs={"units": "mV"})


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    ("value", "right"),
    [
        (TWO, [-70, -50]),
        ([-65] * mV, [-65, -65]),
        (np.array([[-70], [-50]]) * mV, [-70, -50]),
        (TWO.values * mV, [-70, -50]),
    ],
)
def test_an_initial_value_per_instance_begins_there(model, engine, value, right):
    if model == "network" and np.shape(value) == (2,) and not isinstance(value, xr.DataArray):
        right = [[-70, -50]] * 2  # one for each neuron
    elif model == "network" and np.shape(value) == (2, 1):
        value, right = np.repeat(value, 2, axis=1), [[-70] * 2, [-50] * 2]
    found = ends(model, engine, initial={"v": value})
    assert found == pytest.approx(np.broadcast_to(np.reshape(right, (2, -1)), found.shape), abs=1e-6)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("make", [point, cell])
def test_an_array_as_initial_value_of_a_model_is_one_for_each_neuron_or_instance(make, engine):
    model = replace(make(), initial={"v": [-70, -50] * mV})
    assert ends(make.__name__, engine, of=model).ravel() == pytest.approx([-70, -50], abs=1e-6)
    with pytest.raises(nm.ModelError, match=r"initial v has shape \(2,\); give one value"):
        nm.simulate(model, duration=1 * ms, engine=engine)


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize(
    "value", [[-65] * 3 * mV, [] * mV, np.zeros((2, 3, 2)) * mV, [-0.06, -0.05], [[1], [1, 2]], TWO[:1], TWO * np.nan]
)
def test_an_initial_value_that_does_not_fit_is_refused_in_one_line(model, engine, value):
    with pytest.raises(NmdasimError) as told:
        ends(model, engine, initial={"v": value})
    assert str(told.value).count("\n") == 0


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("model", MODELS)
@pytest.mark.parametrize("value", [np.ones((2, 2)), [], [[1], [1, 2]], ["a"], xr.DataArray([1.0, 2.0], dims="x")])
def test_a_parameter_that_does_not_fit_is_refused_in_one_line(model, engine, value):
    with pytest.raises(NmdasimError) as told:
        ends(model, engine, parameters={"g": value})
    assert str(told.value).count("\n") == 0
