"""Intervals of a Hill curve's numbers: by resampling seeds, or by the profile of the sum of squares."""

from __future__ import annotations

import numpy as np
import scipy

from nmdasim.readout import curves
from nmdasim.readout.curves import Doses
from nmdasim.receptors.hill import SHALLOWEST

_LEVEL = 0.95
_BISECTIONS = 40
#: How near to the limit of its range, in e-folds, a number lies at it.
_AT_LIMIT = 1e-3
_BOUNDS = np.log([SHALLOWEST, curves.STEEPEST])
#: Larger than any logarithm here, smaller than what interpolation turns into NaN.
_FAR = 1e100


def bootstrap(doses: Doses, drawn: np.ndarray, best: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    """Return percentile intervals of one curve, shape (4, 2), from resampling seeds; `drawn` is (seeds, doses).

    A sample of which the slope lies at the limit of what is fitted does not bound it: it counts as infinite, or as 0.
    """
    n = len(drawn)
    rows = drawn[np.random.default_rng(seed).integers(n, size=(resamples, n))]
    there = np.isfinite(rows)
    weights = there.sum(axis=1).astype(float)
    means = np.divide(np.where(there, rows, 0).sum(axis=1), weights, out=np.zeros_like(weights), where=weights > 0)
    found = curves.least(doses, means, weights, np.broadcast_to(best, (resamples, 4)))
    slope = found[:, 3]
    found[:, 3] = np.select([slope >= _BOUNDS[1] - _AT_LIMIT, slope <= _BOUNDS[0] + _AT_LIMIT], [_FAR, -_FAR], slope)
    # Percentiles of few seeds are too narrow: these are moved out as Student's t is from the normal distribution.
    tail = scipy.stats.norm.cdf(-np.sqrt(n / (n - 1)) * scipy.stats.t.ppf((1 + _LEVEL) / 2, n - 1))
    ends = np.quantile(found, [tail, 1 - tail], axis=0).T
    return np.where(np.abs(ends) > 1e3 * _FAR**0.5, np.sign(ends) * np.inf, ends)


def profile(doses: Doses, y: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Return where the profile of each number of each curve crosses its limit, shape (curves, 4, 2).

    An end that the doses do not bound is infinite (of the logarithms of IC50 and slope, below as above).
    """
    weights = np.broadcast_to(doses.weight, y.shape)
    left = len(doses.dose) - 4
    total = np.square(y - (y @ doses.weight / doses.weight.sum())[:, None]) @ doses.weight
    least = np.maximum(curves.squares(doses, y, weights, best), 1e-12 * total)  # of numbers without any noise
    limit = least * (1 + scipy.stats.f.ppf(_LEVEL, 1, left) / left)
    count = len(y)
    # Every number of every curve, downward and upward, is one problem of its own.
    curve, number, side = (a.ravel() for a in np.meshgrid(range(count), range(4), (-1, 1), indexing="ij"))
    held = np.eye(4, dtype=bool)[number]
    centre, last = best[curve, number], best[curve]

    def excess(values: np.ndarray, some: np.ndarray, start: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        x = np.where(held[some], values[:, None], start)
        x = curves.least(doses, y[curve[some]], weights[curve[some]], x, held[some])
        return curves.squares(doses, y[curve[some]], weights[curve[some]], x) - limit[curve[some]], x

    inner, outer = centre.copy(), np.full(len(curve), np.nan)
    walking = np.ones(len(curve), dtype=bool)
    for distance in np.geomspace(1e-4, 4, 16):
        at = centre + side * distance
        walking &= (number != 3) | ((at > _BOUNDS[0]) & (at < _BOUNDS[1]))
        if not len(some := np.flatnonzero(walking)):
            break
        over, x = excess(at[some], some, last[some])
        crossed = over > 0
        outer[some[crossed]] = at[some[crossed]]
        inner[some[~crossed]], last[some[~crossed]] = at[some[~crossed]], x[~crossed]
        walking[some[crossed]] = False
    some = np.flatnonzero(np.isfinite(outer))
    for _ in range(_BISECTIONS):
        middle = (inner[some] + outer[some]) / 2
        if not len(some) or np.all(np.abs(outer[some] - inner[some]) < 1e-7):
            break
        beyond = excess(middle, some, last[some])[0] > 0
        outer[some] = np.where(beyond, middle, outer[some])
        inner[some] = np.where(beyond, inner[some], middle)
    ends = np.where(np.isfinite(outer), outer, side * np.inf)
    return np.asarray(ends.reshape(count, 4, 2))
