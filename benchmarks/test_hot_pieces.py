"""Time the hot pieces: ``pytest benchmarks`` (needs ``pip install nmdasim[bench,test]``). No test depends on a time."""

from __future__ import annotations

import dataclasses

import numpy as np
import pytest

from nmdasim import engines
from nmdasim.command.bench import plans
from nmdasim.command.bench.works import works
from nmdasim.engines.kernel import machine
from nmdasim.engines.kernel.source import write
from nmdasim.engines.layout import layout
from nmdasim.neurons import wdr
from nmdasim.pharmacology import Regimen, dose, time_course

_LOOP = """
real = float64


def over(count: whole, x: reals, y: reals) -> whole:
    for l in range(count):
        y[l] = {name}(x[l])
    return 0
"""


@pytest.mark.parametrize("name", ["exp", "log", "tanh"])
def test_vector_functions(benchmark, name):
    x, y = np.linspace(0.1, 5, 4096), np.empty(4096)
    run = machine.function(_LOOP.format(name=name), "over", float)
    benchmark(run, x.size, machine.begins(x, float), machine.begins(y, float))


@pytest.mark.parametrize("work", works(), ids=lambda work: work.name)
def test_one_batch_of_lanes(benchmark, work):
    plan = plans.shortened(work, 2000 * work.dt, lanes=32)
    engines.alone(dataclasses.replace(plan, duration=10 * plan.dt))
    benchmark(engines.run, plan)


def test_writing_a_kernel(benchmark):
    model = wdr()
    folded = layout(model, frozenset(), frozenset())
    benchmark(write, model, folded, "staggered", ("ketamine",))


def test_a_day_of_infusions(benchmark):
    regimen = Regimen((dose("20 mg", over="40 min", every="6 h", times=4),))
    benchmark(time_course, regimen, every="1 min", until="24 h")
