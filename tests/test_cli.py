"""The commands: what they print, what they leave, and one clear line for what they cannot do."""

import json
import subprocess
import sys
from xml.etree import ElementTree

import matplotlib.pyplot as plt
import numpy as np
import pandas as pd
import pytest
import typer
import xarray as xr

import nmdasim as nm
from nmdasim.command import app as cli
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.model.parameter import STATUSES
from nmdasim.readout import files

SHORT = ["windup", "--pulses", "1"]


def answer(command, *arguments):
    status, out, _ = command(*arguments, "--json")
    assert status == 0
    return json.loads(out)


# --- what is printed -------------------------------------------------------------------------------------------------


def test_windup_json_has_a_run_for_each_concentration_and_repeat_in_order(command):
    found = answer(command, "windup", "--pulses", 2, "--ketamine", "1 uM,0 uM", "--repeats", 2, "--seed", 7)
    assert found["disclaimer"] == DISCLAIMER
    assert [(run["ketamine_um"], run["seed"]) for run in found["runs"]] == [(1, 7), (1, 8), (0, 7), (0, 8)]
    for run in found["runs"]:
        assert run["model"] == "wdr"
        assert run["engine"] == "kernel"
        assert run["dt_ms"] == 0.1
        assert run["frequency_hz"] == 1
        assert run["block"] == "equilibrated"
        assert all(len(run[key]) == 2 for key in ("early", "late", "ca_peak_um", "blocked"))
        assert run["input"] == run["late"][0]
        assert run["index"] == sum(run["late"]) - 2 * run["late"][0]
        assert isinstance(run["ratio"], float)
    assert found["runs"][0]["blocked"][0] > found["runs"][2]["blocked"][0] == 0


def test_windup_json_is_what_the_library_measures(command, direct_c, data):
    files_ = ["--latencies-a", data / "directC_Ad_delays_ms.csv", "--latencies-c", data / "directC_C_delays_ms.csv"]
    found = answer(command, "windup", "--pulses", 2, "--scale", "can=0.5", "--set", "K_mg=3mM", *files_)["runs"][0]
    model = nm.neurons.wdr().scaled(can=0.5).replace(K_mg="3 mM")
    result = nm.simulate(model, nm.WindUp(pulses=2, latencies=direct_c), ketamine=0 * nm.uM)
    measured = nm.measures.windup(result)
    assert found["late"] == measured.late.values.astype(int).tolist()
    assert found["early"] == measured.early.values.astype(int).tolist()


def test_windup_prints_a_table_that_fits_a_terminal_of_80_columns(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "80")
    status, out, _ = command("windup", "--pulses", 15, "--ketamine", "0 uM,10 uM", "--repeats", 3)
    assert status == 0
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= 80
    for word in ("ketamine", "first", "last 3", "index", "ratio", "10 µM", "latency draws", DISCLAIMER):
        assert word in out


def test_a_run_says_on_standard_error_what_it_is_and_needs(command):
    _, out, err = command(*SHORT, "--json")
    assert "1 lane of wdr, 20,000 steps of 0.1 ms, about" in err
    json.loads(out)


MODELS = [*nm.neurons.CATALOGUE, *nm.circuits.CATALOGUE]


def test_models_names_every_neuron_and_circuit(command):
    status, out, _ = command("models")
    assert status == 0
    assert all(name in out for name in MODELS)


@pytest.mark.parametrize("name", MODELS)
def test_parameters_lists_value_unit_source_and_status(command, name):
    found = answer(command, "parameters", name)
    assert found["model"] == name
    assert {"verified", "recalled"} <= {row["status"] for row in found["parameters"]} <= set(STATUSES)
    assert all({"name", "value", "unit", "source", "kind", "status"} <= set(row) for row in found["parameters"])
    status, said, _ = command("parameters", name)
    assert status == 0
    assert {"description", "conductance"} <= set(said.split())  # whole words in a terminal of 80 columns


@pytest.mark.parametrize("name", MODELS)
def test_parameters_fit_a_terminal_of_80_columns_with_their_sources_whole(command, monkeypatch, name):
    monkeypatch.setenv("COLUMNS", "80")
    sources = {row["source"] for row in answer(command, "parameters", name)["parameters"]}
    out = command("parameters", name)[1]
    assert "…" not in out
    assert max(map(len, out.splitlines())) <= 80
    assert sources <= set(out.split())


def test_source_prints_the_code_that_runs_and_cite_its_references(command):
    _, out, _ = command("source", "wdr")
    compile(out, "wdr", "exec")
    assert "def advance(" in out
    assert "@article" in command("cite", "delrocq2023")[1]


def test_receptor_commands_have_their_keys(command):
    pulse = answer(command, "receptor", "pulse", "--scheme", "clements1992")
    assert set(pulse) >= {"scheme", "peak_open", "time_to_peak_ms", "decay_1e_ms"}
    steady = answer(command, "receptor", "steady", "--scheme", "kampa2004")
    assert set(steady) >= {"open", "open_without_mg", "ratio"}
    assert "ic50_um" in answer(command, "receptor", "inhibition", "--drug", "ketamine")


def test_pk_has_its_keys_and_the_disclaimer(command):
    found = answer(command, "pk", "--dose", "0.5 mg/kg", "--over", "40 min", "--until", "2 h", "--people", 10)
    keys = {
        "preset",
        "site",
        "time_h",
        "plasma_ng_ml",
        "effect_site_ng_ml",
        "cmax_ng_ml",
        "tmax_min",
        "auc_inf_ng_h_ml",
        "disclaimer",
    }
    assert keys <= set(found)
    assert found["disclaimer"] == DISCLAIMER


def commands(group, path=()):
    """Yield every command as the words that call it."""
    for name, inside in group.commands.items():
        if hasattr(inside, "commands"):
            yield from commands(inside, (*path, name))
        else:
            yield (*path, name)


COMMANDS = list(commands(typer.main.get_command(cli.app)))


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_help_of_every_command_shows_how_it_is_called(command, words):
    status, out, _ = command(*words, "--help")
    assert status == 0
    assert "Example" in out
    assert f"nmdasim {' '.join(words)}" in " ".join(out.partition("Example")[2].split())


SHOW_DOSES = [(), ("windup",), ("pk",), ("sensory",), ("sweep",), ("receptor", "inhibition")]


@pytest.mark.parametrize("words", SHOW_DOSES, ids=" ".join)
def test_help_says_that_it_is_no_advice_where_doses_are_shown(command, words):
    assert DISCLAIMER in " ".join(command(*words, "--help")[1].split())


@pytest.mark.parametrize("words", [(), ("receptor",)], ids=" ".join)
def test_without_a_command_the_help_is_shown(command, words):
    status, out, err = command(*words)
    assert (status, err) == (0, "")
    assert "Usage: " in out


def test_the_installed_command_runs(tmp_path):
    done = subprocess.run(
        [sys.executable, "-m", "nmdasim", *SHORT, "--ketamine", "-1 uM"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2
    assert done.stdout == ""
    assert done.stderr == "nmdasim: ketamine = -1 µM; it cannot be negative\n"


# --- what is left in a folder ----------------------------------------------------------------------------------------


def opens(folder, name):
    """Open the four files of one run as anyone would."""
    pixels = plt.imread(folder / f"{name}.png")
    assert min(pixels.shape[:2]) > 300
    assert np.ptp(pixels[..., :3]) > 0.5  # something is drawn
    assert ElementTree.parse(folder / f"{name}.svg").getroot().tag.endswith("svg")
    assert len(pd.read_csv(folder / f"{name}.csv", comment="#"))
    with xr.open_dataset(folder / f"{name}.nc") as result:
        assert result.attrs["disclaimer"] == DISCLAIMER
        assert result.data_vars


def test_out_leaves_figure_table_and_result_that_open(command, tmp_path):
    folder = tmp_path / "a" / "b"
    status, *_ = command(*SHORT, "--ketamine", "0 uM,1 uM", "--out", folder)
    assert status == 0
    assert sorted(path.name for path in folder.iterdir()) == ["windup.csv", "windup.nc", "windup.png", "windup.svg"]
    opens(folder, "windup")
    assert DISCLAIMER in (folder / "windup.csv").read_text("utf-8").splitlines()[0]
    table = pd.read_csv(folder / "windup.csv", comment="#")
    assert table.ketamine_free_uM.tolist() == [0, 1]
    with xr.open_dataset(folder / "windup.nc") as result:
        assert result.ketamine.values.tolist() == [0, 1]
        assert result.attrs["disclaimer"] == DISCLAIMER


def test_an_interrupted_write_leaves_what_was_there(tmp_path):
    def broken(path):
        path.write_text("half")
        raise KeyboardInterrupt

    target = tmp_path / "table.csv"
    target.write_text("whole")
    with pytest.raises(KeyboardInterrupt):
        files.write_whole(target, broken)
    assert target.read_text() == "whole"
    assert list(tmp_path.iterdir()) == [target]


def test_pk_and_receptor_leave_their_files_too(command, tmp_path):
    assert command("pk", "--dose", "35 mg", "--until", "2 h", "--people", 5, "--out", tmp_path)[0] == 0
    assert command("receptor", "pulse", "--scheme", "destexhe1994", "--out", tmp_path)[0] == 0
    assert command("receptor", "inhibition", "--drug", "ketamine", "--out", tmp_path)[0] == 0
    for name in ("pk", "pulse", "inhibition"):
        opens(tmp_path, name)
    assert pd.read_csv(tmp_path / "regimen.csv", comment="#").AMT.tolist() == [35]
    stems = {"pk", "pulse", "inhibition"}
    assert {path.name for path in tmp_path.iterdir()} == {
        "regimen.csv",
        *(f"{stem}.{ending}" for stem in stems for ending in ("png", "svg", "csv", "nc")),
    }


# --- what cannot be done: one line, status 2, nothing on standard output ---------------------------------------------


def refused(command, *arguments):
    status, out, err = command(*arguments)
    assert status == 2, err
    assert out == ""
    assert err.startswith("nmdasim: ")
    assert err.count("\n") == 1
    return err


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--model", "wrd"], "unknown model 'wrd'; did you mean 'wdr'?"),
        (["--set", "K_magnesium=3mM"], "wdr has no parameter 'K_magnesium'"),
        (["--set", "K_mg=3mV"], "K_mg = 3mV has the wrong dimension"),
        (["--set", "K_mg"], "PARAMETER=QUANTITY"),
        (["--scale", "nmdas=0"], "nmdas"),
        (["--scale", "nmda=much"], "a factor is a number"),
        (["--scale", "nmda=-1"], "nmda"),
        (["--ketamine", "1 mV"], "ketamine = 1 mV has the wrong dimension; it is given in uM"),
        (["--ketamine", "-1 uM"], "ketamine = -1 µM; it cannot be negative"),
        (["--ketamine", "nan uM"], "ketamine"),
        (["--ketamine", "inf uM"], "ketamine"),
        (["--ketamine", "1"], "ketamine = 1 has the wrong dimension"),
        (["--ketamine", "1 uM,"], "empty entry"),
        (["--ketamine", "0 uM 1 uM"], "did you mean '0 uM,1 uM'?"),
        (["--ketamine", "0;3 µM"], "did you mean '0 µM,3 µM'?"),
        (["--ketamine", "0 uM,1 uMol"], "did you mean 'uM' or 'umol'?"),
        (["--ketamine", "one uM"], "cannot read 'one uM'"),
        (["--frequency", "fast"], "frequency: cannot read 'fast'; write a number and a unit, such as '1 Hz'"),
        (["--mg", "-1 mM"], "mg = -1 mM; it cannot be negative"),
        (["--dt", "0 ms"], "takes a step above 0"),
        (["--dt", "-0.1 ms"], "takes a step above 0"),
        (["--dt", "1 ms"], "up to 0.25 ms"),
        (["--dt", "1 Hz"], "dt = 1 Hz has the wrong dimension"),
        (["--pulses", "0"], "pulses = 0"),
        (["--pulses", "many"], "--pulses"),
        (["--frequency", "0 Hz"], "frequency"),
        (["--frequency", "-1 Hz"], "frequency"),
        (["--frequency", "1 ms"], "frequency = 1 ms has the wrong dimension"),
        (["--block", "half"], "block = 'half'"),
        (["--engine", "genesis"], "engine 'genesis' does not exist"),
        (["--method", "euler"], "method 'euler'"),
        (["--repeats", "0"], "repeats = 0"),
        (["--repeats", "100000000"], "up to 1000000"),
        (["--pulses", "1000", "--repeats", "1000000"], "1,000,000 lanes of wdr need about"),
        (["--scale", "nmda=nan"], "gain nmda = nan"),
        (["--seed", "-1"], "seed"),
        (["--threads", "-1"], "threads = -1"),
        (["--latencies-a", "nowhere.csv"], "latency file nowhere.csv: cannot be read"),
        (["--colour", "red"], "--colour"),
    ],
)
def test_windup_refuses_bad_input_in_one_line(command, arguments, message):
    assert message in refused(command, *SHORT, *arguments)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "no rows"),
        ("1,2\n3\n", "rows of 1, 2 columns"),
        ("1,two\n", "line 1: 'two' is not a number of milliseconds"),
        ("1,-2\n", "a delay is finite and 0 or more"),
        ("1,2\n3,4\n", "latencies of adelta"),
    ],
)
def test_a_latency_file_of_the_wrong_shape_is_refused_by_name(command, tmp_path, text, message):
    path = tmp_path / "latencies.csv"
    path.write_text(text)
    assert message in refused(command, "windup", "--pulses", 2, "--latencies-a", path)


def test_a_latency_file_with_fewer_rows_than_pulses_is_refused(command, data):
    path = data / "directC_Ad_delays_ms.csv"
    rows = len(nm.protocols.latencies.read(path))
    message = refused(command, "windup", "--pulses", rows + 1, "--latencies-a", path)
    assert f"{rows}" in message
    assert f"{rows + 1} pulses" in message


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["parameters", "wrd"], "did you mean 'wdr'?"),
        (["source", "wdr", "--engine", "c"], "engine 'c' does not exist"),
        (["windups"], "windup"),
        (["receptor", "pulse", "--scheme", "clements"], "clements1992"),
        (["receptor", "steady", "--scheme", "clements1992", "--mg", "-1 mM"], "mg"),
        (["receptor", "inhibition", "--drug", "aspirin"], "aspirin"),
        (["receptor", "inhibition", "--drug", "ketamine", "--subtype", "2E"], "2E"),
        (["pk"], "say what is given"),
        (["pk", "--dose", "-1 mg"], "dose = '-1 mg'; it is 0 or more"),
        (["pk", "--dose", "35 mg", "--people", "0"], "people = 0; give a whole number, 1 or more"),
        (["windup", "--pulses", "many"], "as an integer. See 'nmdasim windup --help'."),
        (["pk", "--dose", "35 mg", "--route", "iw"], "--route: unknown route 'iw'"),
        (["pk", "--dose", "35 mg", "--route", "nasal", "--over", "5 min"], "--over: an infusion is iv"),
        (["pk", "--events", "nowhere.csv"], "nowhere.csv"),
        (["pk", "--dose", "nan mg"], "dose = 'nan mg' cannot be read"),
        (["pk", "--dose", "35 mg", "--seed", "-1"], "seed = -1"),
        (["pk", "--dose", "35 mg", "--every", "1e-9 s"], "more than 1000000 times"),
        (["pk", "--dose", "35 mg", "--until", "1e9 h"], "more than 1000000 times"),
        (["pk", "--dose", "35 mg", "--people", "100000000"], "100000000 subjects at 361 times"),
        (["receptor", "inhibition", "--drug", "ketamine", "--voltage", "1 V"], "--voltage = 1 V; a membrane"),
        (["sensory", "--ketamine", "0,1,10"], "ketamine = 0,1,10; give one concentration, such as '1 uM'"),
        (["compare", "--ketamine", "0 uM,1 uM"], "ketamine = 0 uM,1 uM; give one concentration, such as '1 uM'"),
        (["sensory", "--ketamine", "-1 uM"], "ketamine = -1 uM; give one concentration, 0 or more"),
        (["sensory", "--state", "angry"], "state 'angry'"),
        (["bench", "--only", "W9"], "unknown work 'W9'; there are W0"),
    ],
)
def test_other_commands_refuse_bad_input_in_one_line(command, arguments, message):
    assert message in refused(command, *arguments)


def test_a_folder_that_cannot_be_made_is_refused_before_any_work(command, tmp_path):
    path = tmp_path / "file"
    path.write_text("")
    assert "is not a folder" in refused(command, *SHORT, "--out", path / "out")


@pytest.mark.parametrize(
    ("arguments", "call"),
    [
        (["--set", "K_magnesium=3mM"], lambda: nm.neurons.wdr().replace(K_magnesium="3mM")),
        (["--set", "K_mg=3mV"], lambda: nm.neurons.wdr().replace(K_mg="3mV")),
        (["--scale", "nmda=-1"], lambda: nm.neurons.wdr().scaled(nmda=-1.0)),
        (["--ketamine", "1 mV"], lambda: short(ketamine=["1 mV"])),
        (["--ketamine", "-1 uM"], lambda: short(ketamine=np.array([-1]) * nm.uM)),
        (["--ketamine", "nan uM"], lambda: short(ketamine=["nan uM"])),
        (["--ketamine", "1e400 uM"], lambda: short(ketamine=["1e400 uM"])),
        (["--mg", "-1 mM"], lambda: short(mg="-1 mM")),
        (["--dt", "0 ms"], lambda: short(dt="0 ms")),
        (["--dt", "-0.1 ms"], lambda: short(dt="-0.1 ms")),
        (["--dt", "1 ms"], lambda: short(dt="1 ms")),
        (["--pulses", "0"], lambda: nm.WindUp(pulses=0)),
        (["--frequency", "0 Hz"], lambda: nm.WindUp(frequency="0 Hz")),
        (["--block", "half"], lambda: short(block="half")),
        (["--engine", "genesis"], lambda: short(engine="genesis")),
        (["--method", "euler"], lambda: short(method="euler")),
        (["--threads", "-1"], lambda: short(threads=-1)),
        (["--latencies-a", "nowhere.csv"], lambda: nm.protocols.latencies.read("nowhere.csv")),
    ],
    ids=lambda given: " ".join(given) if isinstance(given, list) else "",
)
def test_the_command_line_and_python_refuse_with_the_same_words(command, arguments, call):
    with pytest.raises(ValueError) as caught:  # noqa: PT011  (the words are compared below)
        call()
    assert refused(command, *SHORT, *arguments) == f"nmdasim: {' '.join(str(caught.value).split())}\n"


def short(**options):
    return nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), **options)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_a_concentration_that_is_no_number_is_refused_in_python(value):
    with pytest.raises(ValueError, match="ketamine"):
        short(ketamine=value * nm.uM)
