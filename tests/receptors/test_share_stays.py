"""A share of receptors that is blocked stays between 0 and 1, at any dose and for several drugs together."""

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.readout.final import final
from nmdasim.receptors import trapping

DRUGS = {"ketamine": False, "memantine": True}
STATES = ("b_ketamine_nmda", "b_deep_memantine_nmda", "b_shallow_memantine_nmda")
#: Receptors that open within a millisecond, with two drugs of which one leaves shut channels in part.
PORE = nm.Model(
    "pore",
    "dv/dt = -v/(10*ms) : volt\nda_nmda/dt = (0.9 - a_nmda)/(0.5*ms) : 1\nB_mg = 0.3 : 1\n" + trapping.equations(DRUGS),
    parameters={
        "ketamine": 0 * nm.mM, "memantine": 0 * nm.mM, "escapable_memantine": 0.17, "tau_memantine": 1 * nm.second,
        **{f"{name}_{drug}": value for drug in DRUGS for name, value in
           {"K": 1 * nm.uM, "V": -66 * nm.mV, "slope": 32 * nm.mV, "k_on": 20 / nm.mM / nm.ms}.items()},
    },
    initial={"v": -60 * nm.mV},
)  # fmt: skip
DOSES = np.concatenate([[0], np.geomspace(1e-3, 1e6, 9)]) * nm.mM


def shares(duration, method, start=None, engine="kernel"):
    """Return each share at the end of a run over all pairs of doses, from receptors that are full or empty."""
    first = {} if start is None else {"initial": {STATES[start]: 1.0}}
    given = dict(parameters={"ketamine": DOSES, "memantine": DOSES}, dt="0.1 ms", method=method, engine=engine)
    result = nm.simulate(PORE, duration=duration * nm.ms, **given, **first)
    return np.stack([final(result, state).values for state in STATES])


@pytest.mark.parametrize("method", ["staggered", "fixed"])
def test_shares_of_several_drugs_stay_between_0_and_1_and_so_does_their_sum(method):
    for start in (None, 0, 1):
        for duration in (0.2, 0.3, 1.0, 1.1, 5.0):
            found = shares(duration, method, start)
            assert found.min() >= 0
            assert found.sum(axis=0).max() <= 1 + 1e-12


def test_shares_of_several_drugs_stay_between_0_and_1_on_brian2_too():
    for start in (None, 1):
        found = shares(2.0, "", start, engine="brian2")
        assert found.min() >= 0
        assert found.sum(axis=0).max() <= 1 + 1e-12
    longer = shares(20.0, "", engine="brian2")[:, 2, 2]  # of first order: a step late in what opens the pore
    assert longer == pytest.approx(shares(20.0, "fixed")[:, 2, 2], rel=0.02)


@pytest.mark.parametrize("method", ["euler", "rk2", "heun", "rk4"])
def test_a_share_that_a_method_of_brian2_carries_out_of_0_to_1_is_a_lane_that_failed(method):
    """At 1 kM of drug an explicit step is millions of times too long: the run says so, and holds no such number."""
    with pytest.warns(RuntimeWarning, match=r"of 100 lanes overflowed .*'failed' marks them"):
        found = shares(2.0, method, engine="brian2")
    failed = np.isnan(found).all(axis=0)
    assert np.array_equal(np.isnan(found).any(axis=0), failed)
    assert failed[-1, -1]
    assert not failed[:3, :3].any()
    assert np.nanmin(found) >= -1e-6
    assert np.nanmax(found.sum(axis=0)) <= 1 + 1e-6


def test_one_drug_alone_too():
    model = nm.Model("one", "db/dt = k*(1 - b) - b/(1*second) : 1", {"k": 1 * nm.Hz}, {"b": 0})
    given = dict(parameters={"k": [1, 30_000] * nm.Hz}, duration="0.4 ms", dt="0.1 ms", engine="brian2", method="euler")
    with pytest.warns(RuntimeWarning, match="1 of 2 lanes overflowed"):
        result = nm.simulate(model, record="b", **given)
    assert result.failed.values.tolist() == [False, True]


@pytest.mark.parametrize(
    "rate",
    ["(1 - x)/(1*ms) + 2/ms", "(k - x)/(1*ms)", "x*(1 - x)*(x - 0.1)/ms + 2/ms", "(1 - x)*(k - 4)/ms - 0/ms + x/ms"],
)
def test_a_state_that_may_pass_1_is_no_share(rate):
    model = nm.Model("free", f"dx/dt = {rate} : 1", {"k": 5.0}, {"x": 0.5})
    result = nm.simulate(model, duration="2 ms", dt="0.1 ms", engine="brian2", method="euler", record="x")
    assert float(result.x[-1]) > 1


def test_a_huge_dose_blocks_everything_at_once_and_a_small_one_as_it_should():
    high = shares(5.0, "staggered").sum(axis=0)
    assert high[-1, 0] == pytest.approx(1, abs=1e-6)
    low, other = shares(100.0, "staggered")[:, 1, 1], shares(100.0, "fixed")[:, 1, 1]
    assert 0.05 < low.sum() < 0.9
    assert low == pytest.approx(other, rel=2e-3)
