"""Models from mechanisms: adding, taking out, placing, renaming."""

import dataclasses
import pickle

import numpy as np
import pytest
from brian2 import Equations

import nmdasim as nm
from nmdasim.language import names
from nmdasim.parameters import mechanism

H = nm.Mechanism(
    "h",
    "I_h = g_h*n_h*(E_h - v) : amp/meter**2\ndn_h/dt = (1/(1 + exp((v + 75*mV)/(6*mV))) - n_h)/tau_h : 1",
    {"g_h": "1e-4 S/cm**2", "E_h": "-30 mV", "tau_h": "30 ms"},
    densities=("I_h",),
    initial={"n_h": 0.2},
    gains={"h": ("g_h",)},
)
SYNAPSE = nm.Mechanism(
    "glycine",
    "dg_gly/dt = -g_gly/tau_gly : siemens\nI_gly = g_gly*(E_gly - v) : amp",
    {"tau_gly": "8 ms", "E_gly": "-75 mV"},
    currents=("I_gly",),
    ports={"glycine": "g_gly += weight"},
)


@pytest.fixture(scope="module")
def wdr():
    return nm.neurons.wdr()


def part(model, name):
    return next(p for p in model.mechanisms if p.name == name)


def runs_alike(one, other, **options):
    results = [nm.simulate(m, nm.WindUp(pulses=2), seed=1, **options) for m in (one, other)]
    return np.array_equal(*(r.spike_time.values for r in results), equal_nan=True)


# --- keeping ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["wdr", "delrocq2023"])
def test_a_neuron_keeps_its_mechanisms_and_says_which(name):
    kept = [p.name for p in nm.neurons.CATALOGUE[name]().mechanisms]
    assert kept == ["leak", "na", "k", "nap", "cal", "kca", "can", "pool", "ampa", "nmda", "nk1", "gaba"]


def test_replacing_a_parameter_keeps_them_and_a_model_can_be_sent_to_another_process(wdr):
    other = pickle.loads(pickle.dumps(wdr.replace(mg="2 mM").scaled(can=0.5)))
    assert other.mechanisms == wdr.mechanisms
    assert float(other.without("can").parameters["mg"].number) == 2


# --- taking out ------------------------------------------------------------------------------------------------------


def test_what_refers_to_a_mechanism_goes_with_it_and_all_else_stays(wdr):
    less = wdr.replace(K_kca="2 uM").without("nmda")
    assert {"nmda", "nmda_a", "nmda_c"}.isdisjoint({*less.gains, *less.ports})
    assert [c.port for c in less.fibres["adelta"].contacts] == ["ampa_a"]
    assert set(less.summaries) == {"ca_peak"}
    assert less.starts == {}
    gone = {"g_ref_nmda", "w_nmda_c", "w_nmda_a", "ketamine", "K_mg", "mg", "gain_nmda"}
    assert gone.isdisjoint(less.parameters)
    assert float(less.parameters["K_kca"].number) == 2
    assert "kotermanski2009" not in less.references
    assert less.threshold == wdr.threshold
    assert nm.measures.windup(nm.simulate(less, nm.WindUp(pulses=2))).late.values.min() >= 0


def test_a_neuron_without_a_channel_runs_as_one_whose_channel_is_shut(wdr):
    assert runs_alike(wdr.without("can"), wdr.scaled(can=0))


def test_a_channel_taken_out_and_put_back_in_its_region_gives_the_same_spikes(wdr):
    can = part(wdr, "can")
    back = wdr.without("can").with_(can, at="dendrite", parameters={"g_can": wdr.parameters["g_can.dendrite"]})
    assert "g_can.dendrite" in back.parameters
    assert "g_can" not in back.parameters
    assert runs_alike(wdr, back)


def test_parameters_that_others_use_stay_when_the_mechanism_that_brought_them_goes(wdr):
    assert "E_na" in wdr.without("na").parameters  # of the persistent current too
    assert "E_na" not in wdr.without("na", "nap").parameters


def test_what_others_need_is_not_taken_out_but_may_go_together_with_them(wdr):
    with pytest.raises(nm.ModelError, match="wdr without pool: ca would be missing, which cal, kca, can use"):
        wdr.without("pool")
    assert "ca" not in wdr.without("pool", "cal", "kca", "can").system.states


@pytest.mark.parametrize(("name", "offer"), [("cna", "did you mean 'na'"), ("kca2", "did you mean 'kca'")])
def test_an_unknown_mechanism_offers_the_nearest(wdr, name, offer):
    with pytest.raises(nm.ModelError, match=offer):
        wdr.without(name)


def test_a_threshold_that_would_dangle_is_refused_by_name(wdr):
    odd = dataclasses.replace(wdr, threshold="m_can > 0.9")
    with pytest.raises(nm.ModelError, match="m_can"):
        odd.without("can")


# --- adding ----------------------------------------------------------------------------------------------------------


def test_a_mechanism_placed_in_a_region_has_its_current_there_only(wdr):
    more = wdr.with_(H, at="dendrite")
    assert more.parameters.entries("g_h") == ("g_h.dendrite",)
    run = nm.simulate(more, duration="20 ms", record=["I_h_soma", "I_h_dendrite"])
    assert np.abs(run.I_h_soma).max() == 0 < np.abs(run.I_h_dendrite).min()
    assert more.gains["h"] == ("g_h",)
    assert runs_alike(more.scaled(h=0), wdr)


def test_everywhere_is_the_default_and_several_regions_may_be_named():
    cell = nm.neurons.delrocq2023()
    assert cell.with_(H).parameters.entries("g_h") == ("g_h",)
    assert cell.with_(H, at=("soma", "axon")).parameters.entries("g_h") == ("g_h.soma", "g_h.axon")


def test_ports_arrive_at_the_centre_of_the_region():
    cell = nm.neurons.delrocq2023()
    assert cell.with_(SYNAPSE, at="soma").ports["glycine"].compartment == cell.morphology.centre("soma")
    assert cell.with_(SYNAPSE).ports["glycine"].compartment == cell.ports["gaba"].compartment
    event = nm.Events("glycine", ["5 ms"], weight="20 nS")
    run = nm.simulate(cell.with_(SYNAPSE, at="soma"), event, duration="20 ms", record=["v_soma"])
    assert float(run.v_soma.min()) < -65.5


def test_a_channel_of_a_table_may_take_its_density_from_the_call(wdr):
    kca = mechanism("aguiar2010", "kca").renamed({"m_kca": "m_sk", "x_kca": "x_sk", "I_kca": "I_sk", "g_kca": "g_sk"})
    more = wdr.with_(dataclasses.replace(kca, name="sk"), at="soma", parameters={"g_sk": "1e-3 S/cm**2"})
    late = [nm.simulate(m, nm.WindUp(pulses=2)).spike_count.values for m in (wdr, more)]
    assert late[1] < late[0]


def test_one_mechanism_takes_the_place_of_another_and_the_model_keeps_its_own_numbers(wdr):
    faster = dataclasses.replace(part(wdr, "can"), parameters=part(wdr, "can").parameters | {"tau_can": "500 ms"})
    assert float(wdr.with_(faster, instead="can").parameters["tau_can"].number) == 500
    own = wdr.replace(tau_can="1 s")
    assert float(own.with_(faster, instead="can").parameters["tau_can"].si) == 1
    assert [p.name for p in own.with_(faster, instead="can").mechanisms] == [p.name for p in wdr.mechanisms]


def other(given, **fields):
    return dataclasses.replace(given, **fields)


SHAPELESS = nm.Mechanism("x", "I_x = 1*pA/um**2*(1 + 0*v/mV) : amp/meter**2", densities=("I_x",))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda m: m.with_(part(m, "can")), "has a mechanism 'can' already.*instead='can'"),
        (lambda m: m.with_(H, at="dendrit"), "no such region; did you mean 'dendrite'"),
        (lambda m: m.with_(H, instead="cann"), "did you mean 'can'"),
        (lambda m: m.with_(H).with_(other(H, name="h2")), "I_h is defined by h2? and by h2?"),
        (lambda m: m.with_(other(H, parameters=H.parameters | {"E_k": "-90 mV"})), "has a parameter E_k already"),
        (lambda m: m.with_(other(SYNAPSE, ports={"gaba": "g_gly += weight"})), "has a port 'gaba' already"),
        (lambda m: m.with_(other(H, parameters={"g_h": "1e-4 S/cm**2", "E_h": "-30 mV"})), "'tau_h'"),
        (lambda m: m.with_(SHAPELESS, at="soma"), "I_x is proportional to no parameter of its own"),
    ],
)
def test_what_cannot_be_added_is_refused_by_name(wdr, change, message):
    with pytest.raises(nm.ModelError, match=message):
        change(wdr)


# --- equations written in one piece ----------------------------------------------------------------------------------


def test_equations_written_in_one_piece_are_one_mechanism_of_the_models_name():
    plain = nm.Model("my cell", "Im = g*(E - v) : amp/meter**2",
                     {"g": "1e-4 S/cm**2", "E": "-60 mV", "Cm": "1 uF/cm**2"}, initial={"v": "E"})  # fmt: skip
    more = plain.with_(H)
    assert [p.name for p in more.mechanisms] == ["my cell", "h"]
    run, alone = (nm.simulate(m, duration="200 ms", record=["v"]).v.values[-1] for m in (more, plain))
    assert alone == pytest.approx(-60)
    assert run > -59
    back = nm.simulate(more.without("h"), duration="200 ms", record=["v"]).v.values[-1]
    assert back == pytest.approx(-60)


def test_a_membrane_given_as_dv_dt_is_told_what_is_needed(adex):
    with pytest.raises(nm.ModelError, match=r"adex gives dv/dt.*'Im = … : amp/meter\*\*2'.*Cm"):
        adex.with_(H)


def test_a_plain_model_keeps_its_own_calcium_sum():
    text = "Im = I_a : amp/meter**2\nI_a = g*(E - v) : amp/meter**2\ni_ca = 0.1*I_a : amp/meter**2\n"
    text += "dca/dt = i_ca*k - ca/tau : mM"
    numbers = {"g": "1e-4 S/cm**2", "E": "-50 mV", "Cm": "1 uF/cm**2", "k": "1e-3 mM*meter**2/coulomb", "tau": "10 ms"}
    plain = nm.Model("c", text, numbers, initial={"v": "-60*mV"})
    carrier = nm.Mechanism("carrier", "I_x = g_x*(E_x - v) : amp/meter**2",
                           {"g_x": "1e-4 S/cm**2", "E_x": "-50 mV"}, densities=("I_x",), calcium=("I_x",))  # fmt: skip
    runs = [float(nm.simulate(m, duration="1 ms", record=["ca"]).ca[-1]) for m in (plain, plain.with_(carrier))]
    assert runs[1] > 5 * runs[0]


# --- names -----------------------------------------------------------------------------------------------------------


def test_names_are_found_as_brian2_finds_them():
    for made in (nm.neurons.delrocq2023(), nm.neurons.wdr(nmda="kampa2004", calcium="fraction")):
        found, text = names.defined(made.equations), Equations(made.equations)
        assert set(found) == set(text.names)
        assert {n for n, kind in found.items() if kind == "state"} == set(text.diff_eq_names)
        assert names.renamed(made.equations, {n: n for n in found}) == made.equations


def test_renaming_touches_whole_names_and_neither_units_nor_comments():
    text = "dm/dt = (m_inf - m)/tau : 1  # m of the gate\nx = 3*mV*m**2 +\n  dm_x : volt\ny = m/m_x : m"
    expected = "dn/dt = (m_inf - n)/tau : 1  # m of the gate\nx = 3*mV*n**2 +\n  dm_x : volt\ny = n/m_x : m"
    assert names.renamed(text, {"m": "n"}) == expected
    assert names.substituted("k_bind*glutamate/glutamate_0", {"glutamate": "a*b"}) == "k_bind*(a*b)/glutamate_0"


def test_a_renamed_mechanism_can_stand_beside_the_first(wdr):
    second = part(wdr, "can").renamed({n: f"{n}_2" for n in ("m_can", "x_can", "I_can", "tau_can", "g_can")})
    second = dataclasses.replace(second, name="can_2", gains={})
    cell = wdr.replace(g_can="3.5e-5 S/cm**2").with_(second, at="dendrite", parameters={"g_can_2": "3.5e-5 S/cm**2"})
    one, two = (nm.simulate(m, nm.WindUp(pulses=2), seed=1).spike_time.values for m in (wdr, cell))
    assert two == pytest.approx(one, abs=0.2)  # ms; half here and half there is the whole, to within rounding
    assert not np.array_equal(wdr.system.states, cell.system.states)
