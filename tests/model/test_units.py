import brian2
import numpy as np
import pytest
from brian2 import Quantity
from hypothesis import given
from hypothesis import strategies as st

import nmdasim as nm
from nmdasim import quantities
from nmdasim.errors import UnitError

UNITS = ["uM", "mV", "nS", "ms", "Hz", "S/cm**2", "uF/cm**2", "ohm*cm", "1/uM/second", "pS", "um", "cm/second"]


@pytest.mark.parametrize(
    ("text", "si"),
    [
        ("1 uM", 1e-3),
        ("1uM", 1e-3),
        ("0.5mM", 0.5),
        ("1 \N{MICRO SIGN}M", 1e-3),
        ("1 \N{GREEK SMALL LETTER MU}M", 1e-3),
        ("40 min", 2400.0),
        ("2 h", 7200.0),
        ("1.5e-3 M", 1.5),
        ("-65 mV", -0.065),
        (".5 S/cm**2", 5e3),
        ("0.5 S/cm^2", 5e3),
        ("0.2 1/uM/second", 200.0),
        ("3 pS", 3e-12),
        ("500 mHz", 0.5),
        ("7", 7.0),
    ],
)
def test_text_is_read_as_number_and_unit(text, si):
    assert float(quantities.quantity(text)) == pytest.approx(si, rel=1e-12)


@given(st.floats(-1e9, 1e9), st.sampled_from(UNITS))
def test_a_quantity_written_as_text_comes_back_as_the_same_number(number, unit):
    read = quantities.quantity(f"{number!r} {unit}")
    assert quantities.in_unit(read, unit) == pytest.approx(number, rel=1e-12, abs=1e-300)


@given(st.text(max_size=30))
def test_any_text_is_read_or_refused_with_a_unit_error(text):
    try:
        read = quantities.quantity(f"1 {text}")
    except UnitError:
        return
    assert isinstance(read, Quantity)
    assert 0 < float(read) < np.inf


@pytest.mark.parametrize(
    "text",
    ["", " ", "uM", "nan uM", "inf uM", "1 uM uM", "1 uM,", "1_000 uM", "0x10 uM", "1 furlong", "1 uM#",
     "1 degree", "1 deg", "1 uM/0", "1 0/0", "1 1e309*uM", "1 (-1)**0.5", "1 True*uM", "1 uM**1000", "1 uM**(9**9**9)",
     "1 " + "(" * 300,
     "1 \x00", "1 uM.real", "1 [uM]", "1 1**uM"],
)  # fmt: skip
def test_text_that_is_no_quantity_is_refused(text):
    with pytest.raises(UnitError):
        quantities.quantity(text)


@pytest.mark.parametrize("unit", ["__import__('os').getcwd()", "(lambda: 0)()", "getattr(uM, 'x')", "uM if 1 else mV"])
def test_a_unit_is_parsed_and_never_evaluated(unit, monkeypatch):
    def forbidden(*_args, **_kwargs):
        raise AssertionError("text was evaluated")

    monkeypatch.setattr("builtins.eval", forbidden)
    monkeypatch.setattr("builtins.exec", forbidden)
    with pytest.raises(UnitError):
        quantities.parse_unit(unit)
    assert float(quantities.parse_unit("mS/cm**2")) == pytest.approx(10.0)


def test_a_list_keeps_one_dimension():
    assert quantities.quantity(["1 uM", 2 * brian2.uM, "3mM"]) == pytest.approx([1e-3, 2e-3, 3.0])
    with pytest.raises(UnitError, match="give every entry its unit"):
        quantities.quantity(["1 uM", "2 mV"])
    with pytest.raises(UnitError, match="give every entry its unit"):
        quantities.quantity(["3", "1 uM"])
    assert quantities.quantity(["0", "1 uM"]) == pytest.approx([0, 1e-3])  # 0 has no unit to get wrong


@pytest.mark.parametrize("value", [None, object(), b"1 uM", 1j, [1, None]])
def test_what_is_no_number_is_refused(value):
    with pytest.raises(UnitError):
        quantities.quantity(value)


def test_si_names_the_value_and_what_is_allowed():
    with pytest.raises(UnitError, match=r"dt = 3 mV has the wrong dimension; it is given in ms"):
        quantities.si("3 mV", "ms", name="dt")
    with pytest.raises(UnitError, match="ketamine .* is not finite"):
        quantities.si("1e400 uM", "uM", name="ketamine")
    with pytest.raises(UnitError, match="not finite"):
        quantities.si(np.array([1.0, np.nan]) * brian2.uM, "uM", name="ketamine")


def test_units_are_spelled_as_a_figure_would():
    assert quantities.pretty("umolar") == "µM"
    assert quantities.pretty("S/cm**2") == "S/cm²"
    assert quantities.pretty("uS") == "µS"
    assert quantities.pretty("ohm*cm") == "ohm·cm"


def test_a_duration_takes_whole_steps():
    assert quantities.steps(1.0, 1e-4) == 10_000
    assert quantities.steps(1.00005, 1e-4) == 10_001


def test_brian2s_own_quantities_are_the_public_ones():
    assert nm.mV == brian2.mV
    assert float(nm.pS) == pytest.approx(1e-12)


@pytest.mark.parametrize(
    "value", [2 * brian2.nS / brian2.mV, 3 * brian2.mV**0.5, 1 * brian2.amp / brian2.meter**2 / brian2.mV]
)
def test_any_dimension_is_named_by_a_unit_that_can_be_read_back(value):
    unit = quantities.describe_dimension(value.dim)
    assert float(quantities.in_unit(value, unit) * quantities.parse_unit(unit)) == pytest.approx(float(value))
