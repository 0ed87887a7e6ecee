"""SymPy expressions back to text."""

from __future__ import annotations

from typing import Any

from sympy.printing.str import StrPrinter


class PlainPrinter(StrPrinter):
    """Print expressions in the syntax that Brian2's abstract code and Python share, floats to the last bit."""

    def _print_Float(self, expr: Any) -> str:
        return repr(float(expr))

    def _print_Integer(self, expr: Any) -> str:
        return str(int(expr))

    def _print_Rational(self, expr: Any) -> str:
        return f"({int(expr.p)}.0/{int(expr.q)}.0)"

    def _print_Relational(self, expr: Any) -> str:
        return f"({self._print(expr.lhs)} {expr.rel_op} {self._print(expr.rhs)})"

    def _print_And(self, expr: Any) -> str:
        return "(" + " and ".join(self._print(a) for a in expr.args) + ")"

    def _print_Or(self, expr: Any) -> str:
        return "(" + " or ".join(self._print(a) for a in expr.args) + ")"

    def _print_Not(self, expr: Any) -> str:
        return f"(not {self._print(expr.args[0])})"

    def _print_truth(self, expr: Any) -> str:
        return f"int({self._print(expr.args[0])})"

    def _print_Infinity(self, expr: Any) -> str:
        return "inf"

    def _print_NegativeInfinity(self, expr: Any) -> str:
        return "(-inf)"

    def _print_Abs(self, expr: Any) -> str:
        return f"abs({self._print(expr.args[0])})"

    _print_magnitude = _print_Abs

    def _print_asin(self, expr: Any) -> str:
        return f"arc{expr.func.__name__[1:]}({self._print(expr.args[0])})"

    _print_acos = _print_atan = _print_asin

    def _print_remainder(self, expr: Any) -> str:
        return f"({self._print(expr.args[0])} % {self._print(expr.args[1])})"

    def _print_dexprel(self, expr: Any) -> str:
        # A central difference has no singularity at 0 and is exact to 1e-9, ample for a linearisation.
        x = self._print(expr.args[0])
        return f"((exprel(({x}) + 1e-4) - exprel(({x}) - 1e-4))/2e-4)"
