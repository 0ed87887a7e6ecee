"""A package beside this one offers a model, an engine and a table; it is found wherever ours are."""

import os
import subprocess
import sys

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.errors import PluginError
from nmdasim.model import registry
from nmdasim.parameters import bibliography, load, references, tables
from nmdasim.sweep import reading

NEURONS = """
import dataclasses
from nmdasim.neurons import wdr

def stranger():
    return dataclasses.replace(wdr(), name="stranger", description="a neuron of another package")
"""
#: An engine is a module with these three; this one has the work done by ours.
ENGINE = """
from nmdasim.engines import kernel

def check(plan):
    kernel.check(plan)

def run(plan, report):
    return kernel.run(plan, report)

def source(model):
    return f"no code of its own for {model.name}"
"""
TABLE = """
[parameters]
g_x = { value = "3 nS", source = "stranger2024", kind = "measured", verified = true }
"""
BIB = "@article{stranger2024,\n  title = {A channel},\n}\n"
ENTRY_POINTS = """
[nmdasim.models]
stranger = stranger_cells.neurons:stranger
broken = stranger_cells.missing:broken

[nmdasim.engines]
stranger_engine = stranger_cells.engine
broken_engine = stranger_cells.missing

[nmdasim.parameters]
stranger2024 = stranger_cells
"""


@pytest.fixture
def command(command, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    return command


@pytest.fixture
def installed(tmp_path, monkeypatch):
    """Lay a package and its entry points on the path, as an installer would."""
    package, told = tmp_path / "stranger_cells", tmp_path / "stranger_cells-1.0.dist-info"
    for folder in (package, told):
        folder.mkdir()
    files = {"__init__.py": "", "neurons.py": NEURONS, "engine.py": ENGINE, "stranger2024.toml": TABLE, "a.bib": BIB}
    for name, text in files.items():
        (package / name).write_text(text)
    (told / "METADATA").write_text("Metadata-Version: 2.1\nName: stranger-cells\nVersion: 1.0\n")
    (told / "entry_points.txt").write_text(ENTRY_POINTS)
    monkeypatch.syspath_prepend(tmp_path)
    caches = (tables._own, tables._load, references._library)
    for cached in caches:
        cached.cache_clear()
    yield tmp_path
    for cached in caches:
        cached.cache_clear()
    for name in [name for name in sys.modules if name.startswith("stranger_cells")]:
        del sys.modules[name]


def test_its_model_is_listed_and_what_cannot_be_loaded_is_one_line_that_names_the_package(installed, command):
    status, out, told = command("models")
    assert status == 0
    assert "a neuron of another package" in out
    assert "delrocq2023" in out
    assert told.count("\n") == 1
    assert told.startswith("nmdasim: package 'stranger-cells' offers 'broken' under 'nmdasim.models', which cannot be")
    assert "ModuleNotFoundError: No module named 'stranger_cells.missing'" in told


def test_its_model_is_taken_by_name_in_commands_and_a_broken_one_refused(installed, command):
    status, out, _ = command("windup", "--model", "stranger", "--pulses", "1", "--json")
    assert (status, '"model": "stranger"' in out) == (0, True)
    status, out, told = command("windup", "--model", "broken")
    assert (status, out, told.count("\n")) == (2, "", 1)
    assert "package 'stranger-cells'" in told


def test_its_engine_runs_and_shows_its_source(installed, command):
    ours, theirs = (
        nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), engine=engine) for engine in ("kernel", "stranger_engine")
    )
    assert np.array_equal(ours.spike_time.values, theirs.spike_time.values)
    assert theirs.attrs["engine"] == "stranger_engine"
    assert command("source", "stranger", "--engine", "stranger_engine")[1] == "no code of its own for stranger\n"


def test_a_broken_engine_and_an_unknown_one_are_refused_by_name(installed):
    with pytest.raises(PluginError, match="package 'stranger-cells' offers 'broken_engine'"):
        nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), engine="broken_engine")
    with pytest.raises(nm.ModelError, match=r"engine 'strange' does not exist; did you mean 'stranger_engine'[?]"):
        nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), engine="strange")


def test_its_model_and_engine_make_a_sweep(installed, tmp_path):
    path = tmp_path / "spec.toml"
    path.write_text(
        'model = "stranger"\nengine = "stranger_engine"\nreadouts = ["late"]\n[protocol]\npulses = 1\n'
        "[axes]\nseed = [0, 1]\n"
    )
    data = nm.sweep(reading.read(path), tmp_path / "s.zarr")
    assert data.attrs["model"] == "stranger"
    assert data.attrs["engine"] == "stranger_engine"
    assert (data.status == 1).all()


def test_its_table_and_references_are_read_like_ours(installed):
    parameters = load("stranger2024")
    assert parameters["g_x"].value == 3 * nm.nS
    assert parameters["g_x"].source in bibliography()
    assert "delrocq2023" in bibliography()


@pytest.mark.parametrize(
    ("typed", "offered"),
    [
        ("nmdasim windup --model str", "stranger"),
        ("nmdasim parameters dorsal", "dorsal_horn"),
        ("nmdasim source wdr --engine stranger", "stranger_engine"),
    ],
)
def test_the_shell_completes_its_names_beside_ours(installed, typed, offered):
    asked = {"_NMDASIM_COMPLETE": "complete_bash", "COMP_WORDS": typed, "COMP_CWORD": str(len(typed.split()) - 1)}
    paths = os.pathsep.join([str(installed), os.environ.get("PYTHONPATH", "")])
    done = subprocess.run(
        [sys.executable, "-m", "nmdasim"],
        env=os.environ | asked | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout.split() == [offered], done.stderr


def test_own_names_come_first(installed):
    assert list(nm.neurons.catalogue())[: len(nm.neurons.CATALOGUE)] == list(nm.neurons.CATALOGUE)
    assert registry.entry_points("nmdasim.models")["stranger"].package == "stranger-cells"
    assert registry.entry_points("nmdasim.nothing") == {}
