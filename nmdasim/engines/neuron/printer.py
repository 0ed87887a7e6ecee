"""SymPy expressions as NMODL, and the functions of the equations' language that NMODL has not."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from nmdasim.engines.printing import PlainPrinter

#: Largest whole power that is written as a product, as ``m*m*m``.
_PRODUCT = 4

FUNCTIONS = {
    "exprel": """\
FUNCTION exprel(x) { : (exp(x) - 1)/x, 1 at 0
    if (fabs(x) < 1e-3) {
        exprel = 1 + x/2*(1 + x/3*(1 + x/4*(1 + x/5)))
    } else {
        exprel = (exp(x) - 1)/x
    }
}""",
    "dexprel": """\
FUNCTION dexprel(x) { : its derivative
    if (fabs(x) < 1e-2) {
        dexprel = 0.5 + x/3 + x*x/8 + x*x*x/30 + x*x*x*x/144
    } else {
        dexprel = ((x - 1)*exp(x) + 1)/(x*x)
    }
}""",
    "clip": """\
FUNCTION clip(x, low, high) { : x limited to [low, high]
    clip = x
    if (clip < low) { clip = low }
    if (clip > high) { clip = high }
}""",
    "sign": """\
FUNCTION sign(x) { : -1, 0 or 1
    sign = 0
    if (x > 0) { sign = 1 }
    if (x < 0) { sign = -1 }
}""",
    "shallow": """\
FUNCTION shallow(x) { : a slope that may be divided by; it says how a step is taken, not where it leads
    shallow = x
    if (fabs(x) < 1e-6) { shallow = -1e-6 }
}""",
}


class NmodlPrinter(PlainPrinter):
    """Print expressions in NMODL.

    Parameters
    ----------
    spelled
        Gives the spelling of each name.
    """

    def __init__(self, spelled: Callable[[str], str] = str):
        super().__init__()
        self._spelled = spelled

    def _print_Symbol(self, expr: Any) -> str:
        return self._spelled(expr.name)

    def _print_Pow(self, expr: Any, rational: bool = False) -> str:
        base, exponent = expr.base, expr.exp
        if exponent.is_negative:
            return f"(1/{self._print(base**-exponent)})" if exponent != -1 else f"(1/{self._factor(base)})"
        if exponent.is_Rational and exponent.p == 1 and exponent.q == 2:
            return f"sqrt({self._print(base)})"
        if exponent.is_Integer and exponent <= _PRODUCT and base.is_Symbol:
            return "(" + "*".join([self._print(base)] * int(exponent)) + ")"
        return f"pow({self._print(base)}, {self._print(exponent)})"

    def _factor(self, expr: Any) -> str:
        return self._print(expr) if expr.is_Symbol else f"({self._print(expr)})"

    def _print_Relational(self, expr: Any) -> str:
        return f"({self._print(expr.lhs)} {expr.rel_op} {self._print(expr.rhs)})"

    def _print_And(self, expr: Any) -> str:
        return "(" + " && ".join(self._print(a) for a in expr.args) + ")"

    def _print_Or(self, expr: Any) -> str:
        return "(" + " || ".join(self._print(a) for a in expr.args) + ")"

    def _print_Not(self, expr: Any) -> str:
        return f"(!{self._print(expr.args[0])})"

    def _print_truth(self, expr: Any) -> str:
        return self._print(expr.args[0])

    def _print_BooleanTrue(self, expr: Any) -> str:
        return "1"

    def _print_BooleanFalse(self, expr: Any) -> str:
        return "0"

    def _print_Abs(self, expr: Any) -> str:
        return f"fabs({self._print(expr.args[0])})"

    _print_magnitude = _print_Abs

    def _print_asin(self, expr: Any) -> str:
        return f"{expr.func.__name__}({self._print(expr.args[0])})"

    _print_acos = _print_atan = _print_asin

    def _print_floor(self, expr: Any) -> str:
        return f"{expr.func.__name__}({self._print(expr.args[0])})"

    _print_ceil = _print_floor

    def _print_remainder(self, expr: Any) -> str:
        x, y = (self._print(a) for a in expr.args)
        return f"(({x}) - ({y})*floor(({x})/({y})))"

    def _print_dexprel(self, expr: Any) -> str:
        return f"dexprel({self._print(expr.args[0])})"

    def _print_Infinity(self, expr: Any) -> str:
        return "1e300"

    def _print_NegativeInfinity(self, expr: Any) -> str:
        return "(-1e300)"
