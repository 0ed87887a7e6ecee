"""Synapses with a state of their own: the published window, both engines alike, what is refused and by which name."""

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.model.synapse import Synapse

#: As Brian2's documentation prints it, but for the names of the increments.
STDP = """
w : 1
dApre/dt = -Apre/taupre : 1 (event-driven)
dApost/dt = -Apost/taupost : 1 (event-driven)
"""
TRACES = dict(taupre=20 * nm.ms, taupost=30 * nm.ms, Apre0=0.01, Apost0=-0.0105, wmax=1.0)
ON_PRE = "x_post += w; Apre += Apre0; w = clip(w + Apost, 0, wmax)"
ON_POST = "Apost += Apost0; w = clip(w + Apre, 0, wmax)"
ENGINES = ["kernel", "brian2"]
RELAY = "dv/dt = 0*volt/second : volt\ndy/dt = 0/second : 1\ndx/dt = 0/second : 1"


def stdp(**changes):
    given = dict(name="stdp", equations=STDP, parameters=TRACES, initial=dict(w=0.5), on_pre=ON_PRE, on_post=ON_POST)
    return Synapse(**(given | changes))


def relay(**changes):
    """Return a neuron that fires in the step in which its port `fire` is opened, and sums what synapses add to x."""
    given = dict(
        name="relay",
        equations=RELAY,
        threshold="y > 0.5",
        reset="y = 0",
        ports=dict(fire="y += 1", exc="x += weight"),
    )
    return nm.Model(**(given | changes))


def pairs(rule, differences, cell=None, **link):
    """Return one neuron for each difference in ms; each fires that much after the one fibre before it."""
    count, links = len(differences), []
    inputs = {"before": nm.Events(port="", times=[50] * nm.ms)}
    links.append(nm.Projection("before", "cells", synapse=rule, probability=1.0, name="s", **link))
    for k, difference in enumerate(differences):
        inputs[f"after{k}"] = nm.Events(port="", times=[50 + difference] * nm.ms)
        links.append(nm.Projection(f"after{k}", "cells", port="fire", indices=([0], [k])))
    cells = nm.Population(cell or relay(), count)
    return nm.Circuit("pairs", populations={"cells": cells}, projections=tuple(links), inputs=inputs)


def run(circuit, engine="kernel", **options):
    return nm.simulate(circuit, duration="120 ms", engine=engine, **({"record": ["s.w"]} | options))


DIFFERENCES = np.array([-40.0, -20, -10, -5, -1, 1, 5, 10, 20, 40])


@pytest.mark.parametrize("engine", ENGINES)
@pytest.mark.parametrize("flag", ["event-driven", "clock-driven"])
def test_pairs_of_spikes_change_the_weight_by_the_analytic_window(engine, flag):
    rule = stdp(equations=STDP.replace("event-driven", flag))
    result = run(pairs(rule, DIFFERENCES), engine)
    apart = result.spike_time.values[np.argsort(result.spike_neuron.values)] - 50  # in ms; a step after what makes it
    expected = np.where(apart > 0, 0.01 * np.exp(-apart / 20), -0.0105 * np.exp(apart / 30))
    assert np.array_equal(result["s.post"], np.arange(len(DIFFERENCES)))
    assert result["s.w"].values - 0.5 == pytest.approx(expected, abs=1e-12)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_weight_is_read_when_the_event_arrives_and_changed_in_the_order_of_the_statements(engine):
    """The spike after the synapse falls while the one before it is on its way: it acts on the trace left later."""
    result = run(pairs(stdp(), [5.0, 12.0], delay=10 * nm.ms), engine, record=["s.w", "x"])
    x = result.cells_x.isel(time=-1).values
    assert x == pytest.approx([0.5, 0.5])  # w is read before Apost takes from it
    after = np.sort(result.spike_time.values) - 60
    assert result["s.w"].values - 0.5 == pytest.approx([-0.0105 * np.exp(after[0] / 30), 0.01 * np.exp(-after[1] / 20)])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_weight_stays_between_its_bounds(engine):
    result = run(pairs(stdp(initial=dict(w="0.995*wmax")), [1.0, -1.0]), engine)
    assert result["s.w"].values[0] == 1
    low = run(pairs(stdp(initial=dict(w=0.001)), [1.0, -1.0]), engine)
    assert low["s.w"].values[1] == 0


@pytest.mark.parametrize("engine", ENGINES)
def test_repeated_pairs_each_have_a_state(engine):
    twice = nm.Projection(
        "before", "cells", synapse=stdp(initial=dict(w=[0.2, 0.4])), indices=([0, 0], [0, 0]), name="s"
    )
    net = nm.Circuit("twice", {"cells": nm.Population(relay(), 2)}, (twice,),
                     inputs={"before": nm.Events(port="", times=[10, 20] * nm.ms)})  # fmt: skip
    result = run(net, engine, record=["s.w", "s.Apre", "x"])
    assert result["s.w"].values.tolist() == [0.2, 0.4]
    assert result.cells_x.values[0, -1] == pytest.approx(1.2)
    left = 0.01 * (np.exp(-(120 - 10) / 20) + np.exp(-(120 - 20) / 20))
    assert result["s.Apre"].values == pytest.approx([left, left])


def network():
    """Return 20 fibres that learn to drive 5 neurons, those 4 more; a step is exact, so that engines agree to the bit.

    The first synapses are event-driven, as text that adds to v; the second clock-driven, through a port, with delays.
    """
    traces = dict(taupre=20 * nm.ms, taupost=20 * nm.ms, a=0.1 * nm.mV, b=-0.105 * nm.mV, wmax=4 * nm.mV)
    text = "w : volt\ndApre/dt = -Apre/taupre : volt ({0})\ndApost/dt = -Apost/taupost : volt ({0})"
    learn = "Apre += a\nw = clip(w + Apost, 0*mV, wmax)"
    given = dict(parameters=traces, initial=dict(w="rand()*wmax"), on_post="Apost += b\nw = clip(w + Apre, 0*mV, wmax)")
    early = Synapse("early", text.format("event-driven"), on_pre=f"v_post += w\n{learn}", **given)
    late = Synapse("late", text.format("clock-driven"), on_pre=learn, **given)
    cell = nm.Model(
        "lif", "dv/dt = (E - v)/tau : volt", parameters=dict(E=-70 * nm.mV, tau=20 * nm.ms), initial=dict(v="E"),
        threshold="v > -55*mV", reset="v -= 15*mV", ports=dict(exc="v += weight"),
    )  # fmt: skip
    pre, post = np.repeat(np.arange(5), 4), np.tile(np.arange(4), 5)
    delays = np.linspace(0.3, 2.4, 20) * nm.ms
    return nm.Circuit(
        "learning",
        populations={"first": nm.Population(cell, 5), "second": nm.Population(cell, 4)},
        projections=(
            nm.Projection("fibres", "first", synapse=early, probability=1.0),
            nm.Projection("first", "second", port="exc", weight="w", synapse=late, indices=(pre, post), delay=delays),
        ),
        inputs={"fibres": nm.Poisson(40 * nm.Hz, 20)},
    )


RECORD = ["fibres_first.w", "fibres_first.Apost", "first_second.w", "first_second.Apre"]


@pytest.fixture(scope="module")
def learned():
    return nm.simulate(network(), duration="600 ms", seed=[1, 2, 3], record=RECORD)


def test_both_engines_learn_the_same_weights_from_the_same_spikes(learned):
    other = nm.simulate(network(), duration="600 ms", seed=[1, 2, 3], record=RECORD, engine="brian2")
    columns = ["lane", "neuron", "time_ms"]
    for population in ("first", "second"):
        ours, theirs = (nm.spikes(r, population=population).sort_values(columns) for r in (learned, other))
        assert len(ours) == len(theirs) > 60
        assert np.array_equal(ours.neuron, theirs.neuron)
        assert ours.time_ms.values == pytest.approx(theirs.time_ms.values, abs=1e-6)
    for name in RECORD:
        assert learned[name].values == pytest.approx(other[name].values, rel=1e-9, abs=1e-15)
    assert np.ptp(learned["first_second.w"].values) > 1


def test_an_instance_learns_the_same_alone_and_on_any_number_of_threads(learned):
    alone = nm.simulate(network(), duration="600 ms", seed=2, record=RECORD)
    spread = nm.simulate(network(), duration="600 ms", seed=[1, 2, 3], record=RECORD, threads=2)
    for name in RECORD:
        assert np.array_equal(alone[name], learned[name].sel(seed=2))
        assert np.array_equal(spread[name], learned[name])


def test_a_run_that_goes_on_learns_as_one_long_run(learned):
    """Spikes on their way through delayed synapses, traces and weights are carried over, to the bit."""
    net = network()
    silent = {"fibres": nm.Poisson(40 * nm.Hz, 20, stop="300 ms")}
    whole = nm.simulate(net.driven(**silent), duration="340 ms", seed=[1, 2], record=RECORD)
    for cut in (301, 313):  # at the first with spikes between the populations on their way
        first = nm.simulate(net.driven(**silent), duration=cut * nm.ms, seed=[1, 2])
        assert ("in_flight_first_second.age" in first) == (cut == 301)
        rest = nm.simulate(net.driven(fibres=nm.Poisson(0 * nm.Hz, 20)), duration=(340 - cut) * nm.ms, start=first,
                           record=RECORD)  # fmt: skip
        for name in RECORD:
            assert np.array_equal(rest[name], whole[name]), name


def test_a_parameter_of_a_synapse_given_as_an_array_is_a_dimension():
    result = run(pairs(stdp(), [5.0]), parameters=dict(Apre0=[0.01, 0.02]))
    change = result["s.w"].squeeze().values - 0.5
    assert result["s.w"].dims == ("Apre0", "synapse_s")
    assert change[1] == pytest.approx(2 * change[0])
    assert run(pairs(stdp(), [5.0]).replace(Apre0=0.02))["s.w"].values - 0.5 == pytest.approx(change[1:])


@pytest.mark.parametrize("engine", ENGINES)
def test_a_continuous_rule_follows_a_state_of_the_neuron_after_it(engine):
    """dr/dt = (p - r)/tau with p = 0.3, read from each neuron: r = 0.3 (1 - exp(-t/tau)) from r = 0."""
    cell = relay(equations=f"{RELAY}\ndp/dt = 0/second : 1",
                 initial=dict(p=0.3))  # fmt: skip
    rule = Synapse("follow", "dr/dt = (p_post - r)/tau : 1 (clock-driven)", dict(tau=50 * nm.ms), on_pre="x_post += r")
    result = run(pairs(rule, [5.0, 6.0], cell), engine, record=["s.r", "x"])
    assert result["s.r"].values == pytest.approx(0.3 * (1 - np.exp(-120 / 50)), rel=1e-9)
    assert result.cells_x.values[0, -1] == pytest.approx(0.3 * (1 - np.exp(-50 / 50)), rel=0.01)


@pytest.mark.parametrize(("engine", "method"), [*((engine, "") for engine in ENGINES), ("kernel", "staggered/float32")])
def test_a_rule_reads_states_subexpressions_and_parameters_of_both_neurons(engine, method):
    cell = relay(
        equations=f"{RELAY}\ndp/dt = 0/second : 1\ndouble = 2*p : 1",
        parameters=dict(scale=3.0),
        initial=dict(p="rand()"),
    )
    rule = Synapse("both", "w : 1", on_pre="w = scale_pre*double_pre + p_post\nx_post += w")
    link = nm.Projection("a", "b", synapse=rule, indices=([0, 1, 1], [1, 0, 2]), delay=1 * nm.ms)
    fire = nm.Projection("fibre", "a", port="fire", probability=1.0)
    net = nm.Circuit("both", {"a": nm.Population(cell, 2), "b": nm.Population(cell, 3)}, (link, fire),
                     inputs={"fibre": nm.Events(port="", times=[5] * nm.ms)})  # fmt: skip
    result = nm.simulate(net, duration="10 ms", engine=engine, method=method, record=["a_b.w", "p", "x"], seed=3)
    pre, post = result.a_p.values[[0, 1, 1], 0], result.b_p.values[[1, 0, 2], 0]
    assert result["a_b.w"].values == pytest.approx(6 * pre + post, rel=1e-6)
    assert result.b_x.values[[1, 0, 2], -1] == pytest.approx(6 * pre + post, rel=1e-6)


def test_synapses_start_as_their_neurons_do_or_as_drawn_from_the_seed():
    cell = relay(initial=dict(x="rand()"))
    rule = Synapse("start", "w : 1\nu : 1", dict(scale=2.0), dict(w="scale*x_post", u="rand()"), on_pre="w += 0")
    result = run(pairs(rule, [1.0, 2, 3], cell), record=["s.w", "s.u", "x"], seed=[1, 2])
    assert result["s.w"].values == pytest.approx(2 * result.cells_x.isel(time=0).values)
    assert len(np.unique(result["s.u"])) == 6
    given = run(pairs(rule, [1.0, 2, 3], cell), record=["s.w"], initial=dict(x=0.25))
    assert given["s.w"].values == pytest.approx([0.5] * 3)


def test_synapses_that_overflow_mark_their_instance_and_no_other():
    rule = Synapse(
        "growth", "dr/dt = r**2/tau : 1", dict(tau=10 * nm.ms, start=1.0), dict(r="start"), on_pre="x_post += r"
    )
    with pytest.warns(RuntimeWarning, match=r"1 of 2 (instances|lanes) overflowed \(start = 1"):
        result = run(pairs(rule, [5.0]), parameters=dict(start=[0.01, 1]), record=["s.r"])
    assert result.failed.values.tolist() == [False, True]
    assert np.isfinite(result["s.r"].values[0])


def test_event_driven_states_may_drive_one_another():
    """An alpha function: db/dt = (a - b)/tau2 after a step of a, at the analytic value."""
    text = "da/dt = -a/tau1 : 1 (event-driven)\ndb/dt = (a - b)/tau2 : 1 (event-driven)"
    rule = Synapse("alpha", text, dict(tau1=20 * nm.ms, tau2=5 * nm.ms), on_pre="a += 1")
    t, left = 120 - 50, run(pairs(rule, [30.0]), record=["s.a", "s.b"])
    expected = (np.exp(-t / 20) - np.exp(-t / 5)) * 20 / (20 - 5)
    assert left["s.a"].values == pytest.approx(np.exp(-t / 20))
    assert left["s.b"].values == pytest.approx(expected)


REFUSED = [
    (dict(equations="w : 1\nsum_post = w : 1 (summed)"), r"sum_post is \(summed\); sums over synapses cannot be said"),
    (dict(equations=STDP + "dz/dt = -z/taupre + xi*taupre**-0.5 : 1"), "z: stochastic terms"),
    (dict(equations=STDP + "q : 1 (shared)"), r"q: the flag \(shared\) cannot be said; there is constant"),
    (dict(equations=STDP.replace("-Apre/taupre", "-Apre**2/taupre")), "dApre/dt is event-driven and not linear"),
    (dict(equations=STDP.replace("-Apre/taupre", "x_post/taupre")), "dApre/dt is event-driven and depends on x_post"),
    (dict(equations=STDP + "dz/dt = (Apre - z)/taupre : 1"), "dz/dt depends on Apre, which is event-driven"),
    (dict(equations=STDP.replace("-Apre/taupre", "-Apre")), "dApre/dt = -Apre: the units do not match"),
    (dict(equations=STDP + "delay : second"), "'delay' is a name of the language"),
    (dict(equations=STDP + "taupre : second"), "taupre defined twice"),
    (dict(on_pre="w = 3*mV"), r"on_pre: w = 3\*mV: the units do not match"),
    (dict(on_pre="w = rand()"), r"on_pre: w = rand\(\): stochastic terms"),
    (dict(on_pre="w == 1"), "on_pre: 'w == 1' is no assignment"),
    (dict(on_pre="taupre += 1*ms"), "taupre is no variable of the synapse; there are w, Apre, Apost"),
    (dict(on_post="v_pre += 1*mV"), "on_post: v_pre .* does not write to the neuron before it"),
    (dict(on_pre="v_post = 1*mV"), "on_pre: v_post = .* adds to a state of the neuron after it"),
    (dict(initial=dict(q=1)), "initial value of 'q': no such variable; there are w, Apre, Apost"),
    (dict(initial=dict(w=1 * nm.mV)), "initial w = 1 mV has the wrong dimension"),
    (dict(initial=dict(w="Apre")), "initial w = Apre: it may depend on parameters and neurons, not on Apre"),
    (dict(parameters=TRACES | {"wmax.soma": 1.0}), "parameter wmax.soma: one value for all synapses"),
]


@pytest.mark.parametrize(("change", "message"), REFUSED)
def test_what_cannot_be_said_is_refused_with_the_name_and_the_line(change, message):
    with pytest.raises(nm.ModelError, match=f"synapse stdp: .*{message}"):
        stdp(**change)


@pytest.mark.parametrize(
    ("change", "link", "message"),
    [
        (dict(on_pre="g_post += w"), {}, "on_pre: g_post .= w: 'g_post' is not defined"),
        (dict(on_pre="v_post += w"), {}, r"on_pre: v_post \+= w: the units do not match"),
        (dict(on_pre="w += zz"), {}, "on_pre: w .= zz: 'zz' is not defined"),
        (dict(on_pre="w += x_pre"), {}, "'x_pre' is not defined"),
        (dict(on_pre=""), dict(port="exc", weight="wmin"), "weight = 'wmin' is no variable of it"),
        (dict(on_pre=""), dict(port="exc", weight="taupre"), "does not fit port 'exc'"),
        (dict(on_pre=""), dict(weight="w"), "a weight belongs to a port"),
    ],
)
def test_what_does_not_fit_its_neurons_is_refused_with_the_name_and_the_line(change, link, message):
    with pytest.raises(nm.ModelError, match=message):
        pairs(stdp(**change), [1.0], **link)


def test_two_projections_of_one_name_and_records_of_none_are_refused():
    link = nm.Projection("a", "cells", synapse=stdp(), probability=1.0)
    parts = dict(populations={"cells": nm.Population(relay(), 1)}, inputs={"a": nm.Poisson(1 * nm.Hz)})
    with pytest.raises(nm.ModelError, match="two projections with a synapse are called a_cells"):
        nm.Circuit("two", projections=(link, link), **parts)
    with pytest.raises(nm.ModelError, match="no projection with a synapse called 'b'; there are s"):
        run(pairs(stdp(), [1.0]), record=["b.w"])
    with pytest.raises(nm.ModelError, match="synapses of s hold no 'v'; there are w, Apre, Apost"):
        run(pairs(stdp(), [1.0]), record=["s.v"])


def test_the_reference_engine_says_who_renders_them():
    with pytest.raises(nm.ModelError, match="renders no synapses with a state; take engine='kernel' or 'brian2'"):
        run(pairs(stdp(), [1.0]), "reference")


def test_every_c_and_touch_synapse_of_the_dorsal_horn_has_a_rho_that_follows_its_neuron():
    """One sensor drives both, so that they agree to the error of a step; the switch of one leaves the other alone."""
    train = nm.protocols.Conditioning("10 Hz", 5)
    record = ["c_projection.rho", "touch_projection.rho", "rho_dendrite", "sensor_dendrite"]
    options = dict(duration="2 second", record=record, sample="1 ms", parameters=dict(theta_p="0.06 uM"))
    result = nm.simulate(nm.circuits.dorsal_horn(), train, initial=dict(rho=[0.01 * k for k in range(10)]), **options)
    neuron = result.projection_rho_dendrite.isel(time=-1).values
    for name in ("c_projection", "touch_projection"):
        rho = result[f"{name}.rho"].values
        assert rho.shape == (200,)
        assert rho == pytest.approx(neuron[result[f"{name}.post"].values.astype(int)], abs=5e-4)
    assert neuron.max() > 0.1


@pytest.mark.parametrize("engine", ENGINES)
def test_a_rule_as_brian2_prints_it_runs_with_bare_names(engine):
    """The example of Brian2's documentation: `ge += w` means the neuron after the synapse."""
    neuron = nm.Model(
        "brian2", "dv/dt = (ge*(Ee - v) + El - v)/taum : volt\ndge/dt = -ge/taue : 1",
        parameters=dict(taum=10 * nm.ms, taue=5 * nm.ms, Ee=0 * nm.mV, El=-74 * nm.mV, vt=-54 * nm.mV, vr=-60 * nm.mV),
        initial=dict(v="vr"), threshold="v > vt", reset="v = vr",
    )  # fmt: skip
    rule = Synapse(
        "stdp",
        """w : 1
           dApre/dt = -Apre / taupre : 1 (event-driven)
           dApost/dt = -Apost / taupost : 1 (event-driven)""",
        parameters=dict(taupre=20 * nm.ms, taupost=20 * nm.ms, gmax=0.01, dApre=1e-4, dApost=-1.05e-4),
        initial=dict(w="rand() * gmax"),
        on_pre="""ge += w
                  Apre += dApre
                  w = clip(w + Apost, 0, gmax)""",
        on_post="""Apost += dApost
                   w = clip(w + Apre, 0, gmax)""",
    )
    net = nm.Circuit("song", {"neurons": nm.Population(neuron, 1)},
                     (nm.Projection("input", "neurons", synapse=rule, probability=1.0, name="S"),),
                     inputs={"input": nm.Poisson(15 * nm.Hz, 1000)})  # fmt: skip
    result = nm.simulate(net, duration="500 ms", engine=engine, record=["S.w"], seed=1)
    assert result.sizes["synapse_S"] == 1000
    assert 5 < int(result.spike_count.sum()) < 60
    assert 0 <= result["S.w"].values.min() < result["S.w"].values.max() <= 0.01
