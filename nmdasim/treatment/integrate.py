"""A slow model over weeks, in many patients at once: exactly where it is linear, else by SciPy to a tight tolerance."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import lru_cache

import numpy as np
import sympy as sp
from scipy.integrate import solve_ivp

from nmdasim.errors import ModelError
from nmdasim.language.evaluation import evaluator
from nmdasim.language.reader import symbol
from nmdasim.model.model import Model
from nmdasim.treatment.body import Body, Follower

#: Relative and absolute error of a step; states are in SI, where 1 ng/ml is 1e-6.
_RTOL, _ATOL = 1e-9, 1e-17
_C = symbol("C")

#: What the integrator is told at a time: (inputs by name in SI) for the states of each patient at that time.
Supply = Callable[[float, np.ndarray, Mapping[str, np.ndarray]], dict[str, np.ndarray]]


@dataclass(frozen=True, eq=False)
class Linear:
    """A slow model that follows plasma linearly: dy/dt = A·y + b·C."""

    matrix: sp.Matrix
    input: sp.Matrix


@lru_cache(64)
def linear(model: Model) -> Linear | None:
    """Return the coefficients of a model that is linear in its states and C alone, and None for any other."""
    states = [symbol(name) for name in model.system.states]
    rates = sp.Matrix(list(model.system.derivatives.values()))
    matrix, column = rates.jacobian(states), rates.diff(_C)
    rest = (rates - matrix * sp.Matrix(states) - column * _C).applyfunc(sp.simplify)
    moving = {*states, _C, symbol("ketamine"), symbol("drive"), symbol("rate"), symbol("t")}
    constant = not (matrix.free_symbols | column.free_symbols) & moving
    return Linear(matrix, column) if constant and rest.is_zero_matrix else None


def follower(model: Model, values: Mapping[str, np.ndarray], start: np.ndarray) -> Follower | None:
    """Return a linear model as rows of the body's own system; None for one that is not, or may fall below 0."""
    coefficients = linear(model)
    if coefficients is None or np.any(start < 0):
        return None
    count, size = start.shape
    matrix = _evaluated(coefficients.matrix, values, count).reshape(count, size, size)
    column = _evaluated(coefficients.input, values, count)
    apart = matrix * (1 - np.eye(size))
    if np.any(apart < 0) or np.any(column < 0):
        return None
    return Follower(model.system.states, matrix, column, start)


def _evaluated(entries: sp.Matrix, values: Mapping[str, np.ndarray], count: int) -> np.ndarray:
    found = evaluator(tuple(entries))(values)
    return np.stack([np.broadcast_to(one, (count,)) for one in found], axis=1)


def integrate(
    model: Model, body: Body, supply: Supply, values: Mapping[str, np.ndarray], start: np.ndarray, times_h: np.ndarray
) -> np.ndarray:
    """Return the states of a model at some times, shape (patient, time, state).

    Every edge of the regimen is a break: no step reaches across the start or end of a dose.

    Parameters
    ----------
    model
        A slow model.
    body
        The drug in the patients.
    supply
        What the model reads, at a time in hours, from what the body says then.
    values
        Parameters by name, SI, shape (patient,).
    start
        States at the first edge, shape (patient, state).
    times_h
        Increasing, from the first edge on.

    Raises
    ------
    ModelError
        If a state leaves all bounds.
    """
    names, rates = model.system.states, evaluator(tuple(model.system.derivatives.values()))
    state, found = start, np.empty((len(start), len(times_h), len(names)))
    edges = [float(edge) for edge in body.edges_h if edge < times_h[-1]]
    for k, (begin, end) in enumerate(zip(edges, [*edges[1:], float(times_h[-1])], strict=True)):
        stretch = body.stretch(k)

        def slope(time: float, flat: np.ndarray, stretch: object = stretch) -> np.ndarray:
            at = flat.reshape(start.shape)
            known = {**values, **{name: at[:, j] for j, name in enumerate(names)}}
            known |= supply(time, stretch.at(time), known)  # type: ignore[attr-defined]
            moved = [np.broadcast_to(one, len(at)) for one in rates(known)]
            return np.stack(moved, axis=1).ravel() * 3600

        last = k + 1 == len(edges)
        inside = (times_h >= begin) & ((times_h <= end) if last else (times_h < end))
        asked = np.union1d(times_h[inside], [end])
        run = solve_ivp(slope, (begin, end), state.ravel(), "DOP853", asked, rtol=_RTOL, atol=_ATOL)
        if not run.success or not np.all(np.isfinite(run.y)):
            raise ModelError(f"{model.name}: its states leave all bounds after day {begin / 24:g} ({run.message})")
        moved = run.y.reshape(*start.shape, -1)
        found[:, inside] = np.moveaxis(moved[..., : np.count_nonzero(inside)], 2, 1)
        state = moved[..., -1]
    return found
