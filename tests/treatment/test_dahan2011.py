"""The empirical slow model on the 100-hour course: what it says, and what must not change what it says."""

import dataclasses

import numpy as np
import pytest

import nmdasim as nm
from nmdasim import pharmacology as ph
from nmdasim import treatment
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.treatment import patients
from nmdasim.treatment.slow import spread_of

DAYS = [7, 14, 21, 28, 42, 56, 77, 84]
#: A model that is the same as dahan2011 but for the name of its parameter: a user's own.
OWN = nm.Model(
    "mine",
    "dx/dt = (C - x)/tau : kilogram/meter**3\nrelief = x/(x + half) : 1",
    parameters={"C": nm.Parameter("0 ng/ml"), "tau": "22.642 hour", "half": nm.Parameter("10.5 ng/ml")},
)


@pytest.fixture(scope="module")
def course():
    return treatment.simulate(until="12 weeks", every="1 day", patients=20)


def test_relief_after_the_100_hour_course_is_that_of_the_published_model(course):
    expected = [0.785, 0.700, 0.600, 0.490, 0.283, 0.139, 0.041, 0.027]
    assert course.slow_relief.sel(time_d=DAYS).values == pytest.approx(expected, abs=0.001)
    assert float(course.plasma.max()) < 255
    peak = treatment.simulate(until="100 h", every="1 h", patients=1)
    at_end = float(peak.slow_relief[-1])
    assert 10.5 * at_end / (1 - at_end) == pytest.approx(45, abs=0.5)  # ng/ml in the slow compartment at 100 h


def test_the_output_grid_does_not_matter(course):
    finer = treatment.simulate(until="12 weeks", every="2.4 h", patients=20)
    for name in ("slow_relief", "acute_relief", "pain", "patient_pain"):
        assert finer[name].isel(time_d=slice(None, None, 10)).values == pytest.approx(course[name].values, abs=1e-9)


def test_stopping_and_going_on_equals_one_run(course):
    first = treatment.simulate(until="50 h", every="1 h", patients=20)  # within the fourth step of the infusion
    rest = treatment.simulate(until="12 weeks", every="1 day", patients=20, start=first)
    assert float(rest.time_d[0]) == pytest.approx(50 / 24)
    for name in ("plasma", "slow_relief", "acute_relief", "pain", "patient_pain"):
        whole = course[name].isel(time_d=slice(3, None))
        assert rest[name].isel(time_d=slice(1, None)).values == pytest.approx(whole.values, rel=1e-9, abs=1e-12)


def test_going_on_with_other_patients_is_refused():
    first = treatment.simulate(until="50 h", patients=2)
    with pytest.raises(nm.NmdasimError, match="seed is 0, and here 1"):
        treatment.simulate(patients=2, seed=1, start=first)


def test_a_course_without_drug_changes_nothing():
    nothing = treatment.simulate(regimen=ph.schedule("crps_100_hours").scaled(0), patients=3, every="1 day")
    assert not nothing.slow_relief.any()
    assert not nothing.acute_relief.any()
    assert np.ptp(nothing.patient_pain.values) == 0


def test_the_slow_concentration_of_two_courses_is_the_sum_of_each():
    def concentration(regimen):
        relief = treatment.simulate(regimen=regimen, patients=1, every="1 day").slow_relief
        return 10.5 * relief / (1 - relief)

    one = ph.schedule("crps_100_hours")
    two = ph.schedule("fibromyalgia_s_ketamine").shifted("14 days")
    assert concentration(one + two).values == pytest.approx((concentration(one) + concentration(two)).values, rel=1e-9)


def test_a_single_infusion_relieves_for_tens_of_minutes_and_not_for_days():
    given = treatment.simulate("crps", "fibromyalgia_s_ketamine", until="2 days", every="1 min", patients=1)
    minutes = given.time_d.values * 1440
    acute = given.acute_relief.values
    above_half = minutes[acute > acute.max() / 2]
    assert 30 + 10 < above_half[-1] < 30 + 120
    assert acute[minutes > 1440].max() < 0.02 * acute.max()


def test_a_model_of_your_own_is_written_like_any_other():
    mine = treatment.simulate(model=OWN, until="12 weeks", every="1 week", patients=1)
    assert (mine.attrs["model"], float(mine.slow_relief[0])) == ("mine", 0)
    wrong = dataclasses.replace(OWN, equations="dx/dt = (C - x)/tau : kilogram/meter**3")
    with pytest.raises(nm.ModelError, match="says no relief"):
        treatment.simulate(model=wrong)


def test_what_is_integrated_equals_what_is_solved_exactly(course):
    beside = dataclasses.replace(
        treatment.slow_model("dahan2011"),
        equations=treatment.slow_model("dahan2011").equations + "dy/dt = -y*y/half_life : 1\n",
    )
    integrated = treatment.simulate(model=beside, until="12 weeks", every="1 week", patients=20)
    weekly = {"time_d": slice(None, None, 7)}
    for name in ("slow_relief", "patient_slow_relief"):
        assert integrated[name].values == pytest.approx(course[name].isel(weekly).values, abs=1e-8)
    first = treatment.simulate(model=beside, until="50 h", patients=20)
    rest = treatment.simulate(model=beside, until="12 weeks", every="1 week", patients=20, start=first)
    assert rest.slow_relief[1:].values == pytest.approx(integrated.slow_relief[1:].values, abs=1e-8)


def test_patients_differ_as_published_and_respond_as_published():
    model = treatment.slow_model("dahan2011")
    people = patients.draw(model, spread_of(model), 20_000, seed=1)
    half = people.parameters["C50"][1:] * 1e6
    assert np.median(half) == pytest.approx(10.5, rel=0.03)
    width = np.log(np.quantile(half, 0.975) / np.quantile(half, 0.025))
    assert width == pytest.approx(np.log(21.2 / 4.4), rel=0.03)
    either = people.responds | people.responds_to_placebo
    assert either[1:].mean() == pytest.approx(0.67, abs=0.015)
    assert people.responds_to_placebo[1:].mean() == pytest.approx(0.23, abs=0.015)
    fewer = patients.draw(model, spread_of(model), 10, seed=1)
    assert np.array_equal(fewer.parameters["half_life"], people.parameters["half_life"][:11])


def test_placebo_is_apart_from_the_drug(course):
    trial = treatment.simulate(until="1 week", every="1 day", patients=20, placebo=True)
    assert trial.slow_relief.values == pytest.approx(course.slow_relief.values[:8])
    without = ~trial.responds_to_placebo
    assert (trial.patient_pain < course.patient_pain[:, :8])[~without].all()
    assert (trial.patient_pain == course.patient_pain[:, :8])[without].all()


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"state": "crsp"}, "unknown state 'crsp'; did you mean 'crps'"),
        ({"model": "dahan"}, "unknown slow model 'dahan'; did you mean 'dahan2011'"),
        ({"regimen": "crps_100_hour"}, "no file and no schedule; did you mean 'crps_100_hours'"),
        ({"regimen": ph.Regimen((ph.Event(evid=0),))}, "no dose"),
        ({"regimen": ph.Regimen((ph.dose("1 mg"), ph.reset("1 h")))}, "row 2: a reset"),
        ({"until": "1 year", "every": "1 s"}, "take a longer step"),
        ({"until": "3 years"}, "two years"),
        ({"spread": -1}, "spread = -1; it is a factor"),
        ({"patients": 0}, "patients = 0"),
        ({"until": "2 years", "every": "1 h", "patients": 2000}, "more than 20000000 values"),
    ],
)
def test_bad_input_is_refused_in_one_line(given, said):
    with pytest.raises(nm.NmdasimError, match=said) as refused:
        treatment.simulate(**given)
    assert "\n" not in str(refused.value)


def test_every_result_says_what_it_stands_on(course):
    assert course.attrs["disclaimer"] == DISCLAIMER
    assert "dahan2011" in course.attrs["references"].split()
    assert (course.attrs["site"], course.attrs["preset"]) == ("arterial", "leiden3")
    assert "read-out" in course.pain.long_name
