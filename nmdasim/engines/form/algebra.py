"""SymPy rewriting that makes generated loops short: fewer exponentials, constants out of the loop.

- 1/exprel(x) becomes one function with one division and an exact derivative.
- Exponentials of the membrane potential whose slopes are multiples of one another become powers of one exponential.
- What depends on parameters alone is computed once, outside the loop.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import sympy as sp
from sympy.logic.boolalg import BooleanFunction

from nmdasim.language.functions import dexprel, exprel, truth


class dbern(sp.Function):  # noqa: N801
    """Derivative of bern."""


class bern(sp.Function):  # noqa: N801
    """x/(exp(x) - 1), 1 at 0."""

    def fdiff(self, argindex: int = 1) -> sp.Expr:
        return dbern(self.args[0])


class bern_e(sp.Function):  # noqa: N801
    """bern(x) given x and exp(x)."""


class bern_m(sp.Function):  # noqa: N801
    """bern(x) given x and exp(-x)."""


class dbern_e(sp.Function):  # noqa: N801
    """bern'(x) given x, exp(x) and bern(x)."""


class exprel_e(sp.Function):  # noqa: N801
    """exprel(x) given x and exp(x)."""


class dexprel_e(sp.Function):  # noqa: N801
    """exprel'(x) given x and exp(x)."""


def with_bernoulli(expression: sp.Expr) -> sp.Expr:
    """Write 1/exprel(x)ⁿ as bern(x)ⁿ."""

    def is_inverse(e: Any) -> bool:
        return isinstance(e, sp.Pow) and isinstance(e.base, exprel) and e.exp.is_negative

    return expression.replace(is_inverse, lambda e: bern(e.base.args[0]) ** (-e.exp))


@dataclass
class Constants:
    """Expressions over parameters alone, each named once.

    Parameters
    ----------
    variables
        Symbols that change within a run.
    """

    variables: frozenset[sp.Symbol]
    names: dict[sp.Expr, sp.Symbol] = field(default_factory=dict)
    _moving: dict[sp.Basic, bool] = field(default_factory=dict)

    def hoist(self, expression: sp.Expr) -> sp.Expr:
        """Replace maximal subexpressions without variables by named constants; plain numbers stay."""
        if not self._moves(expression):
            return self._name(expression) if getattr(expression, "free_symbols", set()) else expression
        if isinstance(expression, (sp.Add, sp.Mul)):
            still = [a for a in expression.args if not self._moves(a)]
            moving = [self.hoist(a) for a in expression.args if self._moves(a)]
            fixed = expression.func(*still)
            return expression.func(fixed if fixed.is_number else self._name(fixed), *moving)
        return expression.func(*(self.hoist(a) for a in expression.args)) if expression.args else expression

    def _moves(self, expression: sp.Basic) -> bool:
        """Whether it reads a variable; asked of every part of every expression, hence kept."""
        if (found := self._moving.get(expression)) is None:
            found = expression in self.variables or any(self._moves(part) for part in expression.args)
            self._moving[expression] = found
        return found

    def _name(self, expression: sp.Expr) -> sp.Expr:
        if isinstance(expression, sp.Rel | BooleanFunction):  # a row holds numbers: 1 or 0
            return sp.Gt(self._name(truth(expression)), sp.Rational(1, 2))
        if expression.has(bern):  # it is computed where there is only the language
            expression = expression.replace(bern, lambda x: 1 / exprel(x))
        if expression not in self.names:
            self.names[expression] = sp.Symbol(f"_k{len(self.names)}", real=True)
        return self.names[expression]


def explicit_exponentials(expression: sp.Expr, potential: sp.Symbol | None = None) -> sp.Expr:
    """Spell exprel and bern through the exponential they contain, so that it can be shared.

    Of the two exponentials that bern may be written in, the one that falls with the potential is preferred: most
    published rates are written in such.
    """
    expression = expression.replace(dbern, lambda x: dbern_e(x, sp.exp(x), bern(x)))
    expression = expression.replace(bern, lambda x: _bern(x, potential))
    expression = expression.replace(dexprel, lambda x: dexprel_e(x, sp.exp(x)))
    return expression.replace(exprel, lambda x: exprel_e(x, sp.exp(x)))


def _bern(x: sp.Expr, potential: sp.Symbol | None) -> sp.Expr:
    slope = None if potential is None else _linear(x, potential)
    return bern_m(x, sp.exp(-x)) if slope is not None and slope[0] > 0 else bern_e(x, sp.exp(x))


def _linear(argument: sp.Expr, variable: sp.Symbol) -> tuple[float, float] | None:
    """Return (a, b) where the argument is a·v + b with plain numbers."""
    if argument.free_symbols != {variable}:
        return None
    slope = argument.diff(variable)
    if not slope.is_number or slope == 0:
        return None
    return float(slope), float(argument.xreplace({variable: sp.Integer(0)}))


def share_exponentials(
    expressions: Sequence[sp.Expr], variable: sp.Symbol
) -> tuple[list[tuple[sp.Symbol, sp.Expr]], list[sp.Expr]]:
    """Write exp(n·a·v + b) as exp(b)·Eⁿ with E = exp(a·v).

    Returns
    -------
    definitions
        (symbol, expression) pairs to compute first: each E, its inverse where needed, and its powers by squaring.
    expressions
        Rewritten.
    """
    found = {e.args[0] for expression in expressions for e in expression.atoms(sp.exp)}
    arguments = sorted(found, key=sp.default_sort_key)
    linear = {argument: ab for argument in arguments if (ab := _linear(argument, variable)) is not None}
    linear = {argument: (a, b) for argument, (a, b) in linear.items() if abs(b) < _LARGEST_EXPONENT}
    definitions: list[tuple[sp.Symbol, sp.Expr]] = []
    replaced: dict[sp.Expr, sp.Expr] = {}
    left = dict(linear)
    for index in itertools.count():
        base, members = _best_base(left)
        if base is None:
            break
        powers = _Powers(f"_E{index}", base, variable)
        for argument, n in members.items():
            replaced[sp.exp(argument)] = sp.Float(math.exp(left.pop(argument)[1])) * powers.of(n)
        definitions += powers.definitions
    return definitions, [expression.xreplace(replaced) for expression in expressions]


_LARGEST_POWER = 16
_LARGEST_EXPONENT = 300  # beyond it exp(b) and exp(a·v) could leave the range of numbers where their product does not


def _best_base(linear: Mapping[sp.Expr, tuple[float, float]]) -> tuple[float | None, dict[sp.Expr, int]]:
    """Return the slope a of which most exponentials are whole powers, with those powers."""
    slopes = sorted({abs(a) for a, _ in linear.values()})
    best: tuple[float | None, dict[sp.Expr, int]] = (None, {})
    score = 1
    for candidate in sorted({s / k for s in slopes for k in (1, 2, 3, 4, 5)}, reverse=True):
        multiples = {s for s in slopes if _whole(s / candidate)}
        if len(multiples) > score:
            score = len(multiples)
            members = {x: round(a / candidate) for x, (a, _) in linear.items() if _whole(abs(a) / candidate)}
            falling = sum(1 if n < 0 else -1 for n in members.values()) > 0
            sign = -1 if falling else 1
            best = (sign * candidate, {x: sign * n for x, n in members.items()})
    return best


def _whole(ratio: float) -> bool:
    return 0.5 < ratio <= _LARGEST_POWER + 0.5 and abs(ratio - round(ratio)) < 1e-9


class _Powers:
    """Whole powers of E = exp(a·v) by squaring."""

    def __init__(self, name: str, slope: float, variable: sp.Symbol):
        self.name = name
        first = sp.Symbol(name, real=True)
        self.known: dict[int, sp.Expr] = {1: first}
        self.definitions = [(first, sp.exp(sp.Float(slope) * variable))]

    def of(self, n: int) -> sp.Expr:
        """Return the symbol of Eⁿ, defining what is missing."""
        if n not in self.known:
            if n == -1:
                value = 1 / self.of(1)
            elif n < 0:
                half = -((-n) // 2)
                value = sp.Mul(self.of(half), self.of(n - half), evaluate=False)
            else:
                value = sp.Mul(self.of(n // 2), self.of(n - n // 2), evaluate=False)
            name = sp.Symbol(f"{self.name}_{'m' if n < 0 else ''}{abs(n)}", real=True)
            self.definitions.append((name, value))
            self.known[n] = name
        return self.known[n]


class bern_top(sp.Function):  # noqa: N801
    """Numerator of bern_e and bern_m as a quotient; the second argument multiplies x away from 0."""


class bern_bottom(sp.Function):  # noqa: N801
    """Denominator of bern_e and bern_m as a quotient: its second argument, 1 near 0."""


def one_division(expression: sp.Expr) -> sp.Expr:
    """Write an expression as one quotient; a division costs as much as an exponential, multiplications little."""
    terms = [_quotient(term) for term in sp.Add.make_args(expression)]
    top, bottom = _sum([term for term in terms if term[1] != 1])
    return sp.Add(*(term[0] for term in terms if term[1] == 1), top / bottom)


def _quotient(e: sp.Expr) -> tuple[sp.Expr, sp.Expr]:
    if isinstance(e, bern_e):
        x, exponential = e.args
        return bern_top(x, sp.Integer(1)), bern_bottom(x, exponential - 1)
    if isinstance(e, bern_m):
        x, exponential = e.args
        return bern_top(x, exponential), bern_bottom(x, 1 - exponential)
    if isinstance(e, sp.Pow) and e.exp.is_Integer:
        top, bottom = _quotient(e.base)
        return (top**e.exp, bottom**e.exp) if e.exp > 0 else (bottom**-e.exp, top**-e.exp)
    if isinstance(e, sp.Mul):
        tops, bottoms = zip(*map(_quotient, e.args), strict=True)
        return sp.Mul(*tops), sp.Mul(*bottoms)
    if isinstance(e, sp.Add):
        return _sum(list(map(_quotient, e.args)))
    return e, sp.Integer(1)


def _sum(terms: list[tuple[sp.Expr, sp.Expr]]) -> tuple[sp.Expr, sp.Expr]:
    """Add quotients over the product of their different denominators."""
    by_bottom: dict[sp.Expr, sp.Expr] = {}
    for top, bottom in terms:
        by_bottom[bottom] = by_bottom.get(bottom, sp.Integer(0)) + top
    bottoms = [b for b in by_bottom if b != 1]
    whole = sp.Mul(*bottoms)
    parts = [t * sp.Mul(*(other for other in bottoms if other != b)) for b, t in by_bottom.items()]
    return sp.Add(*parts), whole


def shared(expressions: Iterable[sp.Expr], prefix: str) -> tuple[list[tuple[sp.Symbol, sp.Expr]], list[sp.Expr]]:
    """Name common subexpressions."""
    names = (sp.Symbol(f"_{prefix}{k}", real=True) for k in itertools.count())
    return sp.cse(list(expressions), symbols=names, order="none")  # type: ignore[no-any-return]
