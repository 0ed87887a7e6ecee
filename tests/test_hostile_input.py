"""Whatever is given to a command: one line and status 2, nothing half-written, nothing that orders a terminal about."""

import json
import os
import re
import subprocess
import sys
import threading
from pathlib import Path

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.command import progress, terminal
from nmdasim.errors import InputError, NmdasimError, UnitError
from nmdasim.plan import memory
from nmdasim.readout import files

NOTEBOOK = "module://matplotlib_inline.backend_inline"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["windup", "--ketamine", "1 9e99**12"], "ketamine: cannot read the unit"),
        (["windup", "--ketamine", f"1 {'(' * 70}"], "ketamine: cannot read the unit"),
        (["windup", "--repeats", 10**30], "repeats = 1000000000000000000000000000000; give 1 or more"),
        (["windup", "--seed", 10**30], "a seed is 0 or more, up to 2**63"),
        (["windup", "--dt", "1e-13 ms"], "(1e-06 ms or more)"),
        (["sensory", "--repeats", 10**9], "repeats = 1000000000; give 1 or more (up to 10000)"),
        (["windup", "--out", "x" * 300, "--dt", "0"], "no folder can have such a name"),
        (["receptor", "pulse", "--scheme", "nothing", "--out", "x" * 300], "no folder can have such a name"),
        (["receptor", "inhibition", "--drug", "nothing", "--out", "/proc/nothing"], "--out"),
        (["pk", "--dose", "35 mg", "--out", "x\ny"], "no folder can have such a name"),
        (["windup", "--engine", "kernl"], "did you mean 'kernel'?"),
        (["windup", "--block", "washn"], "did you mean 'washin'?"),
        (["windup", "--scale", "nmd=1"], "did you mean 'nmda'?"),
        (["windup", "--method", "rk5"], "rk5"),
        (["pk", "--dose", "35 mg", "--route", "nasl"], "did you mean 'nasal'?"),
        (["receptor", "inhibition", "--drug", "ketamine", "--subtype", "2AA"], "did you mean '2A'?"),
        (["models", "\x1b[31m"], r"\x1b"),
    ],
)
def test_bad_input_is_one_line_and_status_2(command, tmp_path, monkeypatch, words, told):
    monkeypatch.chdir(tmp_path)
    status, out, err = command(*words)
    assert (status, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1
    assert "\x1b" not in err
    assert not any(tmp_path.iterdir())


def test_a_run_of_years_is_refused_with_the_days_that_it_would_take(command, monkeypatch):
    monkeypatch.setattr(sys.modules["nmdasim.run.simulate"], "_MOST_WORK", 1e9)
    status, out, err = command("windup", "--pulses", 1, "--dt", "1e-6 ms")
    assert (status, out) == (2, "")
    assert "days; take a larger dt or fewer lanes" in err
    assert "2e+09 steps of a neuron" in err


def test_a_table_nested_thousands_deep_is_refused_by_file_name(command, tmp_path):
    path = tmp_path / "deep.toml"
    path.write_text("x = " + "[" * 5000 + "]" * 5000)
    status, _, err = command("sweep", path, "--out", tmp_path / "s.zarr")
    assert status == 2
    assert "nested too deeply" in err
    with pytest.raises(InputError, match="nested too deeply"):
        nm.parameters.load(path)


def test_an_id_of_a_table_is_printed_and_written_as_it_is(command, tmp_path):
    path = tmp_path / "doses.csv"
    path.write_text('ID,TIME,AMT\n[/red],0,35\n"=HYPERLINK(1)",0,35\n$x^{,0,35\n"a\nb",0,35\n')
    status, out, _ = command("pk", "--events", path, "--until", "2 h", "--people", 2, "--out", tmp_path / "out")
    assert status == 0
    assert "[/red]" in out
    rows = nm.pharmacology.Regimen.from_csv(tmp_path / "out" / "regimen.csv")
    assert rows.ids == ("[/red]", "=HYPERLINK(1)", "$x^{", "a\nb")
    cells = (tmp_path / "out" / "pk.csv").read_text().splitlines()
    assert not any(line.startswith("=") for line in cells)
    assert any(line.startswith("'=HYPERLINK(1)") for line in cells)


def test_text_of_a_user_is_shown_in_one_line_without_orders_to_the_terminal():
    assert terminal.plain("a\x1b[31m\nb\u202e") == r"a\x1b[31m b\u202e"


# --- what is written --------------------------------------------------------------------------------------------------


def test_files_are_written_all_or_none(tmp_path):
    old = tmp_path / "a.csv"
    old.write_text("old")

    def full(path):
        path.write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(InputError, match=r"b\.nc: cannot be written \(No space left on device\); nothing was"):
        files.write_all(tmp_path, {"a.csv": lambda path: path.write_text("new"), "b.nc": full})
    assert [path.name for path in tmp_path.iterdir()] == ["a.csv"]
    assert old.read_text() == "old"
    with pytest.raises(InputError):
        files.write_all(tmp_path / "deep" / "down", {"b.nc": full})
    assert not (tmp_path / "deep").exists()


def test_a_folder_in_place_of_a_file_leaves_nothing(tmp_path):
    (tmp_path / "b.nc").mkdir()
    with pytest.raises(InputError, match="is a folder"):
        files.write_all(tmp_path, {"a.csv": lambda path: path.write_text("new"), "b.nc": lambda path: None})
    assert not (tmp_path / "a.csv").exists()


def test_a_full_disk_is_told_before_the_run(tmp_path, monkeypatch):
    monkeypatch.setattr(files.shutil, "disk_usage", lambda path: type("Usage", (), {"free": 1e5}))
    with pytest.raises(InputError, match=r"0\.1 MB left"):
        files.check_folder(tmp_path / "out")


# --- what the machine lacks -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("error", "told"),
    [
        (MemoryError("Unable to allocate 3 TiB"), "not enough memory (Unable to allocate 3 TiB)"),
        (RecursionError("maximum recursion depth"), "nested too deeply"),
        (ImportError("x.so: failed to map segment from shared object"), "not enough memory to load the libraries"),
        (OSError(12, "Cannot allocate memory"), "not enough memory"),
    ],
)
def test_what_the_machine_lacks_is_one_line_and_status_2(command, monkeypatch, error, told):
    def fails(*_, **__):
        raise error

    monkeypatch.setattr(sys.modules["nmdasim.run.simulate"], "simulate", fails)
    status, out, err = command("windup", "--pulses", "1")
    assert (status, out) == (2, "")
    assert told in err
    assert err.count("\n") == 1


def test_limits_of_control_groups_of_batch_systems_count(tmp_path):
    own = tmp_path / "cgroup"
    for version, kinds, names in (("2", "", memory._SECOND), ("1", "cpu,memory", memory._FIRST)):
        top = tmp_path / version / ("memory" if kinds else "")
        job = top / "slurm" / "job_7"
        (job / "step").mkdir(parents=True)
        for name, value in zip(names, (5e6, 2e6), strict=True):
            (job / name).write_text(f"{value:.0f}\n")
        own.write_text(f"0:{kinds}:/slurm/job_7/step\n")
        assert memory._of_container(tmp_path / version, own) == 3e6
        own.write_text(f"0:{kinds}:/elsewhere\n")
        assert memory._of_container(tmp_path / version, own) == np.inf


def run(words, **options):
    command = [sys.executable, "-m", "nmdasim", *words]
    return subprocess.run(command, capture_output=True, text=True, check=False, **options)


def test_a_full_device_behind_standard_output_is_one_line():
    with open("/dev/full", "w") as full:  # noqa: PTH123
        done = subprocess.run(
            [sys.executable, "-m", "nmdasim", "receptor", "steady", "--scheme", "kampa2004"],
            stdout=full,
            stderr=subprocess.PIPE,
            text=True,
            check=False,
        )
    assert done.returncode == 2
    assert done.stderr.count("\n") == 1
    assert "No space left on device" in done.stderr


#: Where OpenBLAS finds no room for its buffers when loaded, it tries for ever: it is loaded before the limit is set.
LIMITED = """
import resource, sys
import scipy.linalg
from nmdasim.command.app import main
with open("/proc/self/statm") as used:
    most = int(used.read().split()[0]) * resource.getpagesize() + {more}_000_000
resource.setrlimit(resource.RLIMIT_AS, (most, most))
sys.argv = ["nmdasim", "receptor", "steady", "--scheme", "kampa2004"]
main()
"""


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="what a process uses is read in /proc")
@pytest.mark.parametrize("more", [8, 20, 50])
def test_a_limit_of_memory_is_one_line(more):
    code = LIMITED.format(more=more)
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "not enough memory" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_plain_locale_prints_the_whole_result():
    plain = os.environ | {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONIOENCODING": "ascii", "MPLBACKEND": NOTEBOOK}
    done = run(["pk", "--dose", "35 mg", "--until", "1 h", "--people", "2"], env=plain)
    assert done.returncode == 0, done.stderr
    assert nm.DISCLAIMER in " ".join(done.stdout.split())
    assert done.stdout.isascii()


def test_figures_are_made_whatever_backend_a_notebook_left_in_the_environment(tmp_path):
    code = (
        "import sys, xarray as xr\n"
        "from nmdasim.plot.style import axes_of\n"
        "axes_of(None, (3, 3)).figure.savefig(sys.argv[1])\n"
        "import os; print(os.environ['MPLBACKEND'])"
    )
    left = os.environ | {"MPLBACKEND": NOTEBOOK}
    done = subprocess.run(
        [sys.executable, "-c", code, tmp_path / "f.png"], env=left, capture_output=True, text=True, check=False
    )
    assert done.stdout.strip() == NOTEBOOK, done.stderr
    assert (tmp_path / "f.png").stat().st_size > 1000


def test_the_library_chooses_no_backend(package):
    for path in package.rglob("*.py"):
        assert not re.search(r"(mpl|matplotlib|plt)\.(use|switch_backend)\(", path.read_text("utf-8")), path.name


# --- from Python ------------------------------------------------------------------------------------------------------

POINT = nm.Model("point", "dv/dt = (-60*mV - v)/(10*ms) : volt", {}, initial=dict(v=-60 * nm.mV))


@pytest.mark.parametrize(
    "options",
    [
        dict(dt=[0.1, 0.2] * nm.ms),
        dict(threads=1.5),
        dict(method=3),
        dict(tolerance="small"),
        dict(engine="kernl"),
        dict(initial={"v": "-50 mS"}),
        dict(initial={"w": "-50 mV"}),
    ],
)
def test_an_argument_of_the_wrong_type_is_one_line(options):
    with pytest.raises(NmdasimError) as refused:
        nm.simulate(POINT, **(dict(duration=1 * nm.ms) | options))
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize(("model", "protocol"), [("wdr", None), (None, None), (POINT, "windup")])
def test_what_is_no_model_or_protocol_is_refused_by_what_was_given(model, protocol):
    with pytest.raises(NmdasimError, match=r"is no (model|protocol)"):
        nm.simulate(model, protocol, duration=1 * nm.ms)


def test_an_initial_value_may_be_a_number_with_a_unit_as_text():
    result = nm.simulate(POINT, duration=1 * nm.ms, initial={"v": "-50 mV"}, record="v", engine="reference")
    assert float(result.v.isel(time=0).squeeze()) == pytest.approx(-50, abs=1e-6)


def test_a_unit_that_overflows_is_refused():
    with pytest.raises(UnitError, match="cannot read the unit"):
        nm.simulate(POINT, duration="1 9e99**12")


def test_progress_is_shown_on_a_terminal_after_two_seconds_and_not_before(monkeypatch, capsys):
    started, ended = threading.Event(), threading.Event()
    monkeypatch.setattr("rich.progress.Progress.start", lambda self: started.set())
    monkeypatch.setattr(progress, "PATIENCE_S", 0.05)
    with progress.shown("work") as report:
        assert not started.is_set()
        report(0.5)
        assert started.wait(5)
    monkeypatch.setattr(progress, "PATIENCE_S", 60)
    started.clear()
    with progress.shown("work"):
        ended.set()
    assert not started.is_set()
    assert json.dumps(capsys.readouterr().out) == '""'
