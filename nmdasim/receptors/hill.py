"""The Hill curve, ``bottom + (top - bottom)/(1 + (C/IC50)**n)``, and its least squares: the one fit of the library."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
import scipy
from numpy.typing import ArrayLike

from nmdasim.errors import InputError

#: The curve's numbers, in the order of the fit; the IC50 is fitted as its logarithm.
NAMES = ("top", "bottom", "ic50", "slope")
TOP, BOTTOM, LOG_IC50, SLOPE = range(4)
STEEPEST, SHALLOWEST = 20.0, 0.1
#: How far beyond the doses an IC50 is looked for, in e-folds.
_BEYOND = 5


def hill(dose: ArrayLike, top: float, bottom: float, ic50: float, slope: float) -> np.ndarray:
    """Return ``bottom + (top - bottom)/(1 + (dose/ic50)**slope)``."""
    with np.errstate(over="ignore"):
        return bottom + (top - bottom) / (1 + (np.asarray(dose, dtype=float) / ic50) ** slope)


def natural(x: np.ndarray) -> np.ndarray:
    """Return top, bottom, IC50 and slope of what was fitted."""
    return np.array([x[TOP], x[BOTTOM], np.exp(x[LOG_IC50]), x[SLOPE]])


@dataclass(frozen=True, eq=False)
class Least:
    """The least squares of a Hill curve.

    Parameters
    ----------
    x
        Top, bottom, logarithm of the IC50 and slope.
    covariance
        Of those that were free, in their order, from the residuals; NaN where no more points than numbers are given.
    """

    x: np.ndarray
    covariance: np.ndarray


def least(
    doses: np.ndarray,
    response: np.ndarray,
    held: Mapping[int, float] = MappingProxyType({}),
    start: np.ndarray | None = None,
) -> Least:
    """Fit top, bottom, log IC50 and slope by least squares.

    Parameters
    ----------
    doses, response
        Shape (points,).
    held
        Numbers that are not fitted, by their place among the four.
    start
        Where to begin; from several places by default.
    """
    positive = doses[doses > 0]
    low, high = np.log(positive.min()) - _BEYOND, np.log(positive.max()) + _BEYOND
    bounds = np.array([[-np.inf, -np.inf, low, SHALLOWEST], [np.inf, np.inf, high, STEEPEST]])
    free = [k for k in range(4) if k not in held]

    def whole(x: np.ndarray) -> np.ndarray:
        full = np.empty(4)
        full[free] = x
        for k, value in held.items():
            full[k] = value
        return full

    size = max(float(np.ptp(response)), 1e-12)
    ends = (response[np.argmin(doses)], response[np.argmax(doses)])
    middle = np.quantile(np.log(positive), [0.2, 0.5, 0.8])
    starts = [start] if start is not None else [np.array([*ends, at, s]) for at in middle for s in (1.0, 3.0)]
    tried = [
        scipy.optimize.least_squares(
            lambda x: (hill(doses, *natural(whole(x))) - response) / size,
            s[free],
            bounds=bounds[:, free],
            x_scale="jac",
        )
        for s in starts
    ]
    best = min(tried, key=lambda result: result.cost)
    spare = len(doses) - len(free)
    error = 2 * best.cost / spare if spare > 0 else np.nan
    return Least(whole(best.x), error * np.linalg.pinv(best.jac.T @ best.jac))


@dataclass(frozen=True)
class HillFit:
    """response = 1/(1 + (C/IC50)^n), fitted by least squares in log IC50 and n.

    Parameters
    ----------
    ic50
        Concentration of half response, in the unit of the concentrations.
    hill
        Hill coefficient n.
    ic50_interval, hill_interval
        Confidence intervals (low, high).
    level
        Their level.
    """

    ic50: float
    hill: float
    ic50_interval: tuple[float, float]
    hill_interval: tuple[float, float]
    level: float = 0.95

    def __call__(self, concentration: ArrayLike) -> np.ndarray:
        """Return the fitted response at concentrations."""
        return hill(concentration, 1.0, 0.0, self.ic50, self.hill)


def fit(concentration: np.ndarray, response: np.ndarray, level: float = 0.95) -> HillFit:
    """Fit a Hill curve from 1 to 0, the response relative to control.

    Parameters
    ----------
    concentration
        Concentrations above 0, shape (points,).
    response
        Response relative to control, shape (points,).
    level
        Level of the confidence intervals, from the residuals by Student's t.

    Raises
    ------
    InputError
        If there are fewer than 3 points, a concentration is not above 0, or numbers are not finite.
    """
    x, y = np.asarray(concentration, dtype=float), np.asarray(response, dtype=float)
    if x.shape != y.shape or x.ndim != 1 or len(x) < 3:
        raise InputError(f"a Hill fit takes 3 points or more; given shapes {x.shape} and {y.shape}")
    if np.any(x <= 0) or not (np.all(np.isfinite(x)) and np.all(np.isfinite(y))):
        raise InputError("a Hill fit takes finite responses at finite concentrations above 0")
    found = least(x, y, held={TOP: 1.0, BOTTOM: 0.0})
    best = found.x[[LOG_IC50, SLOPE]]
    width = scipy.special.stdtrit(len(x) - 2, 0.5 + level / 2) * np.sqrt(np.diag(found.covariance))
    low, high = best - width, best + width
    return HillFit(
        ic50=float(np.exp(best[0])),
        hill=float(best[1]),
        ic50_interval=(float(np.exp(low[0])), float(np.exp(high[0]))),
        hill_interval=(float(low[1]), float(high[1])),
        level=level,
    )
