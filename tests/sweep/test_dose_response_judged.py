"""Noise is rarely called sigmoid, a true curve is at any scale, and a missing value takes nothing else with it."""

import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim.readout import intervals
from nmdasim.receptors.hill import hill

DOSES = np.array([0, 0.1, 0.3, 1, 3, 10, 30])


def judged(values, dims=("ketamine",), doses=DOSES, **options):
    return nm.measures.dose_response(xr.DataArray(values, dims=dims, coords=dict(ketamine=doses)), **options)


@pytest.fixture
def _judged_alone(monkeypatch):
    """Leave out the intervals of a thousand curves, which are found once it is known which of them are sigmoid."""
    monkeypatch.setattr(intervals, "profile", lambda doses, y, best: np.full((*best.shape, 2), np.nan))


@pytest.mark.usefixtures("_judged_alone")
@pytest.mark.parametrize("doses", [DOSES, DOSES[[0, 2, 3, 4, 5]]])
def test_of_1000_curves_of_noise_at_most_5_percent_are_called_sigmoid(doses):
    noise = np.random.default_rng(11).normal(40, 10, (1000, len(doses)))
    found = judged(noise, ("curve", "ketamine"), doses)
    assert float(found.sigmoid.mean()) <= 0.05
    assert float((found.model == "flat").mean()) > 0.85
    assert np.isnan(found.ic50.values[~found.sigmoid.values]).all()


@pytest.mark.usefixtures("_judged_alone")
@pytest.mark.parametrize("doses", [DOSES[[0, 2, 3, 4, 5]], np.geomspace(0.1, 30, 6)])
@pytest.mark.parametrize("mean", [0.2, 0.3, 0.5])
def test_nor_of_1000_curves_of_counts_that_are_few(mean, doses):
    """A spike or two at one end are a sigmoid curve by chance more often than normal noise says."""
    counts = np.random.default_rng(11).poisson(mean, (1000, len(doses)))
    found = judged(counts, ("curve", "ketamine"), doses)
    assert float(found.sigmoid.mean()) <= 0.05
    assert np.isnan(found.ic50.values[~found.sigmoid.values]).all()


def test_nor_where_values_are_missing():
    counts = np.array([[3, 2, 0, 0, 0, 0], [np.nan] * 6])  # 2 of 30 orders are as good
    found = judged(counts, ("seed", "ketamine"), np.geomspace(0.1, 30, 6))
    assert (str(found.model.values), 0.05 < float(found.p_flat) < 1) == ("flat", True)


def test_a_noisy_hill_curve_is_still_found():
    rng = np.random.default_rng(3)
    found = judged(hill(DOSES, 100, 10, 1.5, 1.3) + rng.normal(0, 4, (40, 7)), ("curve", "ketamine"))
    assert float(found.sigmoid.mean()) > 0.95


@pytest.mark.parametrize("scale", [1e-300, 1e-12, 1e12, 1e300, -1e-12])
def test_the_scale_of_the_read_out_does_not_matter(scale):
    plain, scaled = (judged(hill(DOSES, 300, 20, 1.7, 1.4) * factor) for factor in (1.0, scale))
    assert bool(scaled.sigmoid)
    for name in ("ic50", "slope"):
        for end in ("", "_low", "_high"):
            assert float(scaled[name + end]) == pytest.approx(float(plain[name + end]), rel=1e-6)
    assert float(scaled.top) == pytest.approx(300 * scale, rel=1e-6)
    assert float(scaled.bottom) == pytest.approx(20 * scale, rel=1e-5)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.1 + 0.2, 1e-12])
def test_data_that_are_all_the_same_are_flat(value):
    found = judged(np.full((3, 7), value), ("seed", "ketamine"))
    assert (str(found.model.values), bool(found.sigmoid)) == ("flat", False)
    assert "does not depend on the dose" in str(found.reason.values)
    assert float(found.r_squared) == 0


@pytest.mark.parametrize("seeds", [1, 8])
def test_the_limit_of_the_slope_is_never_an_end_of_its_interval(seeds):
    """Between 0.3 and 3 lies one dose: how steep the fall is beyond some slope, no dose can say."""
    noise = np.random.default_rng(2).normal(0, 1, (seeds, 7))
    found = judged(hill(DOSES, 100, 0, 1.05, 9) + noise, ("seed", "ketamine"), resamples=100)
    assert not any(abs(float(found.slope_high) / limit - 1) < 0.02 for limit in (20, 100))


def test_a_steep_slope_is_found_where_the_doses_show_it():
    doses = np.geomspace(0.8, 1.25, 21)
    found = judged(hill(doses, 100, 0, 1.0, 40), doses=doses)
    assert float(found.slope) == pytest.approx(40, rel=1e-4)
    assert float(found.slope_low) < 40 < float(found.slope_high) < 41


def test_a_curve_that_turns_back_is_not_sigmoid():
    bell = 100 * np.exp(-0.5 * (np.log(np.maximum(DOSES, 0.03)) / 1.5) ** 2)
    found = judged(bell + np.array([1, -1, 2, -2, 1, 2, -1]))
    assert str(found.model.values) == "not monotone"
    assert "turns back" in str(found.reason.values)


def test_whether_it_ends_at_0_is_said():
    ends = [judged(hill(np.append(DOSES, 100), 100, bottom, 1, 1.5), doses=np.append(DOSES, 100)) for bottom in (0, 40)]
    assert [str(one.model.values) for one in ends] == ["hill", "hill, free bottom"]


def test_a_missing_value_drops_itself_and_not_its_seed():
    rng = np.random.default_rng(1)
    values = hill(DOSES, 100, 10, 1.5, 1.2) + rng.normal(0, 2, (6, 7))
    values[2, 6] = np.nan
    found = judged(values, ("seed", "ketamine"), resamples=20)
    mean = np.nanmean(values, axis=0)
    assert found.fitted.values + found.residual.values == pytest.approx(mean, rel=1e-9)
    assert float(found.ic50_low) < float(found.ic50) < float(found.ic50_high)


def test_a_dose_without_any_value_drops_out():
    values = hill(DOSES, 100, 10, 1.5, 1.2)
    values[3] = np.nan
    found = judged(values)
    assert float(found.ic50) == pytest.approx(1.5, rel=1e-4)
    assert np.isnan(found.residual.values).tolist() == np.isnan(values).tolist()
    values[4:] = np.nan
    assert str(judged(values).reason.values) == "too few finite values"
