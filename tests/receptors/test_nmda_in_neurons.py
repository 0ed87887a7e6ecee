from __future__ import annotations

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.language.evaluation import evaluator
from nmdasim.language.system import system
from nmdasim.receptors import magnesium_block, nmda, scheme
from nmdasim.receptors.subtypes import subtype


def test_a_neuron_winds_up_with_a_full_scheme_in_place_of_its_synapse():
    cell = nm.neurons.wdr(nmda="destexhe1996")
    run = nm.simulate(cell, nm.WindUp(pulses=5), record=["a_nmda_dendrite", "C0_nmda_dendrite"])
    late = nm.measures.windup(run).late.values
    assert late[-1] > late[0] > 0
    assert np.all(np.diff(late) > 0)
    assert 0.5 < float(run.a_nmda_dendrite.max()) <= 1.01
    assert float(run.C0_nmda_dendrite.min()) > -1e-9
    assert "clements1992" in nm.citations(cell)


def test_without_asking_a_neuron_keeps_its_published_synapse():
    for name in ("wdr", "delrocq2023"):
        assert "ds_nmda/dt" in nm.neurons.CATALOGUE[name]().equations


@pytest.mark.parametrize("name", ["2A", "2B", "2C", "2D"])
def test_a_subtype_brings_its_constants_into_a_neuron(name):
    cell, kind = nm.neurons.delrocq2023(subtype=name), subtype(name)
    for mine, theirs in (("tau_d_nmda", "tau_deactivation"), ("K_mg", "K_mg"), ("f_ca_nmda", "f_ca_nmda")):
        assert float(cell.parameters[mine].si) == float(kind[theirs].si)
    assert float(cell.parameters["K_ketamine"].number) == {"2A": 0.33, "2B": 0.31, "2C": 0.51, "2D": 0.83}[name]


def test_aguiar2010_takes_a_subtype_in_both_cells():
    for cell in nm.neurons.aguiar2010(subtype="2D").cells.values():
        assert float(cell.parameters["tau_d_nmda"].number) == 5714


@pytest.mark.parametrize("name", ["wdr", "delrocq2023", "aguiar2010"])
def test_every_neuron_winds_up_with_lester_jahr1992(name):
    run = nm.simulate(nm.neurons.CATALOGUE[name](nmda="lester_jahr1992"), nm.WindUp(), seed=0)
    late = nm.measures.windup(run).late.values
    assert late[-3:].min() > 1.2 * late[0] > 0


def test_probabilities_stay_probabilities_at_the_largest_step_that_a_neuron_allows():
    names = [f"{s}_nmda_dendrite" for s in scheme("lester_jahr1992").states]
    cell = nm.neurons.wdr(nmda="lester_jahr1992")
    run = nm.simulate(cell, nm.WindUp(pulses=3), dt=cell.dt_max, seed=0, record=names)
    occupancy = np.stack([run[name].values for name in names])
    assert np.abs(occupancy.sum(axis=0) - 1).max() < 1e-12
    assert occupancy.min() >= 0


def test_aguiar2010_owns_to_the_conductance_that_its_wind_up_with_a_scheme_takes():
    gain = nm.neurons.aguiar2010(nmda="lester_jahr1992").cells["wdr"].parameters["gain_nmda"]
    assert float(gain.number) == 3
    assert not gain.verified


def test_a_scheme_with_magnesium_as_states_brings_its_own_block_and_a_neuron_winds_up_with_it():
    cell = nm.neurons.wdr(nmda="kampa2004")
    assert "K_mg" not in cell.parameters
    assert "kampa2004" in cell.references
    assert "jahr1990" not in cell.references
    states = [f"{s}_nmda_dendrite" for s in scheme("kampa2004").states]
    run = nm.simulate(cell, nm.WindUp(), ketamine=["0 uM", "10 uM"], seed=0, record=states)
    late = nm.measures.windup(run).late.values
    assert late[0, -3:].min() > 1.3 * late[0, 0] > 0
    assert late[1].sum() < late[0].sum()
    occupancy = np.stack([run[state].values for state in states])
    assert np.abs(occupancy.sum(axis=0) - 1).max() < 1e-12
    assert occupancy.min() >= 0


@pytest.mark.parametrize("name", ["kampa2004", "vargas_caballero_robinson2004"])
def test_the_pore_that_such_a_scheme_leaves_to_a_drug_is_its_own_equilibrium_of_the_open_state(name):
    cell, chosen = nm.neurons.wdr(nmda=name), scheme(name)
    for v in (-80.0, -20.0):
        q = chosen.generator(v=f"{v} mV", mg="1 mM")
        o, held = chosen.states.index("O"), chosen.states.index("O_mg")
        values = {key: float(p.si) for key, p in chosen.parameters.items()} | {"v": v / 1e3}
        free = evaluator([cell.system.substitute("B_mg", (*values,))])(values)[0]
        assert float(free) == pytest.approx(q[held, o] / (q[held, o] + q[o, held]), rel=1e-12)


def test_a_mixture_that_is_nearly_all_of_one_subtype_counts_as_that_subtype_does():
    nearly = nm.neurons.wdr(subtype={"2A": 1 - 1e-9, "2B": 1e-9})
    pure = nm.neurons.wdr(subtype="2A")
    runs = [nm.simulate(cell, nm.WindUp(pulses=8), ketamine="1 uM", seed=0) for cell in (nearly, pure)]
    counts = [nm.measures.windup(run).late.values for run in runs]
    assert np.array_equal(*counts)
    assert runs[0].blocked_2A.values == pytest.approx(runs[1].blocked.values, rel=1e-4)


def test_a_mixture_lies_between_its_subtypes():
    mixtures = ("2A", {"2A": 0.7, "2B": 0.3}, "2B")
    late = [nm.measures.windup(nm.simulate(nm.neurons.wdr(subtype=s), nm.WindUp(pulses=8), seed=0)).late.sum()
            for s in mixtures]  # fmt: skip
    assert float(late[0]) < float(late[1]) < float(late[2])


# --- dependence on use -----------------------------------------------------------------------------------------------


def test_a_minute_in_the_drug_leaves_the_first_pulse_alone_and_then_block_rises_pulse_by_pulse():
    train = nm.WindUp(start="60 s")
    run = nm.simulate(nm.neurons.wdr(), train, ketamine=["0 uM", "10 uM"], block="washin", seed=0)
    late = nm.measures.windup(run).late.values
    blocked = run.blocked.values[1]
    assert abs(late[1, 0] - late[0, 0]) <= 1
    assert blocked[0] < 0.001
    assert np.all(np.diff(blocked) > 0)
    assert blocked[-1] == pytest.approx(0.38, abs=0.04)
    assert late[1, -1] < 0.8 * late[0, -1]
    assert run.attrs["block"] == "washin"


# --- calcium ---------------------------------------------------------------------------------------------------------


def calcium_current(v, ca=5e-5):
    """Calcium and whole current of the GHK form at `v` volts with 1 S open, from the receptor's own equations."""
    part = nmda({"a": "w"}, calcium="ghk")
    values = {key: float(p.si) for key, p in part.parameters.items()} | {"v": v, "ca": ca, "b_nmda": 0.0}
    values |= {"s_nmda": 1.0, "r_nmda": 0.0}
    text = system(part.equations, (*values, "g_ref_nmda", "w"))
    names = (*values,)
    found = evaluator([text.substitute(name, names) for name in ("I_ca_nmda", "I_nmda")])(values)
    return [float(x) for x in found]


def test_by_ghk_calcium_has_its_share_at_minus_60_mV_and_still_enters_where_the_current_reverses():
    calcium, whole = calcium_current(-0.06)
    assert calcium / whole == pytest.approx(0.1, rel=1e-3)
    assert calcium_current(0.0)[1] == 0
    assert calcium_current(0.0)[0] > 0
    assert calcium_current(0.15, ca=0.0)[0] > 0


def test_the_calcium_drive_is_that_of_goldman_hodgkin_and_katz():
    def flux(v, ca=5e-5, outside=2.0):
        w = v / 13.32e-3
        return w * (ca - outside * np.exp(-w)) / (1 - np.exp(-w))

    def free(v):
        return float(magnesium_block(f"{v} volt"))

    for v in (-0.09, -0.03, 0.02):
        ratio = calcium_current(v)[0] / free(v) / (calcium_current(-0.06)[0] / free(-0.06))
        assert ratio == pytest.approx(flux(v) / flux(-0.06), rel=1e-6)


def test_a_neuron_winds_up_with_calcium_by_ghk():
    late = nm.measures.windup(nm.simulate(nm.neurons.wdr(calcium="ghk"), nm.WindUp(), seed=0)).late.values
    assert late[-3:].min() > 1.5 * late[0] > 0


# --- bad input -------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("neuron", ["wdr", "delrocq2023", "aguiar2010"])
@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"nmda": "nobody"}, "unknown scheme 'nobody'"),
        ({"subtype": "2E"}, "unknown subtype '2E'"),
        ({"subtype": {"2A": 0.5, "2B": 0.6}}, "they sum to 1"),
        ({"subtype": {"2A": 1.5, "2B": -0.5}}, "each is 0 or more"),
        ({"calcium": "nernst"}, "unknown calcium 'nernst'"),
        ({"nmda": "kampa2004", "subtype": "2A"}, "kampa2004' has magnesium as states"),
    ],
)
def test_what_makes_no_sense_is_refused_by_name(neuron, options, message):
    with pytest.raises(ValueError, match=message):
        nm.neurons.CATALOGUE[neuron](**options)


def test_a_step_too_coarse_for_magnesium_in_the_pore_is_refused():
    with pytest.raises(ValueError, match=r"0\.0125 ms"):
        nm.simulate(nm.neurons.wdr(nmda="kampa2004"), nm.WindUp(pulses=1), dt="0.1 ms")


def test_magnesium_below_0_is_refused_in_a_neuron():
    with pytest.raises(ValueError, match="mg"):
        nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), mg="-1 mM")
