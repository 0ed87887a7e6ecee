"""Studies, the bench and commands keep the unit in which a concentration was given, in results, tables and names."""

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

import nmdasim as nm
from nmdasim.command.app import app
from nmdasim.receptors import bench, inhibition, scheme
from nmdasim.studies import reflex

NANOMOLAR = ["0 nM", "300 nM"]


def test_a_study_of_the_reflex_keeps_it():
    found = reflex.threshold(nm.neurons.wdr(), ketamine=NANOMOLAR, seeds=[0])
    same = reflex.threshold(nm.neurons.wdr(), ketamine=[0, 0.3] * nm.uM, seeds=[0])
    for one, values, unit in ((found, [0, 300], "nM"), (same, [0, 0.3], "µM")):
        assert (one.ketamine.values.tolist(), one.ketamine.units) == (values, unit)
        assert "free" in one.ketamine.long_name
    assert np.array_equal(found.threshold, same.threshold)
    summed = reflex.temporal_summation(nm.neurons.wdr(), ketamine=NANOMOLAR[::-1], seeds=[0])
    assert (summed.ketamine.values.tolist(), summed.ketamine.units) == ([300, 0], "nM")
    assert summed.threshold.sel(ketamine=300).item() == found.threshold.sel(ketamine=300).item()


def test_the_bench_keeps_it():
    curve = bench.iv_curve(scheme("clements1992"), ["-0.04 V"], ["100 uM", "1 mM"])
    assert (curve.mg.values.tolist(), curve.mg.units) == ([100, 1000], "µM")
    assert (curve.v.values.tolist(), curve.v.units) == ([-0.04], "V")
    plain = bench.iv_curve(scheme("clements1992"), [-40] * nm.mV, [0.1, 1] * nm.mM)
    assert (plain.mg.values.tolist(), plain.mg.units, plain.v.values.tolist()) == ([0.1, 1], "mM", [-40])
    assert curve.current.values == pytest.approx(plain.current.values)
    labels = [text.get_text() for text in nm.plot.receptor.iv(curve).get_legend().get_texts()]
    assert labels == ["100 µM Mg", "1000 µM Mg"]
    pairs = bench.paired_pulses(scheme("clements1992"), ["0.2 second"], mg="0 mM")
    assert (pairs.interval.values.tolist(), pairs.interval.units) == ([0.2], "second")


def test_an_inhibition_curve_keeps_it_and_is_drawn_beside_another():
    doses = [30, 100, 300, 1000, 3000]
    one, other = (
        inhibition.curve("ketamine", concentrations=[f"{dose / size:g} {unit}" for dose in doses])
        for unit, size in (("nM", 1), ("uM", 1000))
    )
    assert (one.concentration.values.tolist(), one.concentration.units, one.ic50.units) == (doses, "nM", "nM")
    assert one.ic50.item() == pytest.approx(1000 * other.ic50.item())
    ax = nm.plot.receptor.inhibition([one, other])
    (label,) = [text.get_text() for text in ax.figure.legends[0].get_texts()]
    assert (label.count("0.33"), label[-2:], ax.get_xlabel()) == (2, "µM", "free ketamine, µM")


def _saved(folder, *words):
    done = CliRunner().invoke(app, [*words, "--ketamine", "300 nM", "--repeats", "1", "--json", "--out", str(folder)])
    assert done.exit_code == 0, done.output
    return json.loads(done.stdout), pd.read_csv(folder / f"{words[0]}.csv", comment="#")


@pytest.mark.parametrize("command", ["compare", "sensory"])
def test_cases_side_by_side_are_all_in_it(tmp_path, command):
    answer, table = _saved(tmp_path, command, "--state", "naive")
    doses = [name for name in table if name.startswith("ketamine")]
    assert doses == ["ketamine_free_nM"]
    assert set(table.ketamine_free_nM) == {0, 300}
    assert table.ketamine_free_nM.notna().all()
    with xr.open_dataset(tmp_path / f"{command}.nc") as result:
        assert result.ketamine.units == "nM"
        assert np.max(result.ketamine) == 300
        assert (result.spikes.units, "free" in result.ketamine.long_name) == ("1", True)
        assert "not medical advice" in result.disclaimer.lower()
        if command == "compare":
            assert result.ketamine.values.tolist() == [0, 300]
            assert [case["case"] for case in answer["cases"]] == ["naive", "naive, 300 nM free ketamine"]
            assert answer["ketamine_um"] == pytest.approx(0.3)


def test_the_table_of_windup_says_what_the_screen_says(tmp_path):
    answer, table = _saved(tmp_path, "windup", "--pulses", "1", "--drug", "memantine=0.002 mM")
    assert set(table.ketamine_free_nM) == {300}
    assert set(table.memantine_free_mM) == {0.002}
    (run,) = answer["runs"]
    assert (run["ketamine_um"], run["drugs_um"]["memantine"]) == (pytest.approx(0.3), pytest.approx(2))
    assert "# ketamine_free_nM is free ketamine" in (tmp_path / "windup.csv").read_text()


def test_the_threshold_is_told_in_it_and_json_in_micromolar():
    words = ["threshold", "--ketamine", "300 nM", "--repeats", "1"]
    assert "300 nM" in CliRunner().invoke(app, words).stdout
    (run,) = json.loads(CliRunner().invoke(app, [*words, "--json"]).stdout)["runs"]
    assert run["ketamine_um"] == pytest.approx(0.3)
