"""Transcendental functions in plain arithmetic, so that LLVM turns a loop over lanes into SIMD on any CPU.

LLVM has no vector math library of its own: ``exp`` in a loop would stay scalar. These use range reduction, a Chebyshev
polynomial and integer bit patterns instead. They need ``fastmath`` without ``reassoc``, which would cancel the
rounding trick. Double precision is within 4 units in the last place of ``math``; see tests/engines/test_vmath.py.

:mod:`nmdasim.engines.kernel.translate` writes them in place of their calls; they run as Python too.
"""

from __future__ import annotations

import numpy as np
from llvmlite import ir

FASTMATH = {"contract", "nnan", "ninf", "nsz", "arcp"}


def bits64(x):  # type: ignore[no-untyped-def]
    """Return the bits of a double as a whole number."""
    return np.float64(x).view(np.int64)


def _float64(n):  # type: ignore[no-untyped-def]
    return np.int64(n).view(np.float64)


def bits32(x):  # type: ignore[no-untyped-def]
    """Return the bits of a number in single precision."""
    return np.float32(x).view(np.int32)


def _float32(n):  # type: ignore[no-untyped-def]
    return np.int32(n).view(np.float32)


#: These four, each with the type as which it reads the same bits.
CASTS = {bits64: ir.IntType(64), _float64: ir.DoubleType(), bits32: ir.IntType(32), _float32: ir.FloatType()}

# Adding 1.5·2⁵² rounds to an integer and leaves it in the low bits.
_ROUND64 = 6755399441055744.0
_LOG2E = 1.4426950408889634
_LN2_HIGH = 0.6931471803691238
_LN2_LOW = 1.9082149292705877e-10
_TWO_THIRDS_HIGH, _TWO_THIRDS_LOW = 0.6666666567325592, 9.934107462565104e-09
_NAN = 0x7FF8000000000000


def exp64(x):  # type: ignore[no-untyped-def]
    """exp(x) for |x| ≤ 708, clamped beyond. exp(r) = 1 + r + r²·p(r) on |r| ≤ ln(2)/2, p of degree 9."""
    x = min(max(x, -708.0), 708.0)
    t = x * _LOG2E + _ROUND64
    n = t - _ROUND64
    r = (x - n * _LN2_HIGH) - n * _LN2_LOW
    # Even and odd powers apart: two short chains of products instead of a long one.
    z = r * r
    even = 2.7620201591031547e-07
    even = even * z + 2.4801521057868204e-05
    even = even * z + 0.0013888888917367081
    even = even * z + 0.041666666666623824
    even = even * z + 0.5000000000000001
    odd = 2.5100472505694996e-08
    odd = odd * z + 2.7557268276905696e-06
    odd = odd * z + 0.00019841269863171557
    odd = odd * z + 0.008333333333330039
    odd = odd * z + 0.16666666666666669
    y = 1.0 + (r + z * (even + r * odd))
    return _float64(bits64(y) + (bits64(t) << 52))


def log64(x):  # type: ignore[no-untyped-def]
    """log(x) for normal x > 0. With x = 2ᵏm, √½ ≤ m < √2 and s = (m-1)/(m+1), log m = 2s + s³·q(s²).

    NaN for negative x; 0 counts as 2⁻¹⁰²³.
    """
    bits = bits64(x)
    k = (bits - 4604544271217802189) >> 52  # the pattern of √½
    m = _float64(bits - (k << 52))
    f = m - 1.0
    s = f / (2.0 + f)
    z = s * s
    q = 0.13088034850927555
    q = q * z + 0.13268638369266825
    q = q * z + 0.15386244737621665
    q = q * z + 0.18181795547521137
    q = q * z + 0.22222222392581045
    q = q * z + 0.28571428570799784
    q = q * z + 0.40000000000000885
    q = q * z + 0.6666666666666666
    # log m = f - (f²/2 - s·(f²/2 + s²·q)) keeps the leading term exact.
    h = 0.5 * f * f
    n = _float64(k + 0x4338000000000000) - _ROUND64
    y = n * _LN2_HIGH - ((h - (s * (h + z * q) + n * _LN2_LOW)) - f)
    return y if x >= 0.0 else _float64(bits | _NAN)


def exp32(x):  # type: ignore[no-untyped-def]
    """exp(x) in single precision for |x| ≤ 87, clamped beyond; p of degree 3."""
    x = min(max(x, np.float32(-87.0)), np.float32(87.0))
    t = x * np.float32(1.4426950408889634) + np.float32(12582912.0)
    n = t - np.float32(12582912.0)
    r = (x - n * np.float32(0.693359375)) - n * np.float32(-2.12194440e-4)
    p = np.float32(0.008357247975823195)
    p = p * r + np.float32(0.04183413914955366)
    p = p * r + np.float32(0.1666663068148552)
    p = p * r + np.float32(0.49999747983398674)
    y = np.float32(1.0) + (r + r * r * p)
    return _float32(bits32(y) + (bits32(t) << np.int32(23)))


def _upper(x):  # type: ignore[no-untyped-def]
    """Return the upper 26 bits of x: the product of two such numbers is exact."""
    return _float64(bits64(x) & -134217728)


def _log_parts(x):  # type: ignore[no-untyped-def]
    """log(x) as k·log 2 + (high + low), good to about 2⁻⁶⁸.

    log m = 2/3·s·(3 + s² + 3/2·s⁴·q(s²)) with s = (m-1)/(m+1); each factor is split so that products are exact.
    """
    bits = bits64(x)
    k = (bits - 4604544271217802189) >> 52
    m = _float64(bits - (k << 52))
    f, g = m - 1.0, m + 1.0
    s = f / g
    s_high, g_high = _upper(s), _upper(g)
    g_low = m - (g_high - 1.0)
    s_low = ((f - s_high * g_high) - s_high * g_low) / g
    z = s * s
    q = 0.13088034850927555
    q = q * z + 0.13268638369266825
    q = q * z + 0.15386244737621665
    q = q * z + 0.18181795547521137
    q = q * z + 0.22222222392581045
    q = q * z + 0.28571428570799784
    q = q * z + 0.40000000000000885
    z_high = s_high * s_high
    t = 3.0 + z_high
    rest = (z_high - (t - 3.0)) + (s_low * (s + s_high) + 1.5 * z * z * q)
    t_high = _upper(t + rest)
    t_low = (t - t_high) + rest
    u = s_high * t_high
    u_low = s_low * t_high + s * t_low
    v_high = _upper(u + u_low)
    v_low = (u - v_high) + u_low
    low = _TWO_THIRDS_HIGH * v_low + _TWO_THIRDS_LOW * (v_high + v_low)
    return _float64(k + 0x4338000000000000) - _ROUND64, _TWO_THIRDS_HIGH * v_high, low


def power64(x, y):  # type: ignore[no-untyped-def]
    """x**y for normal x: exp(y·log|x|) with the logarithm and the product in two parts.

    0 counts as 2⁻¹⁰²³ (so that its powers are next to 0, or huge); a negative x has whole powers only, else NaN.
    """
    k, high, low = _log_parts(abs(x))
    # k·ln 2 is exact in its high part; each sum keeps what it rounds away.
    a = k * _LN2_HIGH
    b = a + high
    low = ((a - b) + high) + (low + k * _LN2_LOW)
    total = b + low
    t_high = _upper(total)
    t_low = (total - t_high) + ((b - total) + low)
    y_high = _upper(y)
    p = y_high * t_high
    q = (y - y_high) * t_high + y * t_low
    s = p + q
    size = exp64(s) * (1.0 + ((p - s) + q))
    half = 0.5 * y
    signed = size if half == np.floor(half) else -size
    return size if x >= 0.0 else signed if y == np.floor(y) else _float64(bits64(x) | _NAN)


def tanh64(x):  # type: ignore[no-untyped-def]
    """tanh(x) = expm1(2x)/(expm1(2x) + 2); a Chebyshev series of expm1 near 0."""
    z = min(max(x, -20.0), 20.0)
    y = abs(z)
    t = 2.0 * y
    n = (t * _LOG2E + _ROUND64) - _ROUND64
    r = (t - n * _LN2_HIGH) - n * _LN2_LOW
    p = 2.5100472505694996e-08
    p = p * r + 2.7620201591031547e-07
    p = p * r + 2.7557268276905696e-06
    p = p * r + 2.4801521057868204e-05
    p = p * r + 0.00019841269863171557
    p = p * r + 0.0013888888917367081
    p = p * r + 0.008333333333330039
    p = p * r + 0.041666666666623824
    p = p * r + 0.16666666666666669
    p = p * r + 0.5000000000000001
    scale = _float64((bits64(n + _ROUND64) << 52) + 4607182418800017408)
    e = scale * (r + r * r * p) + (scale - 1.0)
    magnitude = e / (e + 2.0)
    return magnitude if x > 0 else -magnitude


def power32(x, y):  # type: ignore[no-untyped-def]
    """x**y in single precision."""
    return np.float32(power64(np.float64(x), np.float64(y)))


def log32(x):  # type: ignore[no-untyped-def]
    """log(x) in single precision."""
    return np.float32(log64(np.float64(x)))


def tanh32(x):  # type: ignore[no-untyped-def]
    """tanh(x) in single precision."""
    return np.float32(tanh64(np.float64(x)))


def sign(x):  # type: ignore[no-untyped-def]
    """-1, 0 or 1."""
    return (x > 0) * 1.0 - (x < 0) * 1.0


def sign32(x):  # type: ignore[no-untyped-def]
    """-1, 0 or 1 in single precision."""
    return np.float32(x > 0) - np.float32(x < 0)


def remainder(x, y):  # type: ignore[no-untyped-def]
    """X modulo y with the sign of y, as in Python."""
    return x - y * np.floor(x / y)


# Below, e is exp(x) (or exp(-x)), computed once and shared by every function of the same argument. Near 0 a series
# takes over, where the quotient would lose digits.


def _family(real):  # type: ignore[no-untyped-def]
    """Return exprel_e, bern_e, bern_m, dbern_e and dexprel_e in one precision."""
    one, half, sixth, twelfth = real(1), real(1 / 2), real(1 / 6), real(1 / 12)
    third, twentyfourth = real(1 / 3), real(1 / 24)
    tiny = real(1e-4 if real is np.float64 else 2e-2)

    def exprel_e(x, e):  # type: ignore[no-untyped-def]
        series = one + x * (half + x * (sixth + x * twentyfourth))
        return series if abs(x) < tiny else (e - one) / x

    def bern_e(x, e):  # type: ignore[no-untyped-def]
        series = one - x * (half - x * twelfth)
        return series if abs(x) < tiny else x / (e - one)

    def bern_m(x, e):  # type: ignore[no-untyped-def]
        series = one - x * (half - x * twelfth)
        return series if abs(x) < tiny else x * e / (one - e)

    def dbern_e(x, e, b):  # type: ignore[no-untyped-def]
        return x * sixth - half if abs(x) < tiny else b * (one - b * e) / x

    def dexprel_e(x, e):  # type: ignore[no-untyped-def]
        return half + x * third if abs(x) < tiny else (e * (x - one) + one) / (x * x)

    def bern_top(x, factor):  # type: ignore[no-untyped-def]
        return one - x * (half - x * twelfth) if abs(x) < tiny else x * factor

    def bern_bottom(x, difference):  # type: ignore[no-untyped-def]
        return one if abs(x) < tiny else difference

    return exprel_e, bern_e, bern_m, dbern_e, dexprel_e, bern_top, bern_bottom


exprel_e64, bern_e64, bern_m64, dbern_e64, dexprel_e64, bern_top64, bern_bottom64 = _family(np.float64)
exprel_e32, bern_e32, bern_m32, dbern_e32, dexprel_e32, bern_top32, bern_bottom32 = _family(np.float32)
