"""Peers: each runs a share of a work and says what it cost. One that is not installed says so."""

from __future__ import annotations

import dataclasses
import json
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from importlib.util import find_spec
from typing import Any

import numpy as np
import sympy as sp

from nmdasim import engines
from nmdasim.command.bench.works import Work
from nmdasim.language.evaluation import evaluator
from nmdasim.language.functions import exprel
from nmdasim.language.reader import symbol
from nmdasim.model.model import Model
from nmdasim.plan.plan import Cells
from nmdasim.run.simulate import plan


@dataclass(frozen=True, eq=False)
class Cost:
    """What a run cost.

    Parameters
    ----------
    seconds
        CPU seconds of the run itself, one thread.
    compile_seconds
        Wall seconds from nothing to ready: code generation and compilation, where not cached.
    lane_steps
        Lanes × steps.
    counts
        Spikes of each lane, shape (lanes,); those of the lanes that were run.
    """

    seconds: float
    compile_seconds: float
    lane_steps: int
    counts: np.ndarray


def shortened(work: Work, seconds: float, lanes: int | None = None) -> Cells:
    """Return the plan of the first `seconds` of a work, over `lanes` lanes spread over its range."""
    name, values = work.varied
    if lanes is not None and lanes < work.lanes:
        values = values[work.spread(lanes)]
    made = plan(work.model(), work.events, parameters={name: values}, duration=seconds, dt=work.dt)
    return dataclasses.replace(made, threads=1)


def kernel(work: Work, seconds: float, method: str = "") -> Cost:
    """Time the library's own kernel."""
    made = dataclasses.replace(shortened(work, seconds), method=method)
    begun = time.perf_counter()
    engines.alone(dataclasses.replace(made, duration=10 * made.dt), "kernel")
    ready = time.perf_counter() - begun
    return _timed(made, "kernel", ready)


def _timed(made: Cells, engine: str, ready: float) -> Cost:
    begun = time.process_time()
    outcome = engines.alone(made, engine)
    spent = time.process_time() - begun
    return Cost(spent, ready, made.lanes * made.steps, np.bincount(outcome.spike_lane, minlength=made.lanes))


def reference(work: Work, seconds: float) -> Cost:
    """SciPy's LSODA through the reference engine, one lane; steps are counted at the work's dt."""
    made = shortened(work, seconds, lanes=1)
    begun = time.perf_counter()
    engines.alone(dataclasses.replace(made, duration=10 * made.dt), "reference")
    return _timed(made, "reference", time.perf_counter() - begun)


def brian2_cable(work: Work, seconds: float) -> Cost:
    """Brian2's SpatialNeuron (Cython), one lane at a time."""
    made = shortened(work, seconds, lanes=1)
    begun = time.perf_counter()
    engines.alone(dataclasses.replace(made, duration=10 * made.dt), "brian2")
    return _timed(made, "brian2", time.perf_counter() - begun)


def numpy(work: Work, seconds: float) -> Cost:
    """Plain vectorized NumPy: the same equations, linearised exponential Euler, every lane in one array."""
    made = shortened(work, seconds)
    model = made.model
    begun = time.perf_counter()
    step = _numpy_step(model)
    ready = time.perf_counter() - begun
    values = {name: v[:, 0] for name, v in made.parameters.items()}
    y = {s: np.broadcast_to(made.initial[s][:, 0], made.lanes).astype(float).copy() for s in model.system.states}
    begun = time.process_time()
    counts = _numpy_run(made, step, values, y)
    return Cost(time.process_time() - begun, ready, made.lanes * made.steps, counts)


def _numpy_step(model: Model) -> Callable[[Any], list[np.ndarray]]:
    dt = symbol("dt")
    updates = [
        symbol(s) + dt * rate * exprel(dt * rate.diff(symbol(s))) for s, rate in model.system.derivatives.items()
    ]
    return evaluator([sp.sympify(u) for u in updates])


def _numpy_run(made: Cells, step: Any, values: dict[str, np.ndarray], y: dict[str, np.ndarray]) -> np.ndarray:
    model = made.model
    scope: dict[str, Any] = {**values, "dt": made.dt}
    threshold = evaluator([model.system.substitute(str(model.threshold), model.parameters.bases)])
    reset = _numpy_reset(model)
    hold = 0 if not isinstance(model.refractory, str) else -1
    refractory = round(float(_seconds(model.refractory)) / made.dt) if hold == 0 and model.refractory is not None else 0
    counts, ready = np.zeros(made.lanes, int), np.ones(made.lanes, bool)
    wait = np.zeros(made.lanes, int)
    events = np.ceil(made.arrivals.time / made.dt - 0.5 - 1e-9).astype(int)
    increments = [port.increments() for port in model.ports.values()]
    for n in range(made.steps):
        for e in np.flatnonzero(events == n) if n in set(events) else ():
            for state, amount in increments[made.arrivals.port[e]]:
                y[state] = y[state] + float(amount)
        new = dict(zip(model.system.derivatives, step({**scope, **y, "t": n * made.dt}), strict=True))
        free = wait <= 0
        y = {s: np.where(free, v, y[s]) if s in model.system.held else v for s, v in new.items()}
        above = threshold({**scope, **y})[0].astype(bool)
        fires = above & (ready if hold else free)
        ready = ~above
        counts += fires
        wait = np.where(fires, refractory, wait) - 1
        if fires.any() and reset:
            for state, evaluate in reset:
                y[state] = np.where(fires, evaluate({**scope, **y})[0], y[state])
    return counts


def _numpy_reset(model: Model) -> list[tuple[str, Any]]:
    parts = [p.strip() for p in (model.reset or "").split(";") if p.strip()]
    found = []
    for part in parts:
        left, _, right = part.partition("=")
        state = left.strip(" +")
        text = f"{state} + ({right})" if left.strip().endswith("+") else right
        found.append((state, evaluator([model.system.substitute(text, model.parameters.bases)])))
    return found


def _seconds(value: Any) -> float:
    from nmdasim import quantities

    return float(quantities.si(value, "ms", name="refractory"))


_BRIAN2 = """
import json, sys, time
import numpy as np
import brian2 as b2
from brian2.devices.device import get_device
from nmdasim.command.bench.peers import shortened
from nmdasim.command.bench.works import works
from nmdasim.model.check import declarations
name, seconds, standalone, folder = json.loads(sys.argv[1])
work = next(w for w in works() if w.name == name)
plan = shortened(work, seconds)
if standalone:
    b2.set_device("cpp_standalone", build_on_run=False, directory=folder)
    b2.prefs.codegen.cpp.extra_compile_args_gcc = ["-w", "-O3", "-ffast-math", "-march=native"]
b2.defaultclock.dt = plan.dt*b2.second
model = plan.model
text = model.equations + declarations(tuple((p, model.parameters.unit_of(p)) for p in model.parameters.bases))
refractory = model.refractory if model.refractory in (None,) or " > " in str(model.refractory) else 2*b2.ms
group = b2.NeuronGroup(plan.lanes, text, method=work.method, threshold=model.threshold, reset=model.reset,
                       refractory=refractory, namespace={})
for key, value in {**plan.parameters, **plan.initial}.items():
    if key in group.variables and key != "area":
        setattr(group, key + "_", np.broadcast_to(value[:, 0], plan.lanes))
spikes = b2.SpikeMonitor(group, record=False)
parts = [group, spikes]
for k, (port, entry) in enumerate(model.ports.items()):
    times = plan.arrivals.time[plan.arrivals.port == k]
    source = b2.SpikeGeneratorGroup(len(times), np.arange(len(times)), times*b2.second)
    synapses = b2.Synapses(source, group, on_pre=entry.effect)
    synapses.connect()
    parts += [source, synapses]
network = b2.Network(parts)
begun = time.perf_counter()
if standalone:
    network.run(seconds*b2.second, namespace={})
    get_device().build(directory=folder, compile=True, run=True, debug=False)
    spent = get_device()._last_run_time
    ready = time.perf_counter() - begun - spent
else:
    network.run(2*plan.dt*b2.second, namespace={})
    ready = time.perf_counter() - begun
    cpu = time.process_time()
    network.run((plan.steps - 2)*plan.dt*b2.second, namespace={})
    spent = time.process_time() - cpu
counts = np.asarray(spikes.count[:])
print(json.dumps([spent, ready, plan.lanes*plan.steps, counts.tolist()]))
"""


def brian2(work: Work, seconds: float, *, standalone: bool) -> Cost:
    """Brian2's own method in its own process: Cython, or C++ standalone with -O3 -ffast-math -march=native."""
    with tempfile.TemporaryDirectory() as folder:
        arguments = json.dumps([work.name, seconds, standalone, folder])
        done = subprocess.run([sys.executable, "-c", _BRIAN2, arguments], capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RuntimeError(f"Brian2 failed on {work.name}: {done.stderr.strip().splitlines()[-1]}")
    spent, ready, lane_steps, counts = json.loads(done.stdout.strip().splitlines()[-1])
    return Cost(spent, ready, lane_steps, np.array(counts))


def installed(name: str) -> bool:
    """Whether a peer can be imported."""
    return find_spec(name) is not None


def neuron(work: Work, seconds: float) -> Cost:
    """NEURON's ``hh`` with its rate tables, and a ``pas`` conductance to 0 mV, one section a lane."""
    from neuron import h

    h.load_file("stdrun.hoc")
    made = shortened(work, seconds)
    begun = time.perf_counter()
    sections, detectors, vectors = [], [], []
    for g in np.asarray(made.parameters["g_e"][:, 0]) / 1e4:  # S/m² → S/cm²
        section = h.Section()
        section.L = section.diam = 10
        section.insert("hh")
        section.insert("pas")
        section(0.5).pas.g, section(0.5).pas.e = g, 0
        detector = h.NetCon(section(0.5)._ref_v, None, sec=section)
        detector.threshold = 0
        vector = h.Vector()
        detector.record(vector)
        sections.append(section)
        detectors.append(detector)
        vectors.append(vector)
    h.dt, h.celsius = made.dt * 1e3, 6.3
    h.finitialize(-65)
    ready = time.perf_counter() - begun
    begun = time.process_time()
    h.continuerun(seconds * 1e3)
    spent = time.process_time() - begun
    return Cost(spent, ready, made.lanes * made.steps, np.array([len(v) for v in vectors]))


def jaxley(work: Work, seconds: float) -> Cost:
    """Jaxley's ``HH`` and a ``Leak`` to 0 mV, every lane in one ``vmap``, double precision."""
    import jax

    jax.config.update("jax_enable_x64", True)
    jax.config.update("jax_platform_name", "cpu")
    import jax.numpy as jnp
    import jaxley as jx
    from jaxley.channels import HH, Leak

    made = shortened(work, seconds)
    cell = jx.Cell([jx.Branch(jx.Compartment(), ncomp=1)], parents=[-1])
    cell.insert(HH())
    cell.insert(Leak())
    cell.set("Leak_eLeak", 0.0)
    cell.set("v", -65.0)
    for key, value in {
        "HH_gNa": 0.12,
        "HH_gK": 0.036,
        "HH_gLeak": 0.0003,
        "HH_eNa": 50.0,
        "HH_eK": -77.0,
        "HH_eLeak": -54.3,
    }.items():
        cell.set(key, value)
    cell.init_states()
    cell.record("v")
    lanes = jnp.asarray(made.parameters["g_e"][:, 0]) / 1e4

    def one(g: Any) -> Any:
        changed = cell.data_set("Leak_gLeak", g, None)
        v = jx.integrate(cell, param_state=changed, delta_t=made.dt * 1e3, t_max=seconds * 1e3)[0]
        return jnp.sum((v[1:] > 0) & (v[:-1] <= 0))

    run = jax.jit(jax.vmap(one))
    begun = time.perf_counter()
    run(lanes).block_until_ready()
    ready = time.perf_counter() - begun
    begun = time.process_time()
    counts = np.asarray(run(lanes).block_until_ready())
    return Cost(time.process_time() - begun, ready, made.lanes * made.steps, counts)
