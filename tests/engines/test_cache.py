"""Generated source is kept on disk by its content and compiled once; compiles are counted, not timed."""

import json
import os
import subprocess
import sys

import pytest

import nmdasim as nm

PROGRAM = """
import json, sys
import nmdasim as nm
model = nm.Model(name="cached", equations="dv/dt = (E - v)/tau + {term} : volt",
                 parameters=dict(E={rest}*nm.mV, tau=10*nm.ms))
result = nm.simulate(model, duration=5*nm.ms, record=["v"])
from nmdasim.engines.kernel.machine import tally
json.dump([tally().compilations, float(result.v[-1])], sys.stdout)
"""


@pytest.fixture(scope="module")
def process(tmp_path_factory):
    """Run the program in a process of its own on one cache folder; return compiles, the last v and the kernels."""
    folder = tmp_path_factory.mktemp("cache")

    def run(term="0*volt/second", rest=-60):
        text = PROGRAM.replace("{term}", term).replace("{rest}", str(rest))
        environment = os.environ | {"NMDASIM_CACHE": str(folder)}
        done = subprocess.run([sys.executable, "-c", text], env=environment, capture_output=True, text=True, check=True)
        compiles, value = json.loads(done.stdout)
        return compiles, value, {path.name for path in folder.glob("kernel_*.py")}

    return run


@pytest.fixture(scope="module")
def first(process):
    """Return what the first process has, which finds nothing kept."""
    return process()


def test_a_second_process_loads_the_kernel_without_compiling_even_with_other_values(first, process):
    second = process(rest=-50)
    assert (first[0], second[0]) == (1, 0)
    assert first[2] == second[2]
    assert second[1] == pytest.approx(first[1] * 50 / 60, rel=1e-12)


def test_other_equations_make_another_kernel(first, process):
    other = process(term="1*volt/second")
    assert other[0] == 1
    assert len(first[2]) == 1
    assert len(other[2]) == 2
    assert other[2] > first[2]
    assert other[1] > first[1]


def test_the_source_is_the_same_each_time_and_named_by_its_content():
    texts = [nm.source(nm.neurons.wdr()) for _ in range(2)]
    assert texts[0] == texts[1]
    assert "def advance(" in texts[0]
    assert nm.source(nm.neurons.wdr().replace(E_na=60 * nm.mV)) == texts[0]
