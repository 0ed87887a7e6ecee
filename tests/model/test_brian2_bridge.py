"""A Brian2 script moves here and back: the same spikes from the plain script and from the moved one."""

import brian2 as b2
import numpy as np
import pytest
from brian2 import Hz, Network, NeuronGroup, SpikeGeneratorGroup, SpikeMonitor, Synapses, ms, mV, nA, nS, pF, second

import nmdasim as nm
from nmdasim.model.flat import flat

ADEX = """
dv/dt = (gL*(EL - v) + gL*DeltaT*exp((v - VT)/DeltaT) + ge*(Ee - v) + I - w)/C : volt (unless refractory)
dw/dt = (a*(v - EL) - w)/tauw : amp
dge/dt = -ge/taue : siemens
I : amp (constant)
"""
NUMBERS = dict(
    C=281 * pF, gL=30 * nS, EL=-70.6 * mV, VT=-50.4 * mV, DeltaT=2 * mV, tauw=144 * ms, a=4 * nS, b=0.0805 * nA,
    Vr=-70.6 * mV, Vcut=-40.4 * mV, Ee=0 * mV, taue=5 * ms,
)  # fmt: skip


def plain(**changed):
    """Return the group of a plain script; its names are in its namespace."""
    given = dict(threshold="v > Vcut", reset="v = Vr; w += b", refractory=2 * ms, method="euler", namespace=NUMBERS)
    group = NeuronGroup(1, ADEX, **(given | changed))
    group.v, group.I = -70.6 * mV, 0.8 * nA
    return group


def run(group, *more, duration=200 * ms):
    """Return spike times of a Brian2 group in ms."""
    monitor = SpikeMonitor(group)
    Network(group, monitor, *more).run(duration)
    return np.asarray(monitor.t / ms)


def driven(group, on_pre):
    source = SpikeGeneratorGroup(1, [0, 0, 0], [20, 60, 61] * ms)
    synapses = Synapses(source, group, on_pre=on_pre)
    synapses.connect()
    return source, synapses


def moved(model, **options):
    return nm.simulate(model, duration="200 ms", **options).spike_time.values


def test_the_moved_script_fires_the_same_spikes_by_the_same_method():
    """A spike has the time of the end of its step here, and of its begin in Brian2: one step of 0.1 ms."""
    group = plain()
    model = nm.Model.from_brian2(group)
    theirs = run(group)
    assert len(theirs) > 4
    assert moved(model, engine="brian2", method="euler") - 0.1 == pytest.approx(theirs, abs=1e-9)


def test_the_other_engines_agree_with_a_fine_script():
    model = nm.Model.from_brian2(plain())
    theirs = run(plain(dt=0.02 * ms), duration=60 * ms)
    for options in (dict(engine="kernel", dt="0.02 ms"), dict(engine="reference")):
        ours = nm.simulate(model, duration="60 ms", **options).spike_time.values
        assert ours == pytest.approx(theirs, abs=0.15)


def test_synapses_are_a_port():
    group = plain()
    model = nm.Model.from_brian2(group, ports={"exc": "ge += 40*nS"})
    theirs = run(group, *driven(group, "ge += 40*nS"))
    # What a generator sends at t acts in Brian2 after the state has moved, one step later than here.
    events = nm.Events("exc", times=[20.1, 60.1, 61.1] * ms)
    ours = nm.simulate(model, events, duration="200 ms", engine="brian2", method="euler").spike_time.values
    assert not np.array_equal(theirs, run(plain()))
    assert ours - 0.1 == pytest.approx(theirs, abs=1e-9)


def test_names_of_the_script_are_found_where_the_library_is_called():
    tau, threshold_here = 7 * ms, 0.5
    model = nm.Model.from_brian2("dx/dt = (2 - x)/tau : 1", threshold="x > threshold_here", reset="x = 0")
    assert model.parameters["tau"].value == tau
    assert float(model.parameters["threshold_here"].value) == threshold_here
    assert set(model.parameters) == {"tau", "threshold_here"}, "units of the script, such as ms, are no parameters"


def test_equations_take_a_namespace_and_values_of_their_parameters():
    given = dict(threshold="v > Vcut", reset="v = Vr; w += b", refractory="2*ms", initial=dict(v=-70.6 * mV))
    model = nm.Model.from_brian2(ADEX, NUMBERS, parameters=dict(I="0.8 nA"), name="adex", **given)
    assert model.name == "adex"
    assert np.array_equal(moved(model), moved(nm.Model.from_brian2(plain())))


def test_a_parameter_that_the_reset_moves_becomes_a_state():
    text = "dv/dt = (30*mV - v)/(10*ms) : volt\ndtheta/dt = (10*mV - theta)/(50*ms) : volt\njump : volt\ncount : 1"
    rule = dict(threshold="v > theta", reset="v = 0*mV; theta += jump; count += 1", method="euler")
    group = NeuronGroup(1, text, **rule)
    group.theta, group.jump = 10 * mV, 3 * mV
    model = nm.Model.from_brian2(group)
    assert set(model.system.states) == {"v", "theta", "count"}
    theirs = run(group)
    assert moved(model, engine="brian2", method="euler") - 0.1 == pytest.approx(theirs, abs=1e-9)
    assert len(theirs) > 4


def test_there_and_back():
    group = plain()
    back = nm.Model.from_brian2(group).to_brian2(method="euler")
    assert type(back) is NeuronGroup
    assert np.array_equal(run(back), run(group))


def test_a_model_is_a_plain_group_with_its_ports_as_synapses(adex):
    group = adex.to_brian2(3, method="euler")
    group.a = [4, 8, 16] * nS
    slow = adex.replace(tau_e=40 * ms)
    alone = slow.to_brian2(method="euler")
    theirs = run(alone, *driven(alone, adex.ports["exc"].effect))
    events = nm.Events("exc", times=[20.1, 60.1, 61.1] * ms)
    ours = nm.simulate(slow, events, duration="200 ms", engine="brian2", method="euler").spike_time.values
    assert len(theirs) > 0
    assert ours - 0.1 == pytest.approx(theirs, abs=1e-9)
    assert np.asarray(group.a / nS) == pytest.approx([4, 8, 16])


@pytest.fixture(scope="module")
def two():
    """Return a soma and a dendrite that differ in leak and area; the soma fires into a refractory period."""
    return nm.Model(
        name="two",
        equations="Im = g_l*(E_l - v) + g_e*(E_e - v)/area : amp/meter**2\n"
        "dg_e/dt = -g_e/tau : siemens (unless refractory)",
        parameters={
            "Cm": "1 uF/cm**2", "g_l.soma": "0.1 mS/cm**2", "g_l.dendrite": "0.3 mS/cm**2", "E_l": "-65 mV",
            "E_e": "0 mV", "tau": "5 ms",
        },
        initial=dict(v=-65 * mV),
        threshold="v > -55*mV",
        refractory=3 * ms,
        ports=dict(exc=nm.Port("g_e += 20*nS", compartment=1)),
        morphology=nm.Morphology((1e-9, 5e-9), (-1, 0), (0.0, 50e-9), {"soma": (0,), "dendrite": (1,)}),
    )  # fmt: skip


def test_a_flat_neuron_is_the_same_neuron(two):
    point = flat(two)
    assert point.is_point
    asked = dict(duration="30 ms", engine="reference", tolerance=1e-9)
    events = nm.Events("exc", times=[5, 6, 7, 8] * ms)
    whole = nm.simulate(two, events, record=["v"], **asked)
    apart = nm.simulate(point, events, record=["v_soma", "v_dendrite"], **asked)
    assert int(whole.spike_count) > 0
    assert apart.spike_time.values == pytest.approx(whole.spike_time.values, abs=1e-5)
    for region in ("soma", "dendrite"):
        assert apart[f"v_{region}"].values == pytest.approx(whole[f"v_{region}"].values, abs=1e-4)
    assert float(np.ptp((whole.v_dendrite - whole.v_soma).values)) > 1, "the compartments differ"


def test_compartments_are_written_out(two):
    group = two.to_brian2(method="euler", dt=0.02 * ms)
    source = SpikeGeneratorGroup(1, [0] * 4, [5, 6, 7, 8] * ms)
    synapses = Synapses(source, group, on_pre=flat(two).ports["exc"].effect)
    synapses.connect()
    theirs = run(group, source, synapses, duration=30 * ms)
    events = nm.Events("exc", times=[5, 6, 7, 8] * ms)
    ours = nm.simulate(two, events, duration="30 ms", engine="reference").spike_time.values
    assert ours == pytest.approx(theirs, abs=0.1)


# --- what is not carried over ----------------------------------------------------------------------------------------


def uneven():
    group = NeuronGroup(3, "dv/dt = -v/(10*ms) : volt\nI : amp")
    group.I = [1, 2, 3] * nA
    return group


def scattered():
    group = NeuronGroup(3, "dv/dt = -v/(10*ms) : volt")
    group.v = "rand()*mV"
    return group


def regular():
    group = NeuronGroup(1, "dv/dt = -v/(10*ms) : volt", name="leaky")
    group.run_regularly("v = 0*mV", dt=10 * ms)
    return group


def linked():
    one = NeuronGroup(1, "dx/dt = -x/(10*ms) : 1")
    other = NeuronGroup(1, "y : 1 (linked)\ndv/dt = (y - v)/(10*ms) : 1")
    other.y = b2.linked_var(one, "x")
    return other


course = b2.TimedArray([0, 1, 0] * nA, dt=10 * ms)
LEAKY = "dv/dt = -v/(10*ms) : volt"


@pytest.mark.parametrize(
    ("make", "message"),
    [
        (uneven, r"I differs between the 3 neurons .* parameters=\{'I'"),
        (scattered, r"v differs between the 3 neurons .* initial=\{'v'"),
        (regular, r"leaky: .* \(run_regularly, run_on_event\) has no place"),
        (linked, r"y is \(linked\)"),
        (lambda: NeuronGroup(1, LEAKY, events={"up": "v > 0*mV"}), "has the event 'up'"),
        (lambda: NeuronGroup(1, LEAKY + "\nb : boolean"), "b is boolean"),
        (lambda: NeuronGroup(4, LEAKY)[:2], "is a Subgroup|is no neuron"),
        (lambda: b2.PoissonGroup(1, 5 * Hz), "a PoissonGroup is no neuron"),
        (lambda: NeuronGroup(1, "dv/dt = (course(t)*Mohm - v)/(10*ms) : volt"), r"course\(…\).* a course over time"),
        (lambda: NeuronGroup(1, "dv/dt = -v*rand()/(10*ms) : volt"), "'rand' in the equation of v"),
        (lambda: NeuronGroup(1, LEAKY, threshold="v > 1*mV and t > lastspike", reset=""), "'lastspike' in the thr"),
        (lambda: "dv/dt = -v/tau_unknown : volt", "'tau_unknown' in the equation of v is not defined"),
        (lambda: LEAKY + "\nI : amp", r"I has no value; give it, parameters=\{'I'"),
        (lambda: "dv/dt = ", "."),
        (lambda: 7, "a int is no neuron"),
    ],
)
def test_what_is_not_carried_over_is_refused_by_name(make, message):
    with pytest.raises(nm.NmdasimError, match=message) as caught:
        nm.Model.from_brian2(make())
    assert "\n" not in str(caught.value)


def test_an_array_and_a_function_of_the_script_are_refused():
    with pytest.raises(nm.NmdasimError, match="tau is an array"):
        nm.Model.from_brian2("dx/dt = -x/tau : 1", {"tau": [1, 2] * ms})
    with pytest.raises(nm.NmdasimError, match="tau is a function of your own"):
        nm.Model.from_brian2("dx/dt = -x/tau : 1", {"tau": lambda: 1 * second})


def test_an_option_that_brian2_does_not_take_is_refused_in_one_line(adex):
    with pytest.raises(nm.NmdasimError, match="adex: Brian2 says"):
        adex.to_brian2(0)
