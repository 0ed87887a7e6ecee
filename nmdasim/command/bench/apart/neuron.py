"""NEURON's ``hh`` and a ``pas`` conductance to 0 mV, one section a lane: as shipped, without tables, CoreNEURON."""

from __future__ import annotations

import time
from typing import Any

import numpy as np
from neuron import coreneuron, h

from nmdasim.command.bench.apart import Program, serve
from nmdasim.command.bench.plans import SHORT, shortened
from nmdasim.command.bench.timing import seconds_of
from nmdasim.command.bench.works import named


def main(name: str, seconds: float, dt: float, kind: str) -> Program:
    """Run W0; `kind` is "tables" (as shipped), "exact" (rates computed) or "core" (CoreNEURON)."""
    h.load_file("stdrun.hoc")
    made = shortened(named(name), seconds, dt=dt)
    begun = time.perf_counter()
    parallel = h.ParallelContext()
    cells = [_cell(parallel, lane, g / 1e4) for lane, g in enumerate(made.parameters["g_e"][:, 0])]  # S/m² → S/cm²
    times, lanes = h.Vector(), h.Vector()
    parallel.spike_record(-1, times, lanes)
    h.usetable_hh = int(kind != "exact")
    h.dt, h.celsius = made.dt * 1e3, 6.3
    coreneuron.enable, coreneuron.verbose = kind == "core", 0
    if kind == "core":
        h.CVode().cache_efficient(1)
    parallel.set_maxstep(10)

    def run(steps: int) -> None:
        h.finitialize(-65)
        parallel.psolve(steps * h.dt)

    run(SHORT)
    ready = time.perf_counter() - begun

    def once() -> tuple[float, float, np.ndarray]:
        fixed = seconds_of(lambda: run(SHORT))
        times.resize(0)
        lanes.resize(0)
        return seconds_of(lambda: run(made.steps)), fixed, np.bincount(np.array(lanes, int), minlength=len(cells))

    return once, ready


def _cell(parallel: Any, lane: int, g: float) -> tuple[Any, Any]:
    section = h.Section()
    section.L = section.diam = 10
    section.insert("hh")
    section.insert("pas")
    section(0.5).pas.g, section(0.5).pas.e = g, 0
    detector = h.NetCon(section(0.5)._ref_v, None, sec=section)
    detector.threshold = 0
    parallel.set_gid2node(lane, parallel.id())
    parallel.cell(lane, detector)
    return section, detector


if __name__ == "__main__":
    serve(main)
