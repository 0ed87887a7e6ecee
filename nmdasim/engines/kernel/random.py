"""Random numbers by counting: a hash of a lane's key, the step and the stream. No state, so no order of drawing.

Whatever the batches, threads and segments of a run, a lane so draws the same numbers. The hash is the finaliser of
SplitMix64 (Steele, Lea & Flood 2014), taken twice; normal numbers come from the inverse of the error function in the
approximation of Giles (2011), whose relative error of 4e-7 no statistics of a run can tell.
"""

from __future__ import annotations

import numpy as np

from nmdasim.engines.kernel.vmath import _float64, log64

# Of 64 bits without a sign, as a whole number with one has them; a shift to the right that brings no sign in is masked.
_FIRST, _SECOND = -0x40A7B892E31B1A47, -0x6B2FB644ECCEEE15
_GOLDEN, _STREAM = -0x61C8864680B583EB, -0x2ECEDABCC217D06B
_FRACTION, _ONE = (1 << 52) - 1, 0x3FF << 52


def _mix(z):  # type: ignore[no-untyped-def]
    y = (z ^ ((z >> 30) & 0x3FFFFFFFF)) * _FIRST
    x = (y ^ ((y >> 27) & 0x1FFFFFFFFF)) * _SECOND
    return x ^ ((x >> 31) & 0x1FFFFFFFF)


def uniform64(high, low, step, stream):  # type: ignore[no-untyped-def]
    """Return a number in [0, 1) of 52 bits."""
    key = (np.int64(high) << 24) | np.int64(low)
    z = _mix(key * _GOLDEN + stream * _STREAM + 1)
    pattern = _mix(z + step * _GOLDEN)
    return _float64(((pattern >> 12) & _FRACTION) | _ONE) - 1.0


def normal64(high, low, step, stream):  # type: ignore[no-untyped-def]
    """Return a number of mean 0 and variance 1: √2 · erf⁻¹(2u - 1)."""
    x = 2.0 * uniform64(high, low, step, stream) - 1.0 + 2.220446049250313e-16
    w = -log64((1.0 - x) * (1.0 + x))
    y = w - 2.5
    inner = 2.81022636e-08
    inner = inner * y + 3.43273939e-07
    inner = inner * y - 3.5233877e-06
    inner = inner * y - 4.39150654e-06
    inner = inner * y + 0.00021858087
    inner = inner * y - 0.00125372503
    inner = inner * y - 0.00417768164
    inner = inner * y + 0.246640727
    inner = inner * y + 1.50140941
    y = np.sqrt(max(w, 0.0)) - 3.0
    outer = -0.000200214257
    outer = outer * y + 0.000100950558
    outer = outer * y + 0.00134934322
    outer = outer * y - 0.00367342844
    outer = outer * y + 0.00573950773
    outer = outer * y - 0.0076224613
    outer = outer * y + 0.00943887047
    outer = outer * y + 1.00167406
    outer = outer * y + 2.83297682
    return 1.4142135623730951 * x * (inner if w < 5.0 else outer)


def uniform32(high, low, step, stream):  # type: ignore[no-untyped-def]
    """Return a number in [0, 1), rounded to single precision."""
    return np.float32(uniform64(high, low, step, stream))


def normal32(high, low, step, stream):  # type: ignore[no-untyped-def]
    """Return a normal number in single precision."""
    return np.float32(normal64(high, low, step, stream))
