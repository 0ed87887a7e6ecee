"""The kernel against the other two engines, model by model: spike counts, and traces within the step's error."""

import numpy as np
import pytest
from brian2_examples import EXAMPLES

import nmdasim as nm

#: The library's neurons run on every engine in tests/neurons/test_claims.py; here under ketamine too.
NEURONS = ["wdr"]
#: Parameters with which the models stay below threshold.
WEAK = {
    "leaky": {"v0": 9 * nm.mV},
    "adaptive_exponential": {"I": 0.4 * nm.nA},
    "hodgkin_huxley": {},
    "izhikevich": {"I": 3 * nm.mV / nm.ms},
    "synaptic_decay": {"E_l": -60 * nm.mV},
}


def run(example, engine, **options):
    options = {"duration": example.duration, "dt": example.dt, "tolerance": 1e-9} | options
    return nm.simulate(example.model, example.events, parameters=example.varied, engine=engine, **options)


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_model_of_brian2s_examples_fires_as_in_the_reference(examples, name):
    counts = [run(examples[name], engine).spike_count.values for engine in ("kernel", "reference")]
    assert counts[1].max() >= 3
    assert np.abs(counts[0] - counts[1]).max() <= 1


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_model_of_brian2s_examples_fires_as_in_brian2(examples, name):
    counts = [run(examples[name], engine).spike_count.values for engine in ("kernel", "brian2")]
    assert np.abs(counts[0] - counts[1]).max() <= 1


@pytest.mark.parametrize("name", EXAMPLES)
def test_the_first_spike_of_a_model_of_brian2s_examples_comes_within_two_steps_of_the_reference(examples, name):
    times = [run(examples[name], engine).spike_time.isel(spike=0).values for engine in ("kernel", "reference")]
    both = np.isfinite(times[0]) & np.isfinite(times[1])
    assert both.any()
    assert np.array_equal(np.isfinite(times[0]), np.isfinite(times[1]))
    assert np.abs(times[0] - times[1])[both].max() <= 2 * 0.05


def differences(model, events, options, names):
    """Return the largest difference kernel - reference, and kernel at dt - kernel at dt/2, of each trace.

    At second order the first is 4/3 of the second, as dt falls.
    """
    reference = nm.simulate(model, events, engine="reference", dt=0.1 * nm.ms, tolerance=1e-10, **options)
    coarse, fine = (nm.simulate(model, events, dt=step * nm.ms, **options) for step in (0.05, 0.025))
    return {
        name: tuple(float(np.abs(coarse[name] - other[name]).max()) for other in (reference, fine)) for name in names
    }


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_trace_of_brian2s_examples_before_any_spike_lies_within_the_steps_error(examples, name):
    example = examples[name]
    events = tuple(
        nm.Events(e.port, e.times[e.times < 15 * nm.ms], e.weight) for e in example.events
    )  # fmt: skip
    options = dict(parameters=WEAK[name], duration=20 * nm.ms, record=["v"], sample=0.1 * nm.ms)
    found = differences(example.model, events, options, ["v"])
    error, estimate = found["v"]
    assert error <= 2 * estimate + 1e-6, found


@pytest.mark.slow
@pytest.mark.parametrize("neuron", NEURONS)
def test_a_library_neuron_fires_as_in_the_reference(neuron, direct_c):
    """Two pulses at 1 Hz, without drug and with 1 µM ketamine."""
    train = nm.WindUp(frequency=1 * nm.Hz, pulses=2, start=0.1 * nm.second, latencies=direct_c)
    late = [
        nm.measures.windup(
            nm.simulate(getattr(nm.neurons, neuron)(), train, ketamine=[0, 1] * nm.uM, engine=engine)
        ).late
        for engine in ("kernel", "reference")
    ]
    assert late[1].values.min() >= 6
    assert np.abs(late[0] - late[1]).max() <= 1
