import pytest

import nmdasim as nm
from nmdasim.parameters import bibliography


def keys(text):
    return {line.partition("{")[2].rstrip(",") for line in text.splitlines() if line.startswith("@")}


def test_a_model_cites_exactly_what_it_stands_on():
    found = keys(nm.citations(nm.neurons.delrocq2023()))
    assert found == {"delrocq2023", "aguiar2010", "jahr1990", "kotermanski2009", "gilling2009", "nmdasim"}


def test_a_circuit_cites_what_its_cells_stand_on():
    found = keys(nm.citations(nm.neurons.aguiar2010()))
    assert found == {"aguiar2010", "jahr1990", "kotermanski2009", "gilling2009", "nmdasim"}


@pytest.mark.parametrize("name", ["wdr", "delrocq2023", "aguiar2010", "dorsal_horn"])
def test_a_result_cites_what_its_model_cites(name):
    model = (nm.neurons.CATALOGUE | nm.circuits.CATALOGUE)[name]()
    result = nm.simulate(model, duration="1 ms")
    assert keys(nm.citations(result)) == keys(nm.citations(model))


def test_a_scaled_or_replaced_parameter_keeps_or_loses_its_source():
    model = nm.neurons.wdr().scaled(kca=0.5, can=2)
    assert keys(nm.citations(model)) == keys(nm.citations(nm.neurons.wdr()))
    own = nm.Model("own", "dv/dt = -v/tau : volt", {"tau": nm.Parameter("10 ms", source="jahr1990")})
    assert keys(nm.citations(own)) == {"jahr1990"}
    assert nm.citations(own.replace(tau="11 ms")) == ""


def test_a_scaled_model_and_its_result_cite_the_same():
    model = nm.neurons.wdr().scaled(kca=0.5)
    assert keys(nm.citations(nm.simulate(model, duration="1 ms"))) == keys(nm.citations(model))


def test_every_entry_is_complete_bibtex():
    for key, entry in bibliography().items():
        assert entry.count("{") == entry.count("}"), key
        if "@misc" in entry:  # what was read elsewhere says where
            assert "url" in entry or "note" in entry, key
        else:
            assert "title" in entry, key
            assert "year" in entry, key
