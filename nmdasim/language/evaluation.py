"""SymPy expressions on NumPy arrays."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from typing import Any

import numpy as np
import sympy as sp
from sympy.printing.numpy import NumPyPrinter

from nmdasim.language.reader import symbol


def _exprel(x: Any) -> np.ndarray:
    x = np.asarray(x, dtype=float)
    safe = np.where(x == 0, 1.0, x)
    return np.where(x == 0, 1.0, np.expm1(safe) / safe)


_NUMPY = {"exprel": _exprel, "clip": np.clip, "truth": lambda x: np.asarray(x, dtype=float),
          "magnitude": np.abs, "remainder": np.mod}  # fmt: skip


class _Broadcasting(NumPyPrinter):
    """Conditions over arrays of different shapes; SymPy's own ``logical_and.reduce`` wants them all alike."""

    def _print_And(self, e: Any) -> str:
        return "(" + " & ".join(self._print(a) for a in e.args) + ")"

    def _print_Or(self, e: Any) -> str:
        return "(" + " | ".join(self._print(a) for a in e.args) + ")"


def evaluate(expression: sp.Expr, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Evaluate an expression on arrays that broadcast against one another."""
    return _evaluator(expression)(values)[0]


@lru_cache(1024)
def _evaluator(expression: sp.Expr) -> Callable[[Mapping[str, np.ndarray]], list[np.ndarray]]:
    return evaluator((expression,))


#: What the texts of :func:`spelled` may call.
NAMESPACE: dict[str, Any] = vars(np) | _NUMPY


def spelled(expressions: Sequence[sp.Expr]) -> tuple[list[str], list[str]]:
    """Return the names that expressions read, and each as a text over arrays, of which one can do without SymPy."""
    printer = _printer()
    return _read(expressions), [printer.doprint(expression) for expression in expressions]


def evaluator(expressions: Sequence[sp.Expr]) -> Callable[[Mapping[str, np.ndarray]], list[np.ndarray]]:
    """Return a function that evaluates several expressions on arrays by name."""
    arguments = _read(expressions)
    names = [symbol(name) for name in arguments]
    function = sp.lambdify(names, list(expressions), modules=[_NUMPY, "numpy"], printer=_printer())
    return lambda values: [np.asarray(r, dtype=float) for r in function(*(values[name] for name in arguments))]


def _read(expressions: Sequence[sp.Expr]) -> list[str]:
    return sorted({s.name for expression in expressions for s in expression.free_symbols})


def _printer() -> _Broadcasting:
    own = {name: name for name in _NUMPY}
    return _Broadcasting({"fully_qualified_modules": False, "allow_unknown_functions": True, "user_functions": own})
