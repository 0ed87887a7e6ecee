"""Losses under free ketamine at full and at reduced strength of the C volley, over draws of the latencies."""

import numpy as np
import pytest
import xarray as xr

import nmdasim as nm

#: Free, µM; without drug first.
DOSES = [0, 0.12, 0.25, 0.37, 0.6, 1, 3]
DRAWS = 20
#: What was measured before, in per cent of the index, by model and strength.
KNOWN = {
    ("wdr", 1.0): (4, 7, 10, 17, 27, 63),
    ("wdr", 0.8): (5, 10, 14, 22, 31, 56),
    ("delrocq2023", 1.0): (1, -1, -5, -5, 5, 37),
    ("delrocq2023", 0.7): (5, 10, 16, 20, 25, 24),
}


@pytest.fixture(scope="module", params=["wdr", "delrocq2023"])
def losses(request):
    """Return the model and its losses of index and first response over strength, dose and draw."""
    cell = nm.neurons.CATALOGUE[request.param]()
    strengths = np.array([strength for name, strength in KNOWN if name == request.param])
    weights = {
        key: xr.DataArray(cell.parameters[key].number * strengths, dims="strength", attrs={"units": "uS"})
        for key in ("w_ampa_c", "w_nmda_c", "w_nk1", "w_gaba")
    }
    run = nm.simulate(
        cell,
        nm.WindUp(),
        parameters=weights,
        ketamine=DOSES * nm.uM,
        seed=range(DRAWS),
        block="equilibrated",
        dt="0.2 ms",
    )
    measured = nm.measures.windup(run)[["index", "input"]].transpose("strength", "ketamine", "seed")
    return request.param, (100 * (1 - measured / measured.isel(ketamine=0))).assign_coords(strength=strengths)


def test_known_losses_lie_within_their_draws(losses):
    name, loss = losses
    for strength in loss.strength.values:
        low, high = loss["index"].sel(strength=strength).isel(ketamine=slice(1, None)).quantile([0.025, 0.975], "seed")
        known = np.array(KNOWN[name, float(strength)])
        assert np.all((low <= known) & (known <= high)), (name, strength)


@pytest.mark.parametrize("losses", ["delrocq2023"], indirect=True)
def test_the_reference_neuron_loses_steadily_and_keeps_its_first_response_at_reduced_strength(losses):
    _, loss = losses
    reduced = loss.sel(strength=0.7).mean("seed")
    to_one = reduced.sel(ketamine=slice(0, 1))
    assert np.all(np.diff(to_one["index"]) > 0)
    assert float(to_one["index"][-1]) > 20
    assert np.all(np.abs(to_one["input"]) < 5)
    full = loss.sel(strength=1.0).mean("seed").sel(ketamine=slice(0, 1))
    assert np.any(np.diff(full["index"]) < 0)
    assert float(full["input"].max()) > 10
