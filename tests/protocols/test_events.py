import numpy as np
import pytest
from brian2 import ms, mV, nS

import nmdasim as nm
from nmdasim import Events
from nmdasim.model.circuit import circuit_of


def test_events_go_to_a_port_at_their_times(adex):
    parts = Events(port="graded", times=[10, 30] * ms, weight=2 * nS).arrivals(
        circuit_of(adex), np.random.default_rng(0)
    )
    ((population, port, times, weight, lanes),) = parts
    assert lanes is None
    assert (population, port, weight) == ("", "graded", pytest.approx(2e-9))
    assert times == pytest.approx([0.01, 0.03])


def test_events_reach_the_output_of_a_circuit_unless_a_population_is_named():
    circuit, rng = nm.neurons.aguiar2010(), np.random.default_rng(0)
    assert Events(port="nk1", times=1 * ms).arrivals(circuit, rng)[0][0] == "wdr"
    assert Events(port="nk1", times=1 * ms, population="relay").arrivals(circuit, rng)[0][0] == "relay"


@pytest.mark.parametrize(
    ("times", "message"),
    [([-1] * ms, "not negative"), ([np.nan] * ms, "not finite"), (3, "wrong dimension"), ([1] * mV, "wrong dimension")],
)
def test_times_that_cannot_be_are_refused(times, message):
    with pytest.raises(ValueError, match=message):
        Events(port="exc", times=times)


def test_an_unknown_port_names_the_nearest(adex):
    with pytest.raises(nm.ModelError, match="adex has no port 'exx'; did you mean 'exc'"):
        Events(port="exx", times=1 * ms).arrivals(circuit_of(adex), np.random.default_rng(0))
