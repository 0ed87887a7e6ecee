"""The tonic NMDA current and the second action of ketamine on it, at voltage clamp."""

import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim.errors import ModelError
from nmdasim.receptors import dosed, nmda, tonic_nmda, with_tonic
from nmdasim.receptors.magnesium import magnesium_block

DOSES = [0, 0.05, 0.1, 0.3, 1, 10]
MOST = [0, 0.4, 1]
VOLTS = [-60, -20]


@pytest.fixture(scope="module")
def run():
    """Return a synapse and the tonic current beside it, held at two voltages, at every dose and maximum."""
    synapse, tonic = nmda({"exc": "w"}), tonic_nmda()
    cell = nm.Model(
        "clamp",
        f"{synapse.equations}\n{tonic.equations}\ndv/dt = 0*v/second : volt",
        synapse.parameters | tonic.parameters | {"w": "1 nS", "g_ref_nmda": "20 nS", "hold": "-60 mV"},
        initial={"v": "hold"},
        ports=synapse.ports,
        starts={"equilibrated": dict(synapse.starts["equilibrated"]) | dict(tonic.starts["equilibrated"])},
        dt="1 ms",
    )
    events = nm.Events(port="exc", times=[100] * 20 * nm.ms)
    given = {"allosteric_max": MOST, "hold": VOLTS * nm.mV, "k_on_ketamine": [0, 0.2] / nm.uM / nm.second}
    record = ["I_tonic_nmda", "b_tonic_nmda", "I_nmda", "b_nmda"]
    done = nm.simulate(
        cell,
        events,
        ketamine=DOSES * nm.uM,
        parameters=given,
        duration="0.5 s",
        dt="1 ms",
        record=record,
        sample="50 ms",
    )
    return done.rename(k_on_ketamine="k_on")


def test_the_allosteric_action_follows_its_concentration_and_no_voltage(run):
    # The share that is left, of what the same receptors carry with the drug's block and without its second action.
    left = run.I_tonic_nmda.isel(time=-1) / run.I_tonic_nmda.isel(time=-1, allosteric_max=0)
    dose = xr.DataArray(DOSES, dims="ketamine")
    expected = 1 - run.allosteric_max * dose / (dose + 0.1)
    assert np.allclose(*xr.broadcast(left, expected.assign_coords(ketamine=run.ketamine)), rtol=1e-9, atol=1e-12)


def test_pore_and_allosteric_site_act_beside_each_other_at_equilibrium(run):
    at = run.isel(k_on=1).I_tonic_nmda.isel(time=-1)
    for volt, current in zip(VOLTS, at.transpose("hold", "ketamine", "allosteric_max").values, strict=True):
        free = float(magnesium_block(volt * nm.mV))
        bound = np.array(DOSES) * free / (np.array(DOSES) * free + 0.31 * np.exp((volt + 66) / 32))
        second = 1 - np.outer(np.array(DOSES) / (np.array(DOSES) + 0.1), MOST)
        assert current / current[0, 0] == pytest.approx((1 - bound)[:, None] * second, rel=1e-6, abs=1e-12)


def test_a_maximum_of_zero_is_no_second_action(run):
    bound = run.b_tonic_nmda
    left = run.I_tonic_nmda / (1 - bound)
    none = left.sel(allosteric_max=0)
    assert np.allclose(*xr.broadcast(none, none.isel(ketamine=0)), rtol=1e-9)


def test_the_second_action_spares_the_synapse(run):
    for name in ("I_nmda", "b_nmda"):
        assert np.array_equal(run[name].isel(allosteric_max=0), run[name].isel(allosteric_max=2))
    assert float(run.I_nmda.isel(ketamine=0, time=-1).max()) > 0


def test_a_neuron_keeps_its_equations_but_for_the_current_and_takes_every_drug():
    cell = with_tonic(nm.neurons.wdr(subtype="2A").replace(mg="0.5 mM", k_on_ketamine=0.3 / nm.uM / nm.second), "soma")
    assert float(cell.parameters["mg"].number) == 0.5
    assert "g_tonic_nmda.soma" in cell.parameters
    both = dosed(cell, ["memantine"])
    assert "K_memantine_tonic_nmda" in both.parameters
    assert "allosteric_max" in both.parameters
    assert cell.without("tonic_nmda").equations == nm.neurons.wdr(subtype="2A").equations


def test_the_projection_neurons_of_the_circuit_take_it_and_others_are_told_why_not():
    circuit = nm.circuits.dorsal_horn()
    assert "g_tonic_nmda" in with_tonic(circuit).cells["projection"].parameters
    assert "g_tonic_nmda" not in with_tonic(circuit).cells["inhibitory"].parameters
    with pytest.raises(ModelError, match="dv/dt"):
        with_tonic(circuit, populations=["inhibitory"])
    with pytest.raises(ModelError, match="no population 'motor'"):
        with_tonic(circuit, populations=["motor"])


def test_a_share_above_1_is_refused_before_the_run():
    cell = with_tonic(nm.neurons.wdr(), "soma")
    with pytest.raises(ModelError, match="allosteric_max = 1.5; it is a share, from 0 to 1"):
        nm.simulate(cell, nm.WindUp(), parameters={"allosteric_max": [0.5, 1.5]})
