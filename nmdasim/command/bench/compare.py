"""Runs every work on every peer and sets them side by side."""

from __future__ import annotations

import platform
from collections.abc import Callable, Iterator
from importlib.metadata import version
from typing import Any

import numpy as np

from nmdasim.command.bench import peers
from nmdasim.command.bench.works import Work, works
from nmdasim.errors import InputError, nearest

#: Simulated seconds that each peer gets of a work, full and quick; the slow get less: cost per lane-step is compared.
_SHARE = {"kernel": (1.0, 0.125), "Brian2 C++ standalone": (1.0, 0.125), "Brian2 Cython": (0.25, 0.0625),
          "NumPy": (0.0625, 0.0125), "SciPy LSODA": (0.125, 0.0625), "Brian2 SpatialNeuron": (1.0, 0.125),
          "NEURON": (1.0, 1.0), "Jaxley": (1.0, 1.0)}  # fmt: skip


def _engines(work: Work) -> dict[str, Callable[[Work, float], peers.Cost]]:
    """Return the peers that can run a work, by name."""
    found: dict[str, Callable[[Work, float], peers.Cost]] = {}
    if work.model().is_point:
        found["Brian2 C++ standalone"] = lambda w, s: peers.brian2(w, s, standalone=True)
        found["Brian2 Cython"] = lambda w, s: peers.brian2(w, s, standalone=False)
        found["NumPy"] = peers.numpy
    else:
        found["Brian2 SpatialNeuron"] = peers.brian2_cable
    if work.name != "W3":  # its current lanes differ too much in stiffness for one lane to stand for them
        found["SciPy LSODA"] = peers.reference
    if work.name == "W0":
        others = {"NEURON": peers.neuron, "Jaxley": peers.jaxley}
        found |= {name: run for name, run in others.items() if peers.installed(name.lower())}
    return found


def compare(
    *, quick: bool = False, only: tuple[str, ...] = (), report: Callable[[str], None] = print
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

    Returns
    -------
    dict
        ``rows`` (one per work and engine), ``machine`` and ``versions``.

    Raises
    ------
    InputError
        For a work that does not exist.
    """
    rows: list[dict[str, Any]] = []
    known = [work.name for work in works()]
    if unknown := [name for name in only if name not in known]:
        raise InputError(f"unknown work {unknown[0]!r}{nearest(unknown[0], known)}")
    for work in works():
        if not only or work.name in only:
            rows += _rows(work, quick, report)
    names = ["nmdasim", "numpy", "numba", "brian2", "scipy", *(n for n in ("neuron", "jaxley") if peers.installed(n))]
    return {"rows": rows, "machine": _machine(), "versions": {name: version(name) for name in names}}


def _rows(work: Work, quick: bool, report: Callable[[str], None]) -> Iterator[dict[str, Any]]:
    def seconds(engine: str) -> float:
        return max(round(work.seconds * _SHARE[engine][quick] / work.dt) * work.dt, 200 * work.dt)

    report(f"{work.name}: {work.title}")
    report("  kernel")
    own = peers.kernel(work, seconds("kernel"))
    base = own.lane_steps / own.seconds
    yield _row(work, "kernel", own, base, own.counts)
    for engine, run in _engines(work).items():
        report(f"  {engine}")
        cost = run(work, seconds(engine))
        same = peers.kernel(work, seconds(engine)) if seconds(engine) != seconds("kernel") else own
        yield _row(work, engine, cost, base, same.counts[work.spread(len(cost.counts))])


def _row(work: Work, engine: str, cost: peers.Cost, base: float, counts: np.ndarray) -> dict[str, Any]:
    """Return one row; `counts` are the kernel's spikes in the same lanes and seconds."""
    rate, difference = cost.lane_steps / cost.seconds, np.abs(cost.counts - counts)
    return {
        "work": work.name,
        "engine": engine,
        "cpu_seconds": round(cost.seconds, 4),
        "compile_seconds": round(cost.compile_seconds, 2),
        "lane_steps": cost.lane_steps,
        "lane_steps_per_cpu_second": round(rate),
        "ratio_to_kernel": float(f"{rate / base:.4g}"),
        "max_count_difference": int(difference.max()),
        "lanes_that_differ": int(np.sum(difference > 1)),
        "lanes": len(counts),
        "spikes_per_lane": float(f"{cost.counts.mean():.4g}"),
    }


def _machine() -> str:
    name = platform.processor() or platform.machine()
    try:
        with open("/proc/cpuinfo", encoding="utf-8") as stream:  # noqa: PTH123
            lines = [line.partition(":")[2].strip() for line in stream if line.startswith("model name")]
        name = lines[0] if lines else name
    except OSError:  # not Linux: the platform's own word will do
        name = platform.processor() or platform.machine()
    return f"{name}, {platform.system()}, Python {platform.python_version()}"
