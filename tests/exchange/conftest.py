"""What the tests of formats share: one result with lanes, traces and pulses, made once."""

import pytest

import nmdasim as nm


@pytest.fixture(scope="session")
def result(adex):
    """Return three lanes of an adaptive neuron under a train of four events: two concentrations would be lanes too."""
    train = nm.Events("exc", rate=20 * nm.Hz, count=4, start=10 * nm.ms)
    return nm.simulate(adex, train, parameters=dict(tau_e=[20, 40, 80] * nm.ms), record=["v", "w", "g_e"])


@pytest.fixture(scope="session")
def network():
    """Return a result of a network of 3 and 2 cells, one of which is silent, in two draws."""
    cell = nm.Model(
        name="leaky",
        equations="dv/dt = (I - v)/tau : volt",
        parameters=dict(I=12 * nm.mV, tau=10 * nm.ms),
        threshold="v > 10*mV",
        reset="v = 0*mV",
    )
    quiet = nm.Population(cell, 2, parameters=dict(I=[12, 5] * nm.mV))
    net = nm.Circuit(populations=dict(e=nm.Population(cell, 3, initial=dict(v="rand()*5*mV")), i=quiet))
    return nm.simulate(net, duration="50 ms", seed=[0, 1], record=["v"])
