"""Generated functions do in machine code what they do in Python, and text that is not understood is refused."""

import numpy as np
import pytest

from nmdasim.engines import compiled
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


def test_machine_code_that_is_kept_is_not_made_again():
    machine.functions(TEXT)
    before = compiled.tally().compilations
    machine.functions.cache_clear()
    assert machine.functions(TEXT)["step"]
    assert compiled.tally().compilations == before


def test_what_is_not_understood_is_refused():
    with pytest.raises(NotImplementedError, match="with open"):
        translate("real = float64\n\n\ndef f(a: reals):\n    with open(a):\n        pass\n")
