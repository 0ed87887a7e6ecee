import pytest

import nmdasim as nm
from nmdasim.receptors import ampa, gaba, nk1, nmda

#: Rise, decay (ms) and reversal (mV) of aguiar2010.
PUBLISHED = {"ampa": (0.1, 5, 0), "nmda": (2, 100, 0), "gaba": (0.1, 10, -80)}


@pytest.mark.parametrize("name", PUBLISHED)
def test_time_course_and_reversal_are_those_published(name):
    mechanism = {"ampa": ampa({"a": "w"}), "nmda": nmda({"a": "w"}), "gaba": gaba()}[name]
    found = [float(mechanism.parameters[key].number) for key in (f"tau_r_{name}", f"tau_d_{name}", f"E_{name}")]
    assert found == pytest.approx(PUBLISHED[name])


@pytest.mark.parametrize(("neuron", "rise"), [("delrocq2023", 150), ("wdr", 150)])
def test_nk1_takes_seconds(neuron, rise):
    parameters = nm.neurons.CATALOGUE[neuron]().parameters
    assert parameters["tau_r_nk1"].number == pytest.approx(rise)
    assert parameters["tau_d_nk1"].number == pytest.approx(3000)


def test_nk1_rises_faster_on_the_relay_of_aguiar2010():
    cells = nm.neurons.aguiar2010().cells
    assert [float(cells[name].parameters["tau_r_nk1"].number) for name in ("relay", "wdr")] == pytest.approx([100, 200])


def test_nmda_and_nk1_carry_a_tenth_of_their_current_as_calcium():
    assert nmda({"a": "w"}).parameters["f_ca_nmda"].si == pytest.approx(0.1)
    assert nk1().parameters["f_ca_nk1"].si == pytest.approx(0.1)
    assert not ampa({"a": "w"}).calcium
    assert not gaba().calcium


def test_a_receptor_names_what_it_stands_on():
    assert set(nmda({"a": "w"}).references) == {"jahr1990", "aguiar2010", "kotermanski2009", "gilling2009"}
