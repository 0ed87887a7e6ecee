"""Expressions of the equations' language as LEMS writes them; what LEMS cannot say is refused by its name.

LEMS has no ``exprel`` and no ``clip``: they are written out. ``int(condition)`` becomes a derived variable with cases,
which PyLEMS hands on to other derived variables one step late. A unit that stands in an expression, as in ``55*mV``,
becomes a constant of its dimension, so that simulators that check units can.
"""

from __future__ import annotations

import ast
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from brian2.units.fundamentalunits import DIMENSIONLESS, Dimension, get_dimensions

from nmdasim import quantities
from nmdasim.errors import ModelError, UnitError
from nmdasim.language.functions import CONSTANTS, FUNCTIONS

_BINARY = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/", ast.Pow: "^"}
#: ``a <= b`` is written ``b .geq. a``: PyLEMS does not know ``.leq.``.
_COMPARE = {ast.Lt: ".lt.", ast.LtE: "", ast.Gt: ".gt.", ast.GtE: ".geq.", ast.Eq: ".eq.", ast.NotEq: ".neq."}
_OPPOSITE = {ast.Lt: ast.GtE, ast.LtE: ast.Gt, ast.Gt: ast.LtE, ast.GtE: ast.Lt, ast.Eq: ast.NotEq, ast.NotEq: ast.Eq}
_SAME = ("exp", "log", "sqrt", "sin", "cos", "tan", "sinh", "cosh", "tanh", "ceil")
#: exprel(x) is taken at x + 1e-7, which is 5e-8 off and not 0/0 where x is 0.
_ASIDE = 1e-7


@dataclass(frozen=True)
class Derived:
    """A derived variable that an expression needs: its value, or cases, each a condition and its value.

    Every case says its condition, the last too: PyLEMS does not order variables whose last case says none.
    """

    name: str
    dimension: Dimension
    value: str = ""
    cases: tuple[tuple[str, str], ...] = ()


@dataclass
class Writer:
    """What writes the expressions of one cell, and gathers what they need.

    Parameters
    ----------
    model
        Name of the model, for messages.
    known
        Names of the cell.
    dimension
        Returns the dimension of an expression.
    needed
        Derived variables, in the order in which they are needed.
    units
        Units that stand in expressions, by the name of their constant.
    """

    model: str
    known: frozenset[str]
    dimension: Callable[[str], Dimension]
    needed: list[Derived] = field(default_factory=list)
    units: dict[str, str] = field(default_factory=dict)
    _found: dict[str, str] = field(default_factory=dict)

    def value(self, text: str) -> str:
        """Return a number's expression."""
        return self._value(ast.parse(text.strip(), mode="eval").body, text)

    def condition(self, text: str, *, negated: bool = False) -> str:
        """Return a condition, or its opposite."""
        return self._condition(ast.parse(text.strip(), mode="eval").body, text, negated)

    def _refuse(self, what: str, text: str) -> ModelError:
        return ModelError(f"{self.model}: LEMS cannot say {what}, in {' '.join(text.split())[:80]!r}")

    def _value(self, node: ast.AST, text: str) -> str:
        match node:
            case ast.Constant(value=bool()):
                raise self._refuse("True or False as a number", text)
            case ast.Constant(value=int() | float() as number) if math.isfinite(number):
                return repr(number)
            case ast.Name(id=name):
                return self._name(name, text)
            case ast.UnaryOp(op=ast.USub(), operand=operand):
                return f"({self._value(operand, text)} * (0 - 1))"
            case ast.UnaryOp(op=ast.UAdd(), operand=operand):
                return self._value(operand, text)
            case ast.BinOp(left=left, op=op, right=right) if type(op) in _BINARY:
                return f"({self._value(left, text)} {_BINARY[type(op)]} {self._value(right, text)})"
            case ast.Call(func=ast.Name(id=name), args=args):
                return self._call(name, list(args), text)
        raise self._refuse(_spoken(node), text)

    def _name(self, name: str, text: str) -> str:
        if name in self.known:
            return name
        if name in CONSTANTS and math.isfinite(CONSTANTS[name]):
            return repr(CONSTANTS[name])
        try:
            quantities.unit(name)
        except UnitError:
            raise self._refuse(repr(name), text) from None
        self.units[f"unit_{name}"] = name
        return f"unit_{name}"

    def _call(self, name: str, args: list[ast.expr], text: str) -> str:
        if name in _SAME:
            return f"{name}({self._value(args[0], text)})"
        match name:
            case "exprel":
                y = self._held("exprel_of", args[0], text, f" + {_ASIDE!r}")
                return f"((exp({y}) - 1) / {y})"
            case "expm1":
                return f"(exp({self._value(args[0], text)}) - 1)"
            case "log1p":
                return f"log(1 + {self._value(args[0], text)})"
            case "log10":
                return f"(log({self._value(args[0], text)}) / {math.log(10)!r})"
            case "floor":
                return f"(0 - ceil(0 - {self._value(args[0], text)}))"
            case "clip":
                x, low, high = self._held("clip_of", args[0], text), *(self._value(a, text) for a in args[1:])
                dimension = self.dimension(ast.unparse(args[0]))
                below = f"((({x} + {high}) - {self._size(f'({x} - {high})', dimension)}) / 2)"  # the smaller of both
                return f"((({below} + {low}) + {self._size(f'({below} - {low})', dimension)}) / 2)"
            case "abs":
                return self._size(self._value(args[0], text), self.dimension(ast.unparse(args[0])))
            case "int" if isinstance(args[0], ast.Compare | ast.BoolOp) or _negation(args[0]):
                test = self._condition(args[0], text, False)
                cases = ((test, "1"), (self._condition(args[0], text, True), "0"))
                return self._cases("truth", test, cases, get_dimensions(1))
        raise self._refuse(f"{name}(…)" if name in FUNCTIONS else repr(name), text)

    def _size(self, written: str, dimension: Dimension) -> str:
        """Return an absolute value; jLEMS takes that of plain numbers only, so it is taken in SI units."""
        if dimension is DIMENSIONLESS:
            return f"abs({written})"
        one = self.value(quantities.base_units(dimension))
        return f"(abs({written} / {one}) * {one})"

    def _held(self, stem: str, node: ast.expr, text: str, shifted: str = "") -> str:
        """Return the name of a derived variable that holds an argument."""
        value = self._value(node, text)
        value = f"({value}{shifted})" if shifted else value
        return self._named(stem, value, lambda name: Derived(name, self.dimension(ast.unparse(node)), value))

    def _cases(self, stem: str, key: str, cases: tuple[tuple[str, str], ...], dimension: Dimension) -> str:
        return self._named(stem, key, lambda name: Derived(name, dimension, cases=cases))

    def _named(self, stem: str, key: str, make: Callable[[str], Derived]) -> str:
        if (place := f"{stem} {key}") not in self._found:
            name = f"{stem}_{len(self._found)}"
            self._found[place] = name
            self.needed.append(make(name))
        return self._found[place]

    def _condition(self, node: ast.AST, text: str, negated: bool) -> str:
        match node:
            case ast.UnaryOp(op=ast.Not(), operand=operand):
                return self._condition(operand, text, not negated)
            case ast.BoolOp(op=op, values=values):
                join = " .and. " if isinstance(op, ast.And) != negated else " .or. "
                return join.join(f"({self._condition(value, text, negated)})" for value in values)
            case ast.Compare(left=left, ops=ops, comparators=right):
                sides = [self._value(side, text) for side in (left, *right)]
                kinds = [_OPPOSITE[type(op)] if negated else type(op) for op in ops]
                parts = [
                    f"{a} {_COMPARE[k]} {b}" if _COMPARE[k] else f"{b} .geq. {a}"
                    for k, a, b in zip(kinds, sides, sides[1:], strict=False)
                ]
                return (
                    parts[0] if len(parts) == 1 else (" .or. " if negated else " .and. ").join(f"({p})" for p in parts)
                )
        raise self._refuse(f"{_spoken(node)} as a condition", text)


def _negation(node: ast.AST) -> bool:
    return isinstance(node, ast.UnaryOp) and isinstance(node.op, ast.Not)


_WORDS: Mapping[type, str] = {ast.Mod: "%", ast.FloorDiv: "//"}


def _spoken(node: ast.AST) -> str:
    return (
        f"{_WORDS[type(node.op)]!r}" if isinstance(node, ast.BinOp) and type(node.op) in _WORDS else ast.unparse(node)
    )
