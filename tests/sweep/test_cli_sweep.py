"""The command: what it prints, and that it says which extra is missing."""

import json
import subprocess
import sys
from functools import partial

import pytest

from nmdasim import DISCLAIMER


@pytest.fixture
def command(command):
    return partial(command, "sweep")


def test_it_says_what_is_ahead_runs_and_answers_in_json(command, specification, tmp_path):
    store = tmp_path / "s.zarr"
    status, out, told = command(specification(), "--out", store, "--json")
    assert status == 0
    answer = json.loads(out)
    assert {key: answer[key] for key in ("store", "lanes", "done", "resumed")} == {
        "store": str(store),
        "lanes": 24,
        "done": 24,
        "resumed": 0,
    }
    assert answer["seconds"] > 0
    assert answer["disclaimer"] == DISCLAIMER
    assert "6 ketamine × 4 seed = 24 lanes in 3 chunks; about 1 s on" in told
    assert "at most 49.7 kB of storage" in told
    assert "24 of 24 lanes" in told
    status, out, _ = command(specification(), "--out", store, "--resume", "--json")
    assert json.loads(out)["resumed"] == 24
    status, out, told = command(specification(), "--out", store)
    assert (status, out) == (2, "")
    assert told.endswith("exists; --resume (resume=True) finishes it, or give a path that is free\n")


def test_the_example_is_a_specification_that_runs_as_it_is(command, tmp_path):
    status, out, _ = command("--example")
    assert status == 0
    (tmp_path / "example.toml").write_text(out)
    status, out, _ = command(tmp_path / "example.toml", "--out", tmp_path / "s.zarr", "--json")
    assert (status, json.loads(out)["done"]) == (0, 320)


@pytest.mark.parametrize("arguments", [(), ("none.toml",), ("none.toml", "--out", "s.zarr")])
def test_what_is_missing_is_said_in_one_line(command, monkeypatch, tmp_path, arguments):
    monkeypatch.chdir(tmp_path)
    status, out, told = command(*arguments)
    assert (status, out) == (2, "")
    assert told.count("\n") == 1
    assert "nmdasim sweep --example" in told


def test_the_library_and_its_sweeps_import_without_the_extra():
    code = (
        "import sys\n"
        "for name in ('dask', 'distributed', 'zarr', 'numcodecs', 'SALib', 'optuna', 'pyarrow'):\n"
        "    sys.modules[name] = None\n"
        "import nmdasim as nm, nmdasim.command.app\n"
        "s = nm.Sweep(nm.neurons.wdr(), axes=dict(seed=[0]))\n"
        "try: nm.sweep(s, 'never.zarr')\n"
        "except ValueError as error: print(error)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert "it comes with the extra: pip install 'nmdasim[sweep]'" in done.stdout
