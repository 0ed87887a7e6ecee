"""The use-dependent trapping block: equilibrium, wash-in and trapping."""

import math

import numpy as np
import pytest
from brian2 import ms, mV, uM
from hypothesis import given
from hypothesis import strategies as st

import nmdasim as nm
from nmdasim.parameters import load
from nmdasim.plan.values import initial_values, parameter_values
from nmdasim.receptors import EQUILIBRATED, WASHIN, blocker, magnesium_block, trapping


@pytest.fixture(scope="module")
def receptor():
    """Return NMDA receptors alone, at a potential and an activation that the test sets."""
    text = trapping.EQUATIONS + "B_mg = 1/(1 + mg/K_mg*exp(-slope_mg*v)) : 1\ndv/dt = 0*volt/second : volt\n"
    text += "da_nmda/dt = 0/second : 1"
    parameters = blocker("ketamine").parameters | load("receptors", "magnesium")
    starts = dict(equilibrated=EQUILIBRATED, washin=WASHIN)
    initial = dict(v=-40 * mV, a_nmda=1.0)
    return nm.Model("pore", text, parameters, initial=initial, starts=starts, dt="1 ms", dt_max="10 ms")


def equilibrium(model, ketamine_um, millivolts, mg_mm=1.0):
    values = parameter_values(model, {"ketamine": np.atleast_1d(ketamine_um) * 1e-3, "mg": np.array([mg_mm])})
    start = dict(EQUILIBRATED) | {"v": millivolts * 1e-3}
    return initial_values(model, values, start, np.random.default_rng(0), 1)["b_nmda"].ravel()


def half_block(millivolts, mg_mm):
    """IC50 in µM that the equations imply: K(V)/B(V)."""
    free = float(magnesium_block(millivolts * mV, f"{mg_mm} mM"))
    return 0.33 * math.exp((millivolts + 66) / 32) / free


@pytest.mark.parametrize(("mg", "published"), [(0, 0.74), (1, 3.2)])
def test_half_block_at_minus_40_mV_is_0_74_uM_without_magnesium_and_3_2_uM_with_1_mM(receptor, mg, published):
    assert half_block(-40, mg) == pytest.approx(published, abs=0.05 if mg else 0.005)
    assert equilibrium(receptor, half_block(-40, mg), -40, mg) == pytest.approx(0.5, abs=1e-9)


def test_half_block_at_minus_66_mV_without_magnesium_is_the_dissociation_constant(receptor):
    assert equilibrium(receptor, 0.33, -66, 0) == pytest.approx(0.5)


@given(st.floats(0, 100), st.floats(0, 100), st.floats(-90, 40), st.floats(0, 5))
def test_block_is_monotone_in_concentration_and_a_probability(receptor, first, second, v, mg):
    low, high = equilibrium(receptor, np.array(sorted((first, second))), v, mg)
    assert 0 <= low <= high <= 1


@given(st.floats(0.01, 100), st.floats(-90, 40), st.floats(0, 5), st.floats(0, 5))
def test_magnesium_competes_with_the_drug(receptor, ketamine, v, first, second):
    little, much = sorted((first, second))
    assert equilibrium(receptor, ketamine, v, much) <= equilibrium(receptor, ketamine, v, little) + 1e-12


def block_after(model, engine, activation, start, duration="2 s"):
    result = nm.simulate(
        model, duration=duration, ketamine=10 * uM, initial=dict(a_nmda=activation), block=start, engine=engine,
        record=["b_nmda"], sample="1 ms",
    )  # fmt: skip
    return result.b_nmda.values


def test_without_agonist_the_drug_does_not_enter(receptor, engine):
    assert np.all(block_after(receptor, engine, 0.0, "washin") == 0)


def test_without_agonist_the_trapped_drug_does_not_leave(receptor, engine):
    kept = nm.simulate(
        receptor,
        duration="2 s",
        ketamine=0 * uM,
        initial=dict(a_nmda=0.0, b_nmda=0.7),
        engine=engine,
        record=["b_nmda"],
    )
    assert np.all(kept.b_nmda.values == 0.7)


def test_open_channels_are_blocked_and_unblocked_at_the_rates_given(receptor, engine):
    free, k_on, c = float(magnesium_block(-40 * mV)), 0.2, 10.0
    off = k_on * 0.33 * math.exp(26 / 32)
    rate = k_on * c * free + off
    t = np.arange(2000) * 1e-3
    entered = block_after(receptor, engine, 1.0, "washin")
    assert entered[:2000] == pytest.approx(k_on * c * free / rate * (1 - np.exp(-rate * t)), abs=2e-3)
    left = nm.simulate(
        receptor,
        duration="2 s",
        ketamine=0 * uM,
        initial=dict(b_nmda=0.7),
        engine=engine,
        record=["b_nmda"],
        sample="1 ms",
    ).b_nmda.values
    assert left[:2000] == pytest.approx(0.7 * np.exp(-off * t), abs=2e-3)


def test_use_sets_the_speed_and_not_the_end(receptor, engine):
    slow = block_after(receptor, engine, 0.5, "washin", duration=4000 * ms)
    fast = block_after(receptor, engine, 1.0, "washin", duration=2000 * ms)
    assert slow[-1] == pytest.approx(fast[-1], abs=2e-3)
    assert slow[1000] < fast[1000]


def test_an_equilibrated_block_stays_where_it_is(receptor, engine):
    start = equilibrium(receptor, 10.0, -40)[0]
    assert block_after(receptor, engine, 1.0, "equilibrated") == pytest.approx(start, abs=1e-9)
