"""Hill fits recover what they were made from, give intervals that hold it, and own up where there is no curve."""

import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim.receptors.hill import hill

DOSES = np.array([0, 0.1, 0.3, 1, 3, 10, 30])


def curve(values, dims=("ketamine",), **coords):
    found = xr.DataArray(values, dims=dims, coords=dict(ketamine=DOSES) | coords, name="index")
    found.ketamine.attrs["units"] = "µM"
    return found


def test_a_hill_curve_is_recovered_to_the_digit():
    found = nm.measures.dose_response(curve(hill(DOSES, 300, 20, 1.7, 1.4)))
    assert bool(found.sigmoid)
    for name, value in dict(top=300, bottom=20, ic50=1.7, slope=1.4).items():
        assert float(found[name]) == pytest.approx(value, rel=1e-5)
        assert float(found[f"{name}_low"]) < value < float(found[f"{name}_high"])
        assert float(found[f"{name}_high"]) - float(found[f"{name}_low"]) < 1e-3 * value
    assert float(found.r_squared) == pytest.approx(1)
    assert np.abs(found.residual).max() < 1e-4
    assert found.ic50.units == "µM"


def test_a_fall_at_a_known_place_has_its_ic50_there_for_every_condition():
    tops = [100, 250]
    values = [hill(DOSES, top, 0, ic50, 1) for top, ic50 in zip(tops, [0.5, 5], strict=True)]
    found = nm.measures.dose_response(curve(values, ("frequency", "ketamine"), frequency=[0.3, 1]))
    assert found.ic50.dims == ("frequency",)
    assert found.ic50.values == pytest.approx([0.5, 5], rel=1e-4)


@pytest.mark.parametrize("seeds", [1, 12])
def test_intervals_hold_the_truth_about_as_often_as_they_say(seeds):
    """95 % intervals (profile for one curve, bootstrap for several) of 25 noisy curves; 20 is 3 sd below 23.75."""
    rng = np.random.default_rng(5)
    doses = np.concatenate([[0], np.geomspace(0.03, 30, 13)])
    noisy = hill(doses, 100, 10, 1, 1.5) + rng.normal(0, 4 * seeds**0.5, (25, seeds, len(doses)))
    values = xr.DataArray(noisy, dims=("curve", "seed", "ketamine"), coords=dict(ketamine=doses))
    found = nm.measures.dose_response(values if seeds > 1 else values[:, 0], resamples=100)
    hits = int(((found.ic50_low <= 1) & (found.ic50_high >= 1)).sum())
    assert hits >= 20


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (np.full(7, 42.0), "flat"),
        (np.array([10, 60, 20, 70, 10, 65, 15.0]), "not sigmoid"),
        (hill(DOSES, 100, 0, 500, 1), "outside of the doses"),
        (np.array([100, 100, 100, 100, 0, 0, 0.0]), "a step"),
        (np.full(7, np.nan), "no finite curve"),
    ],
)
def test_what_is_no_sigmoid_has_no_ic50_and_says_why(values, reason):
    found = nm.measures.dose_response(curve(values))
    assert not bool(found.sigmoid)
    assert reason in str(found.reason.values)
    assert np.isnan(found.ic50)
    assert np.isnan(found.ic50_low)


def test_too_few_doses_and_a_missing_dimension_are_refused():
    with pytest.raises(ValueError, match="4 doses"):
        nm.measures.dose_response(curve(np.ones(7)).isel(ketamine=slice(4)))
    with pytest.raises(ValueError, match="no 'mg'"):
        nm.measures.dose_response(curve(np.ones(7)), "mg")


@pytest.mark.parametrize("doses", [np.zeros(7), np.arange(-1, 6), [0, 1, 2, np.nan, 3, 10, 30], [0, 1, 1, 1, 2, 2, 3]])
def test_doses_that_no_curve_has_are_refused(doses):
    with pytest.raises(ValueError, match="finite doses from 0 up, 4 or more"):
        nm.measures.dose_response(curve(np.arange(7)).assign_coords(ketamine=doses))


def test_a_slope_that_the_doses_do_not_bound_ends_at_0_and_a_rising_curve_has_its_plateaus_in_place():
    few = curve(hill(DOSES, 0, 100, 1, 1.3) + np.array([3, -4, 4, -2, 5, -3, 4])).isel(ketamine=[0, 2, 3, 4, 5])
    found = nm.measures.dose_response(few)
    assert bool(found.sigmoid)
    assert float(found.slope_low) == 0
    assert float(found.top) == pytest.approx(0, abs=20)
    assert float(found.bottom) == pytest.approx(100, abs=20)


def test_ketamine_takes_wind_up_in_a_sigmoid_way_and_the_figure_says_where():
    doses = np.concatenate([[0], np.geomspace(0.1, 30, 9)]) * nm.uM
    result = nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=8), ketamine=doses, seed=range(6))
    index = nm.measures.windup(result)["index"]
    found = nm.measures.dose_response(index, resamples=50)
    assert bool(found.sigmoid)
    assert 0.3 < float(found.ic50) < 10
    assert float(found.ic50_low) < float(found.ic50) < float(found.ic50_high)
    ax = nm.plot.dose_response(index, found)
    assert f"IC50 {float(found.ic50):.3g}" in ax.figure.legends[0].get_texts()[0].get_text()
    assert ax.get_xlabel() == "free ketamine, µM"
    assert nm.DISCLAIMER in ax.figure.get_supxlabel()


def test_a_sweep_does_not_warn_of_the_windows_of_its_pilot(tmp_path):
    whole = nm.Sweep(
        nm.neurons.wdr(),
        nm.WindUp(pulses=4),
        axes={"frequency": [1, 2] * nm.Hz, "ketamine": [0, 1] * nm.uM},
        readouts=("index", "index_rate"),
    )
    data = nm.sweep(whole, tmp_path / "whole.zarr")
    assert not data["index"].isnull().any()
    assert "windows" not in data.attrs.get("warnings", "")
    assert "windows" not in nm.plot.heatmap(data["index_rate"], "ketamine", "frequency").figure.get_supxlabel()
