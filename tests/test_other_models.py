"""A neuron without calcium or drug, and one whose receptors are a mixture, go where the library's own go."""

import json

import matplotlib.pyplot as plt
import numpy as np
import pytest

import nmdasim as nm
from nmdasim import pharmacology as ph
from nmdasim.command.printing import windup as printing
from nmdasim.plot import pharmacokinetics
from nmdasim.readout.block import blocked

TRAIN = nm.WindUp(pulses=2)


@pytest.fixture(scope="module")
def plain():
    """Return the wind-up of a user's integrate-and-fire neuron: no calcium, no drug, nothing kept per pulse."""
    cell = nm.Model(
        name="plain",
        equations="dv/dt = (g_l*(E_l - v) + g_e*(E_e - v))/C : volt\ndg_e/dt = -g_e/tau : siemens",
        parameters=dict(g_l=10 * nm.nS, E_l=-70 * nm.mV, E_e=0 * nm.mV, C=200 * nm.pF, tau=50 * nm.ms),
        initial=dict(v=-70 * nm.mV),
        threshold="v > -50*mV",
        reset="v = -60*mV",
        refractory=2 * nm.ms,
        ports=dict(exc="g_e += 5*nS"),
        fibres={"c": nm.Fibres(port="exc", synapses=10, latency=200 * nm.ms, spread=20 * nm.ms)},
    )
    return nm.simulate(cell, TRAIN, seed=[0, 1], record="v", sample="10 ms")


@pytest.fixture(scope="module")
def mixed():
    cell = nm.neurons.wdr(subtype={"2A": 0.7, "2B": 0.3})
    return nm.simulate(cell, TRAIN, ketamine=[0, 1] * nm.uM, seed=[0])


def test_windup_of_a_user_s_model_is_drawn_with_the_panels_that_there_are(plain):
    axes = nm.plot.windup(plain)
    assert [ax.get_title(loc="left")[:6] for ax in axes] == ["Spikes", "Spikes"]
    assert nm.plot.trace(plain, "v").get_ylabel() == "v, mV"
    plt.close("all")


def test_windup_of_a_user_s_model_is_told_as_json_as_a_table_and_on_the_terminal(plain, tmp_path, capsys):
    runs = json.loads(printing.as_json(plain))["runs"]
    assert [(run["ketamine_um"], run["ca_peak_um"], run["blocked"]) for run in runs] == [(0.0, None, None)] * 2
    assert [run["late"] for run in runs] == nm.measures.windup(plain).late.values.astype(int).tolist()
    table = printing.table(plain)
    assert len(table) == 4
    assert not {"ca_peak_uM", "blocked"} & set(table)
    printing.show(plain, None)
    assert "Late spikes after each pulse" in capsys.readouterr().out
    printing.save(plain, tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".png", ".svg", ".csv", ".nc"}


def test_the_block_of_a_mixture_is_the_mean_of_its_subtypes_by_their_shares(mixed):
    whole = blocked(mixed)
    assert whole.values == pytest.approx(0.7 * mixed.blocked_2A.values + 0.3 * mixed.blocked_2B.values)
    assert np.all(whole.sel(ketamine=1) > 0)
    runs = json.loads(printing.as_json(mixed))["runs"]
    assert [run["blocked"] for run in runs] == [pytest.approx(row, abs=1e-8) for row in whole.values[:, 0]]


def test_shares_that_vary_between_lanes_count_as_they_are(mixed):
    varied = mixed.assign_coords(share_2A=("ketamine", [0.5, 1.0]), share_2B=("ketamine", [0.5, 0.0]))
    assert blocked(varied).sel(ketamine=1).values == pytest.approx(mixed.blocked_2A.sel(ketamine=1).values)


def test_a_model_without_drug_has_no_block(plain):
    assert blocked(plain) is None


def test_windup_after_a_dose_is_tested_on_a_mixture_and_drawn():
    regimen = ph.schedule("infusion_40_minutes")
    levels = ph.free_levels(regimen, every="30 min", until="1 h")
    cell = nm.neurons.wdr(subtype={"2A": 0.7, "2B": 0.3})
    tests = nm.windup_time_course(levels, cell, nm.WindUp(pulses=1), seeds=2)
    assert tests.blocked.dims == ("time",)
    assert float(tests.blocked[1]) > float(tests.blocked[0]) == 0
    course = ph.time_course(regimen, every="10 min", until="1 h")
    assert len(pharmacokinetics.chain(regimen, course, tests)) == 4
    assert len(pharmacokinetics.chain(regimen, course, tests.drop_vars("blocked"))) == 3
    plt.close("all")


def test_one_name_to_record_is_one_name():
    one, listed = (
        nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1), record=given, sample="10 ms")
        for given in ("v_soma", ["v_soma"])
    )
    assert one.identical(listed)
