"""Equation text to SymPy: substituted, unit-free (SI), ready to be differentiated, printed or lambdified.

Brian2 checks the text and its units; this module only reads it. Everything an engine generates comes from the
:class:`System` built here, so no engine carries an equation of its own.
"""

from __future__ import annotations

import ast
import math
import operator
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import sympy as sp
from brian2 import Equations
from brian2.equations.equations import DIFFERENTIAL_EQUATION, SUBEXPRESSION
from sympy.printing.numpy import NumPyPrinter

from nmdasim.model import units


class dexprel(sp.Function):  # noqa: N801  (named as the function it is the derivative of)
    """Derivative of exprel."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        raise NotImplementedError("second derivatives are not needed by any engine")


class exprel(sp.Function):  # noqa: N801  (the field's own name)
    """(exp(x) - 1)/x, 1 at 0."""

    @classmethod
    def eval(cls, x: sp.Expr) -> sp.Expr | None:
        if x.is_Number:
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


def _power(base: sp.Expr, exponent: sp.Expr) -> sp.Expr:
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
_OPERATORS: dict[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: _power,
    ast.Mod: remainder,
    ast.USub: operator.neg,
    ast.UAdd: operator.pos,
    ast.FloorDiv: lambda a, b: floor(a / b),
    ast.Lt: sp.Lt,
    ast.LtE: sp.Le,
    ast.Gt: sp.Gt,
    ast.GtE: sp.Ge,
    ast.Eq: sp.Eq,
    ast.NotEq: sp.Ne,
}


class ExpressionError(ValueError):
    """An expression that the equation language does not contain."""


def symbol(name: str) -> sp.Symbol:
    """Return the real symbol called `name`."""
    return sp.Symbol(name, real=True)


def _unit_value(name: str) -> float | None:
    try:
        return float(units.unit(name))
    except units.UnitError:
        return None


def read(expression: str, names: Iterable[str]) -> sp.Expr:
    """Read one expression; `names` are its variables, everything else is a unit, a constant or a function.

    Raises
    ------
    ExpressionError
        If it uses a name or a construction that is not part of the language.
    """
    return _Reader(frozenset(names), expression).visit(ast.parse(expression.strip(), mode="eval").body)


class _Reader(ast.NodeVisitor):
    def __init__(self, names: frozenset[str], text: str):
        self.names, self.text = names, text

    def generic_visit(self, node: ast.AST) -> Any:
        raise ExpressionError(f"{type(node).__name__} cannot be used in the expression {self.text!r}")

    def visit_Constant(self, node: ast.Constant) -> Any:
        if isinstance(node.value, bool):
            return sp.true if node.value else sp.false
        if isinstance(node.value, int):
            return sp.Integer(node.value)
        if not isinstance(node.value, float):
            return self.generic_visit(node)
        return sp.Float(node.value)

    def visit_Name(self, node: ast.Name) -> Any:
        if node.id in self.names:
            return symbol(node.id)
        value = CONSTANTS.get(node.id, _unit_value(node.id))
        if value is None:
            raise ExpressionError(f"{node.id!r} in {self.text!r} is not defined: it is no state, parameter or unit")
        return sp.Float(value)

    def visit_UnaryOp(self, node: ast.UnaryOp) -> Any:
        operand = self.visit(node.operand)
        return sp.Not(operand) if isinstance(node.op, ast.Not) else _OPERATORS[type(node.op)](operand)

    def visit_BinOp(self, node: ast.BinOp) -> Any:
        if type(node.op) not in _OPERATORS:
            return self.generic_visit(node.op)
        return _OPERATORS[type(node.op)](self.visit(node.left), self.visit(node.right))

    def visit_BoolOp(self, node: ast.BoolOp) -> Any:
        join = sp.And if isinstance(node.op, ast.And) else sp.Or
        return join(*map(self.visit, node.values))

    def visit_Compare(self, node: ast.Compare) -> Any:
        sides = [self.visit(side) for side in (node.left, *node.comparators)]
        return sp.And(*(_OPERATORS[type(op)](a, b) for op, a, b in zip(node.ops, sides, sides[1:], strict=False)))

    def visit_Call(self, node: ast.Call) -> Any:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS or node.keywords:
            raise ExpressionError(f"unknown function in {self.text!r}; there are {', '.join(FUNCTIONS)}")
        return FUNCTIONS[node.func.id](*map(self.visit, node.args))


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


@cache
def _evaluator(expression: sp.Expr) -> Callable[[Mapping[str, np.ndarray]], list[np.ndarray]]:
    return evaluator((expression,))


def evaluator(expressions: Sequence[sp.Expr]) -> Callable[[Mapping[str, np.ndarray]], list[np.ndarray]]:
    """Return a function that evaluates several expressions on arrays by name."""
    arguments = sorted({s.name for expression in expressions for s in expression.free_symbols})
    own = {name: name for name in _NUMPY}
    printer = _Broadcasting({"fully_qualified_modules": False, "allow_unknown_functions": True, "user_functions": own})
    names = [symbol(name) for name in arguments]
    function = sp.lambdify(names, list(expressions), modules=[_NUMPY, "numpy"], printer=printer)
    return lambda values: [np.asarray(r, dtype=float) for r in function(*(values[name] for name in arguments))]


@dataclass(frozen=True)
class System:
    """The differential equations of a model as SymPy expressions in SI units.

    Parameters
    ----------
    states
        Names of the state variables, in the order of the text; a membrane given by ``Im`` puts ``v`` first.
    derivatives
        d(state)/dt with every subexpression substituted. Axial current is not part of it.
    subexpressions
        Every subexpression, substituted likewise.
    held
        States whose equation holds only outside the refractory period.
    """

    states: tuple[str, ...]
    derivatives: Mapping[str, sp.Expr]
    subexpressions: Mapping[str, sp.Expr]
    held: frozenset[str]

    def substitute(self, expression: str, names: Iterable[str] = ()) -> sp.Expr:
        """Read an expression over states, parameters and subexpressions; the latter are substituted."""
        known = {symbol(name): value for name, value in self.subexpressions.items()}
        free = set(names) | set(self.states) | set(self.subexpressions)
        return read(expression, free).xreplace(known)


@cache
def system(equations: str, parameters: tuple[str, ...], opaque: tuple[str, ...] = ()) -> System:
    """Read equation text into a :class:`System`.

    Parameters
    ----------
    equations
        Brian2-language text.
    parameters
        Names that are parameters (``area`` and ``Cm`` included where the text uses them).
    opaque
        Subexpressions that stay symbols ``_frozen_<name>`` where other equations use them.
    """
    text = Equations(equations)
    names = set(text.names) | set(parameters) | {"v", "t", "area"}
    raw = {name: read(eq.expr.code, names) for name, eq in text.items() if eq.expr is not None}
    order = [eq.varname for eq in text.ordered]
    substituted: dict[sp.Symbol, sp.Expr] = {}
    for name in order:
        if text[name].type == SUBEXPRESSION:
            seen = substituted | {symbol(other): symbol(f"_frozen_{other}") for other in opaque}
            substituted[symbol(name)] = raw[name].xreplace(seen)
    derivatives = {name: raw[name].xreplace(substituted) for name in raw if text[name].type == DIFFERENTIAL_EQUATION}
    if "Im" in text:
        derivatives = {"v": substituted[symbol("Im")] / symbol("Cm")} | derivatives
    return System(
        states=tuple(derivatives),
        derivatives=derivatives,
        subexpressions={s.name: e for s, e in substituted.items()},
        held=frozenset(n for n, eq in text.items() if "unless refractory" in eq.flags),
    )
