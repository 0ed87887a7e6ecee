"""Costs in CPU time: sides take turns, each counts by its fastest run, what any run costs is taken off."""

from __future__ import annotations

import math
import subprocess
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

try:
    import resource
except ImportError:  # Windows
    resource = None  # type: ignore[assignment]

#: Rounds in which the sides take turns.
ROUNDS = 3
#: CPU seconds under which a measurement is repeated until it has them: what is shorter measures the clock.
LEAST = 0.2


@dataclass(frozen=True, eq=False)
class Run:
    """What one run cost.

    Parameters
    ----------
    seconds
        CPU seconds, of all threads.
    counts
        Spikes of each lane that was run.
    fixed
        CPU seconds of a run of almost no duration, which are in `seconds` too.
    """

    seconds: float
    counts: np.ndarray
    fixed: float = 0.0


@dataclass(frozen=True, eq=False)
class Side:
    """An engine that is ready to run a work.

    Parameters
    ----------
    name
        The engine.
    lane_steps
        Lanes × steps of a run, less those of the run of almost no duration.
    run
        Runs it once.
    compile_seconds
        Wall seconds from nothing to ready: code generation and compilation, where not cached.
    """

    name: str
    lane_steps: int
    run: Callable[[], Run]
    compile_seconds: float = field(default=0.0)


def cpu() -> float:
    """Return the CPU seconds that this process has used, in all its threads, and the processes that it waited for."""
    if resource is None:
        return time.process_time()
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def cpu_of(command: Sequence[str], folder: Path) -> float:
    """Run a program and return the CPU seconds that it used; on Windows seconds of the clock."""

    def used() -> float:
        if resource is None:
            return time.perf_counter()
        children = resource.getrusage(resource.RUSAGE_CHILDREN)
        return children.ru_utime + children.ru_stime

    before = used()
    subprocess.run(command, cwd=folder, check=True, capture_output=True)
    return used() - before


def seconds_of(task: Callable[[], object]) -> float:
    """Do something and return the CPU seconds that it took."""
    before = cpu()
    task()
    return cpu() - before


def timed(task: Callable[[], np.ndarray], short: Callable[[], object] | None = None) -> Callable[[], Run]:
    """Return a run of `task`, which gives counts, and of `short`, the same with almost no duration."""

    def run() -> Run:
        fixed = seconds_of(short) if short else 0.0
        before = cpu()
        counts = task()
        return Run(cpu() - before, counts, fixed)

    return run


def alternate(sides: Sequence[Side], *, rounds: int = ROUNDS, least: float = LEAST) -> list[Run]:
    """Run the sides in turn and return for each the least it cost, its fixed cost taken off.

    Each side first runs once without being timed, as long as it will when it counts: caches, lazy imports and the
    processor's clock are then where they stay.

    Raises
    ------
    RuntimeError
        If a run costs no more than its fixed cost.
    """
    warm = [side.run() for side in sides]
    times = [math.ceil(least / max(run.seconds, 1e-6)) if run.seconds < least else 1 for run in warm]
    seconds, fixed = np.full((2, rounds, len(sides)), np.inf)
    for turn in range(rounds):
        for k, side in enumerate(sides):
            runs = [side.run() for _ in range(times[k])]
            seconds[turn, k] = np.mean([run.seconds for run in runs])
            fixed[turn, k] = np.mean([run.fixed for run in runs])
    net = seconds.min(axis=0) - fixed.min(axis=0)
    for side, left in zip(sides, net, strict=True):
        if left <= 0:
            raise RuntimeError(f"{side.name}: a run costs no more than one of almost no duration; run it for longer")
    return [Run(float(left), run.counts) for left, run in zip(net, warm, strict=True)]
