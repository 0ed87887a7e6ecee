"""Pharmacokinetics leave as SBML: an independent simulator follows the exact solution."""

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.exchange import sbml
from nmdasim.pharmacology import Regimen, dose, reset, time_course

libsbml = pytest.importorskip("libsbml", reason="python-libsbml is not installed")

INFUSION = Regimen((dose("0.5 mg/kg", over="40 min"), dose("20 mg", at="3 h")))
CASES = {
    "clements2": INFUSION,
    "domino3": Regimen((dose("20 mg", "im"), reset("2 h"), dose("10 mg", at="3 h"))),
    "leiden3": Regimen((dose("20 mg", over="1 h", at="0.5 h", every="2 h", times=3),)),
    "janssen": Regimen((dose("84 mg", "nasal"), dose("28 mg", "oral", at="4 h"))),
}


@pytest.fixture(scope="module", params=CASES)
def written(request, tmp_path_factory):
    name = request.param
    return (
        name,
        CASES[name],
        nm.to_sbml(name, tmp_path_factory.mktemp("sbml") / f"{name}.xml", CASES[name], weight="60 kg"),
    )


def test_the_file_is_consistent_in_its_units_too(written):
    document = libsbml.readSBMLFromFile(str(written[2]))
    document.setConsistencyChecks(libsbml.LIBSBML_CAT_UNITS_CONSISTENCY, True)
    document.checkConsistency()
    assert [document.getError(k).getMessage() for k in range(document.getNumErrors())] == []
    assert "Not medical advice" in document.getModel().getNotesString()


def test_an_independent_simulator_follows_the_exact_solution(written):
    roadrunner = pytest.importorskip("roadrunner", reason="libroadrunner is not installed")
    name, regimen, file = written
    runner = roadrunner.RoadRunner(str(file))
    runner.integrator.absolute_tolerance, runner.integrator.relative_tolerance = 1e-12, 1e-10
    runner.integrator.maximum_time_step = 0.02  # so that no dose is stepped over
    table = np.asarray(runner.simulate(0, 8, 321, ["time", "plasma", "effect_site_level", "metabolite_level"]))
    # At the time of a dose the exact course has the value after it, a simulator that or the one before.
    away = ~np.isin(np.round(table[:, 0], 6), [event.time_h for event in regimen.events] + [0.5, 2.5, 4.5])
    exact = time_course(regimen, table[:, 0] * nm.hour, preset=name, weight="60 kg")
    for k, variable in enumerate(("plasma", "effect_site", "metabolite"), 1):
        values = exact[variable].values
        assert values.max() > 10
        assert np.max(np.abs(table[away, k] - values[away])) < 1e-7 * values.max(), variable


def test_without_a_regimen_the_body_is_empty(tmp_path):
    model = libsbml.readSBMLFromFile(str(nm.to_sbml("clements2", tmp_path / "a.sbml"))).getModel()
    assert model.getNumEvents() == 0
    assert {model.getSpecies(k).getInitialAmount() for k in range(model.getNumSpecies())} == {0.0}
    assert model.getTimeUnits() == "hour"
    assert model.getParameter("plasma").getUnits() == "ng_per_ml"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (dict(preset="clement2"), "did you mean 'clements2'"),
        (dict(preset="clements2", regimen=CASES["janssen"]), "preset clements2 describes iv, im"),
        (dict(preset="clements2", name="a.txt"), r"ends in \.xml or \.sbml"),
        (dict(preset="clements2", regimen=Regimen((dose("1 mg", id="1"), dose("1 mg", id="2")))), "has 2 subjects"),
    ],
)
def test_what_cannot_be_written_is_refused(given, message, tmp_path):
    with pytest.raises(nm.NmdasimError, match=message):
        nm.to_sbml(given["preset"], tmp_path / given.get("name", "a.xml"), given.get("regimen"))
    assert list(tmp_path.iterdir()) == []


def test_more_events_than_a_file_takes_and_a_missing_package_are_refused(tmp_path, monkeypatch):
    monkeypatch.setattr(sbml, "_MOST_EVENTS", 2)
    with pytest.raises(nm.NmdasimError, match="3 events of doses are more than 2"):
        nm.to_sbml("clements2", tmp_path / "a.xml", INFUSION)
    monkeypatch.setitem(__import__("sys").modules, "libsbml", None)
    with pytest.raises(nm.NmdasimError, match=r"libsbml is not installed.*nmdasim\[sbml\]"):
        nm.to_sbml("clements2", tmp_path / "a.xml")
