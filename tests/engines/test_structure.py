"""What is generated and compiled belongs to a model's structure: values are arguments, and no cache keeps a model."""

import gc
import weakref

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.engines.kernel import machine
from nmdasim.model.structure import by_structure

TRAIN = nm.WindUp(frequency=4 * nm.Hz, pulses=1, start=20 * nm.ms)
SLIDES = {
    "a parameter": dict(parameters=dict(tau_w=99 * nm.ms)),
    "several parameters": dict(parameters=dict(g_l=25 * nm.nS, b=0 * nm.nA, v_t=-52 * nm.mV)),
    "the seed": dict(seed=7),
    "the step": dict(dt=0.05 * nm.ms),
    "the length": dict(duration=31 * nm.ms),
    "an initial value": dict(initial=dict(v=-60 * nm.mV)),
    "the sampling": dict(sample=1 * nm.ms),
    "the threads": dict(threads=1),
}


def leaky(rest=-60, name="structural"):
    """Return a neuron whose equations no other test has."""
    return nm.Model(
        name=name,
        equations="dv/dt = (E - v)/tau_leak + 11*mV/tau_leak : volt",
        parameters=dict(E=rest * nm.mV, tau_leak=10 * nm.ms),
        initial=dict(v="E"),
        threshold="v > -50*mV",
        reset="v = -70*mV",
    )


def newly(call):
    """Return what a call gives, and how many sources were loaded and functions compiled for it."""
    before = machine.tally()
    result = call()
    after = machine.tally()
    return result, (after.sources - before.sources, after.compilations - before.compilations)


@pytest.mark.parametrize("slide", SLIDES)
def test_a_slider_never_compiles(adex, slide):
    events = nm.Events(port="exc", times=np.arange(1, 20, 2) * nm.ms)
    usual = dict(duration=30 * nm.ms, record=["v"])
    first = nm.simulate(adex, events, **usual)
    moved, made = newly(lambda: nm.simulate(adex, events, **usual | SLIDES[slide]))
    assert made == (0, 0)
    assert moved.v.values.shape != first.v.values.shape or slide in ("the seed", "the threads") or not np.array_equal(
        moved.v.values, first.v.values
    )  # fmt: skip


LIBRARY = [dict(ketamine=3 * nm.uM), dict(ketamine=0 * nm.uM), dict(parameters=dict(E_na=50 * nm.mV))]


@pytest.mark.parametrize("change", LIBRARY)
def test_a_slider_of_a_library_neuron_never_compiles(change):
    nm.simulate(nm.neurons.wdr(), TRAIN, ketamine=1 * nm.uM)
    _, made = newly(lambda: nm.simulate(nm.neurons.wdr(), TRAIN, **dict(ketamine=1 * nm.uM) | change))
    assert made == (0, 0)


def test_other_values_along_the_same_axis_never_compile():
    wdr = nm.neurons.wdr()
    nm.simulate(wdr, TRAIN, ketamine=[0, 1] * nm.uM)
    _, made = newly(lambda: nm.simulate(wdr.scaled(nmda=0.5), TRAIN, ketamine=[0.5, 2, 9] * nm.uM))
    assert made == (0, 0)


def test_compilations_are_counted():
    _, made = newly(lambda: nm.simulate(leaky(), duration=1 * nm.ms))
    assert made[0] == 1


def test_a_second_model_of_equal_structure_compiles_nothing():
    first = nm.simulate(leaky(), duration=50 * nm.ms)
    second, made = newly(lambda: nm.simulate(leaky(rest=-58, name="another"), duration=50 * nm.ms))
    assert made == (0, 0)
    assert leaky().structure == leaky(rest=-58).structure
    assert second.spike_count.item() > first.spike_count.item() > 0


@pytest.mark.parametrize("engine", ["kernel", "reference", "brian2"])
def test_a_deleted_model_is_let_go_of_and_what_was_made_from_it_stays_usable(engine):
    model = leaky()
    first = nm.simulate(model, duration=50 * nm.ms, engine=engine)
    gone = weakref.ref(model)
    del model
    gc.collect()
    assert gone() is None
    again, made = newly(lambda: nm.simulate(leaky(), duration=50 * nm.ms, engine=engine))
    assert made == (0, 0)
    assert first.spike_count.item() > 0
    assert np.array_equal(again.spike_time.values, first.spike_time.values)


def test_a_model_with_other_values_has_its_structure_and_what_was_given_differently_has_not(adex):
    same = [adex.replace(tau_w=50 * nm.ms), nm.Model(**vars_of(adex))]
    assert {model.structure for model in same} == {adex.structure}
    others = [
        dict(reset="v = v_r"),
        dict(refractory=3 * nm.ms),
        dict(ports=dict(exc="g_e += 41*nS")),
        dict(equations=adex.equations.replace("a*(v-E_l)", "2*a*(v-E_l)")),
        dict(threshold="v > -21*mV"),
    ]
    digests = {nm.Model(**vars_of(adex) | change).structure for change in others}
    assert len(digests) == len(others)
    assert adex.structure not in digests


def vars_of(model):
    names = ("name", "equations", "parameters", "initial", "threshold", "reset", "refractory", "ports")
    return {name: getattr(model, name) for name in names}


def test_what_a_changed_value_must_not_be_is_refused_though_its_structure_was_checked(adex):
    delrocq = nm.neurons.delrocq2023()
    with pytest.raises(nm.ModelError, match="gain nmda = -1"):
        delrocq.scaled(nmda=-1)
    with pytest.raises(nm.ModelError, match="gain nmda = nan"):
        delrocq.scaled(nmda=float("nan"))
    with pytest.raises(ValueError, match="tau_w"):
        adex.replace(tau_w=3 * nm.mV)
    with pytest.raises(ValueError, match="not finite"):
        adex.replace(tau_w=np.inf * nm.ms)
    with pytest.raises(ValueError, match="initial v"):
        nm.Model(**vars_of(adex) | dict(initial=dict(v=1 * nm.nS)))


def test_a_scaled_model_has_its_own_identity_and_its_own_numbers():
    delrocq = nm.neurons.delrocq2023()
    half = delrocq.scaled(nmda=0.5)
    assert half.digest != delrocq.digest
    assert half.structure == delrocq.structure
    (base,) = delrocq.gains["nmda"][:1]
    assert float(half.parameters[base].si) == pytest.approx(0.5 * float(delrocq.parameters[base].si))


def test_the_cache_by_structure_is_bounded_and_computes_once_for_equal_structures():
    calls = []

    @by_structure(maxsize=2)
    def made(model, number):
        calls.append((model.name, number))
        return number

    assert [made(leaky(name="a"), 1), made(leaky(name="b"), 1), made(leaky(), 2), made(leaky(), 3)] == [1, 1, 2, 3]
    made(leaky(name="c"), 1)
    assert calls == [("a", 1), ("structural", 2), ("structural", 3), ("c", 1)]
