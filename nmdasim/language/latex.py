"""Equations as LaTeX, term by term as they stand in the text: names with subscripts, units upright, in their order."""

from __future__ import annotations

import ast
import re
from collections.abc import Collection

from brian2.equations import Equations
from brian2.equations.equations import DIFFERENTIAL_EQUATION
from sympy.core.alphabets import greeks

from nmdasim.errors import ExpressionError, UnitError
from nmdasim.language.noise import is_noise
from nmdasim.quantities import base_units, customary, pretty, unit

_CAPITALS = ("Gamma", "Delta", "Theta", "Lambda", "Xi", "Pi", "Sigma", "Phi", "Psi", "Omega")
_GREEK = frozenset(greeks) - {"omicron", "lamda"} | {"lambda", *_CAPITALS}
_COMPARED = {ast.Lt: "<", ast.LtE: r"\le", ast.Gt: ">", ast.GtE: r"\ge", ast.Eq: "=", ast.NotEq: r"\ne"}
_FUNCTIONS = {name: rf"\{name}" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "arcsin", "arccos", "arctan")}
_FUNCTIONS |= {"log": r"\ln"}
#: How tightly a form holds together: sums, products, signs, powers, and what stands for itself.
_SUM, _PRODUCT, _SIGN, _POWER, _ATOM = range(1, 6)


def name(text: str) -> str:
    r"""Return a name: ``alpha_m_na`` is α with the subscript m,na; of several letters each part stands upright.

    Examples
    --------
    >>> print(name("alpha_m_na"))
    \alpha_{m,\mathrm{na}}
    """
    first, *rest = [part for part in text.split("_") if part] or [text]
    head = re.match(r"([A-Za-z]+?)(\d*)$", first)
    below = [_part(part) for part in rest]
    if head and head[2]:
        first, below = head[1], [head[2], *below]
    symbol = _part(first)
    return f"{symbol}_{{{','.join(below)}}}" if below else symbol


def _part(part: str) -> str:
    if part in _GREEK:
        return f"\\{part}"
    return part if len(part) == 1 or part.isdigit() else f"\\mathrm{{{part}}}"


def expression(text: str, names: Collection[str] = ()) -> str:
    """Return an expression of the equations' language; what is not among `names` may be a unit."""
    return _Writer(frozenset(names)).visit(ast.parse(text.strip(), mode="eval").body)[0]


def equations(text: str, parameters: Collection[str] = ()) -> str:
    """Return equations of a model as lines of one ``aligned`` display, each with its unit."""
    read = Equations(text)
    names = {*read.names, *parameters, "t", "v", "area"}
    lines = []
    for key, equation in read.items():
        left = name(key)
        if equation.type == DIFFERENTIAL_EQUATION:
            left = rf"\frac{{\mathrm{{d}}{left}}}{{\mathrm{{d}}t}}"
        held = r"\ \text{(unless refractory)}" if "unless refractory" in equation.flags else ""
        right = expression(equation.expr.code, names) if equation.expr else ""
        measured = units((*customary(equation.dim), base_units(equation.dim))[0]) or r"\text{dimensionless}"
        lines.append(f"{left} &= {right} && {measured}{held}")
    return "\\begin{aligned}\n" + " \\\\\n".join(lines) + "\n\\end{aligned}"


def units(text: str) -> str:
    r"""Return a unit upright, ``uA/cm**2`` as µA cm⁻²; the micro sign as a command, which every renderer knows.

    Examples
    --------
    >>> print(units("uA/cm**2"))
    \mathrm{\mu A}\,\mathrm{cm}^{-2}
    """
    powers: dict[str, float] = {}

    def gather(node: ast.AST, sign: float) -> None:
        match node:
            case ast.BinOp(left, ast.Mult() | ast.Div() as operator, right):
                gather(left, sign)
                gather(right, -sign if isinstance(operator, ast.Div) else sign)
            case ast.BinOp(base, ast.Pow(), exponent):
                gather(base, sign * ast.literal_eval(exponent))
            case ast.Name(id):
                powers[symbol(id)] = powers.get(symbol(id), 0) + sign
            case _:
                pass  # the 1 of 1/ms

    gather(ast.parse(text, mode="eval").body, 1)
    upright = {shown: "\\mathrm{" + shown.replace("µ", r"\mu ") + "}" for shown in powers}
    return r"\,".join(upright[s] + ("" if power == 1 else f"^{{{power:g}}}") for s, power in powers.items())


def symbol(name: str) -> str:
    """Return the symbol of a unit, ``uM`` as µM."""
    shown = str(getattr(unit(name), "dispname", "")) or pretty(name)
    return f"µ{shown[1:]}" if shown.startswith("u") else shown


class _Writer(ast.NodeVisitor):
    """Writes one expression; each visit returns the text and how tightly it holds together."""

    def __init__(self, names: frozenset[str]):
        self.names = names

    def generic_visit(self, node: ast.AST) -> tuple[str, int]:
        raise ExpressionError(f"{type(node).__name__} cannot be written as LaTeX")

    def _in(self, node: ast.AST, least: int) -> str:
        """Return a part, in brackets where it holds together less than it must."""
        text, holds = self.visit(node)
        return text if holds >= least else rf"\left({text}\right)"

    def visit_Constant(self, node: ast.Constant) -> tuple[str, int]:
        if isinstance(node.value, bool):
            return rf"\text{{{str(node.value).lower()}}}", _ATOM
        digits, _, power = f"{node.value!r}".partition("e")
        return (rf"{digits}\cdot 10^{{{int(power)}}}", _PRODUCT) if power else (digits, _ATOM)

    def visit_Name(self, node: ast.Name) -> tuple[str, int]:
        if node.id in self.names or is_noise(node.id):
            return name(node.id), _ATOM
        try:
            return units(node.id), _ATOM
        except UnitError:
            return name(node.id), _ATOM

    def visit_UnaryOp(self, node: ast.UnaryOp) -> tuple[str, int]:
        if isinstance(node.op, ast.Not):
            return rf"\lnot {self._in(node.operand, _SIGN)}", _SIGN
        return ("-" if isinstance(node.op, ast.USub) else "") + self._in(node.operand, _PRODUCT), _SIGN - 1

    def visit_BinOp(self, node: ast.BinOp) -> tuple[str, int]:
        left, right = node.left, node.right
        match node.op:
            case ast.Add():
                return f"{self._in(left, _SUM)} + {self._in(right, _SUM)}", _SUM
            case ast.Sub():
                return f"{self._in(left, _SUM)} - {self._in(right, _PRODUCT)}", _SUM
            case ast.Mult():
                return rf"{self._in(left, _PRODUCT)}{self._times(left, right)}{self._in(right, _SIGN)}", _PRODUCT
            case ast.Div():
                return self._fraction(node)
            case ast.Pow():
                if isinstance(right, ast.Constant) and right.value == 0.5:
                    return rf"\sqrt{{{self.visit(left)[0]}}}", _ATOM
                return f"{self._in(left, _ATOM)}^{{{self.visit(right)[0]}}}", _POWER
            case ast.FloorDiv():
                return rf"\left\lfloor\frac{{{self.visit(left)[0]}}}{{{self.visit(right)[0]}}}\right\rfloor", _ATOM
            case ast.Mod():
                return rf"{self._in(left, _SIGN)} \bmod {self._in(right, _SIGN)}", _PRODUCT
        return self.generic_visit(node.op)

    def _fraction(self, node: ast.BinOp) -> tuple[str, int]:
        """Return a quotient; a/b/c stands over one line."""
        above: ast.expr = node
        below: list[ast.expr] = []
        while isinstance(above, ast.BinOp) and isinstance(above.op, ast.Div):
            below.insert(0, above.right)
            above = above.left
        least = _PRODUCT if len(below) > 1 else 0
        bottom = r"\,".join(self._in(part, least) for part in below)
        return rf"\frac{{{self.visit(above)[0]}}}{{{bottom}}}", _POWER

    def _times(self, left: ast.AST, right: ast.AST) -> str:
        """Return what stands between two factors: a thin space, and a dot between two numbers."""
        both = isinstance(left, ast.Constant) and isinstance(right, ast.Constant)
        return r" \cdot " if both else r"\,"

    def visit_BoolOp(self, node: ast.BoolOp) -> tuple[str, int]:
        join = r" \land " if isinstance(node.op, ast.And) else r" \lor "
        return join.join(self._in(value, _SUM) for value in node.values), 0

    def visit_Compare(self, node: ast.Compare) -> tuple[str, int]:
        pairs = zip(node.ops, node.comparators, strict=True)
        tail = "".join(f" {_COMPARED[type(op)]} {self._in(side, _SUM)}" for op, side in pairs)
        return self._in(node.left, _SUM) + tail, 0

    def visit_Call(self, node: ast.Call) -> tuple[str, int]:
        called = node.func.id if isinstance(node.func, ast.Name) else ""
        inner = ",\\ ".join(self.visit(argument)[0] for argument in node.args)
        match called:
            case "exp":
                return f"e^{{{inner}}}", _POWER
            case "sqrt":
                return rf"\sqrt{{{inner}}}", _ATOM
            case "abs":
                return rf"\left|{inner}\right|", _ATOM
            case "floor":
                return rf"\left\lfloor {inner}\right\rfloor", _ATOM
            case "ceil":
                return rf"\left\lceil {inner}\right\rceil", _ATOM
            case "int":  # 1 where it holds, else 0
                return rf"\left[{inner}\right]", _ATOM
        shown = _FUNCTIONS.get(called, rf"\operatorname{{{called}}}")
        return rf"{shown}\left({inner}\right)", _ATOM
