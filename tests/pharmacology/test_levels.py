"""From plasma to free drug at the receptor."""

from __future__ import annotations

import numpy as np
import pytest

from nmdasim import pharmacology as ph

REGIMEN = ph.schedule("infusion_40_minutes")


def test_every_half_hour_for_six_hours_is_one_call():
    levels = ph.free_levels(REGIMEN, every="30 min", until="6 h")
    assert levels.time.values.tolist() == [k / 2 for k in range(13)]
    assert levels.attrs["units"] == "uM"


def test_free_drug_is_the_unbound_share_of_the_effect_site_in_micromolar():
    course = ph.time_course(REGIMEN, ph.every("30 min", "6 h"))
    for site in ("plasma", "effect_site"):
        levels = ph.free_levels(REGIMEN, ph.every("30 min", "6 h"), site=site)
        assert levels.values == pytest.approx(course[site].values / 237.73 * 0.55, rel=1e-12)


def test_s_ketamine_counts_by_its_affinity_where_asked():
    regimen = ph.Regimen((ph.dose("35 mg", over="40 min"),), "s-ketamine")
    own, equal = (ph.free_levels(regimen, every="1 h", until="3 h", racemate_equivalent=flag) for flag in (False, True))
    assert equal.values == pytest.approx(own.values * ph.potency("s-ketamine"), rel=1e-12)
    assert ph.potency("s-ketamine") == pytest.approx((1 / (0.5 / 0.3 + 0.5 / 1.4)) / 0.3)
    assert ph.potency("ketamine") == 1


def test_subjects_keep_their_own_drug():
    both = ph.Regimen.of(ph.dose("35 mg", id="A"), ph.dose("56 mg", "nasal", id="B"))
    levels = ph.free_levels(both, every="1 h", until="3 h", racemate_equivalent=True)
    course = ph.time_course(both, ph.every("1 h", "3 h")).effect_site / 237.73 * 0.55
    factors = np.array([1.0, ph.potency("s-ketamine")])
    assert levels.values == pytest.approx(course.values * factors[:, None], rel=1e-12)


def test_what_is_not_known_is_refused():
    with pytest.raises(ValueError, match="no unbound share"):
        ph.drug("memantine").free_micromolar(1.0)
    with pytest.raises(ValueError, match="no affinity"):
        ph.potency("memantine")
    with pytest.raises(ValueError, match="site = 'brain'"):
        ph.free_levels(REGIMEN, site="brain")
    with pytest.raises(ValueError, match="unknown drug"):
        ph.drug("aspirin")
    with pytest.raises(ValueError, match="summing to 1"):
        ph.competing_k_i({"s-ketamine": 0.3})


def test_names_of_the_field_are_understood():
    assert ph.drug("Esketamine") == ph.drug("s-ketamine")
    assert ph.drug("ketamine").grams_per_mole == pytest.approx(237.73)
    assert ph.drug("norketamine").grams_per_mole == pytest.approx(223.70)


def test_one_dose_is_a_regimen_of_itself():
    given = ph.dose("35 mg", over="40 min")
    one, same = (ph.free_levels(what, every="30 min", until="2 h") for what in (given, ph.Regimen([given])))
    assert np.array_equal(one, same)
    assert ph.Regimen(given) == ph.Regimen([given])
