"""Doses at the very start are seen: their stems stand clear of the axis on their left."""

import matplotlib.pyplot as plt
import pytest

import nmdasim as nm
from nmdasim import pharmacology as ph
from nmdasim.plot import pharmacokinetics


@pytest.fixture(autouse=True)
def _close():
    yield
    plt.close("all")


@pytest.mark.parametrize("style", ["paper", "slide"])
def test_the_stem_of_a_dose_at_the_start_stands_clear_of_the_axis(style):
    regimen = ph.Regimen.of(ph.dose("0.5 mg/kg", "oral"))
    with nm.plot.style(style):
        doses, *_ = pharmacokinetics.pk(ph.time_course(regimen, until="6 h"), regimen=regimen)
        doses.figure.draw_without_rendering()
    (marker,) = doses.lines
    centre = doses.transData.transform(marker.get_xydata())[0, 0]
    radius = 0.5 * marker.get_markersize() * doses.figure.dpi / 72
    assert centre - radius > doses.bbox.x0 + 1
