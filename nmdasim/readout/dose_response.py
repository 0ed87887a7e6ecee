"""Dose–response: a Hill curve with intervals, and honesty where there is none."""

from __future__ import annotations

from typing import Any

import numpy as np
import xarray as xr
from scipy.optimize import brentq
from scipy.stats import f as f_distribution
from scipy.stats import norm, t

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError
from nmdasim.readout.windows import warned
from nmdasim.receptors.hill import NAMES, SHALLOWEST, STEEPEST, hill, least, natural

#: Share of the variation between doses that a Hill curve must explain to be called one.
_EXPLAINED = 0.9
#: Within this share of either end, a dose lies on a plateau.
_PLATEAU = 0.05
_LEVEL = 0.95


def dose_response(values: xr.DataArray, dose: str = "ketamine", *, resamples: int = 200, seed: int = 0) -> xr.Dataset:
    """Fit a Hill curve to a read-out over doses, ``bottom + (top - bottom)/(1 + (dose/ic50)**slope)``.

    The mean over ``seed`` is fitted by least squares; a seed of which a dose failed is left out (``left_out`` says how
    many, ``attrs["warnings"]`` too). Where there are 5 seeds or more, 95 % intervals come from
    resampling them, whole curves at a time, since the doses of one seed share its draws; elsewhere from the profile of
    the sum of squares: the values at which it exceeds its minimum by the factor ``1 + F(0.95; 1, n - 4)/(n - 4)``.

    Parameters
    ----------
    values
        A read-out with the dimension `dose`; ``seed`` is averaged over, further dimensions are kept.
    dose
        Name of the dimension of doses.
    resamples, seed
        Number of bootstrap samples, and the seed of their draw.

    Returns
    -------
    xarray.Dataset
        ``top``, ``bottom``, ``ic50``, ``slope``, each with ``_low`` and ``_high``; ``r_squared``; ``fitted`` and
        ``residual`` over the doses; ``sigmoid``, whether the curve is one, and ``reason`` where not. Then ``ic50`` and
        ``slope`` are NaN: the numbers of a curve that is not there mean nothing. An end of an interval that the doses
        do not bound is infinite, or 0 below an IC50 or a slope. ``top`` is the plateau of low doses, ``bottom`` that of
        high ones, also where the curve rises.

    Raises
    ------
    InputError
        If there is no such dimension, or fewer than 5 doses; if doses are negative or not finite.

    References
    ----------
    Bates & Watts (1988) Nonlinear Regression Analysis and Its Applications, ch. 6 (profiles); Hesterberg (2015) Am.
    Stat. 69:371–386 (percentiles of few seeds).
    """
    if dose not in values.dims:
        raise InputError(f"the read-out has the dimensions {', '.join(map(str, values.dims))}, no {dose!r}")
    if values.sizes[dose] < 5:
        raise InputError(f"{values.sizes[dose]} doses; a Hill curve has 4 numbers, give 5 doses or more")
    doses = np.asarray(values[dose].values, dtype=float)
    if not np.all(np.isfinite(doses)) or np.any(doses < 0) or len(np.unique(doses[doses > 0])) < 4:
        raise InputError(
            f"{dose} = {doses.tolist()}; a Hill curve takes finite doses from 0 up, 4 or more of them above 0"
        )
    curves = values.astype(float) if "seed" in values.dims else values.astype(float).expand_dims("seed")
    others = [dim for dim in curves.dims if dim not in (dose, "seed")]
    curves = curves.transpose(*others, "seed", dose)
    found = xr.Dataset(coords={name: curves.coords[name] for name in [*others, dose]})
    found.attrs = values.attrs | {"disclaimer": DISCLAIMER}
    shape = tuple(curves.sizes[dim] for dim in others)
    rows = {index: _one(curves.values[index], curves[dose].values, resamples, seed) for index in np.ndindex(shape)}
    for name, example in next(iter(rows.values())).items():
        dims = [*others, dose] if np.ndim(example) else others
        table = np.array([row[name] for row in rows.values()])
        found[name] = (dims, table.reshape((*shape, -1) if np.ndim(example) else shape))
    found["left_out"] = (others, np.array([_left_out(curves.values[index]) for index in rows]).reshape(shape))
    if missing := int(found["left_out"].sum()):
        total = curves.size // curves.sizes[dose]
        found.attrs |= warned(values.attrs, [f"{missing} of {total} curves have doses that failed and are left out."])
    for name in ("ic50", "ic50_low", "ic50_high"):
        found[name].attrs["units"] = values[dose].attrs.get("units", "1")
    return found


def _left_out(curves: np.ndarray) -> int:
    """Return how many of the curves (seeds, doses) lack a dose."""
    return int(np.sum(~np.all(np.isfinite(curves), axis=1)))


def _one(curves: np.ndarray, doses: np.ndarray, resamples: int, seed: int) -> dict[str, Any]:
    """Fit one condition; `curves` is (seeds, doses)."""
    curves = curves[np.all(np.isfinite(curves), axis=1)]
    if not len(curves):
        return _row(np.full(4, np.nan), np.full((4, 2), np.nan), np.full(len(doses), np.nan), np.nan, "no finite curve")
    mean = curves.mean(axis=0)
    best = least(doses, mean).x
    residual = mean - hill(doses, *natural(best))
    spread = float(np.sum((mean - mean.mean()) ** 2))
    explained = 1 - float(np.sum(residual**2)) / spread if spread > 0 else 0.0
    reason = _objection(doses, mean, natural(best), explained)
    if reason:
        intervals = np.full((4, 2), np.nan)
    elif len(curves) >= 5:
        intervals = _bootstrap(doses, curves, best, resamples, seed)
    else:
        intervals = _profile(doses, mean, best)
    return _row(natural(best), intervals, residual, explained, reason) | {"fitted": mean - residual}


def _row(
    best: np.ndarray, intervals: np.ndarray, residual: np.ndarray, explained: float, reason: str
) -> dict[str, Any]:
    row: dict[str, Any] = {"fitted": residual}
    for name, value, (low, high) in zip(NAMES, best, intervals, strict=True):
        hidden = bool(reason) and name in ("ic50", "slope")
        row |= {name: np.nan if hidden else value, f"{name}_low": low, f"{name}_high": high}
    return row | {"residual": residual, "r_squared": explained, "sigmoid": not reason, "reason": reason}


def _objection(doses: np.ndarray, mean: np.ndarray, best: np.ndarray, explained: float) -> str:
    """Say why a curve is not sigmoid, or nothing."""
    positive = doses[doses > 0]
    top, bottom, ic50, slope = best
    if np.ptp(mean) <= 1e-9 * max(np.max(np.abs(mean)), 1.0):
        return "flat: the read-out does not depend on the dose"
    if explained < _EXPLAINED:
        return f"not sigmoid: a Hill curve explains {100 * max(explained, 0):.0f} % of the variation between doses"
    if not positive.min() <= ic50 <= positive.max():
        return "half of the effect lies outside of the doses given"
    share = (hill(doses, *best) - bottom) / (top - bottom)
    if not np.any((share > _PLATEAU) & (share < 1 - _PLATEAU)):
        return "a step: no dose lies on the slope"
    if slope <= SHALLOWEST * 1.001:
        return "no plateau: the slope is at its limit"
    return ""


def _bootstrap(doses: np.ndarray, curves: np.ndarray, best: np.ndarray, resamples: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    draws = [curves[rng.integers(len(curves), size=len(curves))].mean(axis=0) for _ in range(resamples)]
    found = np.array([natural(least(doses, mean, start=best).x) for mean in draws])
    # Percentiles of few seeds are too narrow: these are moved out as Student's t is from the normal distribution.
    n = len(curves)
    tail = norm.cdf(-np.sqrt(n / (n - 1)) * t.ppf((1 + _LEVEL) / 2, n - 1))
    ends: np.ndarray = np.quantile(found, [tail, 1 - tail], axis=0).T
    return ends


def _profile(doses: np.ndarray, mean: np.ndarray, best: np.ndarray) -> np.ndarray:
    """Return where the profile of each parameter crosses its limit; its own limit, infinite or 0, where it does not."""
    squares = float(np.sum((hill(doses, *natural(best)) - mean) ** 2))
    left = len(doses) - 4
    squares = max(squares, 1e-12 * float(np.sum((mean - mean.mean()) ** 2)))  # of numbers without any noise
    limit = squares * (1 + f_distribution.ppf(_LEVEL, 1, left) / left)

    def excess(k: int, value: float) -> float:
        x = least(doses, mean, {k: value}, best).x
        return float(np.sum((hill(doses, *natural(x)) - mean) ** 2)) - limit

    sizes = (np.ptp(mean), np.ptp(mean), 1.0, best[3])
    return np.array([[_crossing(excess, k, best[k], sign * sizes[k]) for sign in (-1, 1)] for k in range(4)])


def _crossing(excess: Any, k: int, best: float, size: float) -> float:
    """Walk from the best value outward until the limit is exceeded, and find where."""
    inner = best
    for outer in best + size * np.geomspace(1e-4, 4, 16):
        if k == 3 and not SHALLOWEST < outer < STEEPEST:
            break
        if excess(k, outer) > 0:
            at = brentq(lambda value: excess(k, value), inner, outer, xtol=1e-6 * abs(size))
            return float(np.exp(at) if k == 2 else at)
        inner = outer
    return 0.0 if size < 0 and k >= 2 else float(np.inf * np.sign(size))  # IC50 and slope are above 0
