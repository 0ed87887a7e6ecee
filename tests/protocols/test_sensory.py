"""Stimuli, pressure and conditioning: what they make the fibres do, what becomes a dimension, what is refused."""

import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim import Hz, ms
from nmdasim.protocols import Conditioning, Pressure, Stimulus
from nmdasim.run.prepare import prepare
from nmdasim.run.simulate import question

KINDS, STRENGTHS = ["touch", "noxious"], [0.4, 1.0]


@pytest.fixture(scope="module")
def circuit():
    return nm.circuits.dorsal_horn()


def fired(circuit, protocol, length=20.0):
    """Return how often the fibres behind each input that it names fire."""
    return {name: len(source.draw(length, np.random.default_rng(0))[0])
            for name, source in protocol.sources(circuit).items()}  # fmt: skip


def test_a_stimulus_recruits_its_share_of_its_fibres_once(circuit):
    assert fired(circuit, Stimulus("touch", 0.4)) == {"touch": 8}
    assert fired(circuit, Stimulus("pinprick")) == {"adelta": 20}
    assert fired(circuit, Stimulus("noxious", 0.5)) == {"adelta": 10, "c": 10}
    assert fired(circuit, Stimulus("touch", time=[0.1, 0.3] * nm.second)) == {"touch": 40}


def test_a_stimulus_leaves_the_other_inputs_as_the_circuit_has_them(circuit):
    """In the circuit at rest they are silent; behind a background they go on."""
    touch = nm.simulate(circuit, Stimulus("touch"))
    assert touch.spike_count.sel(population="inhibitory") > 0
    noisy = circuit.driven(touch=nm.Poisson(50 * Hz, 20))
    quiet, loud = (nm.simulate(c, Stimulus("pinprick"), duration="600 ms") for c in (circuit, noisy))
    assert quiet.spike_count.sel(population="inhibitory") == 0
    assert loud.spike_count.sel(population="inhibitory") > 0


def test_kinds_and_intensities_are_lanes_of_one_run_with_the_numbers_of_each_alone(circuit):
    assert len(prepare(question(circuit, Stimulus(KINDS, STRENGTHS), seed=[3, 4]))) == 1
    together = nm.simulate(circuit, Stimulus(KINDS, STRENGTHS), seed=[3, 4])
    assert together.spike_count.dims == ("population", "kind", "intensity", "seed")
    for kind in KINDS:
        for intensity in STRENGTHS:
            alone = nm.simulate(circuit, Stimulus(kind, intensity), seed=[3, 4])
            xr.testing.assert_equal(
                together.spike_count.sel(kind=kind, intensity=intensity, drop=True), alone.spike_count
            )


def test_a_run_ends_a_second_after_the_stimulus_with_the_pressure_and_a_period_after_the_train():
    assert Stimulus(time=200 * ms).duration == pytest.approx(1.2)
    assert Pressure(start="1 s", length="3 s").duration == pytest.approx(4)
    train = Conditioning("2 Hz", 4, start="0.5 s")
    assert train.duration == pytest.approx(2.5)
    np.testing.assert_allclose(train.windows, [0.5, 1.0, 1.5, 2.0, 2.5])


def test_pressure_is_stronger_where_more_fibres_are_recruited(circuit):
    counts = [fired(circuit, Pressure(share)) for share in (0.0, 0.5, 1.0)]
    assert set(counts[0]) == {"touch", "adelta", "c"}
    for fibre in counts[0]:
        assert 0 == counts[0][fibre] < counts[1][fibre] < counts[2][fibre]


def test_trains_of_several_rates_become_a_dimension_with_their_own_windows(circuit):
    result = nm.simulate(circuit, Conditioning([1, 2] * Hz, 2), duration="2.2 s")
    assert result.spike_count.dims == ("population", "frequency")
    np.testing.assert_allclose(result.pulse_time.sel(pulse=2), [2000, 1500])


@pytest.mark.parametrize(
    ("make", "said"),
    [
        (lambda: Stimulus("itch"), "stimulus 'itch'; there are touch, pinprick, noxious"),
        (lambda: Stimulus(["touch", "itch"]), "stimulus 'itch'"),
        (lambda: Stimulus(intensity=[0.5, 1.5]), "a share of the fibres"),
        (lambda: Stimulus(intensity="strong"), "a share of the fibres"),
        (lambda: Stimulus(time=-5 * ms), "does not come before 0 s"),
        (lambda: Pressure(2.0), "pressure of 2.0"),
        (lambda: Pressure(length="0 s"), "for 0 s"),
        (lambda: Conditioning(pulses=0), "pulses = 0, frequency = 1 Hz; give one pulse or more"),
        (lambda: Conditioning("0 Hz"), "frequency = 0 Hz"),
        (lambda: Conditioning(start="-1 s"), "does not start before 0 s"),
    ],
)
def test_what_cannot_be_is_refused_before_any_run(make, said):
    with pytest.raises(nm.errors.InputError, match=said):
        make()


def test_a_cell_without_inputs_says_so():
    with pytest.raises(nm.errors.ModelError, match="wdr has no inputs; a stimulus needs a circuit with 'touch' fibres"):
        nm.simulate(nm.neurons.wdr(), Stimulus())
