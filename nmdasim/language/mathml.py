"""Equations as MathML, which browsers draw by themselves: the same forms as in :mod:`nmdasim.language.latex`."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection
from html import escape

from brian2.equations import Equations
from brian2.equations.equations import DIFFERENTIAL_EQUATION
from sympy.core.alphabets import greeks

from nmdasim.errors import ExpressionError, UnitError
from nmdasim.language.latex import symbol
from nmdasim.quantities import base_units, pretty

_GREEK = dict(zip(greeks, "αβγδεζηθικλμνξοπρστυφχψω", strict=True)) | {
    name.capitalize(): letter.upper() for name, letter in zip(greeks, "αβγδεζηθικλμνξοπρστυφχψω", strict=True)
}
_GREEK |= {"lambda": "λ", "Lambda": "Λ"}
_COMPARED = {ast.Lt: "<", ast.LtE: "≤", ast.Gt: ">", ast.GtE: "≥", ast.Eq: "=", ast.NotEq: "≠"}
_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(1, 6)
_AROUND = {"abs": "||", "floor": "⌊⌋", "ceil": "⌈⌉", "int": "[]"}


def name(text: str) -> str:
    """Return a name: ``alpha_m_na`` is α with the subscript m,na.

    Examples
    --------
    >>> print(name("tau_m"))
    <msub><mi>τ</mi><mi>m</mi></msub>
    """
    first, *rest = [part for part in text.split("_") if part] or [text]
    head = re.match(r"([A-Za-z]+?)(\d*)$", first)
    if head and head[2]:
        first, rest = head[1], [head[2], *rest]
    if not rest:
        return _part(first)
    below = "<mo>,</mo>".join(_part(part) for part in rest)
    return f"<msub>{_part(first)}{_row(below) if len(rest) > 1 else below}</msub>"


def _part(part: str) -> str:
    if part.isdigit():
        return f"<mn>{part}</mn>"
    shown = _GREEK.get(part, part)
    return f"<mi>{escape(shown)}</mi>"


def equations(text: str, parameters: Collection[str] = ()) -> str:
    """Return equations of a model as one display: a line each, with its unit."""
    read = Equations(text)
    names = {*read.names, *parameters, "t", "v", "area"}
    rows = []
    for key, equation in read.items():
        left = name(key)
        if equation.type == DIFFERENTIAL_EQUATION:
            left = f"<mfrac>{_row(f'<mi>d</mi>{left}')}{_row('<mi>d</mi><mi>t</mi>')}</mfrac>"
        right = expression(equation.expr.code, names) if equation.expr else ""
        unit = pretty(base_units(equation.dim)) if equation.dim.dim else ""
        said = f"<mtext>{escape(unit)}</mtext>" if unit and unit != "1" else ""
        cells = (left, f"<mo>=</mo>{right}", said)
        rows.append(
            "<mtr>" + "".join(f'<mtd style="text-align:left;padding:0.3em 0.4em">{c}</mtd>' for c in cells) + "</mtr>"
        )
    return f'<math displaystyle="true"><mtable>{"".join(rows)}</mtable></math>'


def expression(text: str, names: Collection[str] = ()) -> str:
    """Return an expression of the equations' language; what is not among `names` may be a unit."""
    return _row(_Writer(frozenset(names)).visit(ast.parse(text.strip(), mode="eval").body)[0])


def _cell(inner: str) -> str:
    return f'<mtd style="text-align:left;padding:0.3em 0.4em">{inner}</mtd>'


def _row(inner: str) -> str:
    return f"<mrow>{inner}</mrow>"


def _bracketed(inner: str, pair: str = "()") -> str:
    return f"<mrow><mo>{pair[0]}</mo>{inner}<mo>{pair[1]}</mo></mrow>"


class _Writer(ast.NodeVisitor):
    """Writes one expression; each visit returns the markup and how tightly it holds together."""

    def __init__(self, names: frozenset[str]):
        self.names = names

    def generic_visit(self, node: ast.AST) -> tuple[str, int]:
        raise ExpressionError(f"{type(node).__name__} cannot be written as MathML")

    def _in(self, node: ast.AST, least: int) -> str:
        text, holds = self.visit(node)
        return text if holds >= least else _bracketed(text)

    def visit_Constant(self, node: ast.Constant) -> tuple[str, int]:
        if isinstance(node.value, bool):
            return f"<mtext>{str(node.value).lower()}</mtext>", _ATOM
        digits, _, power = f"{node.value!r}".partition("e")
        if not power:
            return f"<mn>{digits}</mn>", _ATOM
        return f"<mn>{digits}</mn><mo>·</mo><msup><mn>10</mn><mn>{int(power)}</mn></msup>", _PRODUCT

    def visit_Name(self, node: ast.Name) -> tuple[str, int]:
        if node.id in self.names:
            return name(node.id), _ATOM
        try:
            return f"<mtext>{escape(symbol(node.id))}</mtext>", _ATOM
        except UnitError:
            return name(node.id), _ATOM

    def visit_UnaryOp(self, node: ast.UnaryOp) -> tuple[str, int]:
        if isinstance(node.op, ast.Not):
            return f"<mo>¬</mo>{self._in(node.operand, _SIGN)}", _SIGN
        sign = "<mo>−</mo>" if isinstance(node.op, ast.USub) else ""
        return sign + self._in(node.operand, _PRODUCT), _SIGN - 1

    def visit_BinOp(self, node: ast.BinOp) -> tuple[str, int]:
        left, right = node.left, node.right
        match node.op:
            case ast.Add():
                return f"{self._in(left, _SUM)}<mo>+</mo>{self._in(right, _SUM)}", _SUM
            case ast.Sub():
                return f"{self._in(left, _SUM)}<mo>−</mo>{self._in(right, _PRODUCT)}", _SUM
            case ast.Mult():
                dot = (
                    "<mo>·</mo>"
                    if isinstance(left, ast.Constant) and isinstance(right, ast.Constant)
                    else "<mo>&#x2062;</mo>"
                )
                return f"{self._in(left, _PRODUCT)}{dot}{self._in(right, _SIGN)}", _PRODUCT
            case ast.Div():
                return self._over(left, right), _POWER
            case ast.Pow():
                if isinstance(right, ast.Constant) and right.value == 0.5:
                    return f"<msqrt>{self.visit(left)[0]}</msqrt>", _ATOM
                return f"<msup>{_row(self._in(left, _ATOM))}{_row(self.visit(right)[0])}</msup>", _POWER
            case ast.FloorDiv():
                return _bracketed(
                    f"<mfrac>{_row(self.visit(left)[0])}{_row(self.visit(right)[0])}</mfrac>", "⌊⌋"
                ), _ATOM
            case ast.Mod():
                return f"{self._in(left, _SIGN)}<mi>mod</mi>{self._in(right, _SIGN)}", _PRODUCT
        return self.generic_visit(node.op)

    def _over(self, above: ast.AST, below: ast.AST) -> str:
        return f"<mfrac>{_row(self.visit(above)[0])}{_row(self.visit(below)[0])}</mfrac>"

    def visit_BoolOp(self, node: ast.BoolOp) -> tuple[str, int]:
        join = "<mo>∧</mo>" if isinstance(node.op, ast.And) else "<mo>∨</mo>"
        return join.join(self._in(value, _SUM) for value in node.values), 0

    def visit_Compare(self, node: ast.Compare) -> tuple[str, int]:
        pairs = zip(node.ops, node.comparators, strict=True)
        tail = "".join(f"<mo>{escape(_COMPARED[type(op)])}</mo>{self._in(side, _SUM)}" for op, side in pairs)
        return self._in(node.left, _SUM) + tail, 0

    def visit_Call(self, node: ast.Call) -> tuple[str, int]:
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        inner = "<mo>,</mo>".join(self.visit(argument)[0] for argument in node.args)
        if called == "exp":
            return f"<msup><mi>e</mi>{_row(inner)}</msup>", _POWER
        if called == "sqrt":
            return f"<msqrt>{inner}</msqrt>", _ATOM
        if called in _AROUND:  # of int: 1 where it holds, else 0
            return _bracketed(inner, _AROUND[called]), _ATOM
        shown = "ln" if called == "log" else called
        return f"<mi>{escape(shown)}</mi><mo>&#x2061;</mo>{_bracketed(inner)}", _ATOM
