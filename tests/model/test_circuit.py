import pytest

import nmdasim as nm
from nmdasim.errors import ModelError
from nmdasim.model.circuit import Projection
from nmdasim.model.port import Contact, Fibres, Latency

DELAY = Latency("200 ms", "20 ms", 20)


@pytest.fixture
def circuit():
    return nm.neurons.aguiar2010()


def test_aguiar2010_is_a_relay_and_a_wide_dynamic_range_neuron(circuit):
    assert list(circuit.populations) == ["relay", "wdr"]
    assert circuit.output == "wdr"
    assert [len(cell.morphology) for cell in circuit.cells.values()] == [16, 16]
    assert "relay → wdr (ampa_c, nmda_c, gaba)" in repr(circuit)


@pytest.mark.parametrize(
    ("link", "message"),
    [
        (Projection("wdr", "relay", (Contact("ampa_c"),), DELAY), "must lead forward"),
        (Projection("wdr", "wdr", (Contact("ampa_c"),), DELAY), "must lead forward"),
        (Projection("relay", "brain", (Contact("ampa_c"),), DELAY), "no population 'brain'"),
        (Projection("relay", "wdr", (Contact("glycine"),), DELAY), "wdr has no port 'glycine'; it has ampa_a"),
    ],
)
def test_a_projection_leads_forward_to_a_port_that_exists(circuit, link, message):
    with pytest.raises(ModelError, match=message):
        nm.Circuit("wrong", circuit.populations, (link,))


def test_fibres_name_a_population_that_exists(circuit):
    bundle = Fibres(Contact("ampa_c", population="brain"))
    with pytest.raises(ModelError, match="no population 'brain'; there are relay, wdr"):
        nm.Circuit("wrong", circuit.populations, fibres={"c": bundle})


def test_a_parameter_changes_in_every_population_that_has_it(circuit):
    changed = circuit.replace(K_mg="5 mM", g_can="0 S/cm**2")
    assert [cell.parameters["K_mg"].number for cell in changed.cells.values()] == [pytest.approx(5)] * 2
    assert changed.cells["wdr"].parameters["g_can.dendrite"].si == 0
    assert circuit.cells["wdr"].parameters["g_can.dendrite"].si > 0
    with pytest.raises(ModelError, match="aguiar2010 has no parameter 'K_mgg'; did you mean 'K_mg'"):
        circuit.replace(K_mgg="5 mM")


def test_a_gain_changes_in_every_population_that_has_it(circuit):
    off = circuit.scaled(nmda=0, gaba=0)
    assert [cell.parameters["gain_nmda"].si for cell in off.cells.values()] == [0, 0]
    with pytest.raises(ModelError, match="aguiar2010 has no gain 'asic'"):
        circuit.scaled(asic=0)
