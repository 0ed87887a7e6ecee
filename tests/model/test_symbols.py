import math

import numpy as np
import pytest
import sympy as sp
from hypothesis import given
from hypothesis import strategies as st

from nmdasim.language.evaluation import evaluate
from nmdasim.language.reader import ExpressionError, read, symbol
from nmdasim.language.system import system


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("exp(x) + 2*mV", math.exp(0.5) + 2e-3),
        ("exprel(x)", math.expm1(0.5) / 0.5),
        ("clip(x, 0, 0.25)", 0.25),
        ("int(x > 0.4) + int(x > 0.6)", 1.0),
        ("int(x > 0.4 and not x > 0.6)", 1.0),
        ("int(0 < x < 1)", 1.0),
        ("x**2 % 0.2", 0.05),
        ("7*x // 2", 1.0),
        ("log10(x) + expm1(x) + log1p(x)", math.log10(0.5) + math.expm1(0.5) + math.log1p(0.5)),
        ("-abs(-x)*sqrt(4)", -1.0),
        ("pi*e", math.pi * math.e),
        ("floor(x) + ceil(x) + sign(x)", 2.0),
    ],
)
def test_an_expression_has_the_value_that_python_gives(text, value):
    assert evaluate(read(text, ["x"]), {"x": np.array(0.5)}) == pytest.approx(value, rel=1e-12)


@pytest.mark.parametrize(
    "text",
    ["x.real", "[x]", "x if x else 1", "lambda: x", "__import__('os')", "f(x)", "x(1)", "'a'", "exp(x, y=1)",
     "q*x", "x @ x"],
)  # fmt: skip
def test_what_is_not_in_the_language_is_refused(text):
    with pytest.raises(ExpressionError):
        read(text, ["x"])


def test_exprel_is_one_at_zero_and_smooth_around_it():
    expression = read("exprel(x)", ["x"])
    values = evaluate(expression, {"x": np.array([-1e-9, 0.0, 1e-9])})
    assert values == pytest.approx([1, 1, 1], abs=1e-8)


@given(st.floats(-30, 30).filter(lambda x: abs(x) > 1e-3))
def test_the_slope_of_clip_is_1_inside_and_0_outside(x):
    slope = read("clip(x, -10, 10)", ["x"]).diff(symbol("x"))
    assert evaluate(slope, {"x": np.array(x)}) == (1.0 if -10 < x < 10 else 0.0)


def test_subexpressions_are_substituted_and_units_are_gone():
    made = system("dv/dt = (E - v)*rate : volt\nrate = k/ms : Hz", ("E", "k"))
    E, k, v = map(symbol, ("E", "k", "v"))
    assert made.states == ("v",)
    assert sp.simplify(made.derivatives["v"] - 1000 * k * (E - v)) == pytest.approx(0)


def test_a_membrane_current_becomes_dv_dt():
    made = system("Im = g*(E - v) : amp/meter**2", ("g", "E", "Cm"))
    assert made.states == ("v",)
    assert made.derivatives["v"].free_symbols == set(map(symbol, ("g", "E", "v", "Cm")))


def test_a_state_held_while_refractory_is_known():
    text = "dv/dt = -v/tau : volt (unless refractory)\ndw/dt = -w/tau : 1"
    assert system(text, ("tau",)).held == {"v"}


def test_a_condition_of_several_parts_is_evaluated_over_values_of_different_shapes():
    expression = read("int(x > 0 and y > 1) + 2*int(x > 0 or y > 1)", ["x", "y"])
    values = evaluate(expression, {"x": np.array([[-1.0], [1.0]]), "y": np.array([[0.0, 2.0]])})
    assert values.tolist() == [[0.0, 2.0], [2.0, 3.0]]
