"""The expression language means the same on every engine: each expression drives a state of one shared model."""

import math

import numpy as np
import pytest

import nmdasim as nm

#: Expressions in x, y (plain numbers) and t, each with the value that it has by Python's ``math``.
EXPRESSIONS = {
    "exp(x)": lambda x, y: math.exp(x),
    "log(y)": lambda x, y: math.log(y),
    "log10(y)": lambda x, y: math.log10(y),
    "log1p(y)": lambda x, y: math.log1p(y),
    "expm1(x)": lambda x, y: math.expm1(x),
    "sqrt(y)": lambda x, y: math.sqrt(y),
    "sin(x) + cos(y)": lambda x, y: math.sin(x) + math.cos(y),
    "tan(x)": lambda x, y: math.tan(x),
    "sinh(x) + cosh(x) + tanh(y)": lambda x, y: math.sinh(x) + math.cosh(x) + math.tanh(y),
    "arcsin(x/4) + arccos(x/4) + arctan(y)": lambda x, y: math.asin(x / 4) + math.acos(x / 4) + math.atan(y),
    "abs(x)": lambda x, y: abs(x),
    "sign(x)": lambda x, y: math.copysign(1, x) if x else 0.0,
    "floor(x) + 10*ceil(y)": lambda x, y: math.floor(x) + 10 * math.ceil(y),
    "x % y": lambda x, y: x % y,
    "clip(x, -1, y)": lambda x, y: min(max(x, -1), y),
    "exprel(x)": lambda x, y: math.expm1(x) / x if x else 1.0,
    "int(x > 0)": lambda x, y: float(x > 0),
    "int(x > 0 and y > 1)": lambda x, y: float(x > 0 and y > 1),
    "int(x < 0 or not y > 1)": lambda x, y: float(x < 0 or not y > 1),
    "int(x <= 0) - 2*int(y >= 1)": lambda x, y: float(x <= 0) - 2 * float(y >= 1),
    "x**2 - x**3/y**4": lambda x, y: x**2 - x**3 / y**4,
    "y**1.7 + y**-0.5": lambda x, y: y**1.7 + y**-0.5,
    "y**x": lambda x, y: y**x,
    "pi*x + e": lambda x, y: math.pi * x + math.e,
    "named*y": lambda x, y: (x + 1) ** 2 * y,
}
X, Y = [-1.5, -0.3, 0.0, 0.4, 2.2], 1.3
ENGINES = ["kernel", "brian2", "reference"]


@pytest.fixture(scope="module")
def model():
    """Return dz_k/dt = expression_k/ms for every expression; x and y are states that stay as they start."""
    rates = "\n".join(f"dz{k}/dt = ({text})/ms : 1" for k, text in enumerate(EXPRESSIONS))
    return nm.Model(
        name="language",
        equations="dv/dt = 0*volt/second : volt\ndx/dt = 0/ms : 1\ndy/dt = 0/ms : 1\n"
        f"named = (x + unit)**2 : 1\n{rates}",
        parameters=dict(unit=1, start=0),
        initial=dict(x="start", y=Y),
    )


@pytest.fixture(scope="module")
def values(model):
    """Return by engine what 1 ms adds to each state, shape (expressions, lanes)."""
    names = [f"z{k}" for k in range(len(EXPRESSIONS))]

    def run(engine):
        result = nm.simulate(model, duration=1.1 * nm.ms, dt=0.1 * nm.ms, parameters=dict(start=X), record=names,
                             sample=0.1 * nm.ms, engine=engine, tolerance=1e-10)  # fmt: skip
        return np.stack([result[name].values[:, -1] for name in names])

    return {engine: run(engine) for engine in ENGINES}


@pytest.mark.parametrize("text", EXPRESSIONS)
@pytest.mark.parametrize("engine", ENGINES)
def test_an_expression_has_the_value_that_python_gives(values, engine, text):
    exact = [EXPRESSIONS[text](x, Y) for x in X]
    assert values[engine][list(EXPRESSIONS).index(text)] == pytest.approx(exact, rel=1e-8, abs=1e-8)


@pytest.mark.parametrize("engine", ENGINES)
def test_time_is_read_at_the_step(engine):
    """dv/dt switches on at 0.5 ms: 1.5 mV in the end, to one step of the rate."""
    clock = nm.Model(name="clock", equations="dv/dt = int(t > 0.5*ms)*mV/ms : volt")
    result = nm.simulate(clock, duration=2.1 * nm.ms, dt=0.1 * nm.ms, record=["v"], sample=0.1 * nm.ms, engine=engine)
    assert result.v.values[-1] == pytest.approx(1.5, abs=0.11)


@pytest.mark.parametrize("engine", ENGINES)
def test_constants_of_a_lane_fold_without_a_trace_in_the_result(engine):
    """A parameter that makes a term vanish gives what the model without that term gives."""
    full = nm.Model(name="full", equations="dv/dt = (-v + k*exp(v/mV)*mV)/ms : volt", parameters=dict(k=0),
                    initial=dict(v=1 * nm.mV))  # fmt: skip
    result = nm.simulate(full, duration=2.1 * nm.ms, dt=0.1 * nm.ms, record=["v"], sample=0.1 * nm.ms, engine=engine,
                         tolerance=1e-10)  # fmt: skip
    assert result.v.values[-1] == pytest.approx(math.exp(-2), rel=1e-3)
