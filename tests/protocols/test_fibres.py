"""A neuron of one's own receives fibres in one line, and a wind-up train drives them."""

import dataclasses

import numpy as np
import pytest

import nmdasim as nm
from nmdasim import ms, mV
from nmdasim.errors import InputError, ModelError, UnitError
from nmdasim.model.circuit import circuit_of


@pytest.fixture(scope="module")
def mine():
    return nm.Model(
        name="mine",
        equations="dv/dt = (E_l - v)/tau : volt",
        parameters=dict(E_l=-70 * mV, tau=20 * ms),
        ports=dict(exc="v += 2*mV", late="v += 1*mV"),
        fibres={"c": nm.Fibres(port="exc", synapses=20, latency="90 ms", spread="10 ms")},
    )


def _arrivals(model, **protocol):
    train = nm.WindUp(pulses=3, **protocol)
    return train, train.arrivals(circuit_of(model), np.random.default_rng(0))


def test_a_train_reaches_every_synapse_once_a_pulse_with_the_latency_of_its_fibres(mine):
    train, (bundle,) = _arrivals(mine)
    assert bundle.port == "exc"
    assert np.shape(bundle.times) == (3, 1, 20)
    late = 1e3 * (np.asarray(bundle.times)[:, 0] - train.pulse_times[:, None])
    assert late.mean() == pytest.approx(90, abs=4)
    assert late.std() == pytest.approx(10, abs=3)


def test_several_ports_and_delays_of_their_own_are_said_in_a_list(mine):
    both = nm.Fibres(port=["exc", nm.model.port.Contact("late", "5 ms")], synapses=2, latency="90 ms")
    _, (first, second) = _arrivals(dataclasses.replace(mine, fibres={"c": both}))
    np.testing.assert_allclose(np.asarray(second.times) - np.asarray(first.times), 5e-3)


def test_measured_latencies_take_the_place_of_drawn_ones_by_the_name_of_the_fibres(mine):
    _, (bundle,) = _arrivals(mine, latencies={"c": np.full((3, 20), 50) * ms})
    np.testing.assert_allclose(np.asarray(bundle.times)[0, 0], 1.05)


def test_a_model_without_fibres_is_told_how_to_give_some(mine):
    with pytest.raises(InputError, match=r"mine has no fibres adelta or c.*fibres=\{\"c\": nm.Fibres\("):
        _arrivals(dataclasses.replace(mine, fibres={}))
    with pytest.raises(InputError, match=r"or the train fibres=\('b',\)"):
        _arrivals(dataclasses.replace(mine, fibres={"b": nm.Fibres("exc")}))


@pytest.mark.parametrize(
    ("given", "error", "said"),
    [
        (dict(port="ecx"), ModelError, "did you mean 'exc'"),
        (dict(port=[]), InputError, "opens a port"),
        (dict(port="exc", synapses=0), InputError, "1 or more"),
        (dict(port="exc", synapses=1.5), InputError, "whole number"),
        (dict(port="exc", latency="-1 ms"), InputError, "0 ms or more"),
        (dict(port="exc", latency="90 mV"), UnitError, "latency"),
    ],
)
def test_fibres_that_make_no_sense_are_refused_in_one_line(mine, given, error, said):
    with pytest.raises(error, match=said):
        dataclasses.replace(mine, fibres={"c": nm.Fibres(**given)})
