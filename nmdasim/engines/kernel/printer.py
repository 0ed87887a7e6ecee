"""SymPy expressions as the text of generated kernels: one division a quotient, powers as products."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sympy as sp
from sympy.printing.str import StrPrinter

from nmdasim.errors import ModelError


def spelled(name: str) -> str:
    """Spell a symbol so that names of a model (``a_``) and of the engine (``a``) never meet.

    Engine symbols begin with an underscore and no model's name does; ``t`` and ``weight`` are the language's own.
    """
    return name.removeprefix("_") if name.startswith("_") or name in ("t", "weight") else f"{name}_"


class Printer(StrPrinter):
    """Print expressions as the generated Python spells them.

    Parameters
    ----------
    single
        Single precision.
    names
        Text of the symbols that are no plain locals; it is looked up when a symbol is printed.
    """

    def __init__(self, single: bool, names: Mapping[str, str] | None = None):
        super().__init__()
        self.single = single
        self.names = {} if names is None else names

    def _number(self, value: float) -> str:
        return f"f({value!r})" if self.single else repr(float(value))

    def _print_Symbol(self, e: Any) -> str:
        return self.names.get(e.name) or spelled(e.name)

    def _print_Float(self, e: Any) -> str:
        return self._number(float(e))

    _print_Integer = _print_Rational = _print_Float

    def _print_Infinity(self, e: Any) -> str:
        return self._number(3.4028234663852886e38 if self.single else 1.7976931348623157e308)

    def _print_NegativeInfinity(self, e: Any) -> str:
        return f"(-{self._print_Infinity(e)})"

    def _print_NumberSymbol(self, e: Any) -> str:
        return self._number(float(e))

    _print_Exp1 = _print_Pi = _print_NumberSymbol

    def _print_Pow(self, e: Any) -> str:
        if e.exp.is_Integer:
            n = abs(int(e.exp))
            if n <= 12:
                base = self._atom(e.base)
                product = "*".join([base] * n) if n < 4 or not e.base.is_Symbol else _power(base, n)
                return f"({product})" if e.exp > 0 else f"({self._number(1.0)}/({product}))"
        if e.exp == sp.Rational(1, 2):
            return f"sqrt({self._print(e.base)})"
        if e.exp == -sp.Rational(1, 2):
            return f"({self._number(1.0)}/sqrt({self._print(e.base)}))"
        return f"power({self._print(e.base)}, {self._print(e.exp)})"

    def _atom(self, e: Any) -> str:
        text = self._print(e)
        return text if e.is_Atom and not text.startswith("-") else f"({text})"

    def _print_Mul(self, e: Any) -> str:
        above, below, negative = [], [], False
        for factor in e.as_ordered_factors():
            a = factor
            if a.is_Number and a < 0:
                negative, a = not negative, -a
            if isinstance(a, sp.Pow) and a.exp.is_Integer and a.exp < 0:
                below.append(self._atom(a.base ** (-a.exp)))
            elif a != 1:
                above.append(self._atom(a))
        text = "*".join(above) or self._number(1.0)
        text += f"/({'*'.join(below)})" if below else ""
        return f"(-{text})" if negative else text

    def _print_Add(self, e: Any) -> str:
        return " + ".join(self._atom(a) if a.is_Add else self._print(a) for a in e.args)

    def _print_Relational(self, e: Any) -> str:
        return f"({self._print(e.lhs)} {e.rel_op} {self._print(e.rhs)})"

    def _print_And(self, e: Any) -> str:
        return "(" + " & ".join(self._print(a) for a in e.args) + ")"

    def _print_Or(self, e: Any) -> str:
        return "(" + " | ".join(self._print(a) for a in e.args) + ")"

    def _print_Not(self, e: Any) -> str:
        return f"(not {self._print(e.args[0])})"

    def _print_truth(self, e: Any) -> str:
        return f"({self._number(1.0)} if {self._print(e.args[0])} else {self._number(0.0)})"

    def _print_Piecewise(self, e: Any) -> str:
        *parts, (last, _) = e.args
        text = "".join(f"{self._print(value)} if {self._print(condition)} else " for value, condition in parts)
        return f"({text}{self._print(last)})"

    def _print_clip(self, e: Any) -> str:
        x, low, high = e.args
        text = self._print(x)
        text = text if low == -sp.oo else f"max({text}, {self._print(low)})"
        return text if high == sp.oo else f"min({text}, {self._print(high)})"

    def _print_Function(self, e: Any) -> str:
        name = e.func.__name__
        if name not in _FUNCTIONS:
            raise ModelError(f"the kernel has no {name}(); use engine='brian2' or engine='reference'")
        return f"{_FUNCTIONS[name]}({', '.join(self._print(a) for a in e.args)})"

    _print_exp = _print_log = _print_Abs = _print_sign = _print_floor = _print_Function
    _print_tanh = _print_sin = _print_cos = _print_tan = _print_sinh = _print_cosh = _print_Function


_FUNCTIONS = {
    "exp": "exp", "log": "log", "Abs": "abs", "magnitude": "abs", "tanh": "tanh", "sinh": "sinh", "cosh": "cosh",
    "sin": "sin", "cos": "cos", "tan": "tan", "sign": "sign", "floor": "np.floor", "ceil": "np.ceil",
    "remainder": "remainder", "asin": "asin", "acos": "acos", "atan": "atan", "exprel_e": "exprel_e",
    "dexprel_e": "dexprel_e", "bern_e": "bern_e", "bern_m": "bern_m", "dbern_e": "dbern_e",
    "bern_top": "bern_top", "bern_bottom": "bern_bottom",
}  # fmt: skip


def _power(base: str, n: int) -> str:
    half = f"({base}*{base})"
    return "*".join([half] * (n // 2) + [base] * (n % 2))
