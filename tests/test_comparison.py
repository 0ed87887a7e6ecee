"""The logic of the benchmarks; nothing here depends on a time."""

import importlib.util
import json
import sys
import time
from pathlib import Path

import numpy as np
import pytest

from nmdasim import engines
from nmdasim.command.bench import answers, compare, machine, peers, timing
from nmdasim.command.bench.plans import shortened
from nmdasim.command.bench.timing import Run, Side, alternate
from nmdasim.command.bench.works import named, works
from nmdasim.command.printing import bench as printing
from nmdasim.engines.kernel.machine import Processor

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"


@pytest.fixture(scope="module")
def limit():
    spec = importlib.util.spec_from_file_location("limit", BENCHMARKS / "limit.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def side(name, costs, called, fixed=0.0):
    """A side whose runs cost what is given, one after the other."""
    left = iter(costs)

    def run():
        called.append(name)
        return Run(next(left), np.array([len(called)]), fixed)

    return Side(name, 100, run)


def test_sides_take_turns_after_each_has_run_once():
    called = []
    alternate([side("a", [1] * 4, called), side("b", [1] * 4, called)], rounds=3)
    assert "".join(called) == "ab" + "ababab"


def test_the_least_of_the_rounds_counts_and_the_first_run_does_not():
    a, b = alternate([side("a", [0.5, 3, 2, 4], []), side("b", [0.5, 9, 8, 7], [])], rounds=3)
    assert (a.seconds, b.seconds) == (2, 7)


def test_at_least_three_rounds():
    assert timing.ROUNDS >= 3


def test_the_fixed_cost_is_taken_off():
    (a,) = alternate([side("a", [5, 6, 5.5, 7], [], fixed=4)])
    assert a.seconds == 1.5
    with pytest.raises(RuntimeError, match="a: a run costs no more than one of almost no duration"):
        alternate([side("a", [4, 4, 4, 4], [], fixed=4)])


def test_what_is_short_is_repeated():
    called = []
    (a,) = alternate([side("a", [0.05] * 13, called)], rounds=3, least=0.2)
    assert len(called) == 1 + 3 * 4
    assert a.seconds == pytest.approx(0.05)


def test_cpu_time_is_not_time_of_the_clock():
    assert timing.seconds_of(lambda: time.sleep(0.5)) < 0.25


def test_the_distance_counts_missing_and_extra_spikes_of_every_lane():
    assert answers.distance(np.array([9, 11, 5]), np.array([10, 10, 5])) == pytest.approx(2 / 25)
    assert np.isnan(answers.distance(np.zeros(2), np.zeros(2)))


def test_a_first_order_answer_is_near_at_the_step_that_makes_it_so():
    converged = np.full(10, 1000)
    assert answers.finer(lambda divisor: converged - 8 // divisor, converged) == 4
    assert answers.finer(lambda divisor: converged, converged) == 1
    assert answers.finer(lambda divisor: converged - 50, converged) is None
    assert answers.finer(lambda divisor: np.zeros(1), np.zeros(1)) is None


def test_at_equal_answer_each_pays_for_its_own_steps():
    assert answers.equal_answer(12.0, 1, 4) == 48
    assert answers.equal_answer(12.0, 2, 4) == 24
    assert answers.equal_answer(12.0, 1, None) is None


def test_the_width_of_vectors_is_read_from_the_features():
    assert machine.width("+sse2,+avx,+avx2,+avx512f") == 512
    assert machine.width("+sse2,+avx,+avx2,-avx512f") == 256
    assert machine.width("+neon") == 128
    assert machine.width("") == 0


def test_every_peer_of_every_work_gets_time():
    for work in works():
        for peer in [peers.own(), *peers.of(work)]:
            assert compare.simulated(work, peer.name, 1.0) > 200 * work.dt, (work.name, peer.name)


def test_arbor_runs_as_a_peer_of_w0_alone_and_is_near_at_a_finer_step(tmp_path):
    pytest.importorskip("arbor", reason="Arbor is not installed: pip install 'nmdasim[bench]'")
    work = named("W0")
    (peer,) = [peer for peer in peers.of(work) if peer.name == "Arbor"]
    assert not [peer for name in ("W1", "W2", "W3") for peer in peers.of(named(name)) if peer.name == "Arbor"]
    side = peer.ready(work, 0.1, work.dt / 8, tmp_path)
    assert side.lane_steps == work.lanes * (8 * 4000 - 20)
    converged = compare.Judge(work, tmp_path).converged(0.1, work.lanes)
    assert answers.distance(side.run().counts, converged) <= answers.NEAR


def test_arbor_solves_the_equations_of_the_kernel():
    """Its spikes come late in proportion to the step; what is left at no step at all is on the grid of the kernel's."""
    arbor = pytest.importorskip("arbor", reason="Arbor is not installed: pip install 'nmdasim[bench]'")
    apart = importlib.import_module("nmdasim.command.bench.apart.arbor")
    made = shortened(named("W0"), 0.1, lanes=4, dt=2.5e-5 / 64)
    simulation = apart.together(apart.Axons(made.parameters["g_e"][:, 0] / 1e4))

    def last(step):
        simulation.reset()
        simulation.run(100 * arbor.units.ms, step * arbor.units.ms)
        spikes = simulation.spikes()
        return np.array([spikes["time"][spikes["source"]["gid"] == lane].max() for lane in (1, 2, 3)])

    outcome = engines.alone(made)
    own = [1e3 * outcome.spike_time[outcome.spike_lane == lane].max() for lane in (1, 2, 3)]
    coarse, fine = last(0.025 / 16), last(0.025 / 32)
    assert (fine - own > 0.005).all()
    np.testing.assert_allclose(2 * fine - coarse, own, rtol=0, atol=0.0005)


def test_a_row_has_both_ratios(monkeypatch):
    monkeypatch.setattr(compare.peers, "of", lambda work: [peers._inside("SciPy LSODA", "reference", 1, steps=False)])
    monkeypatch.setattr(compare.machine, "prices", lambda: {"exponentials": 0.5})
    result = compare.compare(only=("W0",), share=0.02, least=0.0, report=lambda line: None)
    assert [row["engine"] for row in result["rows"]] == ["kernel", "SciPy LSODA"]
    own, peer = result["rows"]
    assert own["kernel_faster_at_equal_step"] == 1
    assert own["distance"] <= answers.NEAR
    assert own["kernel_faster_at_equal_answer"] == own["step_divisor_of_kernel"] == 1
    assert peer["lanes"] == 1
    assert len(printing.cells(peer)) == len(printing.HEADINGS)
    assert Processor.own().name in printing.footnote(result)
    assert json.loads(printing.as_json(result)) == result


@pytest.mark.parametrize(("name", "seconds"), [("W0", 0.1), ("W1", 0.25), ("W3", 0.1)])
def test_what_is_written_by_hand_gives_the_spikes_of_the_kernel(limit, name, seconds):
    try:
        limit.library()
    except limit.NoCompilerError as error:
        pytest.skip(str(error))
    work = named(name)
    made = shortened(work, seconds, lanes=50)
    step, lane = limit.spikes(work, made)
    outcome = engines.alone(made)
    assert len(step) > 100
    np.testing.assert_array_equal(lane, outcome.spike_lane)
    np.testing.assert_array_equal(step, np.round(outcome.spike_time / made.dt))


def test_only_a_loss_beyond_noise_is_reported(limit):
    stored = {"W0": 0.8, "W1": 0.8}
    assert limit.lost({"W0": 0.61, "W1": 0.59}, stored) == ["W1"]
    assert limit.lost({"W0": 0.9, "W1": 0.8}, stored) == []
    assert limit.lost({"W0": 0.4, "W1": 0.8}, stored) == ["W0"]


def test_a_check_on_another_processor_says_that_nothing_is_stored(limit, tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(limit, "STORED", tmp_path / "limit.json")
    monkeypatch.setattr(sys, "argv", ["limit.py"])
    (tmp_path / "limit.json").write_text("{}")
    found = {name: {"share": 0.8} for name in limit.SECONDS}
    assert limit.check(found) == 0
    assert "nothing stored" in capsys.readouterr().out
    limit.keep(found)
    assert limit.check(found) == 0
    assert limit.check({name: {"share": 0.3} for name in limit.SECONDS}) == 1
