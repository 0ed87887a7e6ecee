"""Sobol indices, interactions, their figures, and tables for other programs."""

import json

import netCDF4  # noqa: F401  (its extension is loaded before NumPy's warnings become errors)
import numpy as np
import pandas as pd
import pytest
import xarray as xr
from short import TRAIN

import nmdasim as nm
from nmdasim.errors import InputError
from nmdasim.sweep.samples import Samples


def ishigami(rows):
    return np.sin(rows[0]) + 7 * np.sin(rows[1]) ** 2 + 0.1 * rows[2] ** 4 * np.sin(rows[0])


def made_of(function, ranges, points=1024, seeds=None):
    drawn = nm.Samples(ranges, points, "sensitivity", seed=1)
    values = function([np.asarray(column) for column in drawn.columns().values()])
    design = dict(method="sensitivity", points=points, parameters=list(ranges))
    return xr.Dataset({"y": ("sample", values)}, attrs={"samples": json.dumps(design)})


def test_the_ishigami_function_has_its_known_indices():
    """Ishigami & Homma (1990), a = 7, b = 0.1: S = (0.3139, 0.4424, 0), S_T = (0.5576, 0.4424, 0.2437)."""
    data = made_of(ishigami, dict.fromkeys("abc", (-np.pi, np.pi)), 4096)
    found = nm.measures.sensitivity(data, "y", resamples=50)
    assert found["first"].values == pytest.approx([0.3139, 0.4424, 0], abs=0.02)
    assert found["total"].values == pytest.approx([0.5576, 0.4424, 0.2437], abs=0.02)
    assert np.all(found.total_low <= found.total)
    assert np.all(found.total <= found.total_high)


def test_salib_agrees_on_the_indices():
    from SALib.analyze import sobol  # noqa: PLC0415

    data = made_of(ishigami, dict.fromkeys("abc", (-np.pi, np.pi)))
    ours = nm.measures.sensitivity(data, "y")  # few resamples leave an interval undefined now and then
    n, y = 1024, data.y.values
    rows = np.concatenate([[y[k], *(y[(2 + j) * n + k] for j in range(3)), y[n + k]] for k in range(n)])
    problem = dict(num_vars=3, names=list("abc"), bounds=[[-np.pi, np.pi]] * 3)
    theirs = sobol.analyze(problem, rows, calc_second_order=False, num_resamples=10, seed=1)
    assert ours["first"].values == pytest.approx(theirs["S1"], abs=0.03)
    assert ours["total"].values == pytest.approx(theirs["ST"], abs=0.03)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda d: d.assign_attrs(samples=json.dumps({"method": "sobol"})), "method 'sensitivity'"),
        (lambda d: d.where(d.y != d.y[5]), "1 of 320 samples are missing or failed"),
        (lambda d: d.expand_dims(seed=2).where((d.sample != 5) | xr.DataArray([False, True], dims="seed")), "1 of 320"),
        (lambda d: d * 0 + 3, "is 3 in every sample"),
        (lambda d: d.expand_dims(frequency=2), "choose one value of each but sample"),
    ],
)
def test_indices_of_a_broken_design_are_refused(change, message):
    data = made_of(ishigami, dict.fromkeys("abc", (-np.pi, np.pi)), 64)
    with xr.set_options(keep_attrs=True), pytest.raises(ValueError, match=message):
        nm.measures.sensitivity(change(data), "y")


def test_a_store_of_the_design_gives_indices_and_a_figure(tmp_path):
    samples = nm.Samples(dict(gain_nmda=(0, 1.5), E_ampa=("-0.5 mV", "0.5 mV")), 64, "sensitivity")
    sweep = nm.Sweep(nm.neurons.wdr(), TRAIN, dict(seed=[0, 1]), samples, readouts=("ca_peak",))
    data = nm.sweep(sweep, tmp_path / "s.zarr")
    found = nm.measures.sensitivity(data.assign(last=data.ca_peak.isel(pulse=-1)), "last", resamples=20)
    assert found.parameter.values.tolist() == ["gain_nmda", "E_ampa"]
    assert float(found.total[0]) > 0.8
    assert float(found.total[1]) < 0.2
    ax = nm.plot.sensitivity(found)
    assert [text.get_text() for text in ax.get_yticklabels()] == ["gain_nmda", "E_ampa"]


def test_effects_that_add_up_have_no_interaction_and_others_have_theirs():
    x, y = xr.DataArray([0.0, 1, 4], dims="x"), xr.DataArray([0.0, 2], dims="y")
    assert np.abs(nm.measures.interaction(x + y, "x", "y").interaction).max() < 1e-12
    found = nm.measures.interaction((x * y).expand_dims(seed=3), "x", "y")
    expected = np.outer([0, 1, 4], [0, 2]) - np.add.outer([0, 1, 4], [0, 10 / 3]) + 5 / 3
    assert found.interaction.values == pytest.approx(expected)
    with pytest.raises(ValueError, match="no z"):
        nm.measures.interaction(x + y, "x", "z")


def test_a_map_shows_means_over_what_is_not_on_its_sides(small, tmp_path):
    data = nm.sweep(small(), tmp_path / "s.zarr")
    values = data.early.load()
    ax = nm.plot.heatmap(values, "ketamine", "pulse")
    drawn = ax.get_images()[0].get_array()
    assert drawn.shape == (2, 6)
    assert np.allclose(drawn, values.mean("seed").transpose("pulse", "ketamine"))


def test_tables_hold_every_lane_with_its_units(small, tmp_path):
    data = nm.sweep(small(), tmp_path / "s.zarr")
    nm.export(data, tmp_path / "t.csv")
    assert "µM\n" in (tmp_path / "t_pulse.csv").read_text()
    assert nm.DISCLAIMER in (tmp_path / "t_pulse.csv").read_text()
    assert len(pd.read_csv(tmp_path / "t.csv", comment="#")) == 6 * 4
    table = pd.read_csv(tmp_path / "t_pulse.csv", comment="#")
    assert len(table) == 6 * 4 * 2
    chosen = table[(table.ketamine_free_uM == float(data.ketamine[2])) & (table.seed == 3) & (table.pulse == 2)]
    assert chosen.early.item() == data.early.sel(seed=3, pulse=2).isel(ketamine=2)
    nm.export(data, tmp_path / "t.nc")
    assert xr.open_dataset(tmp_path / "t.nc").early.equals(data.early.compute())
    nm.export(data, tmp_path / "t.parquet")
    assert pd.read_parquet(tmp_path / "t_pulse.parquet").early.tolist() == table.early.tolist()
    with pytest.raises(ValueError, match=r"unknown ending '.xls'"):
        nm.export(data, tmp_path / "t.xls")


def test_a_design_is_refused_by_its_runs_before_any_is_drawn():
    told = r"8,388,608 points of a sensitivity design over 2 ranges are 33,554,432 runs; up to 10,000,000"
    with pytest.raises(InputError, match=told):
        Samples({"mg": ("1 mM", "2 mM"), "K_mg": ("1 mM", "4 mM")}, 2**23, "sensitivity")
