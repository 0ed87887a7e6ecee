"""Any train of events can be swept over its rate; a protocol prints as one would type it."""

import dataclasses

import numpy as np
import pytest
from brian2 import Hz, ms, nS, second

import nmdasim as nm
from nmdasim import Events, quantities
from nmdasim.model.circuit import circuit_of
from nmdasim.protocols import Conditioning, Inputs, Pressure, Protocol, Several, Stimulus, TemporalSummation
from nmdasim.protocols.ongoing import Ongoing
from nmdasim.quantities import same_dimension

CELL = nm.Model(
    "counter",
    "dv/dt = -v/tau : 1",
    parameters=dict(tau="50 ms"),
    threshold="v > 2.5",
    reset="v = 0",
    ports=dict(exc="v += 1"),
    dt="1 ms",
)


def test_a_train_comes_at_its_rate_and_ends_one_period_after_its_last_event():
    train = Events("exc", rate=20 * Hz, count=3, start=10 * ms)
    (arrival,) = train.arrivals(circuit_of(CELL), np.random.default_rng(0))
    assert arrival.times == pytest.approx([0.01, 0.06, 0.11])
    assert train.duration == pytest.approx(0.16)
    assert train.windows == pytest.approx((0.01, 0.06, 0.11, 0.16))


def test_rates_and_numbers_of_events_become_dimensions_and_are_measured_as_trains():
    result = nm.simulate(CELL, Events("exc", rate=[5, 50, 100] * Hz, count=[4, 8], start=1 * ms))
    assert dict(result.spike_count.sizes) == {"rate": 3, "count": 2}
    assert (result.rate.values.tolist(), result.rate.units) == ([5, 50, 100], "Hz")
    # of a sum that decays with 50 ms the 5th event at 50 Hz, and every 4th at 100 Hz, is the first above 2.5
    assert result.spike_count.values.tolist() == [[0, 0], [0, 1], [1, 2]]
    measured = nm.measures.measured(result)
    assert measured.early.sel(rate=100).sum("pulse").values.tolist() == [1, 2]


def test_a_sweep_has_the_rate_of_a_train_as_an_axis():
    what = nm.Sweep(
        CELL, Events("exc", rate=1 * Hz), {"rate": ["5 Hz", "50 Hz"], "tau": [20, 50] * ms}, readouts=("early",)
    )
    assert (what.lanes, what.pulses) == (4, 10)
    assert [one.duration for one in what.variants()] == pytest.approx([2.0, 0.2])
    with pytest.raises(ValueError, match="no parameter or gain 'rate'"):
        nm.Sweep(CELL, Events("exc", 5 * ms), {"rate": [1, 2] * Hz}, duration="1 s", readouts=("spike_count",))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(), "at times, or at a rate"),
        (dict(times=5 * ms, rate=1 * Hz), "give one of them"),
        (dict(rate=0 * Hz), "rate = .* above 0"),
        (dict(rate=5 * ms), "rate = 5 ms has the wrong dimension; it is given in Hz"),
        (dict(rate=5 * Hz, count=0), "count = 0; .*1 or more"),
        (dict(rate=5 * Hz, count=1.5), "whole number"),
        (dict(rate=5 * Hz, start=-1 * ms), "not come before 0 s"),
    ],
)
def test_a_train_of_events_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        Events("exc", **arguments)


@pytest.mark.parametrize(
    ("protocol", "text"),
    [
        (nm.WindUp(frequency=[0.1, 1] * Hz), "WindUp(frequency=[0.1, 1]*Hz)"),
        (nm.WindUp(), "WindUp()"),
        (nm.WindUp("2 Hz", pulses=[5, 10]), "WindUp(frequency='2 Hz', pulses=[5, 10])"),
        (nm.WindUp(pulses=np.array([3])), "WindUp(pulses=[3])"),
        (nm.WindUp(latencies={"c": [90.5, 100] * ms}), "WindUp(latencies={'c': [90.5, 100]*ms})"),
        (Events("exc", [10, 30] * ms, weight=2 * nS), "Events(port='exc', times=[10, 30]*ms, weight=2*nS)"),
        (Events("exc", rate=5 * Hz, lanes=[0, 2]), "Events(port='exc', lanes=(0, 2), rate=5*Hz)"),
        (nm.Poisson(rate=10 * Hz, size=100), "Poisson(rate=10*Hz, size=100)"),
        (nm.Volleys(times=[1, 2] * nm.second, size=3), "Volleys(times=[1, 2]*second, size=3)"),
        (
            nm.Fibres("exc", 20, 200 * ms, spread=30 * ms),
            "Fibres(port='exc', synapses=20, latency=200*ms, spread=30*ms)",
        ),
        (nm.Parameter("3.57 mM", source="jahr1990"), "Parameter(value='3.57 mM', source='jahr1990')"),
        (nm.Parameter(0.2 * nS, unit="pS"), "Parameter(value='200 pS')"),
    ],
)
def test_what_a_user_types_prints_as_one_would_type_it(protocol, text):
    assert repr(protocol) == text
    assert repr(eval(text, {name: getattr(nm, name) for name in nm.__all__ if name != "sweep"})) == text


@pytest.mark.parametrize("unit", ["S/cm**2", "molar/second"])
def test_a_unit_without_a_name_is_typed_as_text(unit):
    given = nm.Events("exc", 1 * ms, weight=quantities.quantity(f"0.5 {unit}"))
    made = eval(repr(given), {"Events": Events, "ms": ms})
    assert float(quantities.quantity(made.weight)) == pytest.approx(float(given.weight))
    assert same_dimension(quantities.best_unit(given.weight), unit)


@pytest.mark.parametrize("rate", [1 / 3, 0.1, 0.1 * 3, 2.0, 7 / 90])
def test_what_is_printed_of_a_rate_makes_the_same_rate(rate):
    shown = repr(nm.WindUp(frequency=rate * nm.Hz))
    assert eval(shown, {"WindUp": nm.WindUp, "Hz": nm.Hz}) == nm.WindUp(frequency=rate * nm.Hz)
    assert "0.1*Hz" in shown or rate != 0.1


def test_thousands_of_times_are_printed_so_that_they_can_be_run_again_and_of_more_their_number():
    times = np.random.default_rng(0).uniform(0, 10, 2000)
    given = Events("exc", times * second)
    assert quantities.si(eval(repr(given)).times, "ms", name="times") == pytest.approx(times, rel=1e-14)
    assert len(given._repr_html_()) < 2000  # a notebook shows their beginning
    assert repr(Events("exc", np.arange(20_000) * ms)) == "Events(port='exc', times=<20,000 values>)"


@dataclasses.dataclass(frozen=True)
class Mine(Protocol):
    strength: object = 1.0


ALIKE = [
    lambda: nm.WindUp(frequency=[0.1, 1] * Hz),
    lambda: nm.WindUp(latencies={"c": np.ones((15, 3)) * ms}),
    lambda: Events("exc", [10, 30] * ms, lanes=[0, 2]),
    lambda: TemporalSummation(pulses=np.array([5, 10])),
    lambda: Stimulus(intensity=np.array([0.2, 0.4])),
    lambda: Pressure([0.2, 0.4]),
    lambda: Conditioning([1, 2] * Hz),
    lambda: Ongoing([1, 2] * Hz),
    lambda: Several((nm.WindUp(pulses=[5, 10]), Events("exc", [10, 30] * ms))),
    lambda: Inputs({"touch": nm.WindUp(pulses=[5, 10])}),
    lambda: Mine(np.ones(3)),
]


@pytest.mark.parametrize("made", ALIKE)
def test_protocols_are_equal_where_their_arguments_are_arrays_included(made):
    one = made()
    assert one == made()
    assert hash(one) == hash(made())
    others = [other() for other in ALIKE if other is not made]
    assert not any(one == other for other in others)
    assert one in [*others, made()]


def test_a_protocol_equals_what_says_the_same_in_another_spelling_and_nothing_else():
    assert nm.WindUp(frequency=[0.1, 1] * Hz) != nm.WindUp(frequency=[0.1, 2] * Hz)
    assert nm.WindUp(frequency=[1, 2] * Hz) != nm.WindUp(frequency=1 * Hz)
    assert nm.WindUp(frequency="500 mHz") == nm.WindUp(frequency=0.5 * Hz)
    assert Stimulus(intensity=1) == Stimulus(intensity=1.0)
    assert Stimulus("noxious") != Stimulus("touch")
    assert nm.WindUp() != "WindUp()"
    assert Protocol() != Protocol()  # no dataclass: itself alone
