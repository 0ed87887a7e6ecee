"""``nmdasim windup --drug``: any blocker of the table, several at once, beside ketamine."""

import json

import pytest

from nmdasim.command.printing import windup as printing


def test_several_drugs_have_a_run_for_each_combination_and_json_keeps_its_keys(command, monkeypatch):
    words = ("windup", "--pulses", 1, "--drug", "memantine=0 uM,3 uM", "--drug", "MK-801=1000 nM")
    told = []
    monkeypatch.setattr(printing, "show", lambda result, out: told.append(printing.table(result)))
    command(*words)
    status, out, _ = command(*words, "--json")
    assert status == 0
    found = json.loads(out)["runs"]
    assert [run["drugs_um"] for run in found] == [{"memantine": 0, "mk801": 1}, {"memantine": 3, "mk801": 1}]
    assert {run["ketamine_um"] for run in found} == {0}
    assert list(found[0]) == [
        *("model", "engine", "dt_ms", "frequency_hz", "ketamine_um", "block", "seed", "early", "late", "input"),
        *("index", "ratio", "ca_peak_um", "blocked", "drugs_um"),
    ]
    assert found[0]["blocked"][0] < found[1]["blocked"][0]
    assert told[0].memantine_free_uM.tolist() == [0, 3]


def test_the_table_has_a_column_for_each_drug(command):
    status, out, _ = command("windup", "--pulses", 1, "--drug", "memantine=0 uM,3 uM", "--drug", "MK-801=1000 nM")
    assert status == 0
    assert "free memantine free MK-801" in out
    assert "3 µM" in out
    assert "1000 nM" in out
    assert "Memantine, MK-801 block at the start: equilibrated." in out


def test_of_a_run_without_drug_no_block_is_told(command):
    status, out, _ = command("windup", "--pulses", 1)
    assert status == 0
    assert "block at the start" not in out


def test_ketamine_in_another_unit_is_told_in_micromolar(command):
    status, out, _ = command("windup", "--pulses", 1, "--ketamine", "0 nM,1000 nM", "--json")
    assert status == 0
    assert [run["ketamine_um"] for run in json.loads(out)["runs"]] == [0, 1]


@pytest.mark.parametrize(
    ("given", "told"),
    [
        (["--drug", "memantine"], "write NAME=CONCENTRATION, as in memantine=3uM"),
        (["--drug", "memantin=1 uM"], "did you mean 'memantine'"),
        (["--drug", "memantine=1"], "did you mean '1 uM'"),
        (["--drug", "memantine=1 uM", "--drug", "memantine=2 uM"], "memantine is given twice"),
        (["--drug", "ketamine=1 uM", "--ketamine", "1 uM"], "given twice"),
        (
            ["--ketamine", "0,1,10"],
            "ketamine = 0,1,10 has the wrong dimension; … each with its unit; did you mean '0 uM,1 uM,10 uM'?",
        ),
        (["--ketamine", "0,1,10 nM"], "did you mean '0 nM,1 nM,10 nM'?"),
        (["--ketamine", "0,5 uM"], "is one number with a comma, or two; did you mean '0.5 uM' or '0 uM,5 uM'?"),
        (["--drug", "memantine=1, 5 uM"], "did you mean '1.5 uM' or '1 uM,5 uM'?"),
        (["--frequency", "0,5 Hz"], "did you mean '0.5 Hz'?"),
        (["--drug", "memantine=1 nM,1 uM,3"], "in uM, each with its unit, as in '0 uM,1 uM'"),
    ],
)
def test_a_drug_that_cannot_be_read_is_one_line(command, given, told):
    status, out, error = command("windup", "--pulses", 1, *given)
    assert status == 2
    assert out == ""
    assert len(error.splitlines()) == 1
    assert all(part in error for part in told.split(" … "))
