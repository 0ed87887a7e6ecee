"""What differs between compartments holds where it belongs: ports, spike rule and densities, on every engine."""

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.model.port import Port


@pytest.fixture(scope="module")
def cell():
    """Return soma and dendrite with uncoupled membranes, each port scaled by a parameter that differs between them."""
    return nm.Model(
        name="regions",
        equations="Im = g_l*(E_l - v) : amp/meter**2\ndx/dt = -x/tau_x : 1\ndy/dt = (x - y)/tau_x : 1",
        parameters={
            "Cm": 1 * nm.uF / nm.cm**2,
            "g_l": 1 * nm.siemens / nm.meter**2,
            "E_l.soma": -60 * nm.mV,
            "E_l.dendrite": -70 * nm.mV,
            "tau_x.soma": 5 * nm.ms,
            "tau_x.dendrite": 20 * nm.ms,
            "w.soma": 1,
            "w.dendrite": 10,
        },
        initial=dict(v=-65 * nm.mV),
        morphology=nm.Morphology(
            areas=(1e-9, 1e-9), parents=(-1, 0), conductances=(0.0, 0.0), regions={"soma": (0,), "dendrite": (1,)}
        ),
        ports=dict(soma=Port("x += w", 0), dendrite=Port("x += 2*w", 1)),
    )


@pytest.fixture(params=["kernel", "reference"])
def traces(request, cell):
    events = [nm.Events("soma", [2.0] * nm.ms), nm.Events("dendrite", [4.0] * nm.ms)]
    return nm.simulate(cell, events, duration=20 * nm.ms, dt=0.01 * nm.ms, engine=request.param, record=["x", "y", "v"],
                       sample=1 * nm.ms, tolerance=1e-9)  # fmt: skip


@pytest.mark.parametrize(("region", "start", "jump", "tau"), [("soma", 2, 1, 5), ("dendrite", 4, 20, 20)])
def test_a_port_adds_with_the_parameters_of_its_own_compartment(traces, region, start, jump, tau):
    t = traces.time.values - start
    exact = np.where(t > 0, jump * np.exp(-t / tau), 0.0)
    later = t > 0.5
    assert traces[f"x_{region}"].values[later] == pytest.approx(exact[later], rel=1e-5)
    assert np.all(traces[f"x_{region}"].values[t < -0.5] == 0)
    half_step = jump / tau * 0.005  # a state that such a state drives feels the event up to half a step early
    assert traces[f"y_{region}"].values[later] == pytest.approx((exact * t / tau)[later], abs=half_step)


@pytest.mark.parametrize(("region", "rest"), [("soma", -60), ("dendrite", -70)])
def test_a_membrane_relaxes_to_the_rest_of_its_own_compartment(traces, region, rest):
    exact = rest + (-65 - rest) * np.exp(-traces.time.values / 10)
    assert traces[f"v_{region}"].values == pytest.approx(exact, abs=1e-5)


def test_a_port_takes_the_value_of_each_lane_in_its_own_compartment(cell):
    result = nm.simulate(
        cell, nm.Events("dendrite", [4.0] * nm.ms), duration=6 * nm.ms, dt=0.01 * nm.ms, record=["x"],
        parameters={"w.dendrite": [1.0, 5.0, 10.0]}, sample=1 * nm.ms,
    )  # fmt: skip
    last = result.x_dendrite.isel(time=-1).values
    assert last == pytest.approx(2 * np.array([1, 5, 10]) * np.exp(-1 / 20), rel=1e-5)
    assert np.all(result.x_soma == 0)
