"""Shares in the Brian2 engine: a method that was asked for may carry one out of [0, 1], and the lane has then failed.

The engine's own step keeps shares where they belong; Brian2's Euler, Heun and Runge-Kutta steps diverge where a drug
binds faster than a step follows.
"""

from __future__ import annotations

from collections.abc import Collection
from typing import Any

import brian2 as b2
import numpy as np
import sympy as sp

from nmdasim.engines.form.methods import shares
from nmdasim.language.evaluation import evaluate
from nmdasim.language.reader import symbol
from nmdasim.model.check import IDENTIFIER
from nmdasim.plan.plan import Cells

#: Values that another state may have where a sign is asked for, and how far a share may be off by rounding.
_SOME, _ROUNDING = (0.05, 0.37, 7.3), 1e-6


def watch(group: Any, cells: Cells, clock: Any, name: str) -> tuple[list[Any], np.ndarray]:
    """Return what looks at the shares after each step, and the lanes (shape (lanes,)) in which one has left [0, 1]."""
    left = np.zeros(cells.lanes, dtype=bool)
    wholes = {frozenset({state, *shares(cells.model, state)}) for state in kept(cells)} if cells.method else set()
    if not wholes:
        return [], left
    at = [[group.variables[state].get_value().reshape(cells.lanes, -1) for state in whole] for whole in wholes]

    def look() -> None:
        for parts in at:
            inside = np.all([(part > -_ROUNDING) & (part < 1 + _ROUNDING) for part in (*parts, sum(parts))], axis=0)
            np.logical_or(left, ~inside.all(axis=1), out=left)

    return [b2.NetworkOperation(look, clock=clock, when="end", name=name)], left


def kept(cells: Cells) -> tuple[str, ...]:
    """Return the states that begin in [0, 1] and that their equations keep there, whatever the other states are.

    Such a rate is ``p*(1 - sum) - q*y`` with p and q of 0 or more, the sum being over y and what shares a whole with
    it; what an event or a reset changes is none.
    """
    model = cells.model
    changed = {state for port in model.ports.values() for state, _ in port.increments()}
    changed |= set(IDENTIFIER.findall(model.reset or ""))
    return tuple(
        state
        for state in model.system.states
        if state not in changed
        and np.all((cells.initial[state] >= 0) & (cells.initial[state] <= 1))
        and _is_share(cells, state, shares(model, state))
    )


def _is_share(cells: Cells, state: str, others: Collection[str]) -> bool:
    rate, nothing = cells.model.system.derivatives[state], {symbol(s): sp.Integer(0) for s in (state, *others)}
    enters = rate.xreplace(nothing)
    leaves = -(rate.diff(symbol(state)) + enters)
    rest = [rate.diff(symbol(other)) + enters for other in others]
    if any(part.free_symbols & set(nothing) for part in (leaves, *rest)):
        return False
    seen = False
    for value in _SOME:
        known = {s.name: np.full((1, 1), value) for s in rate.free_symbols} | dict(cells.parameters)
        with np.errstate(all="ignore"):
            p, q, *zero = (evaluate(part, known) for part in (enters, leaves, *rest))
        scale = np.abs(p) + np.abs(q)
        if not np.all(np.isfinite(scale)):
            continue
        if np.any(p < 0) or np.any(q < -1e-12 * scale) or any(np.any(np.abs(z) > 1e-9 * scale) for z in zero):
            return False
        seen = True
    return seen
