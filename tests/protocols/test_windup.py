import numpy as np
import pytest
from brian2 import Hz, ms, mV, second

import nmdasim as nm
from nmdasim import WindUp
from nmdasim.model.circuit import circuit_of


def rng():
    return np.random.default_rng(7)


def test_the_first_pulse_comes_at_1_s_and_the_run_ends_one_period_after_the_last():
    train = WindUp(frequency=2 * Hz, pulses=3)
    assert train.pulse_times.tolist() == [1.0, 1.5, 2.0]
    assert train.duration == 2.5
    assert train.windows == (1.0, 1.5, 2.0, 2.5)


@pytest.mark.parametrize(
    ("text", "same"),
    [
        ("16 C-fibre pulses at 1 Hz", WindUp(frequency=1 * Hz, pulses=16)),
        ("10 pulses at 0.1Hz", WindUp(frequency=0.1 * Hz, pulses=10)),
        ("10 stimuli at 500 mHz in bursts of 3", WindUp(frequency=0.5 * Hz, pulses=10, burst=3)),
        ("1 C-fiber pulses at 2 Hz", WindUp(frequency=2 * Hz, pulses=1)),
    ],
)
def test_text_gives_the_same_protocol_as_keywords(text, same):
    parsed = WindUp.parse(text)
    assert (parsed.pulses, parsed.burst) == (same.pulses, same.burst)
    assert parsed.windows == pytest.approx(same.windows, rel=1e-12)
    model = nm.neurons.wdr()
    for left, right in zip(parsed.arrivals(model, rng()), same.arrivals(model, rng()), strict=True):
        assert left[:2] == right[:2]
        assert left[2] == pytest.approx(right[2])


@pytest.mark.parametrize(
    "text", ["", "pulses at 1 Hz", "0 pulses at 1 Hz", "5 pulses at 1 mV", "5 pulses at ...Hz", "5 pulses at 1 qHz",
             "5 pulses at 1 Hz in bursts of 0", "5 pulses at 0 Hz", "5 pulses at 1 Hz; import os"],
)  # fmt: skip
def test_text_that_is_no_protocol_is_refused(text):
    with pytest.raises(ValueError, match="cannot read|pulses =|burst =|unknown unit|frequency ="):
        WindUp.parse(text)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (dict(pulses=0), "pulses = 0; a train has a whole number of pulses, 1 or more"),
        (dict(pulses=-1), "pulses = -1"),
        (dict(pulses=1.5), "whole number"),
        (dict(pulses=True), "whole number"),
        (dict(pulses="a"), "whole number"),
        (dict(pulses=[]), "whole number"),
        (dict(pulses=[3, 0]), "whole number"),
        (dict(pulses=10**13), "up to 1000000"),
        (dict(pulses=10**30), "up to 1000000"),
        (dict(frequency=0 * Hz), "frequency = 0 Hz; a rate is above 0"),
        (dict(frequency=-1 * Hz), "a rate is above 0"),
        (dict(frequency=[1, 0] * Hz), "a rate is above 0"),
        (dict(frequency=[[1, 2]] * Hz), "one or a list"),
        (dict(frequency=[] * Hz), "one or a list"),
        (dict(frequency="1e-300 Hz"), "a rate is above 0"),
        (dict(frequency="1e9 Hz"), "to 1000 Hz"),
        (dict(frequency=1 * second), "frequency = 1 s has the wrong dimension; it is given in Hz"),
        (dict(frequency=np.nan * Hz), "not finite"),
        (dict(start=-1 * ms), "does not come before 0 s"),
        (dict(start=[1, 2] * second), "give one value"),
        (dict(burst=0), "burst = 0"),
        (dict(burst=1.5), "burst = 1.5"),
        (dict(burst="two"), "burst = two"),
        (dict(burst=3, burst_interval=-5 * ms), "not within the period"),
        (dict(burst=200), "not within the period"),
        (dict(latencies={"c": [-1] * ms}), "from -1 to -1 ms; a delay is 0 ms or more"),
        (dict(latencies={"c": [1e300] * ms}), "at most 60 s"),
        (dict(latencies={"c": [np.nan] * ms}), "not finite"),
        (dict(latencies={"c": [1] * mV}), "latencies of c = .* wrong dimension"),
        (dict(latencies={"c": np.ones((3, 20)) * ms}), "3 rows for 15 pulses"),
        (dict(latencies={"c": np.ones((1, 1, 1)) * ms}), "give \\(pulses, synapses\\)"),
        (dict(latencies={"c": [] * ms}), "give \\(pulses, synapses\\)"),
    ],
)
def test_a_train_that_cannot_be_is_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        WindUp(**arguments)


def test_a_table_of_the_wrong_width_is_refused_with_both_numbers():
    with pytest.raises(ValueError, match="latencies of c have 3 columns; the model has 20 synapses"):
        WindUp(latencies={"c": [1, 2, 3] * ms}).arrivals(nm.neurons.wdr(), rng())


def test_a_model_without_fibres_is_refused(adex):
    with pytest.raises(ValueError, match="adex has no fibres adelta or c"):
        WindUp().arrivals(adex, rng())


def ports_of(train, model, port):
    return np.concatenate(
        [part.times.ravel() for part in train.arrivals(circuit_of(model), rng()) if part.port == port]
    )


def test_given_latencies_are_taken_row_by_row(direct_c):
    train = WindUp(pulses=3, latencies=direct_c)
    found = ports_of(train, nm.neurons.wdr(), "ampa_c").reshape(3, 20)
    assert found == pytest.approx(np.array([[1.0], [2.0], [3.0]]) + np.asarray(direct_c["c"])[:3])


def test_inhibition_comes_1_ms_after_its_synapse(direct_c):
    train, model = WindUp(latencies=direct_c), nm.neurons.wdr()
    assert ports_of(train, model, "gaba") - ports_of(train, model, "ampa_c") == pytest.approx(1e-3)


def test_one_row_of_latencies_holds_for_every_pulse():
    train = WindUp(pulses=2, latencies={"c": np.full(20, 150.0) * ms})
    assert ports_of(train, nm.neurons.wdr(), "nmda_c") == pytest.approx([1.15] * 20 + [2.15] * 20)


def test_latencies_are_drawn_anew_for_every_pulse_from_the_seed():
    train, model = WindUp(pulses=2), nm.neurons.wdr()
    first, second = ports_of(train, model, "ampa_a").reshape(2, 20) - np.array([[1.0], [2.0]])
    assert not np.allclose(first, second)
    assert np.array_equal(ports_of(train, model, "ampa_a"), ports_of(train, model, "ampa_a"))


def test_every_stimulus_of_a_burst_drives_the_fibres():
    train = WindUp(pulses=2, burst=3, burst_interval=10 * ms, latencies={"c": np.zeros(20) * ms})
    times = np.unique(ports_of(train, nm.neurons.wdr(), "ampa_c").round(9))
    assert times == pytest.approx([1.0, 1.01, 1.02, 2.0, 2.01, 2.02])


def test_c_fibres_alone_can_be_driven():
    parts = WindUp(fibres=("c",)).arrivals(nm.neurons.wdr(), rng())
    assert {part.port for part in parts} == {"ampa_c", "nmda_c", "nk1", "gaba"}


def test_arrays_are_axes_and_at_gives_one_of_their_points():
    train = WindUp(frequency=[1, 2] * Hz, pulses=[3, 4, 5])
    assert {name: values.tolist() for name, values in train.axes.items()} == {"frequency": [1, 2], "pulses": [3, 4, 5]}
    one = train.at(frequency=2.0, pulses=4)
    assert (one.period, one.pulses, one.axes) == (0.5, 4, {})
    assert WindUp().axes == {}
