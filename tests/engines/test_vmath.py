"""The kernel's own transcendental functions against those of Python's ``math``, in units in the last place (ulp)."""

import math
from functools import partial

import numpy as np
import pytest
from machine_code import applied

from nmdasim.engines.kernel import vmath

COUNT = 20_000


def power(x, y):
    return applied("power", x, y)


@pytest.fixture(scope="module")
def double():
    return {name: partial(applied, name) for name in ("exp", "log", "tanh")}


@pytest.fixture(scope="module")
def single():
    return {name: partial(applied, name, real=np.float32) for name in ("exp", "log", "tanh")}


def ulps(values, exact):
    """Return the largest distance from `exact`, in its units in the last place."""
    exact = np.asarray(exact, dtype=values.dtype)
    return float(np.max(np.abs(values - exact) / np.spacing(np.abs(exact))))


def draw(low, high):
    return np.random.default_rng(3).uniform(low, high, COUNT)


@pytest.mark.parametrize(
    ("name", "low", "high"),
    [
        ("exp", -708, 708),
        ("exp", -2, 2),
        ("exp", -1e-9, 1e-9),
        ("log", 0.5, 2),
        ("log", 1 - 1e-6, 1 + 1e-6),
        ("log", 1e-6, 1e6),
        ("tanh", -20, 20),
        ("tanh", -1, 1),
        ("tanh", -1e-6, 1e-6),
    ],
)
def test_a_function_is_within_4_ulp_of_math(double, name, low, high):
    x = draw(low, high)
    assert ulps(double[name](x), [getattr(math, name)(v) for v in x.tolist()]) <= 4


def test_log_is_within_4_ulp_of_math_over_all_normal_numbers(double):
    x = 10.0 ** draw(-307, 308)
    assert ulps(double["log"](x), [math.log(v) for v in x.tolist()]) <= 4


def test_tanh_is_within_4_ulp_of_math_at_any_scale(double):
    x = 10.0 ** draw(-300, 1)
    assert ulps(double["tanh"](x), [math.tanh(v) for v in x.tolist()]) <= 4


@pytest.mark.parametrize(("low", "high", "most"), [(1e-6, 1e6, 40), (0.5, 2, 900), (1 - 1e-9, 1 + 1e-9, 700)])
def test_power_is_within_4_ulp_of_math(low, high, most):
    x, y = draw(low, high), np.random.default_rng(4).uniform(-most, most, COUNT)
    exact = [math.pow(a, b) for a, b in zip(x.tolist(), y.tolist(), strict=True)]
    assert ulps(power(x, y), exact) <= 4


@pytest.mark.parametrize("whole", [-7, -2, -1, 0, 1, 2, 3, 25])
def test_a_whole_power_of_a_negative_number_is_within_4_ulp_of_math(whole):
    x = draw(-10, -0.1)
    assert ulps(power(x, np.full(COUNT, whole)), [math.pow(a, whole) for a in x.tolist()]) <= 4


def test_a_fractional_power_of_a_negative_number_is_not_a_number():
    assert np.all(np.isnan(power([-2.0, -0.5], [0.5, 1.5])))


@pytest.mark.parametrize("exponent", [0.0, 0.5, 2.0])
def test_powers_of_0_and_1_are_those_of_math(exponent):
    assert power([1.0], [exponent])[0] == 1.0
    assert power([0.0], [exponent])[0] == pytest.approx(math.pow(0.0, exponent), abs=1e-150)


def test_exp_is_exact_at_0_and_clamped_beyond_the_range_of_numbers(double):
    values = double["exp"]([0.0, -1e4, 1e4, -708.0, 708.0])
    assert values[0] == 1.0
    assert values[1] == values[3] == pytest.approx(math.exp(-708), rel=1e-14)
    assert values[2] == values[4] == pytest.approx(math.exp(708), rel=1e-14)


def test_log_is_exact_at_1_and_not_a_number_below_0(double):
    values = double["log"]([1.0, -1.0, 0.0])
    assert values[0] == 0.0
    assert np.isnan(values[1])
    assert values[2] < -700


def test_tanh_is_odd_and_saturates_at_1(double):
    x = draw(0, 30)
    assert np.array_equal(double["tanh"](-x), -double["tanh"](x))
    assert np.array_equal(double["tanh"]([40.0, 1e300, -1e300, 0.0]), [1.0, 1.0, -1.0, 0.0])


@pytest.mark.parametrize(
    ("name", "low", "high", "bound"),
    [("exp", -87, 87, 6), ("exp", -2, 2, 6), ("log", 1e-6, 1e6, 1), ("tanh", -9, 9, 1)],
)
def test_a_single_precision_function_is_within_its_measured_bound(single, name, low, high, bound):
    x = draw(low, high).astype(np.float32)
    assert ulps(single[name](x), [getattr(math, name)(v) for v in x.tolist()]) <= bound


@pytest.mark.parametrize("x", [-30.0, -1.0, -2e-4, -1e-4, -1e-9, 0.0, 1e-9, 1e-4, 2e-4, 1.0, 30.0])
def test_exprel_and_the_bernoulli_functions_are_smooth_through_0(x):
    """exprel(x) = (exp(x) - 1)/x and bern(x) = x/(exp(x) - 1) lose no more than 1e-11 where the quotient cancels."""
    exact = math.expm1(x) / x if x else 1.0
    e = math.exp(x)
    assert vmath.exprel_e64(x, e) == pytest.approx(exact, rel=1e-11)
    assert vmath.bern_e64(x, e) == pytest.approx(1 / exact, rel=1e-11)
    assert vmath.bern_m64(x, 1 / e) == pytest.approx(1 / exact, rel=1e-11)


@pytest.mark.parametrize("name", ["exp", "log", "tanh", "power"])
def test_a_function_is_the_same_as_python(name):
    """Its text says all: run as Python it gives the numbers of the machine code, but for joint roundings."""
    x, y = draw(0.1, 5), draw(0.2, 3)
    given = [x[:50], y[:50]][: 2 if name == "power" else 1]
    function = getattr(vmath, f"{name}64")
    assert applied(name, *given) == pytest.approx([function(*each) for each in zip(*given, strict=True)], rel=1e-15)
