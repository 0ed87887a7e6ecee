from __future__ import annotations

import json

import numpy as np
import pandas as pd
import pytest
import xarray as xr

from nmdasim.command import app as cli
from nmdasim.disclaimer import DISCLAIMER


def run(capsys, monkeypatch, *words):
    monkeypatch.setattr("sys.argv", ["nmdasim", "receptor", *words])
    status = 0
    try:
        cli.main()
    except SystemExit as stop:
        status = stop.code
    return status, *capsys.readouterr()


def test_pulse_answers_with_the_keys_of_the_contract(capsys, monkeypatch):
    _, out, err = run(capsys, monkeypatch, "pulse", "--scheme", "clements1992", "--json")
    answer = json.loads(out)
    assert list(answer) == ["scheme", "peak_open", "time_to_peak_ms", "decay_1e_ms"]
    assert answer["peak_open"] == pytest.approx(0.1831, rel=1e-3)
    assert err == ""


def test_steady_gives_the_magnesium_block(capsys, monkeypatch):
    _, out, _ = run(capsys, monkeypatch, "steady", "--scheme", "clements1992", "--voltage", "-40mV", "--json")
    answer = json.loads(out)
    assert list(answer) == ["open", "open_without_mg", "ratio"]
    assert answer["ratio"] == pytest.approx(0.23016, rel=1e-4)


@pytest.mark.parametrize("read_out", ["pulse", "steady"])
def test_a_scheme_need_not_be_named(capsys, monkeypatch, read_out):
    named = run(capsys, monkeypatch, read_out, "--scheme", "clements1992", "--json")
    assert named[0] == 0
    assert run(capsys, monkeypatch, read_out, "--json") == named


def test_a_drug_brings_the_disclaimer_to_standard_error_where_json_has_no_key_for_it(capsys, monkeypatch):
    _, out, err = run(capsys, monkeypatch, "inhibition", "--drug", "ketamine", "--json")
    assert list(json.loads(out)) == ["ic50_um"]
    assert err.strip() == DISCLAIMER


def test_inhibition_gives_the_ic50(capsys, monkeypatch):
    words = ("inhibition", "--drug", "ketamine", "--mg", "1mM", "--voltage", "-40 mV", "--json")
    assert json.loads(run(capsys, monkeypatch, *words)[1]) == {"ic50_um": pytest.approx(3.231, rel=1e-3)}


def test_without_json_unverified_parameters_and_the_disclaimer_are_printed(capsys, monkeypatch):
    _, out, _ = run(capsys, monkeypatch, "inhibition", "--drug", "memantine")
    assert "Unverified or assumed parameters:" in out
    assert "Not medical advice" in out


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (("pulse", "--scheme", "nobody2000"), "unknown scheme 'nobody2000'"),
        (("pulse", "--scheme", "clements1992", "--duration", "0 ms"), "duration = 0 ms"),
        (("pulse", "--scheme", "clements1992", "--duration", "1e9 ms"), "make it shorter"),
        (("pulse", "--scheme", "clements1992", "--glutamate", "-1 mM"), "glutamate = -1 mM"),
        (("pulse", "--scheme", "clements1992", "--mg", "nan mM"), "cannot read 'nan mM'"),
        (("steady", "--scheme", "kampa2004", "--mg", "-1 mM"), "mg = -1 mM; a concentration is not negative"),
        (("inhibition", "--drug", "aspirin"), "unknown drug 'aspirin'"),
        (("inhibition", "--drug", "ketamine", "--subtype", "2E"), "unknown subtype '2E'"),
        (("inhibition", "--drug", "ketamine", "--mg", "-1 mM"), "mg = -1 mM; a concentration is not negative"),
        (("inhibition", "--drug", "ketamine", "--voltage", "5 uM"), "--voltage = 5 uM has the wrong dimension"),
        (("steady", "--voltage", "-900 mV"), "--voltage = -900 mV; a membrane is held between"),
        (("pulse", "--voltage", "fast"), "--voltage: cannot read 'fast'"),
    ],
)
def test_bad_input_is_one_line_that_names_it_and_status_2(capsys, monkeypatch, words, message):
    status, out, err = run(capsys, monkeypatch, *words)
    assert message in err
    assert status == 2
    assert out == ""
    assert err.count("\n") == 1


def test_out_writes_figure_table_and_result(capsys, monkeypatch, tmp_path):
    run(capsys, monkeypatch, "pulse", "--scheme", "destexhe1994", "--out", str(tmp_path))
    run(capsys, monkeypatch, "steady", "--voltage", "-41.3 mV", "--out", str(tmp_path))
    run(capsys, monkeypatch, "inhibition", "--drug", "ketamine", "--out", str(tmp_path))
    for name in ("pulse", "steady", "inhibition"):
        for ending in ("png", "svg", "csv", "nc"):
            assert (tmp_path / f"{name}.{ending}").stat().st_size > 500
    assert (tmp_path / "inhibition.csv").read_text("utf-8").startswith("# Educational")
    table = pd.read_csv(tmp_path / "steady.csv", comment="#")
    assert list(table) == ["mg_mM", "v_mV", "open", "current_pA"]
    answer = json.loads(run(capsys, monkeypatch, "steady", "--voltage", "-41.3 mV", "--json")[1])
    asked = table[np.isclose(table.v_mV, -41.3)].set_index("mg_mM").open
    assert asked.to_dict() == {0: pytest.approx(answer["open_without_mg"]), 1: pytest.approx(answer["open"])}
    with xr.open_dataset(tmp_path / "steady.nc") as kept:
        assert float(kept.ratio) == pytest.approx(answer["ratio"])
