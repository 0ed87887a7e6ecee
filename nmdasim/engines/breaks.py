"""The moments at which a condition on time alone turns, so that a solver can begin anew there."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from nmdasim.language.evaluation import evaluator
from nmdasim.language.functions import ceil, clip, floor, magnitude, remainder, sign
from nmdasim.language.reader import symbol
from nmdasim.language.system import System

_T = symbol("t")
#: Halvings that locate a turn: a step of 1 ms to below 1e-13 s.
_HALVINGS = 34


@dataclass(frozen=True, eq=False)
class Breaks:
    """Step-like functions of time in a model's equations and spike rule.

    Parameters
    ----------
    value
        Their values, given parameters and ``t``.
    count
        How many there are.
    driven
        Whether equations depend on time in another way too.
    """

    value: Callable[[Mapping[str, Any]], list[np.ndarray]]
    count: int
    driven: bool

    @classmethod
    def of(cls, system: System, rules: Iterable[sp.Expr | None]) -> Breaks:
        """Collect what turns at times that parameters alone tell."""
        states = {symbol(name) for name in system.states}
        steps: dict[sp.Expr, sp.Expr] = {}
        for expression in (*system.derivatives.values(), *(rule for rule in rules if rule is not None)):
            for atom in expression.atoms(sp.core.relational.Relational, sp.Function):
                if _T in atom.free_symbols and not atom.free_symbols & states:
                    for step in _steps(atom):
                        steps[step] = step
        flat = {step: sp.Integer(0) for step in steps if not step.is_Relational}
        flat |= {step: sp.false for step in steps if step.is_Relational}
        driven = any(_T in e.xreplace(flat).free_symbols for e in system.derivatives.values())
        return cls(
            evaluator([sp.Piecewise((1, s), (0, True)) if s.is_Relational else s for s in steps]), len(steps), driven
        )

    def times(self, parameters: Mapping[str, np.ndarray], begin: float, steps: int, dt: float) -> np.ndarray:
        """Return the moments of a run at which any of them turns, each a moment after it.

        They are looked at every `dt`, so that one which turns twice between two steps is not seen, as on no engine.
        """
        if not self.count:
            return np.empty(0)
        grid = begin + np.arange(steps + 1) * dt
        known = self._at(parameters, grid)
        turned = np.flatnonzero(np.any(known[:, 1:] != known[:, :-1], axis=0))
        low, high = grid[turned], grid[turned + 1]
        before = known[:, turned]
        for _ in range(_HALVINGS):
            middle = 0.5 * (low + high)
            new = np.any(self._at(parameters, middle) != before, axis=0)
            low, high = np.where(new, low, middle), np.where(new, middle, high)
        return np.unique(high)

    def _at(self, parameters: Mapping[str, np.ndarray], times: np.ndarray) -> np.ndarray:
        """Return their values, shape (functions × compartments, times)."""
        found = self.value({**{name: v[0][:, None] for name, v in parameters.items()}, "t": times[None, :]})
        return np.concatenate([np.broadcast_to(one, (max(len(np.atleast_2d(one)), 1), len(times))) for one in found])


def _steps(atom: sp.Expr) -> list[sp.Expr]:
    """Return what of a function or relation jumps."""
    match atom:
        case sp.core.relational.Relational() | floor() | ceil() | sign():
            return [atom]
        case remainder():
            return [floor(atom.args[0] / atom.args[1])]
        case magnitude():
            return [sign(atom.args[0])]
        case clip():
            x, low, high = atom.args
            return [sp.Gt(x, low), sp.Lt(x, high)]
    return []
