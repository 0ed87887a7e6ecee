"""Functions and constants of the equations' language, as SymPy objects that can be differentiated."""

from __future__ import annotations

import math
from typing import Any

import sympy as sp

#: Where exp leaves the floats.
_LARGEST = 700


class dexprel(sp.Function):  # noqa: N801  (named as the function it is the derivative of)
    """Derivative of exprel."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        raise NotImplementedError("second derivatives are not needed by any engine")


class exprel(sp.Function):  # noqa: N801  (the field's own name)
    """(exp(x) - 1)/x, 1 at 0."""

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        if x.is_Number:
            if x > _LARGEST:  # beyond what a float holds
                return (sp.exp(sp.Float(x)) - 1) / x
            return sp.Float(math.expm1(x) / float(x)) if x != 0 else sp.Float(1)
        return None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return dexprel(self.args[0])


class clip(sp.Function):  # noqa: N801
    """x limited to [low, high]; its slope in x is 1 inside and 0 outside."""

    @classmethod
    def eval(cls, x: sp.Expr, low: sp.Expr, high: sp.Expr) -> sp.Expr | None:
        if x.is_Number and low.is_Number and high.is_Number:
            return min(max(x, low), high)
        return None

    def _eval_derivative(self, s: sp.Symbol) -> sp.Expr:
        x, low, high = self.args
        inside = truth(sp.And(sp.Gt(x, low), sp.Lt(x, high)))
        return inside * x.diff(s)


class truth(sp.Function):  # noqa: N801
    """``int(condition)``: 1 or 0, with derivative 0."""

    is_commutative = True  # SymPy takes what depends on a condition for no number, and a sum of it for not real
    is_real = True

    @classmethod
    def eval(cls, condition: Any) -> sp.Expr | None:
        if condition in (sp.true, sp.false):
            return sp.Integer(condition == sp.true)
        return None

    def _eval_derivative(self, s: sp.Symbol) -> sp.Expr:
        return sp.Integer(0)


class Flat(sp.Function):
    """A function with derivative 0 wherever it has one."""

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        return cls.rounded(x) if x.is_Number else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sp.Integer(0)


class floor(Flat):  # noqa: N801
    """Largest whole number that is not above x."""

    rounded = staticmethod(sp.floor)


class ceil(Flat):  # noqa: N801
    """Smallest whole number that is not below x."""

    rounded = staticmethod(sp.ceiling)


class sign(Flat):  # noqa: N801
    """-1, 0 or 1."""

    rounded = staticmethod(sp.sign)


class magnitude(sp.Function):  # noqa: N801
    """Absolute value, with the slope sign(x)."""

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        return abs(x) if x.is_Number else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return sign(self.args[0])


class remainder(sp.Function):  # noqa: N801
    """x modulo y with the sign of y, as in Python."""

    @classmethod
    def eval(cls, x: sp.Expr, y: sp.Expr) -> sp.Expr | None:
        return sp.Mod(x, y) if x.is_Number and y.is_Number else None

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        x, y = self.args
        return sp.Integer(1) if argindex == 1 else -floor(x / y)


def _int(argument: Any) -> sp.Expr:
    """Return 1 or 0 for a condition, and a number without its fraction."""
    if getattr(argument, "is_Boolean", False) or argument.is_Relational:
        return truth(argument)
    return sign(argument) * floor(magnitude(argument))


def power(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
    """Raise to a power; ``x**3.0`` is ``x**3`` and ``x**0.5`` a square root, whatever the sign of x."""
    if exponent.is_Float and (2 * float(exponent)).is_integer():
        exponent = sp.Rational(int(2 * float(exponent)), 2)
    return base**exponent


FUNCTIONS: dict[str, Any] = {
    "exp": sp.exp,
    "log": sp.log,
    "log10": lambda x: sp.log(x) / sp.Float(math.log(10)),
    "log1p": lambda x: sp.log(1 + x),
    "expm1": lambda x: x * exprel(x),
    "exprel": exprel,
    "sqrt": sp.sqrt,
    "sin": sp.sin,
    "cos": sp.cos,
    "tan": sp.tan,
    "sinh": sp.sinh,
    "cosh": sp.cosh,
    "tanh": sp.tanh,
    "arcsin": sp.asin,
    "arccos": sp.acos,
    "arctan": sp.atan,
    "abs": magnitude,
    "sign": sign,
    "ceil": ceil,
    "floor": floor,
    "clip": clip,
    "int": _int,
}
CONSTANTS = {"pi": math.pi, "e": math.e, "inf": math.inf}
