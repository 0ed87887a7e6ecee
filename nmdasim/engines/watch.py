"""Finds the moment within a solver's step at which a condition begins to hold."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import sympy as sp

from nmdasim.language.evaluation import evaluator

#: Seconds to which a moment is located, and most points of a step that are looked at.
_CLOSE, _MOST = 1e-10, 1000

_Dense = Callable[[Any], np.ndarray]


@dataclass(frozen=True, eq=False)
class Watch:
    """A condition over states and time.

    Parameters
    ----------
    value
        Its truth, given the values of names, each one number or one for each of several moments.
    scope
        The values of names at moments and states there, shape (states, moments).
    """

    value: Callable[[Mapping[str, Any]], list[np.ndarray]]
    scope: Callable[[Any, np.ndarray], Mapping[str, Any]]

    @classmethod
    def of(cls, condition: sp.Expr, scope: Callable[[Any, np.ndarray], Mapping[str, Any]]) -> Watch:
        """Return the watch of a condition."""
        return cls(evaluator([condition]), scope)

    def holds(self, time: float, y: np.ndarray) -> bool:
        """Whether it holds at a moment."""
        return bool(self.value(self.scope(time, y))[0])

    def first(self, dense: _Dense, start: float, end: float, dt: float) -> float | None:
        """Return the first moment from `start` to `end` at which it holds, None if it never does.

        It is looked at every `dt`, and at least four times a step; where it begins to hold is found by bisection.
        """
        if start >= end:
            return start if self.holds(start, dense(start)) else None
        pieces = min(max(math.ceil((end - start) / dt), 4), _MOST)
        times = np.linspace(start, end, pieces + 1)
        found = np.broadcast_to(self.value(self.scope(times, dense(times)))[0], times.shape) != 0
        if not found.any():
            return None
        k = int(np.argmax(found))
        if k == 0:
            return start
        low, high = float(times[k - 1]), float(times[k])
        while high - low > _CLOSE:
            middle = 0.5 * (low + high)
            low, high = (low, middle) if self.holds(middle, dense(middle)) else (middle, high)
        return high
