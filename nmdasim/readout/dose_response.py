"""Dose–response: a Hill curve with intervals, and honesty where there is none."""

from __future__ import annotations

import numpy as np
import xarray as xr

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError
from nmdasim.quantities import brief, several
from nmdasim.readout import curves, intervals
from nmdasim.readout.curves import Doses
from nmdasim.readout.windows import warned
from nmdasim.receptors.hill import NAMES, SHALLOWEST

#: Share of curves of pure noise that may be called sigmoid.
FALSE_POSITIVES = 0.05
#: Noise drawn to know how much of it a Hill curve explains, and the seed of that draw.
_DRAWS, _SEED = 4000, 0
#: Orders in which the values of a curve are shuffled over its doses, likewise.
_SHUFFLES = 1000
#: Within this share of either end, a dose lies on a plateau.
_PLATEAU = 0.05
#: By how much, on Akaike's scale, a curve that rises and falls must be better than a Hill curve of as many numbers.
_BETTER = 4.0
_FEWEST = 5
#: What a sum leaves of numbers that cancel, as a share of them.
_ROUNDING = 64 * np.finfo(float).eps


def dose_response(values: xr.DataArray, dose: str = "ketamine", *, resamples: int = 200, seed: int = 0) -> xr.Dataset:
    """Fit a Hill curve to a read-out over doses, ``bottom + (top - bottom)/(1 + (dose/ic50)**slope)``.

    The mean over ``seed`` is fitted by least squares, weighted by the number of seeds; a value that is NaN is left out
    (``left_out`` counts them), and nothing else of its seed. Scale and offset of the read-out do not matter.

    Whether the curve is sigmoid is judged by comparing models. A flat line: a Hill curve explains some of the variation
    of pure noise too; what is called sigmoid is explained better than 95 % of 4,000 draws of normal noise at just these
    doses, and than 95 % of 1,000 shuffles of its own values over the doses, those of each seed among themselves, so
    that at most 5 % of flat noisy curves are called so, also of counts that are few. A curve that rises and falls (a
    bell over the logarithm of the dose, with as many numbers): preferred where Akaike's criterion is better by 4. Of
    Hill curves themselves, ``model`` says whether one that ends at 0 does as well as one whose bottom is free.

    Where there are 5 seeds or more, 95 % intervals come from resampling them, whole curves at a time, since the doses
    of one seed share its draws; elsewhere from the profile of the sum of squares: the values at which it exceeds its
    minimum by the factor ``1 + F(0.95; 1, n - 4)/(n - 4)``.

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
        ``top``, ``bottom``, ``ic50``, ``slope``, each with ``_low`` and ``_high``; ``r_squared``; ``p_flat``, the share
        of pure noise, or of shuffles where that is more, of which a Hill curve explains as much; ``fitted`` and
        ``residual`` over the doses; ``sigmoid``, whether the curve is one, and ``reason`` where not; ``model``:
        ``"flat"``, ``"hill"`` (ends at 0), ``"hill, free bottom"``, ``"not monotone"`` or ``""`` (none). Where it is
        not sigmoid, ``ic50`` and ``slope`` are NaN: the numbers of a curve that is not there mean nothing. An end of an
        interval that the doses do not bound is infinite, or 0 below an IC50 or a slope. ``top`` is the plateau of low
        doses, ``bottom`` that of high ones, also where the curve rises.

    Raises
    ------
    InputError
        If there is no such dimension, or fewer than 5 doses; if doses are negative or not finite.

    References
    ----------
    Bates & Watts (1988) Nonlinear Regression Analysis and Its Applications, ch. 6 (profiles); Hesterberg (2015) Am.
    Stat. 69:371–386 (percentiles of few seeds); Davison & Hinkley (1997) Bootstrap Methods and Their Application, ch. 4
    (tests by drawing); Burnham & Anderson (2002) Model Selection and Multimodel Inference.
    """
    if not isinstance(values, xr.DataArray):
        raise InputError(
            "dose_response takes one read-out over concentrations, as nm.measures.windup(result)['index']; this is "
            f"of type {type(values).__name__}"
        )
    if dose not in values.dims:
        raise InputError(
            f"a read-out over {', '.join(map(str, values.dims))} has no {dose!r}; say which dimension is the dose, as "
            f"dose={str(next(iter(values.dims), 'memantine'))!r}"
        )
    if values.sizes[dose] < _FEWEST:
        raise InputError(f"{several(values.sizes[dose], 'dose')}; a Hill curve has 4 numbers, give 5 doses or more")
    if resamples < 1:
        raise InputError(f"resamples = {resamples}; give 1 or more")
    doses = np.asarray(values[dose].values, dtype=float)
    if not np.all(np.isfinite(doses)) or np.any(doses < 0) or len(np.unique(doses[doses > 0])) < 4:
        raise InputError(
            f"{dose} = {doses.tolist()}; a Hill curve takes finite doses from 0 up, 4 or more of them above 0"
        )
    given = values.astype(float) if "seed" in values.dims else values.astype(float).expand_dims("seed")
    others = [dim for dim in given.dims if dim not in (dose, "seed")]
    given = given.transpose(*others, "seed", dose)
    found = xr.Dataset(coords={name: given.coords[name] for name in [*others, dose]})
    found.attrs = values.attrs | {"disclaimer": DISCLAIMER}
    shape = tuple(given.sizes[dim] for dim in others)
    rows = _judged(given.values.reshape(-1, *given.shape[-2:]), doses, resamples, seed)
    for name, column in rows.items():
        long = column.ndim == 2
        found[name] = ([*others, dose] if long else others, column.reshape((*shape, -1) if long else shape))
    missing = ~np.isfinite(given.values)
    found["left_out"] = (others, missing.sum(axis=(-2, -1)))
    if missing.any():
        found.attrs |= warned(values.attrs, [f"{missing.sum()} of {missing.size} values are missing and left out."])
    for name in ("ic50", "ic50_low", "ic50_high"):
        found[name].attrs["units"] = values[dose].attrs.get("units", "1")
    return found


def _judged(given: np.ndarray, dose: np.ndarray, resamples: int, seed: int) -> dict[str, np.ndarray]:
    """Fit and judge curves of shape (curves, seeds, doses); those of which the same doses count go together."""
    there = np.isfinite(given)
    count = there.sum(axis=1)
    rows = _empty(len(given), len(dose))
    patterns, which = np.unique(count, axis=0, return_inverse=True)
    for k, pattern in enumerate(patterns):
        some, used = np.flatnonzero(which.ravel() == k), pattern > 0
        enough = used.sum() >= _FEWEST and len(np.unique(dose[used & (dose > 0)])) >= 4
        if not enough:
            rows["reason"][some] = "too few finite values" if used.any() else "no finite curve"
            continue
        doses = Doses(dose[used], pattern[used].astype(float))
        for name, column in _alike(given[some][:, :, used], doses, resamples, seed).items():
            rows[name][np.ix_(some, used) if column.ndim == 2 else some] = column
    return rows | {name: rows[name].astype(str) for name in ("reason", "model")}


def _empty(curves_: int, doses: int) -> dict[str, np.ndarray]:
    rows = {f"{name}{end}": np.full(curves_, np.nan) for name in NAMES for end in ("", "_low", "_high")}
    rows |= {"fitted": np.full((curves_, doses), np.nan), "residual": np.full((curves_, doses), np.nan)}
    rows |= {"r_squared": np.full(curves_, np.nan), "p_flat": np.full(curves_, np.nan)}
    texts = {name: np.full(curves_, "", dtype=object) for name in ("reason", "model")}
    return rows | {"sigmoid": np.zeros(curves_, dtype=bool)} | texts


def _alike(given: np.ndarray, doses: Doses, resamples: int, seed: int) -> dict[str, np.ndarray]:
    """Fit and judge curves of shape (curves, seeds, doses) of which every dose has a finite value."""
    size = np.nanmax(np.abs(given), axis=(1, 2), keepdims=True)
    scaled = given / np.where(size > 0, size, 1)
    mean = np.nanmean(scaled, axis=1)
    base = (mean @ doses.weight / doses.weight.sum())[:, None]
    spread = np.ptp(mean, axis=1)[:, None]
    moves = spread[:, 0] > _ROUNDING
    unit = np.where(moves[:, None], spread, 1)
    y = np.where(moves[:, None], (mean - base) / unit, 0)
    weights = np.broadcast_to(doses.weight, y.shape)
    x = curves.least(doses, y, weights, curves.start(doses, y))
    total = np.square(y) @ doses.weight
    left = np.minimum(curves.squares(doses, y, weights, x), total)
    zero = np.column_stack([x[:, 0], -base / unit, x[:, 2:]])
    held = np.broadcast_to([False, True, False, False], x.shape)
    to_zero = curves.squares(doses, y, weights, curves.least(doses, y, weights, zero, held))
    judged = _compared(doses, y, np.where(moves, total, 1), left, to_zero, moves)
    explained = np.where(moves, 1 - left / np.where(moves, total, 1), 0)
    for k in np.flatnonzero(_objections(doses, x, explained, judged) == ""):
        judged["p_flat"][k] = max(judged["p_flat"][k], _of_shuffles(doses, scaled[k], y[k]))
        if judged["p_flat"][k] > FALSE_POSITIVES:
            judged["model"][k] = "flat"
    reasons = _objections(doses, x, explained, judged)
    ends = _intervals(scaled, doses, y, x, reasons == "", (base, unit), resamples, seed)
    factor, offset = (size[:, 0] * unit)[:, 0], (size[:, 0] * base)[:, 0]
    rows: dict[str, np.ndarray] = {"reason": reasons, "sigmoid": reasons == "", "r_squared": explained} | judged
    for k, name in enumerate(NAMES):
        for end, column in (("", x[:, k]), ("_low", ends[:, k, 0]), ("_high", ends[:, k, 1])):
            shown = column * factor + offset if k < 2 else np.exp(column)
            rows[name + end] = np.where((reasons != "") & (k >= 2), np.nan, shown)
    fitted = curves.curve(doses.log, x) * factor[:, None] + offset[:, None]
    return rows | {"fitted": fitted, "residual": mean * size[:, 0] - fitted}


def _compared(
    doses: Doses, y: np.ndarray, total: np.ndarray, left: np.ndarray, to_zero: np.ndarray, moves: np.ndarray
) -> dict[str, np.ndarray]:
    """Return which model is preferred, and how often noise is as well explained by a Hill curve."""
    noise = np.random.default_rng(_SEED).standard_normal((_DRAWS, len(doses.dose))) / np.sqrt(doses.weight)
    p = {}
    best = {}
    for name, shapes in (("hill", doses.sigmoids), ("bell", doses.bells)):
        by_chance = np.sort(doses.best(shapes, noise))
        best[name] = doses.best(shapes, y)
        p[name] = (1 + _DRAWS - np.searchsorted(by_chance, best[name])) / (1 + _DRAWS)
    tiny = _ROUNDING * total
    bell = np.maximum((1 - best["bell"]) * total, tiny)
    number = len(doses.dose)
    turns = (p["bell"] <= FALSE_POSITIVES) & (number * np.log(np.maximum(left, tiny) / bell) > _BETTER)
    ends = number * np.log(np.maximum(to_zero, tiny) / np.maximum(left, tiny)) < 2
    named = np.where(ends, "hill", "hill, free bottom")
    named = np.where(p["hill"] > FALSE_POSITIVES, "flat", named)
    model = np.where(~moves, "flat", np.where(turns, "not monotone", named))
    return {"model": model.astype(object), "p_flat": np.where(moves, p["hill"], 1.0)}


def _of_shuffles(doses: Doses, given: np.ndarray, mean: np.ndarray) -> float:
    """Return of how many shuffles a Hill curve explains as much; `given` of shape (seeds, doses), NaN where none is.

    Normal noise does not stand for counts that are few: of 5 doses with one or two spikes at one of them it does not
    know how often chance alone has them at an end.
    """
    there = np.isfinite(given)
    places = np.argsort(~there, axis=1, kind="stable")  # those with a value first, as in an order drawn of them
    drawn = np.where(there, np.random.default_rng(_SEED).random((_SHUFFLES, *given.shape)), np.inf)
    every = np.broadcast_to(given, drawn.shape)
    shuffled = np.empty(drawn.shape)
    np.put_along_axis(
        shuffled, np.broadcast_to(places, drawn.shape), np.take_along_axis(every, np.argsort(drawn, axis=2), axis=2), 2
    )
    by_chance = doses.best(doses.sigmoids, np.nanmean(shuffled, axis=1))
    best = doses.best(doses.sigmoids, mean[None])[0]
    return float(1 + np.sum(by_chance >= best * (1 - 1e-9))) / (1 + _SHUFFLES)


def _objections(doses: Doses, x: np.ndarray, explained: np.ndarray, judged: dict[str, np.ndarray]) -> np.ndarray:
    """Say of each curve why it is not sigmoid, or nothing."""
    low, high = doses.range
    on_slope = curves.share(doses.log, x[:, 2:3], x[:, 3:])
    between = np.any((on_slope > _PLATEAU) & (on_slope < 1 - _PLATEAU), axis=1)
    reasons = []
    for k, (model, chance) in enumerate(zip(judged["model"], judged["p_flat"], strict=True)):
        part = f"a Hill curve explains {100 * explained[k]:.0f} % of the variation between doses"
        if model == "flat" and chance == 1.0 and explained[k] == 0:
            reasons.append("flat: the read-out does not depend on the dose")
        elif model == "not monotone":
            reasons.append("not sigmoid: it turns back, a bell explains it better than a Hill curve")
        elif model == "flat":
            reasons.append(f"not sigmoid: {part}, as of noise (p = {brief(chance, 2)})")
        elif not low <= x[k, 2] <= high:
            reasons.append("half of the effect lies outside of the doses given")
        elif not between[k] or x[k, 3] >= np.log(curves.STEEPEST) - 1e-3:
            reasons.append("a step: no dose lies on the slope")
        elif x[k, 3] <= np.log(SHALLOWEST) + 1e-3:
            reasons.append("no plateau: the slope is at its limit")
        else:
            reasons.append("")
    return np.array(reasons, dtype=object)


def _intervals(
    scaled: np.ndarray,
    doses: Doses,
    y: np.ndarray,
    x: np.ndarray,
    sigmoid: np.ndarray,
    scale: tuple[np.ndarray, np.ndarray],
    resamples: int,
    seed: int,
) -> np.ndarray:
    """Return the ends of the intervals, shape (curves, 4, 2), of curves that are sigmoid; NaN of others."""
    found = np.full((*x.shape, 2), np.nan)
    seeds = np.isfinite(scaled).any(axis=2)
    several = sigmoid & (seeds.sum(axis=1) >= _FEWEST)
    for k in np.flatnonzero(several):
        drawn = (scaled[k][seeds[k]] - scale[0][k]) / scale[1][k]
        found[k] = intervals.bootstrap(doses, drawn, x[k], resamples, seed)
    single = np.flatnonzero(sigmoid & ~several)
    if len(single):
        found[single] = intervals.profile(doses, y[single], x[single])
    return found
