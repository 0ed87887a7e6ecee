"""``nmdasim treatment``: what it answers, what it leaves, and what it refuses in one line."""

import json
from itertools import pairwise

import matplotlib.pyplot as plt
import numpy as np
import pytest

import nmdasim as nm
from nmdasim import pharmacology as ph
from nmdasim import treatment
from nmdasim.command.app import main
from nmdasim.command.printing import treatment as printing
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.plot.look import LOOKS
from nmdasim.readout import files
from nmdasim.treatment.burden import burden

FEW = ["--patients", "20"]
COURSE = ["--state", "crps", "--regimen", "crps_100_hours", *FEW]


def run(monkeypatch, capsys, *words, command="treatment"):
    monkeypatch.setenv("COLUMNS", "200")
    monkeypatch.setattr("sys.argv", ["nmdasim", command, *words])
    status = 0
    try:
        main()
    except SystemExit as stop:
        status = stop.code
    return status, *capsys.readouterr()


def test_json_is_the_dataset_under_the_names_of_the_contract(monkeypatch, capsys):
    status, out, err = run(monkeypatch, capsys, *COURSE, "--every", "1 day", "--json")
    answer = json.loads(out)
    assert (status, err) == (0, "")
    series = ("time_d", "plasma_ng_ml", "slow_relief", "acute_relief", "pain", "pain_low", "pain_high")
    assert {"state", "model", "regimen", "disclaimer", *series} <= set(answer)
    assert {len(answer[name]) for name in series} == {85}
    assert (answer["state"], answer["model"], answer["regimen"]) == ("crps", "dahan2011", "crps_100_hours")
    assert answer["slow_relief"][7] == pytest.approx(0.785, abs=0.001)
    assert answer["disclaimer"] == DISCLAIMER
    same = treatment.simulate(every="1 day", patients=20)
    assert answer["pain"] == same.pain.values.tolist()
    rows = zip(answer["pain_low"], answer["pain"], answer["pain_high"], strict=True)
    assert all(low <= mean <= high for low, mean, high in rows)


def test_a_file_is_read_as_for_pk_and_is_s_ketamine_by_default(monkeypatch, capsys, tmp_path):
    file = tmp_path / "doses.csv"
    file.write_text("TIME,AMT,DUR,ROUTE\n0,35,0.5,iv\n")
    words = ["--regimen", str(file), "--until", "1 day", "--patients", "2"]
    status, out, _ = run(monkeypatch, capsys, *words, "--out", str(tmp_path / "out"))
    assert status == 0
    assert "s-ketamine" in out
    assert "leiden3" in out
    assert DISCLAIMER in out
    left = {path.name for path in (tmp_path / "out").iterdir()}
    assert left == {"treatment.png", "treatment.svg", "treatment.csv", "treatment.nc", "regimen.csv"}
    assert DISCLAIMER in (tmp_path / "out" / "treatment.csv").read_text("utf-8")


def test_a_slide_has_one_panel_and_says_what_is_given_and_what_comes_of_it():
    result, regimen = treatment.simulate(until="1 week", patients=5), ph.schedule("crps_100_hours")
    (ax,) = printing.figure(result, regimen, slide=True).axes
    given, told = ax.get_title(loc="left").split("\n")
    assert given == regimen.name
    assert f"{float(result.pain[0]):.1f} before" in told
    doses, plasma, relief, pain = printing.figure(result, regimen, slide=False).axes
    assert [ax.get_ylabel()[:5] for ax in (doses, plasma, relief, pain)] == ["rate,", "total", "share", "pain,"]


@pytest.mark.parametrize("words", [["pickering2020"], []])
def test_trials_have_a_slide_where_every_row_can_be_read(monkeypatch, capsys, tmp_path, words):
    drawn = []
    monkeypatch.setattr(files, "save", lambda folder, name, figure, *rest: drawn.append(figure))
    status, _, err = run(monkeypatch, capsys, *words, *FEW, "--slide", "--out", str(tmp_path), command="trials")
    assert (status, err) == (0, "")
    (figure,) = drawn
    assert tuple(figure.get_size_inches()) == LOOKS["slide"].size  # larger, its type would be smaller on a wall
    assert figure._supxlabel.get_fontsize() >= 13
    (ax,) = figure.axes
    rows = [label.get_window_extent() for label in ax.get_yticklabels()]
    assert all(lower.y1 < upper.y0 for upper, lower in pairwise(rows))
    highest = max(bar.get_window_extent().y1 for bar in ax.patches)
    assert highest < ax.get_legend().get_window_extent().y0
    assert figure._suptitle.get_window_extent().x1 <= figure.bbox.x1
    assert ax.get_legend().get_window_extent().x1 <= figure.bbox.x1
    assert {label.get_fontsize() >= 0.6 * LOOKS["slide"].font for label in ax.get_yticklabels()} == {True}
    starred = any("*" in label.get_text() for label in ax.get_yticklabels())
    assert starred == ("*" in figure.get_supxlabel())


@pytest.mark.parametrize(
    ("met", "says"),
    [
        ([[1], [1]], "The one measure is met by every rival"),
        ([[1], [0]], "The one measure is met by 1 of 2 rivals (open: a miss)"),
        ([[0], [0]], "The one measure is missed by every rival (open: a miss)"),
        ([[1, 1], [1, 1]], "None of 2 measures is missed by every rival"),
        ([[0, 1], [0, 1]], "1 of 2 measures is missed by every rival (open: a miss)"),
        ([[0, 0], [0, 0]], "2 of 2 measures are missed by every rival (open: a miss)"),
    ],
)
def test_the_title_of_trials_counts_in_words_that_fit(met, says):
    found = treatment.compare(["sigtermans2009"], ["dahan2011", "reset"], patients=2)
    found = found.isel(measure=slice(len(met[0]))).assign(met=(("model", "measure"), np.array(met, bool)))
    assert nm.plot.treatment.trials(found).get_title(loc="left") == says
    plt.close("all")


@pytest.mark.parametrize(("command", "words"), [("treatment", COURSE), ("trials", ["pickering2020", *FEW])])
def test_the_figure_is_shown_where_it_lies(monkeypatch, capsys, tmp_path, command, words):
    monkeypatch.delenv("DISPLAY", raising=False)
    monkeypatch.delenv("WAYLAND_DISPLAY", raising=False)
    monkeypatch.setattr("typer.launch", lambda path: 0)
    status, _, err = run(monkeypatch, capsys, *words, "--show", "--out", str(tmp_path), command=command)
    assert (status, (tmp_path / f"{command}.png").exists()) == (0, True)
    assert f"figure: {tmp_path / command}.png" in err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--state", "cprs"], "unknown state 'cprs'"),
        (["--model", "dahan"], "unknown slow model"),
        (["--regimen", "none.csv"], "no file and no schedule"),
        (["--regimen", "EMPTY"], "no dose"),
        (["--until", "1 year", "--every", "1 s"], "take a longer step"),
        (["--spread=-0.5"], "spread = -0.5"),
        (["--patients", "0"], "patients = 0"),
        (["--until", "12 wk"], "unknown unit"),
    ],
)
def test_bad_input_ends_with_status_2_and_one_line(monkeypatch, capsys, tmp_path, words, said):
    empty = tmp_path / "empty.csv"
    empty.write_text("TIME,AMT,EVID\n0,0,0\n")
    words = [str(empty) if word == "EMPTY" else word for word in words]
    status, out, err = run(monkeypatch, capsys, *COURSE, *words)
    assert (status, out) == (2, "")
    assert said in err
    assert err.count("\n") == 1


def test_the_burden_of_a_regimen_is_plain_numbers():
    course = burden(ph.schedule("crps_100_hours"))
    given = 5 * 8 + 10 * 16 + 15 * 8 + 20 * 16 + 22.2 * 52
    assert (course.total_mg, course.visits, course.dosing_h) == (pytest.approx(given), 1, 100)
    assert course.hours_above[250.0] == 0
    assert 80 < course.hours_above[100.0] < 100
    outpatient = burden(ph.schedule("crps_outpatient_10_days"))
    assert (outpatient.visits, outpatient.dosing_h) == (10, pytest.approx(40))
    none = burden(ph.schedule("crps_100_hours").scaled(0))
    assert (none.total_mg, none.visits, set(none.hours_above.values())) == (0, 0, {0.0})
