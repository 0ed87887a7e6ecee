"""The published numbers that the presets are held against."""

from __future__ import annotations

import numpy as np
import pytest

from nmdasim import pharmacology as ph
from nmdasim.pharmacology.compartments import build, clearance_and_volume
from nmdasim.pharmacology.subjects import typical
from nmdasim.receptors import magnesium_block


def give(amount, route="iv", drug="", **options):
    keys = ("over", "rate", "every", "times", "at", "steady")
    own = {key: options.pop(key) for key in keys if key in options}
    return ph.time_course(ph.Regimen((ph.dose(amount, route, **own),), drug), **options)


def test_35_mg_over_40_minutes_peaks_near_the_reported_185_ng_ml():
    course = give("35 mg", over="40 min")
    assert float(course.cmax) == pytest.approx(177.3, abs=0.05)
    assert float(course.tmax) == pytest.approx(40)
    assert str(course.site.values) == "venous"


@pytest.mark.parametrize(("amount", "published"), [("28 mg", 43.8), ("56 mg", 72.5), ("84 mg", 101.0)])
def test_nasal_peaks_are_those_published(amount, published):
    course = give(amount, "nasal")
    assert float(course.cmax) == pytest.approx(published, rel=0.015)
    assert 20 <= float(course.tmax) <= 40
    assert str(course.preset.values) == "janssen"


def test_clearance_and_volume_of_the_default_lie_in_the_meta_analysis():
    clearance, volume = clearance_and_volume(ph.preset("clements2"))
    assert 69 <= clearance <= 90
    assert clearance == pytest.approx(80.2, abs=0.1)
    assert 200 <= volume <= 304
    assert volume == pytest.approx(122.7 + 166.5, abs=0.1)


def test_41_ug_per_kg_and_minute_reaches_the_reported_steady_state():
    course = give("410000 ug/kg", rate="41 ug/kg/min", until="150 h", every="1 h")
    level = ph.drug("ketamine").micromolar(float(course.plasma.sel(time=150)))
    assert abs(level - 9.3) < 0.8


@pytest.mark.parametrize("preset", ["clements2", "leiden3"])
def test_the_100_hour_course_ends_where_it_was_reported(preset):
    course = ph.time_course(ph.schedule("crps_100_hours"), every="30 min", until="100 h", preset=preset)
    assert 195 < float(course.plasma.sel(time=100)) < 255


def test_enantiomer_clearances_keep_the_total_and_the_measured_ratio():
    s, r = (float(ph.preset("clements2").parameters[name].number) for name in ("CL_s", "CL_r"))
    assert 2 / (1 / s + 1 / r) == pytest.approx(80.2, abs=0.05)
    assert r / s == pytest.approx(0.83, abs=0.005)


def test_magnesium_competition_is_17_fold_at_rest():
    assert 1 / magnesium_block("-65 mV", "1 mM") == pytest.approx(16.8, abs=0.05)


def test_s_ketamine_is_4_7_times_as_potent_and_a_racemate_is_two_competitors():
    assert ph.potency("s-ketamine", "r-ketamine") == pytest.approx(4.7, abs=0.05)
    assert float(ph.drug("ketamine").k_i.number) == pytest.approx(1 / (0.5 / 0.3 + 0.5 / 1.4))
    assert ph.competing_k_i({"s-ketamine": 1.0}) == pytest.approx(0.3)


def test_every_reported_band_names_its_source():
    found = {band.text: (band.low_ng_ml, band.high_ng_ml) for band in ph.bands()}
    assert found["analgesia"] == (70, 160)
    assert found["dissociation, graded"] == (100, 250)
    assert found["anaesthesia"] == (1200, 2400)
    assert all(band.source for band in ph.bands())


@pytest.mark.parametrize("name", ["fibromyalgia_s_ketamine", "crps_100_hours", "crps_titration"])
def test_the_drug_is_gone_within_a_week_so_it_cannot_carry_relief_over_weeks(name):
    regimen = ph.schedule(name)
    course = ph.time_course(regimen, every="1 h", until=f"{regimen.end_h + 168} h")
    assert float(course.plasma[-1]) < 1e-6 * float(course.cmax)
    assert float(course.effect_site[-1]) < 1e-6 * float(course.cmax)


def test_known_misses_stay_as_documented():
    assert float(give("0.5 mg/kg", "im").cmax) == pytest.approx(149, abs=1)
    assert float(give("0.5 mg/kg", "oral", preset="clements2").cmax) == pytest.approx(22.8, abs=0.1)
    for route in ("im", "oral"):
        assert "indicative" in give("0.5 mg/kg", route, preset="clements2").attrs["warnings"]


@pytest.mark.parametrize(("over", "ratio"), [("40 min", 1.6), ("20 min", 2.1)])
def test_the_arterial_model_peaks_about_twice_as_high_as_the_venous_one(over, ratio):
    venous, arterial = (
        float(give("35 mg", over=over, drug="s-ketamine", preset=name).cmax) for name in ("clements2", "leiden3")
    )
    assert arterial / venous == pytest.approx(ratio, abs=0.1)


def test_effect_site_approaches_plasma_with_its_half_life():
    regimen = ph.Regimen((ph.dose("100 mg", rate="0.001 mg/h", steady=0),))
    course = ph.time_course(regimen, [1000, 2000, 3000] * ph.every("1 h", "1 h")[1], preset="clements2")
    assert np.allclose(course.plasma, course.effect_site, rtol=1e-6)
    system = build(ph.preset("clements2"), typical())
    assert np.log(2) / -system.matrix[0, -1, -1] * 60 == pytest.approx(6.1)
    assert not system.matrix[0, :-1, -1].any()  # nothing flows back
