"""SymPy expressions as JavaScript: the spelling of the kernel, with this language's conditions and functions."""

from __future__ import annotations

from typing import Any

from nmdasim.engines.kernel.printer import Printer
from nmdasim.errors import ModelError


class ScriptPrinter(Printer):
    """Print expressions as JavaScript; `used` collects the functions of ``runtime/maths.js`` that they call."""

    def __init__(self, names: dict[str, str] | None = None, used: set[str] | None = None):
        super().__init__(False, names)
        self.used: set[str] = set() if used is None else used

    def _number(self, value: float) -> str:
        return repr(float(value))

    def _call(self, name: str, *arguments: Any) -> str:
        if not name.startswith("Math."):
            self.used.add(name)
        return f"{name}({', '.join(self._print(a) for a in arguments)})"

    def _print_Pow(self, e: Any) -> str:
        text = super()._print_Pow(e)
        if text.startswith("power("):
            return self._call("power", *e.args)
        return text.replace("sqrt(", "Math.sqrt(", 1) if text.startswith(("sqrt(", "(1.0/sqrt(")) else text

    def _print_Relational(self, e: Any) -> str:
        sign = {"==": "===", "!=": "!=="}.get(e.rel_op, e.rel_op)
        return f"({self._print(e.lhs)} {sign} {self._print(e.rhs)})"

    def _print_And(self, e: Any) -> str:
        return "(" + " && ".join(self._print(a) for a in e.args) + ")"

    def _print_Or(self, e: Any) -> str:
        return "(" + " || ".join(self._print(a) for a in e.args) + ")"

    def _print_Not(self, e: Any) -> str:
        return f"!{self._print(e.args[0])}"

    def _print_BooleanTrue(self, e: Any) -> str:
        return "true"

    def _print_BooleanFalse(self, e: Any) -> str:
        return "false"

    def _print_truth(self, e: Any) -> str:
        return f"({self._print(e.args[0])} ? 1.0 : 0.0)"

    def _print_Piecewise(self, e: Any) -> str:
        *parts, (last, _) = e.args
        text = "".join(f"{self._print(condition)} ? {self._print(value)} : " for value, condition in parts)
        return f"({text}{self._print(last)})"

    def _print_clip(self, e: Any) -> str:
        x, low, high = e.args
        text = self._print(x)
        text = text if low.is_infinite else f"Math.max({text}, {self._print(low)})"
        return text if high.is_infinite else f"Math.min({text}, {self._print(high)})"

    def _print_Function(self, e: Any) -> str:
        name = e.func.__name__
        if name not in _FUNCTIONS:
            raise ModelError(f"the engine javascript has no {name}(); use engine='kernel' or engine='brian2'")
        return self._call(_FUNCTIONS[name], *e.args)

    _print_exp = _print_log = _print_Abs = _print_sign = _print_floor = _print_Function
    _print_tanh = _print_sin = _print_cos = _print_tan = _print_sinh = _print_cosh = _print_Function


_LANGUAGE = ("exp", "tanh", "sinh", "cosh", "sin", "cos", "tan", "sign", "floor", "ceil", "asin", "acos", "atan")
_OWN = (
    "log",
    "remainder",
    "exprel",
    "dexprel",
    "exprel_e",
    "dexprel_e",
    "bern_e",
    "bern_m",
    "dbern_e",
    "bern_top",
    "bern_bottom",
)
_FUNCTIONS = {name: f"Math.{name}" for name in _LANGUAGE} | {name: name for name in _OWN}
_FUNCTIONS |= {"Abs": "Math.abs", "magnitude": "Math.abs"}
