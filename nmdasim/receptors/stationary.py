"""Stationary distribution of a Markov chain by linear algebra."""

from __future__ import annotations

import numpy as np
import scipy

from nmdasim.errors import ModelError

#: Share of the largest rate below which a transition never happens.
NEVER = 1e-25


def stationary(matrix: np.ndarray, start: int) -> np.ndarray:
    """Return the stationary distribution that a chain started in state `start` reaches.

    States are eliminated one by one without a single subtraction (Grassmann, Taksar & Heyman), so that probabilities
    come out positive and accurate to the last digits however stiff the rates. Rates below :data:`NEVER` times the
    largest count as 0: they would not act within the age of the universe.

    Parameters
    ----------
    matrix
        Generator, shape (states, states).
    start
        Index of the first state.

    Raises
    ------
    ModelError
        If the chain may end in one of several classes of states.
    """
    matrix = np.where(matrix > NEVER * matrix.max(), matrix, 0.0)
    _, member = scipy.sparse.csgraph.connected_components(matrix > 0, directed=True, connection="strong")
    leaves = [np.any(matrix[np.ix_(member == k, member != k)] > 0) for k in range(member.max() + 1)]
    reached = _reachable(matrix > 0, start)
    closed = [k for k in np.unique(member[reached]) if not leaves[k]]
    if len(closed) != 1:
        raise ModelError(
            f"no unique steady state: from the start, {len(closed)} separate groups of states can be final"
        )
    inside = np.flatnonzero(member == closed[0])
    rates = matrix[np.ix_(inside, inside)].copy()
    for k in range(len(inside) - 1, 0, -1):
        rates[:k, k] /= rates[k, :k].sum()
        rates[:k, :k] += np.outer(rates[:k, k], rates[k, :k])
    weight = np.ones(len(inside))
    for k in range(1, len(inside)):
        weight[k] = weight[:k] @ rates[:k, k]
    found = np.zeros(len(matrix))
    found[inside] = weight / weight.sum()
    return found


def _reachable(arrows: np.ndarray, start: int) -> np.ndarray:
    seen = np.zeros(len(arrows), dtype=bool)
    seen[start] = True
    while np.any(new := arrows[seen].any(axis=0) & ~seen):
        seen |= new
    return seen
