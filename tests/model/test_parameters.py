import numpy as np
import pytest
from brian2 import mM, mV, uM

from nmdasim.errors import UnitError
from nmdasim.model.parameter import KINDS, Parameter, ParameterSet
from nmdasim.parameters import load, mechanism

TABLES = {
    "aguiar2010": ["morphology", "reversals", "spike_generator", "wdr", "relay", "input"],
    "delrocq2023": ["parameters"],
    "drugs": ["ketamine.block", "ketamine.laboratories.gilling2009", "memantine.block", "mk801.block"],
    "receptors": ["magnesium", "ampa", "nmda", "gaba", "nk1"],
    "wdr": ["parameters", "morphology"],
}


def test_a_parameter_takes_text_and_keeps_its_unit():
    p = Parameter("3.57 mM", source="jahr1990", kind="measured", verified=True)
    assert p.si == pytest.approx(3.57)
    assert p.number == pytest.approx(3.57)
    assert (p.unit, p.status) == ("mM", "verified")


def test_a_parameter_is_unverified_unless_said():
    assert Parameter(3 * mV).status == "assumed"
    assert Parameter(3 * mV, kind="measured").status == "recalled"


@pytest.mark.parametrize("value", [np.nan * mV, "1e400 mV", [1.0, np.inf]])
def test_a_parameter_is_finite(value):
    with pytest.raises(UnitError, match="not finite"):
        Parameter(value)


def test_an_unknown_kind_is_refused():
    with pytest.raises(ValueError, match="measured, derived, fitted, assumed"):
        Parameter(1 * mV, kind="guessed")


def test_a_replaced_value_is_the_users_own():
    p = Parameter("3.57 mM", source="jahr1990", kind="measured", verified=True).replace("5000 uM")
    assert p.number == pytest.approx(5)
    assert (p.source, p.kind, p.verified) == ("user", "assumed", False)


def test_replacing_by_another_dimension_names_the_parameter():
    with pytest.raises(UnitError, match="K_mg = 3 mV has the wrong dimension; it is given in mM"):
        Parameter("3.57 mM").replace(3 * mV, "K_mg")


def test_a_scaled_value_says_what_was_done():
    p = Parameter("2 uM", source="aguiar2010", verified=True).scaled(0.5)
    assert p.number == pytest.approx(1)
    assert p.source == "aguiar2010 × 0.5"
    assert p.kind == "derived"


def test_a_dotted_name_holds_in_one_region():
    parameters = ParameterSet({"g.soma": "1 nS", "g.axon": "2 nS", "E": "3 mV"})
    assert parameters.bases == ("g", "E")
    assert parameters.entries("g") == ("g.soma", "g.axon")
    assert parameters.entries("g.axon") == ("g.axon",)
    assert tuple(parameters.within(["soma"])) == ("g.soma", "E")
    assert parameters.unit_of("g") == "nS"


def test_a_parameter_set_is_a_value():
    first = ParameterSet({"E": 3 * mV})
    second = first | {"E": 4 * mV, "K": 1 * uM}
    assert first["E"].si == pytest.approx(3e-3)
    assert second["E"].si == pytest.approx(4e-3)
    assert "K" in repr(second)
    with pytest.raises(TypeError):
        first["E"] = 1


@pytest.mark.parametrize("name", ["1x", "a.b.c", "a-b", "", "a b"])
def test_a_name_that_cannot_stand_in_an_equation_is_refused(name):
    with pytest.raises(ValueError, match="is not a name"):
        ParameterSet({name: 1 * mM})


@pytest.mark.parametrize(("table", "section"), [(t, s) for t, sections in TABLES.items() for s in sections])
def test_every_published_number_has_a_unit_a_kind_and_a_source(table, section):
    for name, p in load(table, section).items():
        assert p.source, name
        assert p.kind in KINDS
        assert np.isfinite(p.number)


@pytest.mark.parametrize(("table", "section"), [(t, s) for t, sections in TABLES.items() for s in sections])
def test_every_published_number_is_within_its_own_bounds(table, section):
    bounded = {name: p for name, p in load(table, section).items() if p.bounds}
    assert all(p.bounds[0] <= p.number <= p.bounds[1] for p in bounded.values()), bounded


def test_recalled_numbers_are_marked_unverified():
    block = load("drugs", "ketamine.block")
    assert not any(p.verified for p in block.values())
    assert (block["k_on"].source, block["slope"].source) == ("nmdasim", "gilling2009")
    assert [block[name].status for name in ("K", "V", "slope", "k_on")] == [
        "recalled",
        "recalled",
        "derived",
        "assumed",
    ]


@pytest.mark.parametrize("name", ["leak", "cal", "can", "pool"])
def test_a_mechanism_read_again_keeps_its_sources_and_standing(name):
    first, again = (mechanism("aguiar2010", name).parameters for _ in range(2))
    assert {p.source for p in first.values()} == {"aguiar2010"}
    for key, p in first.items():
        other = again[key]
        assert (other.source, other.kind, other.status) == (p.source, p.kind, p.status)
