"""A parameter follows a course: steps as Brian2 gives them, and lines of either sign, exact at their knots."""

import brian2 as b2
import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim import ms, mV, nA, nS, pF
from nmdasim.errors import InputError, UnitError

STEPS = np.array([0, 0.1, 0.1, -0.2, 0.05])  # nA, 5 ms each; the last is held


@pytest.fixture(scope="module")
def membrane():
    return nm.Model(
        name="membrane", equations="dv/dt = (I - g*v)/C : volt", parameters=dict(I=0 * nA, g=10 * nS, C=100 * pF)
    )


def _charged(times):
    """Return the potential (mV) of a membrane of 10 ms and 100 MΩ under STEPS."""
    ends = [*np.arange(1, len(STEPS)) * 5.0, np.inf]
    found = np.zeros_like(times)
    for k, t in enumerate(times):
        v, begin = 0.0, 0.0
        for target, end in zip(100 * STEPS, ends, strict=True):
            v = target + (v - target) * np.exp(-(min(t, end) - begin) / 10)
            if t <= end:
                break
            begin = end
        found[k] = v
    return found


@pytest.mark.parametrize(("engine", "close"), [("kernel", 1e-12), ("brian2", 1e-12), ("reference", 1e-5)])
def test_a_timed_array_is_followed_exactly(membrane, engine, close):
    given = b2.TimedArray(STEPS * nA, dt=5 * ms)
    result = nm.simulate(membrane, parameters={"I": given}, duration="40 ms", record=["v", "I"], engine=engine)
    np.testing.assert_allclose(result.v, _charged(result.time.values), atol=close)
    np.testing.assert_allclose(result.I[[0, 60, 160, -1]], [0, 0.1, -0.2, 0.05], atol=1e-12)


def test_a_current_may_turn_negative_and_a_concentration_may_not(membrane):
    course = xr.DataArray([0.1, -0.1, 0.2], dims="time", coords={"time": ("time", [0.0, 10, 20], {"units": "ms"})})
    result = nm.simulate(
        membrane, parameters={"I": course.assign_attrs(units="nA")}, duration="20 ms", record=["I"], engine="reference"
    )
    np.testing.assert_allclose(result.I[[100, 150]], [-0.1, 0.05], atol=1e-6)
    with pytest.raises(InputError, match="cannot be negative"):
        nm.simulate(membrane, parameters={"g": course.assign_attrs(units="nS")}, duration="20 ms")


def test_what_is_no_row_of_the_parameters_unit_is_refused(membrane):
    with pytest.raises(InputError, match="one row"):
        nm.simulate(membrane, parameters={"I": b2.TimedArray(np.ones((2, 2)) * nA, dt=1 * ms)}, duration="20 ms")
    with pytest.raises(UnitError, match="I"):
        nm.simulate(membrane, parameters={"I": b2.TimedArray([1, 2] * mV, dt=1 * ms)}, duration="20 ms")
