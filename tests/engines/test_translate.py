"""Generated functions do in machine code what they do in Python, and text that is not understood is refused."""

import math

import numpy as np
import pytest

from nmdasim.engines.kernel import machine
from nmdasim.engines.kernel.translate import translate

TEXT = """
real = float64
half = real(0.5)
W = 7


def bend(a: reals, low: whole):
    for l in range(low, W):
        x = a[l]
        a[l] += half*x if x > 1.5 else -x*x


def step(a: reals, counts: wholes, n: whole, h: real) -> whole:
    bend(a, 2)
    k = 0
    while k < n:
        if (k % 2 == 0) & (counts[k] < 5):
            counts[k] = max(counts[k], k) + 1
        elif counts[k] == 9:
            return k
        k += 1
    a[0] = min(a[0], h) + abs(a[1]) + float64(n)/4
    return -1
"""


def in_python():
    """Return the same function of Python's own."""
    scope = {"float64": float, "reals": None, "wholes": None, "whole": None}
    exec(TEXT, scope)
    return scope["step"]


@pytest.mark.parametrize("last", [0, 9])
def test_a_generated_function_does_what_python_does(last):
    given = np.linspace(-1, 3, 7), np.array([0, 1, 7, 3, 2, last])
    here, there = [x.copy() for x in given], [x.copy() for x in given]
    rows = [machine.begins(row, row.dtype) for row in there]
    call = machine.function(TEXT, "step", np.float64)
    assert call(*rows, 6, 0.25) == in_python()(*here, 6, 0.25) == (5 if last else -1)
    assert np.array_equal(here[0], there[0])
    assert np.array_equal(here[1], there[1])


STRICT = """
real = float64
strict = True


def functions(x: reals, out: reals) -> whole:
    out[0] = exp(x[0])
    out[1] = log(x[1])
    out[2] = tanh(x[0])
    out[3] = power(x[1], x[2])
    out[4] = x[0]*x[1] + x[2]
    out[5] = x[0]/x[3]
    return 0
"""


@pytest.mark.parametrize("x", [(0.1, 3.3, -0.33), (-700.3, 1e-300, 0.7), (709.9, 7.7, 1 / 3)])
def test_a_strict_source_has_the_functions_of_the_c_library_and_no_arithmetic_but_what_is_written(x):
    given, found = np.array([*x, 0.0]), np.empty(6)
    call = machine.function(STRICT, "functions", np.float64)
    assert call(machine.begins(given, float), machine.begins(found, float)) == 0
    a, b, c = x
    expected = [
        np.inf if a > 709.8 else math.exp(a),
        math.log(b),
        math.tanh(a),
        b**c,
        a * b + c,
        math.copysign(np.inf, a),
    ]
    assert found.tolist() == expected


def test_the_same_in_the_kernels_arithmetic_differs_in_the_last_bits():
    """What a strict source leaves out is there otherwise: a test that this one can fail."""
    found = {}
    for text in (STRICT, STRICT.replace("strict = True\n", "")):
        given, out = np.array([0.1, 3.3, -0.33, 1.0]), np.empty(6)
        machine.function(text, "functions", np.float64)(machine.begins(given, float), machine.begins(out, float))
        found[text] = out
    strict, fast = found.values()
    assert not np.array_equal(strict, fast)
    assert np.allclose(strict, fast, rtol=1e-14, atol=1e-15)


def test_machine_code_that_is_kept_is_not_made_again():
    machine.functions(TEXT)
    before = machine.tally().compilations
    machine.functions.cache_clear()
    assert machine.functions(TEXT)["step"]
    assert machine.tally().compilations == before


def test_what_is_not_understood_is_refused():
    with pytest.raises(NotImplementedError, match="with open"):
        translate("real = float64\n\n\ndef f(a: reals):\n    with open(a):\n        pass\n")
