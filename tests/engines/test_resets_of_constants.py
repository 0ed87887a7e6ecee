"""A reset may hold a function of a constant: every engine sets what Python's own arithmetic says.

Of a state that is set from itself Brian2 keeps what is added, and then does not know the function in the text.
"""

import math

import brian2 as b2
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import nmdasim as nm
from nmdasim import ms, mV

ENGINES = ["kernel", "brian2", "reference"]
SHAPES = ["point", "pause", "chain", "circuit"]
EQUATIONS = "dw/dt = 0/second : 1\ndn/dt = 0/second : 1"
PYTHON = {"floor": math.floor, "ceil": math.ceil, "sign": np.sign, "clip": np.clip, "sqrt": math.sqrt, "k": 2.5}


def cell(shape, reset):
    """Return a neuron that fires twice in 40 ms, and at a spike does what `reset` says."""
    rule = dict(threshold="v > 20*mV", reset=f"v = 0*mV\n{reset}", initial=dict(v=0 * mV, w=1.0, n=0.0))
    if shape == "chain":
        shape = nm.Morphology(
            areas=(1e-9, 1e-9), parents=(-1, 0), conductances=(0.0, 1e-12), regions={"soma": (0,), "dendrite": (1,)}
        )
        parameters = {"k": 2.5, "g": "1 mS/cm**2", "Cm": "10 uF/cm**2"}
        return nm.Model(
            "cell", f"Im = g*(22*mV - v) : amp/meter**2\n{EQUATIONS}", parameters=parameters, morphology=shape, **rule
        )
    more = {"refractory": 2 * ms} if shape == "pause" else {}
    return nm.Model("cell", f"dv/dt = (22*mV - v)/(8*ms) : volt\n{EQUATIONS}", parameters={"k": 2.5}, **rule, **more)


def found(shape, reset, engine):
    """Return w and n at the end, and how often the neuron fired."""
    model, run = cell(shape, reset), dict(duration=50 * ms, dt=0.1 * ms, engine=engine)
    if shape == "circuit":
        result = nm.simulate(nm.Circuit("two", {"cells": nm.Population(model, 2)}), record=["w", "n"], **run)
        w, n = (result[f"cells_{name}"].values[1, -1] for name in "wn")
        return float(w), float(n), int(result.spike_count.item()) // 2
    site = "_soma" if shape == "chain" else ""
    result = nm.simulate(model, record=[f"w{site}", f"n{site}"], **run)
    return float(result[f"w{site}"][..., -1]), float(result[f"n{site}"][..., -1]), int(result.spike_count)


def right(reset, spikes):
    """Return w and n after some spikes, by Python."""
    state = {"w": 1.0, "n": 0.0}
    for _ in range(spikes):
        exec(reset, {**PYTHON}, state)
    return state["w"], state["n"]


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("reset", ["w = w + floor(2.7)", "n = w + n\nw = abs(-2)*w", "w = w*k/k; n += int(3.5) % 2"])
def test_a_state_that_is_set_from_itself_and_a_function_of_a_constant(shape, reset, engine):
    w, n, spikes = found(shape, reset, engine)
    assert spikes >= 2
    assert (w, n) == pytest.approx(right(reset, spikes))


NUMBERS = st.sampled_from(["2", "2.7", "(-0.5)", "(-3)", "k"])
CALLS = st.one_of(
    st.builds("{}({})".format, st.sampled_from(["floor", "ceil", "int", "abs", "sign"]), NUMBERS),
    st.builds("clip({}, 0, 1.5)".format, NUMBERS),
    st.builds("{} % {}".format, NUMBERS, st.sampled_from(["3", "2.5"])),
    st.just("sqrt(4)"),
)
EXPRESSIONS = st.one_of(CALLS, st.builds("({}) {} ({})".format, CALLS, st.sampled_from("+-*"), CALLS))
STATEMENTS = st.builds(
    str.format,
    st.sampled_from(["w = w + ({0})", "n = ({0}) + n", "w = w*({0})", "n = w - ({0})*n", "w += {0}", "n -= {0}"]),
    EXPRESSIONS,
)


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(STATEMENTS, min_size=1, max_size=3).map("\n".join), st.sampled_from(SHAPES))
def test_the_engines_agree_on_resets_with_functions_of_constants(reset, shape):
    for engine in ENGINES:
        w, n, spikes = found(shape, reset, engine)
        assert spikes >= 2
        assert (w, n) == pytest.approx(right(reset, spikes)), engine


@pytest.mark.parametrize("engine", ["kernel", "brian2"])
def test_a_synapse_that_sets_its_own_variable_from_a_function_of_a_constant(engine):
    source = nm.Model("cell", "dx/dt = 0/second : 1", threshold="x > 1", reset="x = 0", ports=dict(exc="x += weight"))
    rule = nm.Synapse("rule", "w : 1", initial=dict(w=0.5), on_pre="w = w + ceil(1.2)\nx_post += w/1000")
    net = nm.Circuit(
        "pair",
        {"a": nm.Population(source, 1), "b": nm.Population(source, 1)},
        [
            nm.Projection("fibre", "a", port="exc", weight=2.0, probability=1.0),
            nm.Projection("a", "b", synapse=rule, probability=1.0, delay=1 * ms),
        ],
        inputs={"fibre": nm.Events(port="", times=[5, 15] * ms)},
    )
    result = nm.simulate(net, duration=30 * ms, dt=0.1 * ms, engine=engine, record=["a_b.w"])
    assert result["a_b.w"].values.ravel() == pytest.approx(4.5)


def test_a_group_for_brian2_takes_such_a_reset():
    group = cell("point", "w = w + floor(2.7)").to_brian2()
    b2.Network(group).run(50 * ms)
    assert group.w[0] == pytest.approx(1 + 2 * 2)
