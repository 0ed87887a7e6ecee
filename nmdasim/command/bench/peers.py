"""Peers: how each is made ready for a work. One that is not installed is left out."""

from __future__ import annotations

import dataclasses
import os
import shutil
import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np

from nmdasim import engines
from nmdasim.command.bench import vectorized
from nmdasim.command.bench.apart import Apart
from nmdasim.command.bench.plans import SHORT, brief, shortened
from nmdasim.command.bench.timing import Run, Side, cpu_of, timed
from nmdasim.command.bench.works import Work
from nmdasim.engines.neuron import build
from nmdasim.errors import InputError
from nmdasim.plan.plan import Cells

#: Makes a side of a work, so many simulated seconds and a step; in the folder it may leave what it builds.
Ready = Callable[[Work, float, float, Path], Side]


@dataclass(frozen=True, eq=False)
class Peer:
    """An engine that can run a work.

    Parameters
    ----------
    name
        As it is printed.
    ready
        Makes it ready to be timed.
    counts
        Spikes of each lane, without being timed.
    rule
        Another peer that takes the same steps and is faster: the step at which that one is near is this one's too.
    steps
        Whether it takes the steps of the work; LSODA chooses its own.
    """

    name: str
    ready: Ready
    counts: Callable[[Work, float, float, Path], np.ndarray]
    rule: str = ""
    steps: bool = True


def own(method: str = "") -> Peer:
    """Return the library's kernel."""
    return _inside("kernel", "kernel", None, method=method)


def of(work: Work) -> list[Peer]:
    """Return the peers that can run a work."""
    found = [_inside(SINGLE, "kernel", None, method="staggered/float32")]
    if work.model().is_point:
        found += [
            Peer(STANDALONE, _standalone, _standalone_counts),
            _apart("Brian2 Cython", "brian2", "", rule=STANDALONE),
            Peer("NumPy", _numpy, _counted(_numpy)),
            _inside("SciPy LSODA", "reference", 8, steps=False),
        ]
    else:
        found += [
            _inside("Brian2 SpatialNeuron", "brian2", 1, short=True),
            _inside("SciPy LSODA", "reference", 1, steps=False),
        ]
        found += _EXPORTED if _compiles_nmodl() else []
    if work.name == "W0":  # the one model that they ship
        found += _NEURON if installed("neuron") else []
        found += _ARBOR if installed("arbor") else []
        found += _JAX if installed("jax") else []
        found += _JAXLEY if installed("jaxley") else []
    return found


def installed(name: str) -> bool:
    """Whether a peer can be imported."""
    return find_spec(name) is not None


def _compiles_nmodl() -> bool:
    """Whether NEURON is here with what compiles its mechanisms."""
    try:
        build.need()
    except InputError:
        return False
    return True


def counts_of(made: Cells, engine: str = "kernel") -> np.ndarray:
    """Return the spikes of each lane of a plan on an engine of the library."""
    return np.bincount(engines.alone(made, engine).spike_lane, minlength=made.lanes)


def _inside(
    name: str, engine: str, lanes: int | None, *, method: str = "", short: bool = False, steps: bool = True
) -> Peer:
    """Return a peer that is an engine of the library.

    `short` where it has a fixed cost; `steps` False where it chooses its own.
    """

    def ready(work: Work, seconds: float, dt: float, _: Path) -> Side:
        made = dataclasses.replace(shortened(work, seconds, lanes, dt), method=method)
        begun = time.perf_counter()
        engines.alone(brief(made), engine)
        prepared = time.perf_counter() - begun
        less = brief(made) if short else None
        run = timed(lambda: counts_of(made, engine), (lambda: engines.alone(less, engine)) if less else None)
        return Side(name, made.lanes * (made.steps - (less.steps if less else 0)), run, prepared)

    return Peer(name, ready, _counted(ready), steps=steps)


def _counted(ready: Ready) -> Callable[[Work, float, float, Path], np.ndarray]:
    return lambda *what: ready(*what).run().counts


def _apart(name: str, module: str, kind: str, *, rule: str = "") -> Peer:
    """Return a peer that runs in a process of its own, with its fixed cost taken off."""

    def ready(work: Work, seconds: float, dt: float, _: Path) -> Side:
        process = Apart(module, work.name, seconds, dt, kind)
        steps = shortened(work, seconds, 1, dt).steps - (SHORT if module in FIXED_COST else 0)
        return Side(name, work.lanes * steps, process.run, process.ready)

    return Peer(name, ready, _counted(ready), rule)


#: Modules that also time a run of almost no duration.
FIXED_COST = ("arbor", "brian2", "neuron")


def _numpy(work: Work, seconds: float, dt: float, _: Path) -> Side:
    made = shortened(work, seconds, dt=dt)
    begun = time.perf_counter()
    program = vectorized.program(made)
    return Side("NumPy", made.lanes * made.steps, timed(program), time.perf_counter() - begun)


STANDALONE, SINGLE = "Brian2 C++ standalone", "kernel float32"


def _standalone(work: Work, seconds: float, dt: float, room: Path) -> Side:
    """Build two programs, of the whole duration and of almost none; a run of both costs the difference."""
    whole, short = room / f"{work.name}-whole", room / f"{work.name}-short"
    built = Apart("brian2", work.name, seconds, dt, str(whole))
    counts = built.run().counts
    shutil.copytree(whole, short)
    Apart("brian2", work.name, SHORT * dt, dt, str(short))
    program = ["main.exe" if os.name == "nt" else "./main"]

    def run() -> Run:
        fixed = cpu_of(program, short)
        return Run(cpu_of(program, whole), counts, fixed)

    steps = shortened(work, seconds, 1, dt).steps - SHORT
    return Side(STANDALONE, work.lanes * steps, run, built.ready)


def _standalone_counts(work: Work, seconds: float, dt: float, room: Path) -> np.ndarray:
    """Build anew, where only what the step changes is compiled, and run once."""
    folder = room / f"{work.name}-finer"
    if not folder.exists() and (room / f"{work.name}-whole").exists():
        shutil.copytree(room / f"{work.name}-whole", folder)
    return Apart("brian2", work.name, seconds, dt, str(folder)).run().counts


_neuron: Any = partial(_apart, module="neuron")
_scan: Any = partial(_apart, module="scan")
_jaxley: Any = partial(_apart, module="jaxley")
#: A neuron of the library as NMODL, run by NEURON: its fixed step, and the steps that CVODE chooses.
_EXPORTED = [
    _inside("NEURON", "neuron", 1, short=True),
    _inside("NEURON CVODE", "neuron", 1, short=True, method="cvode", steps=False),
]
_NEURON = [
    _neuron("NEURON", kind="tables"),
    _neuron("NEURON, rate tables off", kind="exact"),
    _neuron("CoreNEURON", kind="core"),
]
_ARBOR = [_apart("Arbor", "arbor", "")]
_JAX = [_scan("JAX scan", kind="float64"), _scan("JAX scan float32", kind="float32")]
_JAXLEY = [_jaxley("Jaxley", kind="float64"), _jaxley("Jaxley float32", kind="float32")]
