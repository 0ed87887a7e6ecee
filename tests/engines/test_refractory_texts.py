"""A refractory period given as text: a time is that at the spike, a condition holds until it is false, on every engine.

dv/dt = (2 - v)/(10 ms) from 0 reaches 1 after T = 10 ms·ln 2 = 6.93 ms. It goes on while refractory, so that it fires
every T where the period is shorter than T, every period where it is longer: from T to 100 ms.
"""

import math

import numpy as np
import pytest

import nmdasim as nm

ENGINES = ["kernel", "brian2", "reference"]
T, DT = 10 * math.log(2), 0.05
TREF = [1, 5, 10, 20]


def lif(refractory, equations="", **more):
    given = dict(name="lif", threshold="v > 1", reset="v = 0", parameters=dict(tref=5 * nm.ms))
    return nm.Model(equations=f"dv/dt = (2 - v)/(10*ms) : 1\n{equations}", refractory=refractory, **given | more)


def times(model, engine, **options):
    result = nm.simulate(model, duration=100 * nm.ms, dt=DT * nm.ms, engine=engine, **options)
    return [row[np.isfinite(row)] for row in np.atleast_2d(result.spike_time.values)]


def expected(period):
    return T + np.arange(20) * max(period, T)


def agree(found, period, engine):
    right = expected(period)
    right = right[right < 100]
    assert len(found) == len(right)
    late = 0.0 if engine == "reference" else DT  # a spike is found, and v reset, at the end of a step
    assert np.all(np.abs(found - right) <= 1e-3 + late * (1 + np.arange(len(right))))


@pytest.mark.parametrize("engine", ENGINES)
def test_the_name_of_a_parameter_is_a_refractory_period_of_each_lane(engine):
    for found, tref in zip(times(lif("tref"), engine, parameters=dict(tref=TREF * nm.ms)), TREF, strict=True):
        agree(found, tref, engine)


@pytest.mark.parametrize(("text", "period", "spikes"), [("tref", 5, 14), ("2*tref", 10, 10), ("3*ms", 3, 14)])
@pytest.mark.parametrize("engine", ["brian2", "reference"])
def test_an_expression_is_a_refractory_period(engine, text, period, spikes):
    (found,) = times(lif(text), engine)
    assert len(found) == spikes
    agree(found, period, engine)


@pytest.mark.parametrize("engine", ENGINES)
def test_a_state_is_a_refractory_period_as_it_is_after_the_reset_of_the_spike(engine):
    """r falls to 0 between spikes (with 2 ms) and is set to tref by each: what was at the spike counts."""
    model = lif("r", "dr/dt = -r/(2*ms) : second", reset="v = 0; r = tref")
    for found, tref in zip(times(model, engine, parameters=dict(tref=TREF * nm.ms)), TREF, strict=True):
        agree(found, tref, engine)


@pytest.mark.parametrize("engine", ["brian2", "reference"])
def test_what_is_held_in_a_refractory_period_is_held_while_its_condition_is_true(engine):
    """v waits at 0 until w, which a spike sets to 1, has fallen to 1/2: tref·ln 2."""
    model = nm.Model(
        name="waits", equations="dv/dt = (2 - v)/(10*ms) : 1 (unless refractory)\ndw/dt = -w/tref : 1",
        threshold="v > 1", reset="v = 0; w = 1", refractory="w > 0.5", parameters=dict(tref=5 * nm.ms),
    )  # fmt: skip
    for found, tref in zip(times(model, engine, parameters=dict(tref=TREF * nm.ms)), TREF, strict=True):
        right = T + np.arange(20) * (T + tref * math.log(2))
        right = right[right < 100]
        late = 0.0 if engine == "reference" else 2 * DT  # the end of the period is found at a step too
        assert len(found) == len(right)
        assert np.all(np.abs(found - right) <= 2e-3 + late * (1 + np.arange(len(right))))


def test_a_network_has_the_refractory_period_of_each_instance_on_both_of_its_engines():
    pair = nm.Circuit(
        "pair", {"cells": nm.Population(lif("2*tref", ports=dict(exc="v += weight")), 2)},
        (nm.Projection("cells", "cells", port="exc", weight=0.0, indices=([0], [1]), delay=1 * nm.ms),),
    )  # fmt: skip
    options = dict(duration=100 * nm.ms, dt=DT * nm.ms, parameters=dict(tref=TREF * nm.ms))
    for engine in ("kernel", "brian2"):
        counts = nm.simulate(pair, engine=engine, **options).spike_count.values.ravel()
        assert counts.tolist() == [2 * len([t for t in expected(2 * tref) if t < 100]) for tref in TREF]


@pytest.mark.parametrize("engine", ["brian2", "reference"])
def test_a_run_that_goes_on_keeps_what_is_left_of_a_refractory_period_given_as_text(engine):
    options = dict(dt=DT * nm.ms, engine=engine)
    first = nm.simulate(lif("4*tref"), duration=40 * nm.ms, **options)
    second = nm.simulate(lif("4*tref"), duration=60 * nm.ms, start=first, **options)
    both = np.concatenate([first.spike_time.values, second.spike_time.values])
    agree(both, 20, engine)
