"""Many Hill curves at once: where on a grid they lie best, and their least squares from there."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
import scipy

from nmdasim.receptors.hill import SHALLOWEST

#: Steepest slope that is fitted; doses a factor 1.1 apart tell such a curve from a step.
STEEPEST = 100.0
#: How far beyond the doses an IC50 is looked for, in e-folds.
_BEYOND = 5
_PLACES, _SLOPES, _BELLS = 70, 28, 12
_STEPS = 200


@dataclass(frozen=True, eq=False)
class Doses:
    """The doses of a curve, shape (doses,), and how much each weighs."""

    dose: np.ndarray
    weight: np.ndarray

    @cached_property
    def log(self) -> np.ndarray:
        """Logarithm of the doses; that of 0 is minus infinity."""
        with np.errstate(divide="ignore"):
            return np.log(self.dose)

    @cached_property
    def range(self) -> tuple[float, float]:
        """Logarithms of the smallest dose above 0 and of the largest."""
        return float(self.log[self.dose > 0].min()), float(self.log.max())

    @cached_property
    def grid(self) -> tuple[np.ndarray, np.ndarray]:
        """Curves from 1 to 0, shape (curves, doses), and their log IC50 and log slope, shape (curves, 2)."""
        low, high = self.range
        places = np.linspace(low - _BEYOND, high + _BEYOND, _PLACES)
        places = np.sort(np.concatenate([places, np.linspace(low, high, _PLACES)]))
        slopes = np.linspace(np.log(SHALLOWEST), np.log(STEEPEST), _SLOPES)
        numbers = np.stack(np.meshgrid(places, slopes, indexing="ij"), axis=-1).reshape(-1, 2)
        return share(self.log, numbers[:, :1], numbers[:, 1:]), numbers

    @cached_property
    def sigmoids(self) -> np.ndarray:
        """Those of the grid that could be called sigmoid: half inside of the doses, one of them on the slope."""
        curves, numbers = self.grid
        inside = (numbers[:, 0] >= self.range[0] - 1e-9) & (numbers[:, 0] <= self.range[1] + 1e-9)
        return np.asarray(curves[inside & np.any((curves > 0.05) & (curves < 0.95), axis=1)])

    @cached_property
    def bells(self) -> np.ndarray:
        """Curves that rise and fall again, shape (curves, doses), with two numbers each as a Hill curve has."""
        step = float(np.median(np.diff(np.unique(self.log[self.dose > 0]))))
        place = np.where(self.dose > 0, self.log, self.range[0] - step)
        second, last_but_one = np.sort(place)[[1, -2]].tolist()
        inner = np.linspace(second, last_but_one, 4 * _BELLS)
        widths = np.geomspace(step / 2, max(np.ptp(place), step), _BELLS)
        bells = np.exp(-0.5 * ((place - inner[:, None, None]) / widths[:, None]) ** 2).reshape(-1, len(place))
        ends = bells[:, [np.argmin(place), np.argmax(place)]].max(axis=1)
        return np.asarray(bells[ends < 0.8 * bells.max(axis=1)])

    def explained(self, curves: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return the share of the variation of each of `values` (n, doses) that each of `curves` explains, scaled."""
        found, spread = self._products(curves, values)
        return np.divide(np.square(found), spread[:, None], out=np.zeros_like(found), where=spread[:, None] > 0)

    def best(self, curves: np.ndarray, values: np.ndarray) -> np.ndarray:
        """Return the share of the variation of each of `values` (n, doses) that the best of `curves` explains."""
        found, spread = self._products(curves, values)
        most = np.maximum(found.max(axis=1, initial=0), -found.min(axis=1, initial=0))
        return np.divide(np.square(most), spread, out=np.zeros_like(spread), where=spread > 0)

    def _products(self, curves: np.ndarray, values: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the products of every value with every curve, both about their mean, and the spread of the values."""
        about = curves - (curves @ self.weight / self.weight.sum())[:, None]
        size = np.sqrt(np.square(about) @ self.weight)
        kept = np.divide(about, size[:, None], out=np.zeros_like(about), where=size[:, None] > 1e-6)
        free = values - (values @ self.weight / self.weight.sum())[:, None]
        spread = np.square(free) @ self.weight
        return (free * self.weight) @ kept.T, spread


def share(log_dose: np.ndarray, log_ic50: np.ndarray, log_slope: np.ndarray) -> np.ndarray:
    """Return 1/(1 + (dose/ic50)**slope)."""
    return np.asarray(scipy.special.expit(-np.exp(log_slope) * (log_dose - log_ic50)))


def curve(log_dose: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return Hill curves of top, bottom, log IC50 and log slope, shape (…, 4), over the doses."""
    top, bottom, log_ic50, log_slope = np.moveaxis(x[..., None, :], -1, 0)
    return np.asarray(bottom + (top - bottom) * share(log_dose, log_ic50, log_slope))


def squares(doses: Doses, values: np.ndarray, weights: np.ndarray, x: np.ndarray) -> np.ndarray:
    """Return the weighted sum of squares of each curve."""
    return np.asarray(np.sum(weights * (curve(doses.log, x) - values) ** 2, axis=-1))


def start(doses: Doses, values: np.ndarray) -> np.ndarray:
    """Return for each of `values` (n, doses) the best curve of the grid, shape (n, 4)."""
    curves, numbers = doses.grid
    best = np.argmax(doses.explained(curves, values), axis=1)
    shape, w = curves[best], doses.weight / doses.weight.sum()
    about = shape - (shape @ w)[:, None]
    rise = np.sum(about * values * w, axis=1) / np.sum(np.square(about) * w, axis=1)
    bottom = values @ w - rise * (shape @ w)
    return np.column_stack([bottom + rise, bottom, numbers[best]])


def least(
    doses: Doses, values: np.ndarray, weights: np.ndarray, start: np.ndarray, held: np.ndarray | None = None
) -> np.ndarray:
    """Return the least squares of many curves at once, by Levenberg and Marquardt's steps within bounds.

    Parameters
    ----------
    doses
        The doses.
    values, weights
        Shape (curves, doses).
    start
        Top, bottom, log IC50 and log slope to begin from, shape (curves, 4).
    held
        Which of them stay, shape (curves, 4).
    """
    low = np.array([-np.inf, -np.inf, doses.range[0] - _BEYOND, np.log(SHALLOWEST)])
    high = np.array([np.inf, np.inf, doses.range[1] + _BEYOND, np.log(STEEPEST)])
    held = np.zeros(start.shape, dtype=bool) if held is None else held
    x, damping = start.copy(), np.full(len(start), 1e-3)
    cost = squares(doses, values, weights, x)
    active = np.ones(len(x), dtype=bool)
    for _ in range(_STEPS):
        rows = np.flatnonzero(active)
        if not len(rows):
            break
        jacobian, residual = _slopes(doses, x[rows]), curve(doses.log, x[rows]) - values[rows]
        weighed = jacobian * weights[rows][..., None]
        normal = np.swapaxes(weighed, 1, 2) @ jacobian
        gradient = np.einsum("kdp,kd->kp", weighed, residual)
        still = held[rows] | ((x[rows] <= low) & (gradient > 0)) | ((x[rows] >= high) & (gradient < 0))
        step = _step(normal, gradient, still, damping[rows])
        moved = np.where(held[rows], x[rows], np.clip(x[rows] + step, low, high))
        after = squares(doses, values[rows], weights[rows], moved)
        better = after < cost[rows]
        small = np.all(np.abs(moved - x[rows]) <= 1e-10 * (1 + np.abs(x[rows])), axis=1)
        x[rows[better]], cost[rows[better]] = moved[better], after[better]
        damping[rows] *= np.where(better, 0.2, 5.0)
        active[rows] = ~small & (damping[rows] < 1e12)
        damping = np.maximum(damping, 1e-15)
    return x


def _slopes(doses: Doses, x: np.ndarray) -> np.ndarray:
    """Return the derivatives of curves by their numbers, shape (curves, doses, 4)."""
    top, bottom, log_ic50, log_slope = np.moveaxis(x[..., None, :], -1, 0)
    s, slope = share(doses.log, log_ic50, log_slope), np.exp(log_slope)
    bend = (top - bottom) * s * (1 - s)
    with np.errstate(invalid="ignore"):
        turn = np.where(bend == 0, 0.0, -bend * slope * (doses.log - log_ic50))
    return np.stack([s, 1 - s, bend * slope, turn], axis=-1)


def _step(normal: np.ndarray, gradient: np.ndarray, still: np.ndarray, damping: np.ndarray) -> np.ndarray:
    apart = still[:, :, None] | still[:, None, :]
    matrix = np.where(apart, 0.0, normal)
    diagonal = np.einsum("kpp->kp", matrix)
    scale = np.where(still, 1.0, damping[:, None] * (diagonal + 1e-12 * diagonal.max(axis=1, keepdims=True)) + 1e-300)
    diagonal += scale
    return -np.linalg.solve(matrix, np.where(still, 0.0, gradient)[..., None])[..., 0]
