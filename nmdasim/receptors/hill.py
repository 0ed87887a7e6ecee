"""Hill fit of a concentration–response curve, with a confidence interval."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import curve_fit
from scipy.special import stdtrit

from nmdasim.errors import InputError


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

    def __call__(self, concentration: np.ndarray) -> np.ndarray:
        """Return the fitted response at concentrations."""
        return np.asarray(1 / (1 + (np.asarray(concentration) / self.ic50) ** self.hill))


def fit(concentration: np.ndarray, response: np.ndarray, level: float = 0.95) -> HillFit:
    """Fit a Hill curve.

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

    def curve(log_x: np.ndarray, log_half: float, n: float) -> np.ndarray:
        return np.asarray(1 / (1 + np.exp(n * (log_x - log_half))))

    guess = (float(np.interp(-0.5, np.sort(-y), np.log(x)[np.argsort(-y)])), 1.0)
    best, covariance = curve_fit(curve, np.log(x), y, p0=guess)
    width = stdtrit(len(x) - 2, 0.5 + level / 2) * np.sqrt(np.diag(covariance))
    low, high = best - width, best + width
    return HillFit(
        ic50=float(np.exp(best[0])),
        hill=float(best[1]),
        ic50_interval=(float(np.exp(low[0])), float(np.exp(high[0]))),
        hill_interval=(float(low[1]), float(high[1])),
        level=level,
    )
