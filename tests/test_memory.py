"""A run says what memory it needs, and refuses what cannot fit, before it starts."""

import logging
import subprocess
import sys

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.plan import memory
from nmdasim.run.simulate import plan

TRAIN = nm.WindUp(pulses=2)


def test_a_run_says_lanes_steps_and_memory_beforehand(caplog):
    with caplog.at_level(logging.INFO, logger="nmdasim"):
        nm.simulate(nm.neurons.wdr(), TRAIN, ketamine=[0, 1, 10] * nm.uM)
    assert "3 lanes of wdr" in caplog.text
    assert "steps of 0.1 ms, about" in caplog.text
    assert "MB" in caplog.text


def test_memory_grows_with_lanes_times_what_is_recorded():
    few, many = (
        plan(nm.neurons.wdr(), TRAIN, parameters={"ketamine": np.arange(n) * nm.uM}, duration=2.0, dt=1e-4)
        for n in (100, 1000)
    )
    assert memory.need(many) == pytest.approx(10 * memory.need(few), rel=0.05)


def test_a_run_that_cannot_fit_is_refused_before_it_starts(monkeypatch):
    monkeypatch.setattr(memory, "available", lambda: 1e8)
    with pytest.raises(ValueError, match=r"1,000 lanes of wdr need about .* GB of memory and 0.1 GB are free"):
        nm.simulate(nm.neurons.wdr(), TRAIN, ketamine=np.arange(1000) * nm.uM, record=["v"])


def test_ten_billion_lanes_are_refused_by_their_number():
    with pytest.raises(ValueError, match=r"1,000,000,000,000 lanes of wdr need"):
        nm.simulate(nm.neurons.wdr(), TRAIN, ketamine=np.arange(1_000_000) * nm.uM, mg=np.arange(1_000_000) * nm.mM)


def test_the_free_memory_of_this_machine_is_known_or_unlimited():
    assert memory.available() > 1e6


def test_the_limit_of_a_container_and_of_the_process_count_as_memory_does(tmp_path):
    (tmp_path / "memory.max").write_text("5000000\n")
    (tmp_path / "memory.current").write_text("2000000\n")
    assert memory._of_container(tmp_path) == 3e6
    (tmp_path / "memory.max").write_text("max\n")
    assert memory._of_container(tmp_path) == memory._of_container(tmp_path / "none") == np.inf
    code = (
        "import resource; from nmdasim.plan import memory\n"
        "free = memory.available()\n"
        "resource.setrlimit(resource.RLIMIT_AS, (64 << 30, resource.RLIM_INFINITY)); left = memory._of_process()\n"
        "assert 0 < left < 64 << 30 and memory.available() <= left, (left, free)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
