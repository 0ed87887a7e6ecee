"""Commands in front of a class: figures that open, slides, and cases side by side."""

import io
import json
import re
import sys
from contextlib import redirect_stdout

import numpy as np
import pandas as pd
import pytest
import xarray as xr
from typer.testing import CliRunner

import nmdasim as nm
from nmdasim import pharmacology as ph
from nmdasim.command.app import app
from nmdasim.command.compare import computed as cases_of
from nmdasim.command.printing import compare as compared
from nmdasim.command.printing import pk as dosed
from nmdasim.command.printing import sensory as printing
from nmdasim.command.printing import windup as wound_up
from nmdasim.command.printing.tables import signed
from nmdasim.command.sensory import computed
from nmdasim.errors import InputError
from nmdasim.readout import files
from nmdasim.studies import sensitization as study


@pytest.fixture
def opened(monkeypatch):
    """Return the files that a command has the system open, as where there is a display."""
    files = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("typer.launch", lambda path: files.append(path) or 0)
    return files


@pytest.fixture
def answers(monkeypatch):
    """Have the circuit answer at once: more in a state, less under a drug."""

    def made_up(circuit, *, rho=0.0, ketamine="0 uM", seed=(0,), progress=None, **_options):
        grid = {"kind": ["touch", "noxious"], "intensity": [0.5, 1.0], "seed": list(seed)}
        level = 2 + 4 * float(rho) - (1 if ketamine != "0 uM" else 0)
        spikes = np.full((2, 2, len(grid["seed"])), level)
        spikes[0] = 1.0 if rho else 0.0
        attrs = {"parameters": json.dumps({"projection.ketamine": ketamine}), "drugs": "ketamine", "block": "none"}
        if progress:
            progress(1.0)
        return xr.Dataset({"spikes": (tuple(grid), spikes)}, grid, attrs)

    monkeypatch.setattr(study, "stimulus_response", made_up)


def run(*words):
    done = CliRunner().invoke(app, [*map(str, words)])
    if done.exception and not isinstance(done.exception, SystemExit):
        raise done.exception
    return done


def test_compare_sets_naive_beside_sensitized_without_beside_with_drug(answers, tmp_path):
    answer = json.loads(run("compare", "--ketamine", "1 uM", "--repeats", 2, "--json", "--out", tmp_path).stdout)
    cases = {case["case"]: case for case in answer["cases"]}
    drug = "1 µM free ketamine"
    assert list(cases) == ["naive", f"naive, {drug}", "sensitized", f"sensitized, {drug}"]
    assert cases["naive"]["hyperalgesia_index"] == 0
    assert cases["sensitized"]["hyperalgesia_index"] == pytest.approx(2)
    assert answer["disclaimer"] == nm.DISCLAIMER
    assert {path.name for path in tmp_path.iterdir()} == {f"compare.{kind}" for kind in ("png", "svg", "csv", "nc")}
    with xr.open_dataset(tmp_path / "compare.nc") as kept:
        assert list(kept.case.values) == list(cases)


def test_compare_prints_a_row_a_case(answers):
    shown = run("compare", "--ketamine", "0 uM").stdout
    assert "naive" in shown
    assert "sensitized" in shown
    assert nm.DISCLAIMER in " ".join(shown.split())


def test_compare_refuses_to_compare_one_case(answers):
    with pytest.raises(InputError, match="is no comparison"):
        run("compare", "--state", "naive", "--ketamine", "0 uM")


def test_show_opens_the_figure_that_out_wrote(answers, opened, tmp_path):
    run("sensory", "--state", "sensitized", "--show", "--out", tmp_path)
    assert opened == [str(tmp_path / "sensory.png")]
    assert (tmp_path / "sensory.png").exists()


def test_show_alone_leaves_a_figure_and_json_stays_alone_on_standard_output(opened):
    done = run("receptor", "pulse", "--scheme", "clements1992", "--show", "--slide", "--json")
    assert json.loads(done.stdout)["scheme"] == "clements1992"
    assert opened[0].endswith("pulse.png")
    assert "figure: " in done.stderr


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere there is always a display")
def test_show_without_a_display_says_so_and_starts_nothing(opened, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    done = run("receptor", "pulse", "--scheme", "clements1992", "--show")
    assert (done.exit_code, opened) == (0, [])
    assert "pulse.png (not opened: there is no display; open it yourself)" in done.stderr


def test_a_figure_of_a_state_names_the_state_and_the_dose(answers):
    figure = printing.figure(*computed("sensitized", "1 uM", 0, 2), slide=False)
    assert [text.get_text() for text in figure.legends[0].get_texts()] == [
        "naive, no drug",
        "sensitized, 1 µM free ketamine",
    ]
    slide = printing.figure(*computed("sensitized", "1 uM", 0, 2), slide=True)
    assert len(slide.axes) == 1
    assert slide.legends[0].get_title().get_text() == "Touch comes to hurt"


def test_a_comparison_says_in_its_title_what_the_drug_leaves(answers):
    seeds = range(2)
    assert compared.says(cases_of("sensitized", "0 uM", seeds)[1]) == "Touch comes to hurt (sensitized)"
    drugged = cases_of("sensitized", "1 uM", seeds)[1]
    whole = "Touch still hurts, noxious answer −17 % (sensitized, 1 µM free ketamine)"
    assert compared.figure(drugged, slide=False).legends[0].get_title().get_text() == whole
    short = "Touch still hurts (sensitized, 1 µM free ketamine)"
    assert compared.figure(drugged, slide=True).legends[0].get_title().get_text() == short
    assert compared.says(cases_of("naive", "1 uM", seeds)[1]).startswith("Touch does not hurt, noxious answer −50 %")


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ([], "(wdr, crps, 1 Hz)"),
        (["--scale", "nmda=0.5", "--set", "E_gaba=-65 mV"], "(wdr, crps, nmda × 0.5, E_gaba −65 mV, 1 Hz)"),
    ],
)
def test_a_train_in_a_pain_state_is_titled_with_it_and_with_what_was_changed_beyond_it(changes, told, tmp_path):
    run("windup", "--state", "crps", *changes, "--pulses", 2, "--out", tmp_path)
    with xr.open_dataset(tmp_path / "windup.nc") as kept:
        title = wound_up.figure(kept, slide=False).get_suptitle()
    assert told in " ".join(title.split())


@pytest.mark.parametrize("slide", [True, False])
def test_the_naive_circuit_has_a_message_too(answers, slide):
    drawn = printing.figure(*computed("naive", "0 uM", 0, 2), slide=slide)
    assert drawn.legends[0].get_title().get_text() == "Touch does not hurt (naive)"
    drawn = printing.figure(*computed("naive", "1 uM", 0, 2), slide=slide)
    assert drawn.legends[0].get_title().get_text() == "Touch does not hurt (naive, 1 µM free ketamine)"


def test_what_does_not_change_has_no_sign():
    grid = {"kind": ["touch", "noxious"], "intensity": [1.0], "seed": [0]}
    naive, drug = (xr.Dataset({"spikes": (tuple(grid), [[[0]], [[n]]])}, grid) for n in (1000.0, 999.0))
    cases = {"naive": naive, "naive, 0.1 µM free ketamine": drug}
    assert compared.says(cases) == "Touch does not hurt, noxious answer unchanged (naive, 0.1 µM free ketamine)"
    assert [signed(x, 0, plus=True) for x in (-0.2, 0.0, 0.2, 3, -3)] == ["0", "0", "0", "+3", "−3"]


def test_the_loss_in_a_title_is_that_of_the_table_at_the_strongest_stimulus(answers):
    drugged = cases_of("sensitized", "1 uM", range(2))[1]
    last = list(drugged)[-1]
    weak = drugged[last].spikes.where(drugged[last].intensity == 1, 0.0)
    drugged[last] = drugged[last].assign(spikes=weak)
    assert "noxious answer −17 %" in compared.says(drugged)


@pytest.mark.parametrize(("command", "columns"), [("sensory", 4), ("compare", 2)])
def test_every_column_of_spikes_says_so(answers, command, columns):
    head = run(command, "--state", "sensitized").stdout.partition(" 0.5 " if command == "sensory" else "naive ")[0]
    assert len(re.findall(r"\bspikes\b", head.partition("projection neuron")[2])) >= columns


def test_a_level_given_as_total_is_named_in_four_digits_beside_its_state(answers):
    figure = printing.figure(*computed("sensitized", "0.231354898 uM", 0, 1), slide=False)
    assert figure.legends[0].get_texts()[1].get_text() == "sensitized, 0.2314 µM free ketamine"


def test_the_table_of_a_state_names_the_drug_that_it_was_tested_under(answers):
    shown = " ".join(run("sensory", "--state", "sensitized", "--ketamine", "1 uM").stdout.split())
    assert "Dorsal-horn circuit, sensitized, 1 µM free ketamine: spikes of a projection neuron" in shown
    assert "ketamine" not in run("sensory", "--state", "sensitized").stdout.partition("touch threshold")[0]


def test_a_pain_state_is_compared_as_it_is_tested(answers):
    assert list(cases_of("crps", "1 uM", range(1))[1])[2:] == ["crps", "crps, 1 µM free ketamine"]
    with pytest.raises(InputError, match="unknown state 'crsp'; did you mean 'crps'"):
        cases_of("crsp", "1 uM", range(1))


@pytest.mark.parametrize(
    ("words", "name"),
    [
        (("receptor", "pulse", "--scheme", "clements1992"), "pulse"),
        (("receptor", "inhibition", "--drug", "ketamine"), "inhibition"),
        (("sensory", "--repeats", 1), "sensory"),
        (("compare", "--repeats", 1), "compare"),
    ],
)
def test_every_command_says_which_files_it_left(answers, tmp_path, words, name):
    folder = tmp_path / "out"
    assert f"Saved {name}.png, .svg, .csv and .nc in" in run(*words, "--out", folder).stdout
    assert {path.name for path in folder.iterdir()} == {f"{name}.{kind}" for kind in ("png", "svg", "csv", "nc")}


def test_the_table_of_a_pulse_has_units(tmp_path):
    run("receptor", "pulse", "--scheme", "clements1992", "--out", tmp_path)
    lines = (tmp_path / "pulse.csv").read_text("utf-8").splitlines()
    assert next(line for line in lines if not line.startswith("#")) == "time_ms,open,glutamate_mM,v_mV"


def test_a_level_given_as_total_is_told_in_four_digits():
    done = run("windup", "--pulses", 2, "--ketamine", "0 uM,100 ng/ml total").stdout
    assert "0.2314 µM" in done
    assert "0.23135" not in done


def test_a_dose_is_named_with_a_space_before_its_unit():
    said = run("pk", "--dose", "0.5mg/kg", "--over", "40min", "--people", 2).stdout
    assert said.startswith("0.5 mg/kg iv over 40 min")


@pytest.mark.parametrize("slide", [False, True])
def test_what_stands_above_a_comparison_is_no_wider_than_the_figure(answers, slide):
    figure = compared.figure(cases_of("crps", "3 uM", range(1))[1], slide=slide)
    figure.canvas.draw()
    box = figure.legends[0].get_window_extent()
    assert 0 <= box.x0 < box.x1 <= figure.bbox.x1


def test_the_title_of_a_slide_of_a_dose_is_how_high_it_rises():
    regimen = ph.schedule("infusion_40_minutes")
    course = ph.time_course(regimen, every="10 min", until="2 h")
    title = dosed.figure(regimen, course, None, slide=True).axes[0].get_title(loc="left")
    assert title == "0.5 mg/kg over 40 min: 177 ng/ml in plasma after 40 min"


def test_a_negative_index_is_printed_with_a_minus_and_stays_a_number_in_json(answers):
    case = {"touch": {"spikes": [1.0], "threshold": None}, "noxious": {"spikes": [1.0]}, "case": "a"}
    case |= {"allodynia_index": 0.0, "hyperalgesia_index": -0.06}
    with redirect_stdout(io.StringIO()) as shown:
        compared.show({"cases": [case], "disclaimer": nm.DISCLAIMER}, None)
    assert "−0.06" in shown.getvalue()
    assert "-0.06" not in shown.getvalue()
    said = run("sensory", "--state", "naive", "--ketamine", "1 uM")
    assert "hyperalgesia index −" in said.stdout
    asked = ("compare", "--ketamine", "1 uM", "--json")
    assert [one["hyperalgesia_index"] < 0 for one in json.loads(run(*asked).stdout)["cases"]][1]


def test_a_table_has_seven_digits_and_the_result_all_of_them(tmp_path):
    run("pk", "--dose", "35 mg", "--people", 2, "--every", "40 min", "--until", "2 h", "--out", tmp_path)
    rows = pd.read_csv(tmp_path / "pk.csv", comment="#", dtype=str)
    assert rows.time_h.tolist()[:3] == ["0.0", "0.6666667", "1.333333"]
    numbers = rows.drop(columns=["id", "preset", "site", "drug"]).to_numpy().ravel()
    assert all(len(number.partition("e")[0].replace(".", "").strip("0")) <= 7 for number in numbers)
    with xr.open_dataset(tmp_path / "pk.nc") as kept:
        assert float(kept.time[1]) == 2 / 3


def test_times_of_a_long_table_are_told_apart(tmp_path):
    times = pd.DataFrame({"time_ms": [1000000.12, 1000000.13], "open": [0.123456789, 2.0], "note": ["=1", "a"]})
    assert files.as_csv(times, ["said"]) == "# said\ntime_ms,open,note\n1000000.12,0.1234568,'=1\n1000000.13,2.0,a\n"


def test_the_slide_of_a_schedule_of_weeks_shows_the_hours_after_its_highest_dose():
    regimen = ph.schedule("nasal_56")
    course = ph.time_course(regimen, every="15 min")
    ax = dosed.figure(regimen, course, None, slide=True).axes[0]
    assert ax.get_title(loc="left").endswith("up to 73 ng/ml in plasma, 38 min after a dose")
    assert re.fullmatch(r"time after dose \d+ of 12, h", ax.get_xlabel())
    assert ax.get_xlim() == pytest.approx((-0.12, 8))
    assert ax.lines[0].get_ydata().max() == pytest.approx(float(course.plasma.max()))


@pytest.mark.parametrize(
    ("regimen", "until"), [(ph.schedule("crps_100_hours"), "5 day"), (ph.schedule("nasal_56"), "30 min")]
)
def test_the_slide_of_what_is_not_given_on_days_apart_shows_all_of_it(regimen, until):
    course = ph.time_course(regimen, every="10 min", until=until)
    ax = dosed.figure(regimen, course, None, slide=True).axes[0]
    assert ax.get_xlabel().startswith("time, ")
    assert "after a dose" not in ax.get_title(loc="left")
