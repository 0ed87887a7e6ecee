"""A rate over parameters alone, written through exprel or as papers print it, is a constant like any other."""

import numpy as np
import pytest

import nmdasim as nm
from nmdasim import mV


@pytest.mark.parametrize("engine", ["kernel", "reference"])
def test_a_rate_of_a_parameter_is_computed_once(engine):
    held = nm.Model(
        name="clamped",
        equations="dm/dt = 0.1*(hold + 40*mV)/mV/(1 - exp(-(hold + 40*mV)/(10*mV)))*(1 - m)/ms - m/ms : 1",
        parameters=dict(hold=-40 * mV),
    )
    volts = np.array([-60.0, -40.0, 0.0])
    run = nm.simulate(
        held,
        duration="1 ms",
        dt="0.01 ms",
        sample="0.5 ms",
        record=["m"],
        parameters=dict(hold=volts * mV),
        engine=engine,
    )
    x = np.array([-2.0, 1e-9, 4.0])
    alpha = x / -np.expm1(-x)
    at_half = alpha / (alpha + 1) * -np.expm1(-(alpha + 1) * 0.5)
    assert run.m.sel(time=0.5).values == pytest.approx(at_half, rel=1e-6)


@pytest.mark.parametrize("method", ["staggered", "staggered/float32"])
def test_numbers_that_have_names_and_signs_inside_functions_compile(method):
    cell = nm.Model(
        name="named",
        equations="dy/dt = 0/ms : 1\ndx/dt = (exp(1)*y + arccos(-y) + exp(int(3*y)) + tanh(sign(y)))/ms : 1",
        initial=dict(y="0.5 - shift", x=0),
        parameters=dict(shift=0.0),
    )
    run = nm.simulate(
        cell, duration="1 ms", dt="0.1 ms", sample="0.5 ms", record=["x"], parameters=dict(shift=[0, 1]), method=method
    )
    y = np.array([0.5, -0.5])
    rate = np.e * y + np.arccos(-y) + np.exp(np.trunc(3 * y)) + np.tanh(np.sign(y))
    assert run.x.sel(time=0.5).values == pytest.approx(0.5 * rate, rel=1e-5)
