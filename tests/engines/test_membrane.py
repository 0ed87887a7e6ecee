"""Any state may be the membrane, whatever it is called: found from the equations, at the full order of the method."""

import dataclasses
import re

import numpy as np
import pytest
from scipy.integrate import solve_ivp

import nmdasim as nm
from nmdasim import ms
from nmdasim.engines.kernel.compiled_model import kernel
from nmdasim.language import names


def hindmarsh_rose(**changes):
    """Return the bursting neuron of Hindmarsh & Rose (1984) as published, its time in milliseconds."""
    given = dict(
        name="hindmarsh_rose",
        equations="dx/dt = (y - a*x**3 + b*x**2 - z + I)/ms : 1\ndy/dt = (c - d*x**2 - y)/ms : 1\n"
        "dz/dt = r*(s*(x - rest) - z)/ms : 1",
        parameters=dict(a=1, b=3, c=1, d=5, r=0.006, s=4, rest=-1.6, I=3.2),
        initial=dict(x=-1.6, y=-11, z=3),
        threshold="x > 1",
        refractory="x > 1",
    )
    return nm.Model(**given | changes)


def hindmarsh_rose_rates(t, state):
    x, y, z = state
    return [y - x**3 + 3 * x**2 - z + 3.2, 1 - 5 * x**2 - y, 0.006 * (4 * (x + 1.6) - z)]


def rising(t, state):
    return state[0] - 1


rising.direction = 1


@pytest.fixture(scope="module")
def bursts():
    """Return 200 ms of it, to 1e-11, with the times at which x rises through 1."""
    options = dict(rtol=1e-11, atol=1e-11, dense_output=True, events=rising, method="DOP853")
    return solve_ivp(hindmarsh_rose_rates, (0, 200), [-1.6, -11, 3], **options)


def order(model, exact, steps, duration):
    """Return the order at which the largest error of every state falls from the first step to the second."""
    found = []
    for step in steps:
        run = nm.simulate(model, duration=duration * ms, dt=step * ms, record=model.system.states, sample=steps[0] * ms)
        traces = np.array([run[name].values.ravel() for name in model.system.states])
        found.append(np.abs(traces - exact(run.time.values))[:, 1:].max(axis=1))
    return np.log2(found[0] / found[1]) / np.log2(steps[0] / steps[1])


def test_hindmarsh_rose_as_published_has_the_second_order(bursts):
    assert order(hindmarsh_rose(), bursts.sol, (0.04, 0.02), 20) == pytest.approx([2, 2, 2], abs=0.2)


def test_hindmarsh_rose_as_published_spikes_when_it_should(bursts):
    found = nm.simulate(hindmarsh_rose(), duration=200 * ms, dt=0.02 * ms).spike_time.values.ravel()
    (expected,) = bursts.t_events
    assert len(found) == len(expected) == 8
    assert found == pytest.approx(expected, abs=0.22)


def test_states_that_lead_to_one_another_beside_the_membrane_have_the_second_order():
    """The equations of Lorenz (1963): y and z form a circle beside x."""
    model = nm.Model(
        name="lorenz",
        equations="dx/dt = 10*(y - x)/tau : 1\ndy/dt = (x*(28 - z) - y)/tau : 1\ndz/dt = (x*y - 8/3*z)/tau : 1",
        parameters=dict(tau=50 * ms),
        initial=dict(x=1, y=1, z=20),
    )

    def rates(t, state):
        x, y, z = state
        return np.array([10 * (y - x), x * (28 - z) - y, x * y - 8 / 3 * z]) / 50

    exact = solve_ivp(rates, (0, 20), [1, 1, 20], rtol=1e-11, atol=1e-11, dense_output=True).sol
    assert order(model, exact, (0.2, 0.1), 20) == pytest.approx([2, 2, 2], abs=0.1)


def test_a_threshold_that_moves_is_met_where_it_is_at_the_end_of_the_step():
    """Both are exponentials; on average over lanes the grid notes a crossing half a step late, and no more."""
    model = nm.Model(
        name="falling_threshold",
        equations="du/dt = (E - u)/(20*ms) : volt\ndtheta/dt = -theta/(4*ms) : volt",
        parameters=dict(E=10 * nm.mV),
        initial=dict(theta=40 * nm.mV),
        threshold="theta < u",
        refractory="theta < u",
    )
    level = np.linspace(10, 14, 100)
    found = nm.simulate(model, duration=15 * ms, dt=0.2 * ms, parameters=dict(E=level * nm.mV)).spike_time.values[:, 0]
    low, high = np.zeros(100), np.full(100, 15.0)
    for _ in range(50):
        middle = (low + high) / 2
        above = level * (1 - np.exp(-middle / 20)) > 40 * np.exp(-middle / 4)
        low, high = np.where(above, low, middle), np.where(above, middle, high)
    assert np.mean(found - high) / 0.2 == pytest.approx(0.5, abs=0.1)


@pytest.mark.parametrize("method", ["staggered", "fixed"])
def test_a_harmonic_oscillator_at_100_hz_fires_at_every_turn(method):
    model = nm.Model(
        name="oscillator",
        equations="dx/dt = omega*y : 1\ndy/dt = -omega*x : 1",
        parameters=dict(omega=2 * np.pi * 100 * nm.Hz),
        initial=dict(y=1),
        threshold="x > 0.5",
        refractory="x > 0.5",
    )
    found = nm.simulate(model, duration=100 * ms, dt=0.1 * ms, method=method).spike_time.values.ravel()
    assert found == pytest.approx(10 / 12 + 10 * np.arange(10), abs=0.2)


def text(model, method):
    """Return the generated kernel of a model without its comments."""
    found = kernel(model, method, frozenset(), frozenset(model.initial), frozenset(), False).source.text
    return re.sub("  #.*", "", found)


@pytest.mark.parametrize("method", ["staggered", "fixed"])
@pytest.mark.parametrize("others", ["v y z", "u v z", "ta u v"])
def test_no_name_decides_anything_the_kernel_of_other_names_is_the_same(others, method):
    new = dict(zip("xyz", others.split(), strict=True))
    model = hindmarsh_rose()
    renamed = {
        part: names.renamed(getattr(model, part), new) for part in ("equations", "threshold", "refractory")
    } | dict(initial={new[name]: value for name, value in model.initial.items()})
    found = text(dataclasses.replace(model, **renamed), method)
    for name, other in new.items():
        found = re.sub(rf"\b{other}_\b", f"{name}__", re.sub(rf"\bnew_{other}\b", f"new__{name}", found))
    assert found.replace("new__", "new_").replace("__", "_") == text(model, method)


EQUATIONS = "dw/dt = (u - w)/(9*ms) : volt\ndu/dt = -w/(9*ms) : volt\nds/dt = -s/(9*ms) : 1\npast = u - 1*mV : volt"


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        (dict(threshold="u > 1*mV"), "u"),
        (dict(threshold="past > 1*mV"), "u"),
        (dict(threshold="s > 0.5"), "s"),
        (dict(threshold="1*mV < u and w < u"), "w"),
        (dict(threshold="t > 5*ms"), "w"),
        (dict(), "w"),
        (dict(equations="ds/dt = -s/(9*ms) : 1\ndu/dt = -u/(9*ms) : volt"), "u"),
        (dict(equations="ds/dt = -s/(9*ms) : 1\ndv/dt = -v/(9*ms) : 1"), "s"),
        (dict(threshold="u > 1*mV", membrane="s"), "s"),
    ],
)
def test_the_membrane_is_what_the_threshold_reads_else_the_first_potential_else_the_first_state(given, expected):
    assert nm.Model(**dict(name="any", equations=EQUATIONS) | given).potential == expected


def test_a_membrane_that_is_no_state_is_refused_with_the_states():
    with pytest.raises(nm.ModelError, match="any: membrane = 'past' is no state; there are w, u, s"):
        nm.Model(name="any", equations=EQUATIONS, membrane="past")


def test_another_membrane_than_the_one_that_im_moves_is_refused():
    with pytest.raises(nm.ModelError, match="wdr: membrane = 'ca', but Im moves v; leave membrane= out"):
        dataclasses.replace(nm.neurons.wdr(), membrane="ca")
