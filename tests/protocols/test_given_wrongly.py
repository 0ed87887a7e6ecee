"""What a protocol brings is checked as a network's own wiring is; nothing that is given is left out in silence."""

import dataclasses

import numpy as np
import pytest
import xarray as xr
from brian2 import ms, mV, nS, uM

import nmdasim as nm
from nmdasim.errors import InputError
from nmdasim.model.circuit import circuit_of
from nmdasim.protocols.protocol import Arrival

#: Ports of every kind: a conductance, a voltage that may fall, one that takes no weight.
CELL = nm.Model(
    "cell",
    "dv/dt = -v/(10*ms) + g*v/(100*pF) : volt\ndg/dt = -g/(5*ms) : siemens",
    ports={"exc": "g += weight", "kick": "v += weight", "fixed": "g += 1*nS"},
)
NET = nm.Circuit("net", {"a": nm.Population(CELL, 2)}, inputs={"touch": nm.Poisson(rate="1 Hz")})


def asked(events, model=CELL):
    return events.arrivals(circuit_of(model), np.random.default_rng(0))


WRONG = [
    ("exc", "1 mV", "weight = 1 mV does not fit port 'exc', which adds 'g \\+= weight'"),
    ("exc", 0.001, "weight = 0.001 does not fit port 'exc'"),
    ("exc", None, "port 'exc' of cell adds 'g \\+= weight'; give a weight"),
    ("exc", np.nan * nS, "weight = nan S is not finite"),
    ("exc", np.inf * nS, "weight = inf .*S is not finite"),
    ("exc", -1 * nS, "weight = -1. nS is negative; port 'exc' takes weights from 0 upward"),
    ("fixed", 1 * nS, "port 'fixed' of cell adds 'g \\+= 1\\*nS'; give no weight"),
    ("kick", 1 * nS, "weight = 1. nS does not fit port 'kick'"),
]


@pytest.mark.parametrize(("port", "weight", "message"), WRONG)
def test_the_weight_of_events_on_a_cell_is_checked_as_that_of_a_projection(port, weight, message):
    with pytest.raises(nm.ModelError, match=message):
        asked(nm.Events(port, 1 * ms, weight))
    with pytest.raises(nm.ModelError, match=message):
        nm.Circuit(
            "net", {"a": nm.Population(CELL, 2)}, (nm.Projection("a", "a", port=port, weight=weight, probability=1.0),)
        )


def test_several_weights_of_one_events_are_refused():
    with pytest.raises(nm.ModelError, match="2 values of weight; give one, and Events for each other one"):
        asked(nm.Events("exc", [1, 2] * ms, [1, 2] * nS))


def test_weights_that_fit_pass():
    assert asked(nm.Events("exc", 1 * ms, 2 * nS))[0].weight == pytest.approx(2e-9)
    assert asked(nm.Events("kick", 1 * ms, -1 * mV))[0].weight == pytest.approx(-1e-3)
    assert asked(nm.Events("exc", 1 * ms, 0))[0].weight == 0
    assert asked(nm.Events("fixed", 1 * ms))[0].weight is None


def test_a_weight_of_events_behind_an_input_is_refused():
    with pytest.raises(nm.ModelError, match="those of an input act with the weight of its projections"):
        nm.Events("", 1 * ms, 1 * nS).draw(1.0, np.random.default_rng(0))


@dataclasses.dataclass(frozen=True)
class Mine(nm.protocols.Protocol):
    """One event, as anybody's protocol brings it."""

    event: Arrival

    def arrivals(self, circuit, rng):
        return [self.event]


@pytest.mark.parametrize(
    ("event", "message"),
    [
        (Arrival("", "exc", np.array([0.001])), "cell adds 'g \\+= weight'; give a weight"),
        (Arrival("", "exc", np.array([0.001]), np.nan), "weight = nan is not finite"),
        (Arrival("", "exc", np.array([np.nan]), 1e-9), "times are finite and not negative"),
        (Arrival("", "exc", np.array([-1.0]), 1e-9), "times are finite and not negative"),
        (Arrival("", "exx", np.array([0.001]), 1e-9), "cell has no port 'exx'; did you mean 'exc'"),
        (Arrival("b", "exc", np.array([0.001]), 1e-9), "cell has no population 'b'"),
    ],
)
def test_what_a_protocol_of_ones_own_brings_is_checked(event, message):
    with pytest.raises(nm.ModelError, match=message):
        nm.simulate(CELL, Mine(event), duration="2 ms")


WDR = nm.neurons.wdr()


@pytest.mark.parametrize(
    ("train", "message"),
    [
        (dict(latencies={"C": np.full(20, 90) * ms}), "latencies of 'C': this train drives no such fibre in wdr"),
        (dict(latencies={"adeltta": [1] * ms}), "no such fibre in wdr; did you mean 'adelta'"),
        (dict(latencies={"adelta": np.full(20, 9) * ms}, fibres=("c",)), "latencies of 'adelta': this train drives no"),
        (dict(fibres=("c", "Adelta")), "wdr has no fibre 'Adelta'; did you mean 'adelta'"),
    ],
)
def test_fibres_and_latencies_by_an_unknown_name_are_refused(train, message):
    for protocol in (nm.WindUp(pulses=1, **train), [nm.WindUp(pulses=1, **train)]):
        with pytest.raises(InputError, match=message):
            nm.simulate(WDR, protocol)


def test_the_relay_of_a_chain_has_a_table_of_latencies(aguiar_latencies):
    assert asked(nm.WindUp(pulses=1, latencies=aguiar_latencies), nm.neurons.aguiar2010())


@pytest.mark.parametrize(
    "given",
    [
        dict(ketamine=1 * uM, parameters={"ketamine": 2 * uM}),
        dict(drugs={"ketamine": 1 * uM}, parameters={"ketamine": 2 * uM}),
        dict(drugs={"Ketamine": 1 * uM}, parameters={"ketamine": [1, 2] * uM}),
        dict(drugs={"memantine": 1 * uM}, parameters={"memantine": 2 * uM}),
        dict(ketamine=1 * uM, drugs={"ketamine": 1 * uM}),
        dict(ketamine=1 * uM, drugs={"Ketamine": 1 * uM}),
        dict(mg="1 mM", parameters={"mg": "2 mM"}),
    ],
)
def test_a_concentration_given_twice_is_refused(given):
    with pytest.raises(InputError, match="is given twice"):
        nm.simulate(WDR, nm.WindUp(pulses=1), **given)


def test_a_course_and_its_start_given_at_once_are_refused():
    course = xr.DataArray([1.0, 2.0], dims="time", coords={"time": ("time", [0.0, 1.0], {"units": "s"})})
    with pytest.raises(InputError, match="is given twice"):
        nm.simulate(WDR, nm.WindUp(pulses=1), ketamine=course.assign_attrs(units="uM"),
                    parameters={"ketamine_start": 1 * uM})  # fmt: skip
