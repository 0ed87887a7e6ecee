"""What is told apart by colour is told apart by marks too, and named as a reader knows it."""

import matplotlib.pyplot as plt
import pandas as pd
import pytest
import xarray as xr
from matplotlib.container import BarContainer

from nmdasim import pharmacology as ph
from nmdasim.plot import pharmacokinetics, populations, receptor, sweep, treatment


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


def test_the_legend_of_recovery_has_the_marks_by_which_its_drugs_differ():
    gone = xr.Dataset({"blocked": ("time", [1.0, 0.5])}, {"time": [0.0, 1e3]})
    legend = receptor.recovery({f"{drug}, with agonist": gone for drug in ("ketamine", "memantine")}).get_legend()
    first, second = (line.get_marker() for line in legend.get_lines())
    assert first != second
    assert "None" not in (first, second)


def test_people_differ_by_more_than_colour():
    rows = pd.DataFrame({"ID": ["A", "B"], "TIME": [0, 0], "AMT": [25, 50], "ROUTE": ["iv", "iv"]})
    ax = pharmacokinetics.concentration(ph.time_course(ph.Regimen.from_table(rows), every="30 min"))
    marks = {line.get_label(): line.get_marker() for line in ax.lines if line.get_label().startswith("plasma")}
    assert len(set(marks.values())) == len(marks) == 2


def test_what_decides_in_one_model_differs_from_another_by_hatch():
    ends = {name: ("parameter", [0.5]) for name in ("correlation", "low", "high")}
    table = xr.Dataset(ends, {"parameter": ["nmda"]}, {"of": "loss of index"})
    ax = populations.deciding({"wdr": table, "delrocq2023": table})
    first, second = (one[0].get_hatch() for one in ax.containers if isinstance(one, BarContainer))
    assert first != second
    keys = [patch.get_hatch() for patch in ax.get_legend().get_patches()]
    assert keys == [first, second]


def test_over_weeks_the_effect_site_is_told_from_plasma_by_colour_too():
    course = ph.time_course(ph.schedule("nasal_56"), every="12 h")
    plasma, site = pharmacokinetics.concentration(course).lines
    assert plasma.get_color() != site.get_color()
    assert plasma.get_linestyle() != site.get_linestyle()


def test_a_trial_known_by_its_number_is_named_by_its_author():
    key = {"trial": "PMC2950807", "what": "mean pain", "arm": "drug", "day": 5.0, "seen": 0.5, "fitted": False}
    each = {name: ("measure", [value]) for name, value in key.items()}
    rival = {name: (("model", "measure"), [[value]]) for name, value in (("error", 0.1), ("met", True))}
    found = xr.Dataset({**each, **rival, "free_parameters": ("model", [2])}, {"model": ["reset"]})
    assert treatment.trials(found).get_yticklabels()[0].get_text().startswith("Goldberg 2010: mean pain")


def test_shares_of_a_variance_differ_by_hatch():
    names = [f"{name}{end}" for name in ("first", "total") for end in ("", "_low", "_high")]
    shares = xr.Dataset({name: ("parameter", [0.5]) for name in names}, {"parameter": ["g"]}, {"readout": "index"})
    alone, in_all = (c for c in sweep.sensitivity(shares).containers if isinstance(c, BarContainer))
    assert alone[0].get_hatch() != in_all[0].get_hatch()
