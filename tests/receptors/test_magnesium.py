import numpy as np
import pytest
from brian2 import mM, mV
from hypothesis import given
from hypothesis import strategies as st

from nmdasim.errors import UnitError
from nmdasim.receptors import magnesium_block

#: Jahr & Stevens 1990 at 1 mM: share of receptors free of magnesium, by potential in mV.
PUBLISHED = {
    -80: 0.02442,
    -65: 0.05967,
    -60: 0.07963,
    -40: 0.23016,
    -30: 0.35722,
    -20: 0.50814,
    0: 0.78118,
    40: 0.97708,
}

volts = st.floats(-150, 100)
concentrations = st.floats(0, 20)


@pytest.mark.parametrize(("millivolts", "free"), PUBLISHED.items())
def test_the_block_is_that_of_jahr_and_stevens_at_1_mM(millivolts, free):
    assert float(magnesium_block(millivolts * mV)) == pytest.approx(free, abs=5e-6)


def test_half_of_the_current_is_left_at_0_mV_in_3_57_mM():
    assert float(magnesium_block("0 mV", "3.57 mM")) == pytest.approx(0.5)


@given(volts, volts, concentrations)
def test_depolarization_relieves_the_block(first, second, mg):
    low, high = sorted((first, second))
    assert magnesium_block(low * mV, mg * mM) <= magnesium_block(high * mV, mg * mM)


@given(volts, concentrations, concentrations)
def test_magnesium_adds_to_the_block(v, first, second):
    low, high = sorted((first, second))
    assert magnesium_block(v * mV, high * mM) <= magnesium_block(v * mV, low * mM)


@given(volts, concentrations)
def test_the_share_of_free_pores_is_a_probability(v, mg):
    assert 0 <= magnesium_block(v * mV, mg * mM) <= 1
    assert magnesium_block(v * mV, 0 * mM) == 1


def test_potentials_and_concentrations_broadcast():
    free = magnesium_block(np.array([[-60.0], [0.0]]) * mV, np.array([0.0, 1.0, 2.0]) * mM)
    assert free.shape == (2, 3)
    assert free[0, 1] == pytest.approx(PUBLISHED[-60], abs=5e-6)


@pytest.mark.parametrize(
    ("v", "mg", "message"),
    [
        ("-60 mV", "-1 mM", "not negative"),
        ("-60 mM", "1 mM", "v = .* wrong dimension; it is given in mV"),
        ("-60 mV", "1 mV", "mg = .* wrong dimension; it is given in mM"),
        (np.nan * mV, "1 mM", "not finite"),
    ],
)
def test_bad_input_is_refused(v, mg, message):
    with pytest.raises((UnitError, ValueError), match=message):
        magnesium_block(v, mg)
