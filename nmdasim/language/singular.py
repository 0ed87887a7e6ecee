"""Where an equation is 0/0: found by looking, for the singularities that :mod:`nmdasim.language.regular` leaves.

A quotient counts as 0/0 at a value of a state where what is below the line vanishes, what is above it too, and the
whole stays bounded around it. A pole is no such place: a model may well have one outside the range that it visits.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import sympy as sp

from nmdasim.language.evaluation import evaluate

#: Where a state is looked at: in volts, and any other in SI units, times its size where that is tiny.
VOLTS = np.linspace(-0.15, 0.15, 6001)
_SIZES = np.geomspace(1e-6, 1e3, 600)
OTHERS = np.concatenate([-_SIZES[::-1], [0.0], _SIZES])
#: Share of a state's size that is near a zero, and how much smaller there than near it is what vanishes.
_NEAR, _VANISHED = 1e-6, 1e-7

Values = Mapping[str, np.ndarray]


@dataclass(frozen=True)
class Suspect:
    """A quotient that may be 0/0 for some value of a state.

    Parameters
    ----------
    equation, state
        Names of the equation and of the state.
    below, above
        What is below the fraction line, and above it.
    """

    equation: str
    state: str
    below: sp.Expr
    above: sp.Expr

    def zero(self, grid: np.ndarray, values: Values, size: float = 1.0) -> float | None:
        """Return the value of the state, within a grid of them, at which it is 0/0, or None; `size` is of the grid."""
        with np.errstate(all="ignore"):
            return next((float(x) for x in self._roots(grid, values) if self._bounded(x, values, size)), None)

    def _at(self, part: sp.Expr, x: np.ndarray, values: Values) -> np.ndarray:
        return np.broadcast_to(evaluate(part, {**values, self.state: x}), np.shape(x))

    def _roots(self, grid: np.ndarray, values: Values) -> np.ndarray:
        """Return the zeros of what is below the line, by bisection between two signs."""
        below = self._at(self.below, grid, values)
        scale = np.max(np.abs(below), where=np.isfinite(below), initial=0.0)
        exact = grid[np.abs(below) <= 1e-13 * scale]
        change = np.flatnonzero(below[:-1] * below[1:] < 0)
        low, high, sign = grid[change], grid[change + 1], np.sign(below[change])
        for _ in range(60 if len(change) else 0):
            middle = 0.5 * (low + high)
            same = np.sign(self._at(self.below, middle, values)) == sign
            low, high = np.where(same, middle, low), np.where(same, high, middle)
        return np.concatenate([exact, low])

    def _bounded(self, x: float, values: Values, size: float) -> bool:
        """Whether both sides of the line vanish at a zero, and the quotient stays bounded on either side of it."""
        around = x + _NEAR * max(abs(x), 0.1 * size) * np.array([-2.0, -1.0, 0.0, 1.0, 2.0])
        below, above = (self._at(part, around, values) for part in (self.below, self.above))
        beside = [min(abs(y[1]), abs(y[3])) for y in (below, above)]  # 0 where a conductance is: nothing vanishes there
        vanish = all(near > 0 and abs(y[2]) <= _VANISHED * near for near, y in zip(beside, (below, above), strict=True))
        whole = above / below
        sides = all(abs(whole[near]) <= 1.5 * abs(whole[far]) for near, far in ((1, 0), (3, 4)))
        return bool(vanish and sides)


def suspects(equations: Mapping[str, sp.Expr], states: Sequence[str]) -> tuple[Suspect, ...]:
    """Return every quotient of some equations that is to be looked at, by state; each under its first equation."""
    found: dict[tuple[str, sp.Expr, sp.Expr], Suspect] = {}
    seen: set[sp.Expr] = set()
    for equation, expression in equations.items():
        for below, above in (pair for part in _products(expression, seen) for pair in _quotients(part, states)):
            names = {s.name for s in below.free_symbols} & {s.name for s in above.free_symbols}
            for state in (name for name in states if name in names):
                found.setdefault((state, below, above), Suspect(equation, state, below, above))
    return tuple(found.values())


def _products(expression: sp.Expr, seen: set[sp.Expr]) -> Iterator[sp.Mul]:
    """Yield the products in an expression that were not seen before."""
    if expression not in seen:
        seen.add(expression)
        if isinstance(expression, sp.Mul):
            yield expression
        for part in expression.args:
            yield from _products(part, seen)


def _quotients(part: sp.Mul, states: Sequence[str]) -> Iterator[tuple[sp.Expr, sp.Expr]]:
    """Yield what is below, and what above, each fraction line of a product under which something may vanish."""
    for factor in part.args:
        base, power = factor.as_base_exp()
        if power.is_negative and any(s.name in states for s in base.free_symbols) and not base.is_positive:
            yield base**-power, sp.Mul(*(other for other in part.args if other is not factor))
