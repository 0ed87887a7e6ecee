"""Brian2's own method on a work: Cython, or C++ standalone with -O3 -ffast-math -march=native."""

from __future__ import annotations

import time
from typing import Any

import brian2 as b2
import numpy as np
from brian2.devices.device import get_device

from nmdasim.command.bench.apart import Program, serve
from nmdasim.command.bench.plans import SHORT, shortened
from nmdasim.command.bench.timing import seconds_of
from nmdasim.command.bench.works import Work, named
from nmdasim.model.check import declarations
from nmdasim.plan.plan import Cells


def main(name: str, seconds: float, dt: float, folder: str) -> Program:
    """Build the program in `folder` and run it; without a folder, run with Cython, going on from run to run."""
    work = named(name)
    plan = shortened(work, seconds, dt=dt)
    if folder:
        b2.set_device("cpp_standalone", build_on_run=False, directory=folder)
        b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-ffast-math", "-march=native"]
    b2.defaultclock.dt = plan.dt * b2.second
    spikes, network = _network(work, plan)
    begun = time.perf_counter()
    if folder:
        network.run(plan.steps * plan.dt * b2.second, namespace={})
        get_device().build(directory=folder, compile=True, run=True, debug=False)
        counts = spikes.count[:]
        return lambda: (0.0, 0.0, counts), time.perf_counter() - begun

    def run(steps: int) -> None:
        network.run(steps * plan.dt * b2.second, namespace={})

    network.store()
    run(2)

    def once() -> tuple[float, float, np.ndarray]:
        network.restore()
        fixed = seconds_of(lambda: run(SHORT))
        network.restore()
        return seconds_of(lambda: run(plan.steps)), fixed, spikes.count[:]

    return once, time.perf_counter() - begun


def _network(work: Work, plan: Cells) -> tuple[Any, Any]:
    model = plan.model
    bases = model.parameters.bases
    text = model.equations + declarations(tuple((p, model.parameters.unit_of(p)) for p in bases))
    refractory = model.refractory if model.refractory is None or " > " in str(model.refractory) else 2 * b2.ms
    group = b2.NeuronGroup(
        plan.lanes,
        text,
        method=work.method,
        threshold=model.threshold,
        reset=model.reset,
        refractory=refractory,
        namespace={},
    )
    for key, value in {**plan.parameters, **plan.initial}.items():
        if key in group.variables and key != "area":
            setattr(group, key + "_", np.broadcast_to(value[:, 0], plan.lanes))
    spikes = b2.SpikeMonitor(group, record=False)
    parts = [group, spikes]
    for k, entry in enumerate(model.ports.values()):
        times = plan.arrivals.time[plan.arrivals.port == k]
        source = b2.SpikeGeneratorGroup(len(times), np.arange(len(times)), times * b2.second)
        synapses = b2.Synapses(source, group, on_pre=entry.effect)
        synapses.connect()
        parts += [source, synapses]
    return spikes, b2.Network(parts)


if __name__ == "__main__":
    serve(main)
