import dataclasses

import numpy as np
import pytest
from brian2 import Hz, amp, meter, ms, mV, nS, volt

import nmdasim as nm
from nmdasim.errors import ModelError
from nmdasim.model.model import Model
from nmdasim.model.morphology import Morphology
from nmdasim.model.port import Port, Summary

LEAKY = dict(name="leaky", equations="dv/dt = (E - v)/tau : volt", parameters=dict(E=-65 * mV, tau=10 * ms))
SPIKES = dict(threshold="v > -50*mV", reset="v = -70*mV")


def test_a_model_checks_itself_and_shows_its_equations():
    text = repr(Model(**LEAKY))
    assert "leaky" in text
    assert "point neuron" in text
    assert "dv/dt = (E - v)/tau : volt" in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(equations="dv/dt = (E - v)/taux : volt"), "'taux' in the equation of v is not defined"),
        (dict(equations="dv/dt = foo(E - v)/tau : volt"), "'foo' in the equation of v is not defined"),
        (dict(equations="dv/dt = (E - v)/tau : volt\nE = 1*mV : volt"), "E defined twice"),
        (dict(equations="dv/dt = (E - v)/tau : volt\ndv/dt = -v/tau : volt"), "Duplicate definition of variable 'v'"),
        (dict(equations="dv/dt = E - v : volt"), "Inconsistent units in differential equation defining variable 'v'"),
        (dict(equations="dv/dt = (E - v)/tau : amp"), "[Ii]nconsistent units"),
        (dict(equations="dv/dt = ((E - v)/tau : volt"), "never closed|syntax"),
        (dict(equations="x = 3 : 1"), "no differential equation"),
        (dict(equations=""), "no differential equation"),
        (dict(equations="Im = g*(E - v) : amp/meter**2", parameters=dict(g=1 * amp / meter**2 / mV, E=-65 * mV)),
         "needs the parameter Cm"),
        (dict(parameters={"E": -65 * mV, "tau": 10 * ms, "E.tail": 1 * mV}), "no region 'tail'; there are soma"),
        (dict(parameters={"E": -65 * mV, "E.soma": 1 * ms, "tau": 10 * ms}), "different dimensions in different"),
        (dict(parameters=dict(E=-65 * mV, tau=10 * ms, v=1 * mV)), "v defined twice"),
        (dict(parameters=dict(E=-65 * mV, tau=10 * ms, exp=1 * mV)), "'exp' is the name of a function"),
        (dict(ports=dict(exc="g += 1*nS")), "port exc adds to 'g', which is no state; there are v"),
        (dict(ports=dict(exc="E += 1*mV")), "port exc adds to 'E', which is no state"),
        (dict(ports=dict(exc="v += 1*nS")), "port exc: .* units do not match"),
        (dict(ports=dict(exc="v += jump")), "port exc: .*jump"),
        (dict(ports=dict(exc="v = 1*mV")), "a port adds to states"),
        (dict(ports=dict(exc="")), "a port adds to states"),
        (dict(ports=dict(exc=Port("v += 1*mV", compartment=3))), "port exc is in compartment 3; there are 1"),
        (dict(initial=dict(x=1)), "initial value of 'x': there is no such state"),
        (dict(initial=dict(v=3 * ms)), "initial v = 3 ms has the wrong dimension"),
        (dict(initial=dict(v="3*ms")), "initial value v = .* units do not match"),
        (dict(initial=dict(v="V_rest")), "initial value v = V_rest: .*V_rest"),
        (dict(starts=dict(later=dict(x=1))), "initial value of 'x'"),
        (SPIKES | dict(threshold="v > 3"), "threshold v > 3"),
        (SPIKES | dict(threshold="v > V_th"), "threshold v > V_th: .*V_th"),
        (SPIKES | dict(threshold="v"), "threshold v: it is no condition"),
        (SPIKES | dict(reset="v = 3"), "reset v = 3: the units do not match"),
        (SPIKES | dict(reset="v = V_r"), "reset v = V_r: .*V_r"),
        (SPIKES | dict(reset="E = 1*mV"), "a reset sets states"),
        (SPIKES | dict(reset="v == 1*mV"), "a reset sets states"),
        (SPIKES | dict(reset="print(v)"), "a reset sets states"),
        (SPIKES | dict(refractory=3 * mV), "refractory = 3 mV has the wrong dimension"),
        (SPIKES | dict(refractory=-3 * ms), "0 or longer"),
        (SPIKES | dict(refractory="later > 3"), "refractory later > 3: .*later"),
        (SPIKES | dict(refractory="v"), "refractory v: it is no condition"),
        (dict(spike_site=5), "spike_site = 5; compartments are 0 to 0"),
        (dict(gains=dict(leak=("g_leak",))), "gain leak scales g_leak, which is no parameter"),
    ],
)  # fmt: skip
def test_a_model_that_makes_no_sense_is_refused_by_name(change, message):
    with pytest.raises(ValueError, match=message):
        Model(**(LEAKY | change))


@pytest.mark.parametrize(
    "change",
    [
        SPIKES | dict(refractory="2 ms"),
        SPIKES | dict(refractory="v > -50*mV"),
        SPIKES | dict(refractory=2 * ms, reset="v = E; v += 2*mV\nv *= 2"),
        dict(initial=dict(v="E + 5*mV*randn()")),
        dict(initial=dict(v="E*rand()")),
        dict(ports=dict(exc="v += 1*mV", graded="v += 2*weight")),
        dict(equations="dv/dt = (E - v)/tau*e + pi*mV/ms*exp(-t/tau) : volt"),
    ],
)
def test_what_brian2s_language_allows_is_accepted(change):
    assert isinstance(Model(**(LEAKY | change)), Model)


def test_initial_values_that_refer_to_one_another_in_a_circle_are_refused():
    text = "dv/dt = (E - v)/tau : volt\ndu/dt = -u/tau : volt"
    circular = Model(**(LEAKY | dict(equations=text, initial=dict(v="u", u="2*v"))))
    with pytest.raises(ModelError, match="initial values of v, u depend on one another"):
        nm.simulate(circular, duration="1 ms")


def test_a_parameter_that_makes_a_rate_infinite_is_refused_before_the_run():
    with pytest.raises(ModelError, match="v, its rate of change .* is not finite at the start"):
        nm.simulate(Model(**LEAKY).replace(tau=0 * ms), duration="1 ms")


def test_a_parameter_that_makes_an_event_infinite_is_refused_before_the_run():
    with pytest.raises(ModelError, match="s_nmda.*what an event adds"):
        nm.simulate(nm.neurons.wdr().replace(tau_d_nmda="2 ms"), nm.WindUp(pulses=1))


def test_replace_sets_every_region_and_names_the_nearest():
    model = nm.neurons.delrocq2023()
    changed = model.replace(g_kca="1e-3 S/cm**2")
    assert changed.parameters["g_kca.soma"].si == changed.parameters["g_kca.dendrite"].si == pytest.approx(10)
    assert model.parameters["g_kca.soma"].si == pytest.approx(20)
    with pytest.raises(ModelError, match="did you mean 'K_mg'"):
        model.replace(K_mgg="1 mM")
    with pytest.raises(nm.UnitError, match="K_mg = 1 mV has the wrong dimension; it is given in mM"):
        model.replace(K_mg="1 mV")


def test_scaled_multiplies_a_named_group():
    model = nm.neurons.wdr()
    half = model.scaled(nmda=0.5, kca=2)
    assert half.parameters["gain_nmda"].si == pytest.approx(0.5)
    assert half.parameters["g_kca.soma"].si == pytest.approx(2 * model.parameters["g_kca.soma"].si)
    assert half.parameters["g_kca.dendrite"].si == pytest.approx(2 * model.parameters["g_kca.dendrite"].si)
    for wrong in (-1, np.nan, np.inf):
        with pytest.raises(ModelError, match="a gain is a number from 0 upward"):
            model.scaled(nmda=wrong)
    with pytest.raises(ModelError, match="wdr has no gain 'asic'; there are na, k, nap"):
        model.scaled(asic=0)


@pytest.mark.parametrize("gain", ["nmda", "ampa_c", "nk1", "gaba", "can", "cal", "kca", "nap"])
@pytest.mark.parametrize("name", ["wdr", "delrocq2023", "aguiar2010"])
def test_every_gain_of_the_command_line_exists_in_every_neuron(name, gain):
    original = nm.neurons.CATALOGUE[name]()
    assert _numbers(original.scaled(**{gain: 0})) != _numbers(original)


def _numbers(model):
    cells = model.cells.values() if isinstance(model, nm.Circuit) else [model]
    return [float(p.si) for cell in cells for p in cell.parameters.values()]


def test_the_digest_follows_behaviour_and_not_the_name():
    model = Model(**LEAKY)
    assert model.digest == Model(**(LEAKY | dict(name="other"))).digest
    assert model.digest != model.replace(tau="11 ms").digest
    assert model.digest != Model(**(LEAKY | dict(initial=dict(v=-60 * mV)))).digest
    last_bit = Model(**(LEAKY | dict(initial=dict(v=np.nextafter(-0.06, 0) * volt))))
    assert last_bit.digest != Model(**(LEAKY | dict(initial=dict(v=-60 * mV)))).digest


def test_the_digest_follows_input_readouts_and_step_too():
    wdr = nm.neurons.wdr()
    slow = {fibre: dataclasses.replace(bundle, latency="77 ms") for fibre, bundle in wdr.fibres.items()}
    least = {name: dataclasses.replace(summary, kind="min") for name, summary in wdr.summaries.items()}
    changes = [
        dict(fibres=slow), dict(summaries=least), dict(gains=dict(nmda=("g_pas",))), dict(dt="0.05 ms"),
        dict(implicit=()), dict(feeding=()),
    ]  # fmt: skip
    digests = {wdr.digest, *(dataclasses.replace(wdr, **change).digest for change in changes)}
    assert len(digests) == 7


def test_values_differ_between_regions_and_lanes():
    model = nm.neurons.wdr()
    assert model.values("g_can").tolist() == [[0.0, pytest.approx(0.7)]]
    lanes = model.values("g_can", {"g_can.dendrite": np.array([0.0, 1.4])})
    assert lanes == pytest.approx(np.array([[0, 0], [0, 1.4]]))


def test_notebooks_see_latex():
    assert "frac" in Model(**LEAKY)._repr_latex_()


def test_states_are_shown_in_conventional_units():
    model = nm.neurons.wdr()
    assert [model.unit_of(name) for name in ("v", "s_nmda", "ca", "b_nmda", "K_mg")] == ["mV", "nS", "uM", "1", "mM"]


def test_a_summary_has_a_known_kind():
    with pytest.raises(ValueError, match="max, min, start"):
        Summary("v", "soma", "mean")


def test_a_branched_tree_is_a_model_too():
    tree = Morphology((1e-9,) * 3, (-1, 0, 0), (0.0, 1e-8, 1e-8), {"soma": (0,), "dendrite": (1, 2)})
    text = "Im = g*(E - v) : amp/meter**2"
    parameters = dict(g="1e-4 S/cm**2", E="-65 mV", Cm="1 uF/cm**2")
    model = Model("tree", text, parameters, morphology=tree, initial=dict(v=-65 * mV))
    assert not model.morphology.is_chain
    assert "3 compartments" in repr(model)


def test_brian2s_units_are_accepted_everywhere():
    model = Model("rates", "dx/dt = -x*k : 1", dict(k=5 * Hz), ports=dict(a="x += 1"), initial=dict(x=0.5))
    assert model.parameters["k"].unit == "Hz"
    assert Model("g", "dg/dt = -g/tau : siemens", dict(tau=5 * ms), ports=dict(a="g += 1*nS")).unit_of("g") == "nS"
    assert nS.dim is nm.siemens.dim
