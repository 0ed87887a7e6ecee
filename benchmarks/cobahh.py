"""COBAHH (Brette et al. 2007, benchmark 3): 4,000 Hodgkin–Huxley neurons, 1 s, dt 0.1 ms, on one core.

``python benchmarks/cobahh.py`` prints neuron-steps per CPU second of the kernel and of Brian2 C++ standalone with
-O3 -ffast-math -march=native, measured in one run, turn by turn. Wiring and compilation are not part of either time.
"""

import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import nmdasim as nm
from nmdasim import engines

sys.path.insert(0, str(Path(__file__).parent.parent / "tests" / "circuits"))

STANDALONE = """
import json, os, sys
import brian2 as b2
from brian2 import *
from brian2.devices.device import get_device
sys.path.insert(0, {tests!r})
import networks
circuit = networks.cobahh()
cell = circuit.populations["e"].model
set_device("cpp_standalone", build_on_run=False, directory={folder!r})
prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-ffast-math", "-march=native"]
defaultclock.dt = 0.1*ms
constants = {{name: p.value for name, p in cell.parameters.items()}}
P = NeuronGroup(4000, cell.equations, threshold=cell.threshold, refractory=3*ms, method="exponential_euler",
                namespace=constants)
P.v, P.ge, P.gi = "-60*mV + (randn()*5 - 5)*mV", "(randn()*1.5 + 4)*10*nS", "(randn()*12 + 20)*10*nS"
parts = [P, SpikeMonitor(P, record=False)]
for source, effect in ((P[:3200], "ge += 6*nS"), (P[3200:], "gi += 67*nS")):
    synapses = Synapses(source, P, on_pre=effect)
    synapses.connect(p=0.02)
    parts.append(synapses)
network = Network(parts)
network.run({seconds}*second)
get_device().build(directory={folder!r}, compile=True, run=True, debug=False)
print(json.dumps([float(parts[1].num_spikes)/4000/{seconds}]))
"""


def kernel(circuit):
    """Return CPU seconds of the time loop, and the mean rate."""
    spent = []
    chosen = engines.engine()
    whole = chosen.run

    def timed(*arguments):
        begun = time.process_time()
        outcomes = whole(*arguments)
        spent.append(time.process_time() - begun)
        return outcomes

    chosen.run = timed
    try:
        result = nm.simulate(circuit, duration=1 * nm.second, seed=1, threads=1)
    finally:
        chosen.run = whole
    return spent[0], float(result.spike_count.sum()) / 4000


def standalone(folder):
    """Return CPU seconds of one run of the built program: a whole run less one of almost no duration."""

    def cost():
        before = resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime
        subprocess.run(
            ["./main"], cwd=folder, check=True, capture_output=True, env={**os.environ, "OMP_NUM_THREADS": "1"}
        )
        return resource.getrusage(resource.RUSAGE_CHILDREN).ru_utime - before

    return cost()


def build(folder, seconds):
    """Compile the standalone program and return the mean rate of its first run."""
    script = STANDALONE.format(tests=sys.path[0], folder=str(folder), seconds=seconds)
    done = subprocess.run([sys.executable, "-c", script], check=True, capture_output=True, text=True)
    return json.loads(done.stdout.strip().splitlines()[-1])[0]


if __name__ == "__main__":
    import networks

    net = networks.cobahh()
    kernel(net)  # compiles
    with tempfile.TemporaryDirectory() as long, tempfile.TemporaryDirectory() as short:
        rate = build(long, 1.0)
        build(short, 0.001)
        own, peer = [], []
        for _ in range(5):
            seconds, own_rate = kernel(net)
            own.append(seconds)
            peer.append(standalone(long) - standalone(short))
    mine, theirs = statistics.median(own), statistics.median(peer)
    print(f"kernel: {40 / mine:.1f} M neuron-steps per CPU second, {own_rate:.1f} Hz")
    print(f"Brian2 C++ standalone: {40 / theirs:.1f} M neuron-steps per CPU second, {rate:.1f} Hz")
    print(f"ratio {theirs / mine:.1f}")
