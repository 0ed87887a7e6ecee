"""The command check-nmodl, and NEURON's own word on files of mods/."""

import json
import shutil
from pathlib import Path

import pytest
from typer.testing import CliRunner

from nmdasim.command.app import app
from nmdasim.exchange.nmodl import compare, simulator
from nmdasim.exchange.nmodl.check import checked

pytest.importorskip("lark", reason="reading NMODL needs Lark")

MODS = Path(__file__).parent / "mods"
VERBATIM = "NEURON { SUFFIX x }\nVERBATIM\nsystem();\nENDVERBATIM\n"


@pytest.mark.skipif(not simulator.compiler(), reason="NEURON is not installed")
def test_currents_are_neurons_own(tmp_path):
    for name in ("kdr", "stepped", "scheme", "tired"):  # NEURON takes seconds to compile each
        shutil.copy(MODS / f"{name}.mod", tmp_path)
    found = checked(tmp_path)
    assert (found.refused, len(found.loaded)) == ((), 4)
    assert {name: str(d) for name, d in found.compared.items() if isinstance(d, Exception)} == {}
    far = {name: d.relative for name, d in found.compared.items()}
    assert max(far.values()) < compare.AGREES, far
    assert found.agree == found.loaded


def test_the_command_counts_what_loads_and_names_what_is_refused(tmp_path, monkeypatch):
    monkeypatch.setattr("nmdasim.exchange.nmodl.check.compiler", lambda: "")
    monkeypatch.setattr("nmdasim.command.printing.nmodl.compiler", lambda: "")
    (tmp_path / "below").mkdir()
    shutil.copy(MODS / "syn.mod", tmp_path)
    (tmp_path / "below" / "c.mod").write_text(VERBATIM, "utf-8")
    done = CliRunner().invoke(app, ["check-nmodl", str(tmp_path), "--json"])
    answer = json.loads(done.stdout)
    assert (answer["files"], answer["loaded"], answer["agree"]) == (2, 1, None)
    (refused,) = answer["refused"]
    assert (refused["file"], refused["line"]) == ("below/c.mod", 2)
    assert "VERBATIM" in refused["reason"]
    shown = CliRunner().invoke(app, ["check-nmodl", str(tmp_path)]).stdout
    assert "1 of 2 files load" in shown


def test_nothing_of_a_refused_file_reaches_neuron(tmp_path, monkeypatch):
    (tmp_path / "c.mod").write_text(VERBATIM, "utf-8")
    monkeypatch.setattr("nmdasim.exchange.nmodl.check.compiler", lambda: "nrnivmodl")
    monkeypatch.setattr(simulator, "_process", lambda *given: pytest.fail("a process was started"))
    assert checked(tmp_path).loaded == ()


def test_a_folder_without_files_is_refused(tmp_path):
    for folder, told in ((tmp_path, "no .mod file"), (tmp_path / "none", "no such folder")):
        done = CliRunner().invoke(app, ["check-nmodl", str(folder)])
        assert told in str(done.exception)
