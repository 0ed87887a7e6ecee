"""A figure that is given the wrong kind of result says in one line what it is drawn of, and what makes that."""

import inspect
from importlib import import_module

import matplotlib.pyplot as plt
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim.errors import NmdasimError
from nmdasim.plot import pharmacokinetics, populations, receptor, reflex, schemes, sensitization, sweep, treatment

# The package has functions under these names.
windup, memory, animation = (import_module(f"nmdasim.plot.{name}") for name in ("windup", "memory", "animation"))
MODULES = (windup, memory, animation, sweep, pharmacokinetics, populations, receptor, reflex, schemes)
MODULES += (sensitization, treatment)
#: Those that are drawn of no result, and those that draw nothing.
OTHERS = {pharmacokinetics.reported, windup.says, reflex.says, treatment.moment, receptor.coinciding, schemes.layout}
OTHERS |= {schemes.sheets, schemes.spelled, memory.remembered, memory.check_recorded}


def figures():
    """Return every public function that draws a result."""
    found = {
        thing
        for module in MODULES
        for name, thing in inspect.getmembers(module, inspect.isfunction)
        if thing.__module__ == module.__name__ and not name.startswith("_")
    }
    return sorted(found - OTHERS, key=lambda f: (f.__module__, f.__name__))


@pytest.fixture(scope="module")
def wrong():
    """Return results of other kinds than figures are drawn of, by what they are."""
    cell = nm.neurons.wdr()
    spikes = xr.Dataset(coords={"kind": ["touch"], "intensity": [0.5]}, attrs={"model": "dorsal_horn"})
    return {
        "a run without a train": nm.simulate(cell, duration="2 ms"),
        "a response": spikes,
        "one read-out": spikes.intensity,
        "a list": [1.0, 2.0],
        "none in a mapping": {},
        "none in a list": [],
        "a neuron": cell,
    }


def called(function, given):
    """Call a figure with something in the place of its result, and of everything else that it cannot do without."""
    needed = [p for p in inspect.signature(function).parameters.values() if p.default is p.empty]
    others = {"ax": plt.figure().subplots(), "path": "film.gif"}
    return function(given, *(others.get(p.name, given) for p in needed[1:]))


@pytest.mark.parametrize("function", figures(), ids=lambda f: f"{f.__module__.rpartition('.')[2]}.{f.__name__}")
def test_a_figure_of_the_wrong_kind_of_result_says_what_it_needs(function, wrong, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    for given in wrong.values():
        if function in (sweep.heatmap, sweep.dose_response) and isinstance(given, xr.DataArray):
            continue  # any read-out has axes
        if function is windup.trace and isinstance(given, xr.Dataset) and "spike_count" in given:
            continue  # it says what was recorded
        with pytest.raises(
            NmdasimError, match=rf"^({function.__name__} (draws|has nothing)|this figure needs)"
        ) as told:
            called(function, given)
        assert "makes" in str(told.value) or "simulate with record=" in str(told.value)
        assert "\n" not in str(told.value)
    plt.close("all")


def test_of_several_results_each_is_looked_at():
    good, bad = xr.Dataset({"rate": (("population", "seed"), [[1.0]])}, {"population": ["projection"]}), xr.Dataset()
    with pytest.raises(NmdasimError, match="^pressure draws what .* makes; what was given has no population, rate, s"):
        sensitization.pressure({"naive": good, "sensitized": bad})


def test_what_is_not_given_is_not_looked_at(wrong):
    run = nm.simulate(nm.neurons.wdr(), duration="2 ms", record="v_soma")
    assert nm.plot.trace(run, "v_soma").lines
    plt.close("all")
