"""The form says all that there is to a step, and knows nothing of Python or LLVM."""

import subprocess
import sys

import numpy as np
import pytest
from form_machine import Machine

import nmdasim as nm
from nmdasim.engines.form import form
from nmdasim.engines.form.methods import METHODS
from nmdasim.engines.form.statements import Let, Load, names, reads
from nmdasim.engines.layout import layout
from nmdasim.run.simulate import plan

VOLLEY = np.array([5.0, 6.0, 7.5, 20.0, 21.0])
REFRACTORY = {"none": None, "a duration": 2 * nm.ms, "a parameter": "tau_r", "a condition": "v > -60*mV"}


def tree():
    """Return the two-compartment neuron as a soma with two dendrites."""
    wdr = nm.neurons.wdr()
    shape = nm.Morphology(
        areas=(1e-9, 1e-9, 2e-9), parents=(-1, 0, 0), conductances=(0.0, 1e-8, 2e-8),
        regions={"soma": (0,), "dendrite": (1, 2)},
    )  # fmt: skip
    return nm.Model(**{f: getattr(wdr, f) for f in wdr.__dataclass_fields__} | dict(name="tree", morphology=shape))


def point(refractory):
    """Return an integrate-and-fire neuron that adapts."""
    return nm.Model(
        name="point",
        equations="dv/dt = (g_l*(E_l-v) - w + g_e*(E_e-v))/C : volt (unless refractory)\n"
        "dw/dt = (a*(v-E_l)-w)/tau_w : amp\n"
        "dg_e/dt = -g_e/tau_e : siemens",
        parameters=dict(C=281 * nm.pF, g_l=30 * nm.nS, E_l=-45 * nm.mV, a=4 * nm.nS, tau_w=144 * nm.ms,
                        b=0.08 * nm.nA, E_e=0 * nm.mV, tau_e=5 * nm.ms, tau_r=3 * nm.ms),
        initial=dict(v=-70 * nm.mV), threshold="v > -50*mV", reset="v = -70*mV; w += b", refractory=refractory,
        ports=dict(jolt="v += 1*mV", exc="g_e += 40*nS"),
    )  # fmt: skip


def both(model, method, port, duration=60 * nm.ms, varied=()):
    """Return spike times and final v of the kernel and of the form carried out in plain Python."""
    events = nm.Events(port=port, times=VOLLEY * nm.ms)
    given = dict(parameters={}, duration=duration, dt=0.1 * nm.ms)
    result = nm.simulate(model, events, **given, method=method, record=["v"])
    machine = Machine(plan(model, events, **given), method, varied)
    traces = {name: [] for name in ("v", "spikes")}
    staggered = METHODS[method].staggered
    machine.constants((0.5 if staggered else 1) * machine.plan.dt)
    index = list(model.ports).index(port)
    due = np.ceil(VOLLEY * 1e-3 / machine.plan.dt - 0.5 - 1e-9).astype(int)
    for n in range(machine.plan.steps):
        traces["v"].append(next(v for k, v in machine.numbers.items() if getattr(k, "name", "") == "v"))
        if machine.step(n, [(index, 0.0)] * int(np.sum(due == n))):
            traces["spikes"].append((n + 1) * 0.1)
        if n == 0:
            machine.constants(machine.plan.dt)
    root = result["v"] if "v" in result else result[next(k for k in result if str(k).startswith("v_"))]
    spikes = result.spike_time.values
    return (spikes[np.isfinite(spikes)], root.values), (np.array(traces["spikes"]), 1e3 * np.array(traces["v"]))


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("refractory", REFRACTORY)
def test_a_point_neurons_form_carried_out_in_plain_python_is_the_kernel(method, refractory):
    (spikes, v), (own_spikes, own_v) = both(point(REFRACTORY[refractory]), method, "exc")
    assert len(spikes) >= 2
    assert own_spikes == pytest.approx(spikes, abs=1e-9)
    assert own_v == pytest.approx(v, abs=1e-6)


@pytest.mark.parametrize(("method", "varied"), [("staggered", {"Cm", "ketamine"}), ("fixed", set())])
def test_a_trees_form_carried_out_in_plain_python_is_the_kernel(method, varied):
    model = tree()
    (spikes, v), (own_spikes, own_v) = both(model, method, next(iter(model.ports)), 30 * nm.ms, varied)
    assert own_v.std() > 0.01
    assert own_spikes == pytest.approx(spikes, abs=1e-9)
    assert own_v == pytest.approx(v, abs=1e-6)


def codes(made):
    """Yield every code of a form, with the locals that it may use from outside."""
    rule = made.events.rule
    yield from ((code, set()) for code in (rule.admit, rule.watch, rule.fired))
    yield from ((inlet.code, {"weight"}) for inlet in made.events.inlets)
    for one in (one for group in made.groups for one in (group.before, group.after) if one):
        yield one.shared, set()
        yield one.code, {s.name for s in one.shared.statements}
    if made.membrane:
        yield made.membrane.code, {made.membrane.step.name}


@pytest.mark.parametrize("method", METHODS)
@pytest.mark.parametrize("name", ["wdr", "delrocq2023"])
def test_every_symbol_of_a_form_is_a_place_a_local_set_before_or_what_every_step_knows(name, method):
    model = getattr(nm.neurons, name)()
    made = form(model, layout(model, model.initial), method, {"ketamine", "Cm"})
    for code, outside in codes(made):
        known = outside | {"t", "_dt"}
        for statement in code.statements:
            assert reads(statement) <= known | set(code.places)
            known |= {statement.name} if isinstance(statement, Let | Load) else set()
    constants = [e for record in made.records for _, e in (*record.scalars, *record.varied)]
    constants += [e for _, named in made.events.constants for _, e in named]
    assert set().union(*map(names, constants)) <= {*model.parameters.bases, "area", "_h", "_dt"}


def test_an_engine_may_import_the_form_without_a_compiler():
    program = "import sys, nmdasim.engines.form; sys.exit('llvmlite' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_a_refractory_period_given_by_a_parameter_is_that_duration(adex):
    fields = {f: getattr(adex, f) for f in adex.__dataclass_fields__}
    drive = dict(duration=300 * nm.ms, parameters=dict(E_l=-40 * nm.mV))
    text = nm.Model(**fields | dict(refractory="tau_r", parameters=dict(adex.parameters) | dict(tau_r=7 * nm.ms)))
    number = nm.Model(**fields | dict(refractory=7 * nm.ms))
    one, other, none = (nm.simulate(model, **drive).spike_time.values for model in (text, number, adex))
    assert np.array_equal(one, other)
    assert len(one) > 2
    assert not np.array_equal(one, none)
