from __future__ import annotations

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.receptors.subtypes import subtype


def test_a_neuron_winds_up_with_a_full_scheme_in_place_of_its_synapse():
    cell = nm.neurons.wdr(nmda="destexhe1996")
    run = nm.simulate(cell, nm.WindUp(pulses=5), engine="brian2", record=["a_nmda_dendrite", "C0_nmda_dendrite"])
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


def test_a_scheme_with_magnesium_as_states_and_unknown_names_are_refused():
    with pytest.raises(ValueError, match="kampa2004' has magnesium as states"):
        nm.neurons.wdr(nmda="kampa2004")
    with pytest.raises(ValueError, match="unknown scheme 'nobody'"):
        nm.neurons.wdr(nmda="nobody")
    with pytest.raises(ValueError, match="unknown subtype '2E'"):
        nm.neurons.delrocq2023(subtype="2E")
