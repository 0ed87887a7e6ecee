"""Schemes run as models: every engine against the exact response."""

from __future__ import annotations

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.receptors.blockers import block, blocker
from nmdasim.receptors.exact import Step, respond
from nmdasim.receptors.schemes import names, scheme

EVENTS = [nm.Events("glutamate", ["5 ms"], weight="1 mM"), nm.Events("glutamate", ["6 ms"], weight="-1 mM")]
STEPS = [Step("5 ms"), Step("1 ms", {"glutamate": "1 mM"}), Step("0.1 second")]
KETAMINE = {"ketamine": "10 uM"}


def compare(receptor, engine, dt="0.1 ms", **bath):
    """Return the probabilities of a patch at -40 mV and the largest error of open, relative to the exact peak."""
    states = [f"{state}_nmda" for state in receptor.states]
    options = {"tolerance": 1e-8} if engine == "reference" else {}
    run = nm.simulate(receptor.clamped(v="-40 mV", **bath), EVENTS, duration="105 ms", dt=dt, sample="1 ms",
                      engine=engine, record=[*states, "open_nmda"], **options)  # fmt: skip
    exact = respond(receptor, STEPS, v="-40 mV", sample="1 ms", **bath)
    expected = np.interp(run.time.values, exact.time.values, exact.open.values)
    found = np.stack([run[state].values for state in states])
    return found, np.abs(run.open_nmda.values - expected).max() / expected.max()


def are_probabilities(found):
    return np.abs(found.sum(axis=0) - 1).max() < 1e-12 and found.min() > -1e-13 and found.max() < 1 + 1e-13


@pytest.mark.parametrize("name", names())
def test_the_reference_engine_agrees_with_the_matrix_exponential(name):
    found, error = compare(scheme(name), "reference")
    assert are_probabilities(found)
    assert error < 1e-5


@pytest.mark.parametrize("name", names())
def test_the_kernel_agrees_with_the_matrix_exponential_and_converges(name):
    """At 0.1 ms transitions of magnesium are limited, which is more exact than their order says: it is seen below."""
    coarse, fine, finest = (compare(scheme(name), "kernel", dt) for dt in ("0.1 ms", "0.0125 ms", "0.0015625 ms"))
    assert are_probabilities(coarse[0])
    assert are_probabilities(fine[0])
    assert coarse[1] < 0.06
    assert fine[1] < 0.008
    assert finest[1] < fine[1] / 7  # of first order or better


@pytest.mark.parametrize("engine", ["kernel", "reference"])
@pytest.mark.parametrize("name", ["clements1992", "kampa2004"])
def test_schemes_with_a_drug_in_the_pore_agree_too(name, engine):
    found, error = compare(block(scheme(name), blocker("ketamine")), engine, "0.0125 ms", **KETAMINE)
    assert are_probabilities(found)
    assert error < {"kernel": 0.008, "reference": 1e-5}[engine]


@pytest.mark.parametrize("name", ["clements1992", "kampa2004"])
def test_on_brian2_too_probabilities_are_probabilities_even_at_a_coarse_step(name):
    found, error = compare(scheme(name), "brian2")
    assert are_probabilities(found)
    assert error < 0.12
