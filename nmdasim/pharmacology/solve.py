"""Exact solution of dx/dt = A·x + r with r constant between events; nothing is stepped through time.

Between two events x(t) = exp(A·t)·x₀ + A⁻¹(exp(A·t) - 1)·r. The exponential comes from the eigenvalues of A; where two
of them coincide so closely that A has no good set of eigenvectors, from the exponential of the augmented matrix
(Van Loan 1978). Areas follow from the balance A·∫x dt = x(t) - (everything put in), so they are analytic too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from scipy.linalg import expm

#: Condition number of the eigenvectors above which they are not used: it multiplies the rounding error of 1e-16.
CONDITION = 1e6
#: An output this close (hours) before an event counts as at the event.
SNAP_H = 1e-9
#: Numbers held at once while outputs are computed.
_BLOCK = 2_000_000

#: (state (s, n), input rate (s, n), hours elapsed (t,) or (s, t), readout (s, r, n)) → (s, t, r)
Flow = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Inputs:
    """What is put in: at each of `times` first a reset, then a jump, then a constant rate until the next.

    Parameters
    ----------
    times
        Hours, strictly increasing, shape (event,).
    resets
        Whether the state is emptied, shape (event,).
    jumps, rates
        mg and mg/h into each state, shape (event, subject, state); the last rate is 0.
    """

    times: np.ndarray
    resets: np.ndarray
    jumps: np.ndarray
    rates: np.ndarray


@dataclass(frozen=True, eq=False)
class Solution:
    """The state at every time, for a matrix of shape (subject, state, state) and some inputs."""

    matrix: np.ndarray
    inputs: Inputs

    @cached_property
    def flow(self) -> Flow:
        """How a state moves on under a constant rate."""
        return propagator(self.matrix)

    @cached_property
    def starts(self) -> np.ndarray:
        """State just after each event, shape (event, subject, state)."""
        return np.stack([after for _, after in self._walk])

    @cached_property
    def _walk(self) -> list[tuple[np.ndarray, np.ndarray]]:
        """State just before and just after each event."""
        inputs, (count, size) = self.inputs, self.matrix.shape[:2]
        everything = np.broadcast_to(np.eye(size), (count, size, size))
        state, walked = np.zeros((count, size)), []
        for k in range(len(inputs.times)):
            if k:
                gap = inputs.times[k : k + 1] - inputs.times[k - 1]
                state = self.flow(state, inputs.rates[k - 1], gap, everything)[:, 0]
            after = (np.zeros_like(state) if inputs.resets[k] else state) + inputs.jumps[k]
            walked.append((state, after))
            state = after
        return walked

    def at(self, times: np.ndarray, readout: np.ndarray) -> np.ndarray:
        """Return a readout at some times.

        At the time of an event the value is the one just after it.

        Parameters
        ----------
        times
            Hours, increasing, shape (time,).
        readout
            Weights of the states, shape (subject, readout, state).

        Returns
        -------
        numpy.ndarray
            Shape (subject, time, readout); never negative, rounding removed.
        """
        count, size = self.matrix.shape[:2]
        values = np.zeros((count, len(times), readout.shape[1]))
        edges = np.append(np.searchsorted(times, self.inputs.times - SNAP_H), len(times))
        stride = max(1, _BLOCK // (count * size))
        for k, start in enumerate(self.inputs.times):
            for low in range(edges[k], edges[k + 1], stride):
                part = slice(low, min(low + stride, edges[k + 1]))
                elapsed = np.maximum(times[part] - start, 0)
                values[:, part] = self.flow(self.starts[k], self.inputs.rates[k], elapsed, readout)
        return np.maximum(values, 0, out=values)

    def area(self, readout: np.ndarray, until_h: float = np.inf) -> np.ndarray:
        """Return the integral of a readout from the start to `until_h` (or to infinity), shape (subject, readout)."""
        inputs, before = self.inputs, [state for state, _ in self._walk]
        balance = np.zeros(self.matrix.shape[:2])
        for k, start in enumerate(inputs.times):
            if start > until_h:
                break
            balance += inputs.jumps[k] - (before[k] if inputs.resets[k] else 0)
            end = min(inputs.times[k + 1], until_h) if k + 1 < len(inputs.times) else until_h
            if inputs.rates[k].any():
                balance += inputs.rates[k] * (end - start)
        if np.isfinite(until_h):
            everything = np.broadcast_to(np.eye(self.matrix.shape[1]), self.matrix.shape)
            balance -= self.at(np.array([until_h]), everything)[:, 0]
        integral = np.linalg.solve(self.matrix, -balance[..., None])
        return np.asarray((readout @ integral)[..., 0])

    def peak(self, readout: np.ndarray, until_h: float) -> tuple[np.ndarray, np.ndarray]:
        """Return the highest value of one readout up to `until_h` and its time in hours, each of shape (subject,).

        Searched on a grid that starts fine after every event, then four times twenty-fold finer about the maximum.

        Parameters
        ----------
        readout
            Weights of the states, shape (subject, state).
        until_h
            End of the search.
        """
        starts = self.inputs.times
        ends = np.minimum(np.append(starts[1:], np.inf), max(until_h, starts[0]))
        used = np.flatnonzero(starts <= until_h) if until_h >= starts[0] else np.array([0])
        shape = np.linspace(0, 1, 65) ** 3
        best = np.full(len(readout), -1.0)
        where, interval = np.zeros(len(readout)), np.zeros(len(readout), dtype=int)
        step = np.zeros((len(readout), 2))
        for k in used:
            grid = (ends[k] - starts[k]) * shape
            values = self.flow(self.starts[k], self.inputs.rates[k], grid, readout[:, None])[..., 0]
            top = values.argmax(axis=1)
            found = values.max(axis=1) > best
            best[found], where[found], interval[found] = values.max(axis=1)[found], grid[top[found]], k
            around = np.stack([grid[np.maximum(top - 1, 0)], grid[np.minimum(top + 1, 64)]], axis=1)
            step[found] = around[found]
        return self._zoom(readout, interval, step, best, where)

    def _zoom(
        self, readout: np.ndarray, interval: np.ndarray, bracket: np.ndarray, best: np.ndarray, where: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray]:
        rows = np.arange(len(readout))
        state, rate = self.starts[interval, rows], self.inputs.rates[interval, rows]
        share = np.linspace(0, 1, 41)
        for _ in range(4):
            grid = bracket[:, :1] + (bracket[:, 1:] - bracket[:, :1]) * share
            values = self.flow(state, rate, grid, readout[:, None])[..., 0]
            top = values.argmax(axis=1)
            higher = values[rows, top] > best
            best, where = np.where(higher, values[rows, top], best), np.where(higher, grid[rows, top], where)
            bracket = np.stack([grid[rows, np.maximum(top - 1, 0)], grid[rows, np.minimum(top + 1, 40)]], axis=1)
        return np.maximum(best, 0), where + self.inputs.times[interval]


def propagator(matrix: np.ndarray) -> Flow:
    """Return how states move on under ``matrix`` (subject, state, state), by eigenvalues where they serve."""
    values, vectors = np.linalg.eig(matrix)
    poor = np.linalg.cond(vectors) > CONDITION
    if poor.all():
        return _augmented(matrix)
    if not poor.any():
        return _modal(values, vectors)
    flows = [(~poor, _modal(values[~poor], vectors[~poor])), (poor, _augmented(matrix[poor]))]

    def flow(state: np.ndarray, rate: np.ndarray, elapsed: np.ndarray, readout: np.ndarray) -> np.ndarray:
        hours = np.broadcast_to(elapsed, (len(matrix), np.shape(elapsed)[-1]))
        weights = np.broadcast_to(readout, (len(matrix), *readout.shape[1:]))
        moved = np.empty((*hours.shape, readout.shape[1]))
        for some, part in flows:
            moved[some] = part(state[some], rate[some], hours[some], weights[some])
        return moved

    return flow


def _modal(values: np.ndarray, vectors: np.ndarray) -> Flow:
    inverse = np.linalg.inv(vectors)
    flat = values == 0
    divisor = np.where(flat, 1, values)

    def flow(state: np.ndarray, rate: np.ndarray, elapsed: np.ndarray, readout: np.ndarray) -> np.ndarray:
        hours = np.atleast_2d(elapsed)[..., None]
        power = values[:, None] * hours
        modes = np.exp(power) * (inverse @ state[..., None])[:, None, :, 0]
        if rate.any():
            ramp = np.where(flat[:, None], hours, np.expm1(power) / divisor[:, None])
            modes = modes + ramp * (inverse @ rate[..., None])[:, None, :, 0]
        return np.real(modes @ np.swapaxes(readout @ vectors, 1, 2))

    return flow


def _augmented(matrix: np.ndarray) -> Flow:
    count, size = matrix.shape[:2]

    def flow(state: np.ndarray, rate: np.ndarray, elapsed: np.ndarray, readout: np.ndarray) -> np.ndarray:
        whole = np.zeros((count, 1, size + 1, size + 1))
        whole[:, 0, :size, :size], whole[:, 0, :size, size] = matrix, rate
        start = np.concatenate([state, np.ones((count, 1))], axis=1)[:, None, :, None]
        hours = np.broadcast_to(np.atleast_2d(elapsed), (count, np.shape(elapsed)[-1]))
        moved = (expm(whole * hours[..., None, None]) @ start)[..., :size, 0]
        return np.asarray(moved @ np.swapaxes(readout, 1, 2))

    return flow
