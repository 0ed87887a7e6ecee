"""Parameters that made the data are found again."""

import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim.sweep.fit import _error

TRAIN = nm.WindUp(pulses=3, frequency=2 * nm.Hz, start=10 * nm.ms)


def counts(model, **options):
    result = nm.simulate(model, TRAIN, seed=range(4), **options)
    return nm.measures.windup(result).late.mean("seed")


@pytest.mark.parametrize("method", ["differential_evolution", "optuna"])
def test_the_nmda_gain_behind_spike_counts_is_found(method):
    data = counts(nm.neurons.wdr().replace(gain_nmda=0.63))
    found = nm.fit(
        nm.neurons.wdr(), TRAIN, data, dict(gain_nmda=(0.2, 1.5)), method=method, generations=8, population=16
    )
    assert float(found.parameters["gain_nmda"]) == pytest.approx(0.63, rel=0.03)
    assert found.loss < 0.2
    assert found.predicted.dims == ("pulse",)
    assert found.at_bounds == ()
    assert all(later <= earlier for earlier, later in zip(found.history, found.history[1:], strict=False))


def test_two_parameters_behind_a_dose_response_are_found():
    """The gain sets the response without drug, the affinity how far ketamine takes it down."""
    doses = [0, 1, 4] * nm.uM
    true = nm.neurons.wdr().replace(gain_nmda=0.8, K_ketamine="1.3 uM")
    truth = counts(true, ketamine=doses)
    found = nm.fit(
        nm.neurons.wdr(),
        TRAIN,
        truth,
        dict(gain_nmda=(0.4, 1.2), K_ketamine=("0.3 uM", "6 uM")),
        log=["K_ketamine"],
        generations=14,
        population=24,
    )
    assert float(found.parameters["gain_nmda"]) == pytest.approx(0.8, rel=0.05)
    assert float(found.parameters["K_ketamine"] / nm.uM) == pytest.approx(1.3, rel=0.25)
    assert found.predicted.dims == truth.dims


def test_a_candidate_without_a_read_out_does_not_win():
    """A point that the data lack does not count; one that only the prediction lacks does."""
    data = xr.DataArray([1.0, 2.0, np.nan], dims="pulse")
    silent = xr.DataArray([[np.nan, 2.0, 2.0], [1.5, 2.5, np.nan]], dims=("candidate", "pulse"))
    found = _error(silent, data).values
    assert np.isnan(found[0])
    assert found[1] == pytest.approx(0.25)


def test_a_range_that_decides_is_named():
    data = counts(nm.neurons.wdr().replace(gain_nmda=1.2))
    found = nm.fit(nm.neurons.wdr(), TRAIN, data, dict(gain_nmda=(0.2, 0.5)), generations=5, population=12)
    assert found.at_bounds == ("gain_nmda",)


@pytest.mark.parametrize(
    ("changed", "message"),
    [
        (dict(method="optna"), "did you mean 'optuna'"),
        (dict(parameters=dict(gain_nmda=(2, 1))), "a range is"),
        (dict(parameters=dict(gain_nmd=(1, 2))), "did you mean 'gain_nmda'"),
        (dict(parameters={}), "no parameters to fit"),
        (dict(readout="lates"), "did you mean 'late'"),
        (dict(log=["K_mg"]), "log of K_mg, which is not fitted"),
        (dict(generations=0), "generations = 0"),
        (dict(pulses=2), r"the data have the dimensions {'pulse': 2}, the read-out has {'pulse': 3}"),
    ],
)
def test_what_cannot_be_fitted_is_refused(changed, message):
    data = xr.DataArray(np.zeros(changed.pop("pulses", 3)), dims="pulse")
    given = dict(parameters=dict(gain_nmda=(0.2, 1.5)), generations=2, population=5) | changed
    with pytest.raises(ValueError, match=message):
        nm.fit(nm.neurons.wdr(), TRAIN, data, **given)
