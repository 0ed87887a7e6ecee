"""Runs every work on every peer and sets them side by side, at equal step and at equal answer."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Iterator
from functools import cache
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np

from nmdasim.command.bench import machine, peers
from nmdasim.command.bench.answers import CONVERGED, FINER, distance, equal_answer, finer
from nmdasim.command.bench.plans import shortened
from nmdasim.command.bench.timing import LEAST, Run, Side, alternate
from nmdasim.command.bench.works import Work, works
from nmdasim.errors import InputError, nearest

#: Simulated seconds that each engine gets of W0, W1, W2 and W3: the slow get less, for cost per lane-step is compared.
#: What LSODA costs depends on what the neuron does: of W2 it gets the whole, one lane.
_SECONDS = {"kernel": (1, 2, 4, 2), peers.SINGLE: (1, 2, 4, 2), peers.STANDALONE: (1, 2, 0, 2),
            "Brian2 Cython": (0.25, 0.5, 0, 1), "NumPy": (0.0625, 0.2, 0, 0.25), "SciPy LSODA": (1, 2, 16, 0.5),
            "Brian2 SpatialNeuron": (0, 0, 4, 0), "NEURON": (1, 0, 4, 0), "NEURON CVODE": (0, 0, 16, 0),
            "others": (1, 0, 0, 0)}  # fmt: skip
#: Steps that a run has at least.
_STEPS = 200
QUICK = 0.125


def compare(
    *,
    quick: bool = False,
    only: tuple[str, ...] = (),
    report: Callable[[str], None] = print,
    share: float = 1.0,
    least: float = LEAST,
) -> dict[str, Any]:
    """Run the works and return the rows of ``nmdasim bench``.

    Parameters
    ----------
    quick
        An eighth of the simulated time.
    only
        Names of works; all by default.
    report
        Called with a line for each thing that begins.
    share
        Share of the simulated time.
    least
        CPU seconds that each measurement has at least.

    Returns
    -------
    dict
        ``rows`` (one per work and engine), ``machine``, ``prices`` in ns and ``versions``.

    Raises
    ------
    InputError
        For a work that does not exist.
    """
    rows: list[dict[str, Any]] = []
    known = [work.name for work in works()]
    if unknown := [name for name in only if name not in known]:
        raise InputError(f"unknown work {unknown[0]!r}{nearest(unknown[0], known)}")
    share *= QUICK if quick else 1
    with tempfile.TemporaryDirectory() as room:
        for work in works():
            if not only or work.name in only:
                rows += _rows(work, share, least, Path(room), report)
    others = [name for name in ("neuron", "arbor", "jax", "jaxley") if peers.installed(name)]
    return {
        "rows": rows,
        "machine": machine.line(),
        "prices": machine.prices(),
        "versions": {name: version(name) for name in ("nmdasim", "numpy", "llvmlite", "brian2", "scipy", *others)},
    }


def simulated(work: Work, engine: str, share: float) -> float:
    """Return the seconds that an engine gets of a work: whole steps."""
    number = [one.name for one in works()].index(work.name)
    seconds = _SECONDS.get(engine, _SECONDS["others"])[number]
    return max(round(share * seconds / work.dt), _STEPS) * work.dt


def _rows(
    work: Work, share: float, least: float, room: Path, report: Callable[[str], None]
) -> Iterator[dict[str, Any]]:
    """Time all sides of a work in turn, then find where each is near the converged run."""
    report(f"{work.name}: {work.title}")
    judged = [peers.own(), *peers.of(work)]
    sides = []
    for peer in judged:
        report(f"  {peer.name}: made ready")
        sides.append(peer.ready(work, simulated(work, peer.name, share), work.dt, room))
    report("  timed in turn")
    runs = alternate(sides, least=least)
    own = Judge(work, room)
    base = sides[0].lane_steps / runs[0].seconds
    found: dict[str, int | None] = {}
    for peer, side, run in zip(judged, sides, runs, strict=True):
        report(f"  {peer.name}: beside a converged run")
        seconds = simulated(work, peer.name, share)
        found[peer.name] = found[peer.rule] if peer.rule else own.finer(peer, seconds, run.counts)
        mine = own.finer(judged[0], seconds, lanes=len(run.counts))
        yield _row(work, side, run, base, own.converged(seconds, len(run.counts)), (mine, found[peer.name]))


class Judge:
    """The converged runs of a work, and who is near them at which step."""

    def __init__(self, work: Work, room: Path) -> None:
        self.work, self.room = work, room
        self.counted = cache(self._counted)

    def _counted(self, seconds: float, lanes: int, divisor: int) -> np.ndarray:
        return peers.counts_of(shortened(self.work, seconds, lanes, self.work.dt / divisor))

    def converged(self, seconds: float, lanes: int) -> np.ndarray:
        """Return the spikes of each lane, converged."""
        return self.counted(seconds, lanes, CONVERGED)

    def finer(self, peer: peers.Peer, seconds: float, counts: np.ndarray | None = None, lanes: int = 0) -> int | None:
        """Return the divisor of the step at which a peer is near; `counts` are its own at the step of the work."""

        def answer(divisor: int) -> np.ndarray:
            if counts is not None and divisor == 1:
                return counts
            if peer.name == "kernel":
                return self.counted(seconds, lanes, divisor)
            return peer.counts(self.work, seconds, self.work.dt / divisor, self.room)

        lanes = lanes or (self.work.lanes if counts is None else len(counts))
        return finer(answer, self.converged(seconds, lanes), FINER if peer.steps else FINER[:1])


def _row(
    work: Work, side: Side, run: Run, base: float, converged: np.ndarray, near: tuple[int | None, int | None]
) -> dict[str, Any]:
    """Return one row; `base` is the kernel's rate, `near` the step's divisors at which kernel and peer are near."""
    rate, difference = side.lane_steps / run.seconds, np.abs(run.counts - converged)
    equal, off = equal_answer(base / rate, *near), distance(run.counts, converged)
    return {
        "work": work.name,
        "engine": side.name,
        "cpu_seconds": round(run.seconds, 4),
        "compile_seconds": round(side.compile_seconds, 2),
        "lane_steps": side.lane_steps,
        "lane_steps_per_cpu_second": round(rate),
        "kernel_faster_at_equal_step": float(f"{base / rate:.4g}"),
        "kernel_faster_at_equal_answer": None if equal is None else float(f"{equal:.4g}"),
        "step_divisor_of_kernel": near[0],
        "step_divisor": near[1],
        "distance": None if np.isnan(off) else float(f"{off:.3g}"),
        "largest_count_difference": int(difference.max()),
        "lanes": len(converged),
        "spikes_per_lane": float(f"{run.counts.mean():.4g}"),
    }
