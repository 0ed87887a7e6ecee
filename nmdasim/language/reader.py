"""Text of one expression → SymPy. Nothing given as text is evaluated: a small grammar is all that is read."""

from __future__ import annotations

import ast
import operator
from collections.abc import Iterable
from typing import Any

import sympy as sp
from brian2 import units
from brian2.units.fundamentalunits import Quantity

from nmdasim.errors import ExpressionError, closest
from nmdasim.language.functions import CONSTANTS, FUNCTIONS, floor, power, remainder

_OPERATORS: dict[type, Any] = {
    ast.Add: operator.add,
    ast.Sub: operator.sub,
    ast.Mult: operator.mul,
    ast.Div: operator.truediv,
    ast.Pow: power,
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


def symbol(name: str) -> sp.Symbol:
    """Return the real symbol called `name`."""
    return sp.Symbol(name, real=True)


def _unit_value(name: str) -> float | None:
    """Return the size of a unit of equations; what texts of quantities abbreviate, as V and S, is none."""
    found = getattr(units, name, None)
    return float(found) if isinstance(found, Quantity) else None


def read(expression: str, names: Iterable[str]) -> sp.Expr:
    """Read one expression; `names` are its variables, everything else is a unit, a constant or a function.

    Raises
    ------
    ExpressionError
        If it uses a name or a construction that is not part of the language.
    """
    try:
        tree = ast.parse(expression.strip(), mode="eval")
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        shown = " ".join(expression.split())[:80]
        raise ExpressionError(
            f"cannot read {shown!r}; write an expression, as in '-50*mV', or a number and a unit"
        ) from None
    return _Reader(frozenset(names), expression).visit(tree.body)


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
            raise ExpressionError(
                f"{node.id!r} in {self.text!r} is not defined: it is no state, parameter or unit"
                f"{closest(node.id, self.names)}"
            )
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
