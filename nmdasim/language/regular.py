"""Removable singularities: x/(1 - exp(-x)) and its kin, 0/0 at x = 0 as papers print them, written through exprel.

A factor that vanishes is told by the x of which it is a multiple: an exponential less another, ``expm1``, ``sinh``,
``tanh``, or a plain sum. Where x above a fraction line and x below it are in proportion, both are cancelled.
"""

from __future__ import annotations

import cmath
import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache

import sympy as sp

from nmdasim.language.functions import exprel


@lru_cache(4096)
def regular(expression: sp.Expr) -> sp.Expr:
    """Return an expression in which quotients that are 0/0 where an exponential is 1 are written through exprel.

    1 - exp(-x) is x·exprel(-x), sinh(x) is x·exp(-x)·exprel(2x), and x/tanh(x) is the mean of 1/exprel(2x) and
    1/exprel(-2x). Scale and sign of x do not matter, nor whether its terms are written out. What has no such quotient
    is returned as it is.
    """
    if not expression.has(sp.exp, sp.sinh, sp.tanh, sp.Pow):
        return expression
    return expression.replace(lambda e: isinstance(e, sp.Mul), _cancelled)


@dataclass(frozen=True)
class _Factor:
    """One factor of a product, ``base**power``; the base is ``x*rest``, and the rest is not 0 where x is."""

    base: sp.Expr
    power: int
    x: sp.Expr
    rest: sp.Expr

    @classmethod
    def of(cls, factor: sp.Expr) -> _Factor | None:
        """Return a factor that vanishes somewhere, or whose inverse does; None for any other."""
        base, power = factor.as_base_exp() if isinstance(factor, sp.Pow) else (factor, sp.Integer(1))
        if not power.is_Integer or not base.free_symbols:
            return None
        parts = _parts(base)
        return None if parts is None else cls(base, int(power), *parts)

    @property
    def is_plain(self) -> bool:
        """Whether it is x itself."""
        return bool(self.rest == 1)

    def without(self, count: int) -> sp.Expr:
        """Return it with x taken out of so many of its powers."""
        sign = 1 if self.power > 0 else -1
        return self.base ** (self.power - sign * count) * self.rest ** (sign * count)


def _parts(base: sp.Expr) -> tuple[sp.Expr, sp.Expr] | None:
    """Return x and the rest of what vanishes where x is 0."""
    if isinstance(base, sp.sinh):
        (x,) = base.args
        return x, sp.exp(-x) * exprel(2 * x)
    if isinstance(base, sp.tanh):
        (x,) = base.args
        return x, 2 / (1 / exprel(2 * x) + 1 / exprel(-2 * x))
    if isinstance(base, sp.Add) and len(base.args) == 2:
        (a, x), (b, y) = sorted(map(_exponential, base.args), key=lambda pair: pair[1] == 0)
        ratio = -a / b  # a·exp(x) + b·exp(y) = b·exp(y)·(1 - ratio·exp(x - y))
        if (x - y).free_symbols and ratio.is_number and ratio.is_positive:
            x = x - y if ratio == 1 else x - y + sp.log(ratio).evalf()
            return x, -b * sp.exp(y) * exprel(x)
    return (base, sp.Integer(1)) if isinstance(base, sp.Add | sp.Symbol) else None


def _exponential(term: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    """Return c and x where a term is c·exp(x)."""
    coefficient, exponent = sp.Integer(1), sp.Integer(0)
    for factor in sp.Mul.make_args(term):
        if isinstance(factor, sp.exp):
            exponent += factor.args[0]
        elif isinstance(factor, sp.Pow) and factor.base.is_positive and factor.base.is_number:
            exponent += factor.exp * sp.log(factor.base).evalf()
        else:
            coefficient *= factor
    return coefficient, exponent


def _cancelled(product: sp.Expr) -> sp.Expr:
    """Return a product in which what vanishes above and below the fraction line together is cancelled."""
    factors = list(product.args)
    known = [_Factor.of(factor) for factor in factors]
    if not any(one and one.power < 0 for one in known):
        return product
    if any(one and one.power < 0 and not one.is_plain for one in known):  # a sum may hide a common factor
        factors = [part for factor in factors for part in sp.Mul.make_args(_factored(factor))]
        known = [_Factor.of(factor) for factor in factors]
    changed = False
    for i, j in itertools.product(range(len(known)), repeat=2):
        above, below = known[i], known[j]
        if above is None or below is None or above.power < 0 or below.power > 0:
            continue
        if above.base == below.base or (ratio := _proportion(above.x, below.x)) is None:
            continue
        count, changed = min(above.power, -below.power), True
        factors[i], factors[j] = above.without(count) * ratio**count, below.without(count)
        known[i] = known[j] = None
    return sp.Mul(*factors) if changed else product


def _factored(factor: sp.Expr) -> sp.Expr:
    return sp.factor_terms(factor) if isinstance(factor, sp.Add) else factor


def _proportion(above: sp.Expr, below: sp.Expr) -> sp.Expr | None:
    """Return above/below where it is the same everywhere, to rounding, else None."""
    for symbol in sorted(above.free_symbols & below.free_symbols, key=str):
        slope = below.diff(symbol)
        ratio = above.diff(symbol) / slope if slope != 0 else symbol
        if symbol in ratio.free_symbols:
            continue
        names = sorted(above.free_symbols | below.free_symbols, key=str)
        if not all(
            _alike(above, ratio * below, dict(zip(names, values, strict=False))) for values in _points(len(names))
        ):
            return None
        return ratio
    return None


@lru_cache
def _points(count: int) -> tuple[tuple[sp.Float, ...], ...]:
    """Return values for so many names, some times over, each of another size and sign.

    Where every name has one size, exponentials of their quotients are large or small together, and two rates that have
    saturated pass for proportional.
    """
    draws = [((0.618 * k * (1 + 0.31 * turn) + 0.17 * turn) % 1) for turn in range(8) for k in range(1, count + 1)]
    values = [sp.Float((-1) ** (k // 3) * 10 ** (-3 * draw)) for k, draw in enumerate(draws)]
    return tuple(tuple(values[k : k + count]) for k in range(0, len(values), count or 1))


def _alike(left: sp.Expr, right: sp.Expr, point: Mapping[sp.Symbol, sp.Float]) -> bool:
    """Whether two expressions are the same at a point, or the first is no number there."""
    a, b = (complex(e.xreplace(dict(point))) for e in (left, right))
    return not cmath.isfinite(a) or abs(a - b) <= 1e-12 * max(1.0, abs(a))
