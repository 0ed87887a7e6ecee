"""A user's mistake is told from a fault of the library by class, and by nothing else."""

import re
import sys

import numpy as np
import pytest

import nmdasim as nm
from nmdasim import errors
from nmdasim.command import app as cli
from nmdasim.run import simulate as running
from nmdasim.sweep import chunks, execute


@pytest.fixture
def command(monkeypatch, capsys):
    def run(*words):
        monkeypatch.setattr(sys, "argv", ["nmdasim", *words])
        status = 0
        try:
            cli.main()
        except SystemExit as stop:
            status = stop.code or 0
        return (status, *capsys.readouterr())

    return run


def broken(*_, **__):
    raise ValueError("operands could not be broadcast\ntogether")


@pytest.fixture
def faulty(monkeypatch):
    """Have the library do what it must not: raise a plain ValueError, as NumPy would."""
    monkeypatch.setattr(sys.modules["nmdasim.run.simulate"], "simulate", broken)


def test_a_plain_value_error_in_a_command_is_a_fault_of_ours_in_one_line(command, faulty):
    status, out, told = command("windup", "--pulses", "1")
    assert (status, out) == (1, "")
    assert told == (
        "nmdasim: fault of the library: ValueError: operands could not be broadcast together; "
        "run again with NMDASIM_TRACEBACK=1 (or --traceback) for the traceback\n"
    )


@pytest.mark.parametrize("way", ["--traceback", "NMDASIM_TRACEBACK"])
def test_the_traceback_is_shown_on_request(command, faulty, monkeypatch, way):
    if way.isupper():
        monkeypatch.setenv(way, "1")
    status, _, told = command("windup", "--pulses", "1", *([] if way.isupper() else [way]))
    assert status == 1
    assert "Traceback" in told
    assert "in broken" in told
    assert told.endswith("together\n")


def test_a_mistake_of_the_users_is_one_line_and_status_2_even_where_a_traceback_is_asked_for(command):
    status, out, told = command("windup", "--ketamine", "-1 uM", "--traceback")
    assert (status, out, told) == (2, "", "nmdasim: ketamine = -1 µM; it cannot be negative\n")


@pytest.fixture
def small():
    return nm.Sweep(
        nm.neurons.wdr(), nm.WindUp(pulses=1), dict(seed=range(4)), readouts=("late",), chunk=2, title="small"
    )


def test_a_fault_of_ours_stops_a_sweep_with_its_traceback_and_keeps_what_was_finished(
    small, tmp_path, monkeypatch, caplog
):
    run = chunks.run

    def second_fails(sweep, number, threads=0):
        if number == 1:
            monkeypatch.setattr(chunks, "simulate", broken)
        return run(sweep, number, threads)

    with monkeypatch.context() as patch:
        patch.setattr(chunks, "run", second_fails)
        with pytest.raises(ValueError, match="operands") as caught:
            execute.run(small, tmp_path / "s.zarr", threads=1)
    assert not isinstance(caught.value, errors.NmdasimError)
    assert any(entry.name == "broken" for entry in caught.traceback)
    assert "stopped: 1 of 2 chunks are finished and kept" in caplog.text
    monkeypatch.undo()
    assert execute.run(small, tmp_path / "s.zarr", resume=True).resumed == 2


def test_what_a_model_refuses_takes_out_its_lanes_only(small, tmp_path, monkeypatch):
    def refuses(*args, seed, **options):
        if 3 in np.atleast_1d(seed):
            raise errors.ModelError("no seed 3")
        return running.simulate(*args, seed=seed, **options)

    monkeypatch.setattr(chunks, "simulate", refuses)
    done = execute.run(small, tmp_path / "s.zarr")
    assert (done.done, done.failed) == (4, 1)


def test_every_kind_of_mistake_is_one_class_above_and_still_a_value_error():
    kinds = [kind for kind in vars(errors).values() if isinstance(kind, type) and kind.__module__ == errors.__name__]
    assert len(kinds) > 5
    assert all(issubclass(kind, errors.NmdasimError) for kind in kinds)
    assert issubclass(errors.NmdasimError, ValueError)


def test_nothing_in_the_package_raises_a_plain_value_error(package):
    for path in package.rglob("*.py"):
        text = path.read_text("utf-8")
        assert not re.search(r"raise (ValueError|TypeError|KeyError)\b", text), path.name
        assert not re.search(r"^ +ValueError$", text, re.MULTILINE), f"{path.name}: 'Raises' names the true class"
