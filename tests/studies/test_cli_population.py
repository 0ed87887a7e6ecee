"""The command ``nmdasim population``, and the specifications of the study on the page about the pore block."""

import json
import tomllib
from functools import partial
from pathlib import Path

import pytest

import nmdasim as nm
from nmdasim.studies.populations import reading

STUDY = Path(__file__).parents[2] / "docs" / "pore_block"


@pytest.fixture
def command(command):
    return partial(command, "population")


def test_the_example_runs_answers_in_json_draws_and_resumes(command, tmp_path):
    status, example, _ = command("--example")
    assert status == 0
    spec, store = tmp_path / "models.toml", tmp_path / "store"
    spec.write_text(example.replace("draws = 2000", "draws = 40").replace("pulses = 15", "pulses = 6"))
    status, out, told = command(spec, "--out", store, "--json", "--figures")
    assert (status, "0-control:" in told, "doses:" in told) == (0, True, True)
    answer = json.loads(out)
    assert answer["disclaimer"] == nm.DISCLAIMER
    assert (answer["model"], answer["draws"], answer["doses"]) == ("wdr", 40, [0.1, 0.3, 1.0])
    assert [test["passed"] for test in answer["tests"]][-1] == answer["kept"] > 0
    assert [len(rows) for rows in answer["loss_percent"].values()] == [3, 3]
    assert {path.name for path in store.glob("*.png")} == {
        "accepted_ranges.png",
        "loss_index.png",
        "loss_input.png",
        "parallel.png",
    }
    status, again, _ = command(spec, "--out", store, "--resume", "--json")
    assert json.loads(again)["resumed"] == answer["lanes"]
    status, shown, _ = command(spec, "--out", store, "--resume")
    assert "of 40 draws meet the data" in shown
    assert "free ketamine at the receptor" in " ".join(shown.split())
    status, out, told = command(spec, "--out", store)
    assert (status, out) == (2, "")
    assert told.endswith("exists; --resume (resume=True) finishes it, or give a path that is free\n")


def test_bad_input_is_status_2_and_one_line(command, tmp_path):
    spec = tmp_path / "spec.toml"
    spec.write_text("[ranges]\nmg = ['1 ms', '2 ms']\n[accept]\nratio = [1, 3]\n")
    status, out, told = command(spec, "--out", tmp_path / "store")
    assert (status, out, told.count("\n")) == (2, "", 1)
    assert "range of mg = [1. 2.] ms has the wrong dimension; it is given in mM" in told or "wrong dimension" in told
    assert not (tmp_path / "store").exists()
    assert command(spec)[0] == 2


def test_both_models_of_the_study_are_asked_the_same(tmp_path):
    wdr, reference = (tomllib.loads((STUDY / f"{name}.toml").read_text("utf-8")) for name in ("wdr", "delrocq2023"))
    assert (wdr["draws"], reference["draws"]) == (100_000, 5_000)
    differing = {key for key in wdr if wdr[key] != reference[key]}
    assert differing == {"title", "draws", "seed", "model"}
    assert {**wdr["model"], "name": ""} == {**reference["model"], "name": ""}


def test_the_study_draws_all_that_the_page_names():
    what = reading.read(STUDY / "wdr.toml")
    assert len(what.samples.ranges) == 21
    assert {"share_2C", "allosteric_max", "strength", "mg", "affinity"} <= set(what.samples.ranges)
    scaled = what.factors.scales["affinity"]
    assert {key for key in what.model.parameters if key.startswith("K_ketamine")} == set(scaled)
