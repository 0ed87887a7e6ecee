"""Fitting parameters of a model to data; every generation of candidates runs as lanes."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from brian2.units import Quantity
from scipy.optimize import differential_evolution

from nmdasim import quantities
from nmdasim.errors import InputError, OverflowedError, nearest, need, plainly
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model
from nmdasim.protocols.given import protocol_of
from nmdasim.readout import measures
from nmdasim.run.axes import parameter_axes
from nmdasim.run.simulate import simulate

METHODS = ("differential_evolution", "optuna")
_Loss = Callable[[np.ndarray], np.ndarray]


@dataclass(frozen=True, eq=False)
class Fit:
    """The best candidate of a fit.

    Parameters
    ----------
    parameters
        Values found.
    loss
        Mean squared difference between read-out and data.
    predicted
        The read-out of the best candidate, over the dimensions of the data.
    history
        Best loss after every generation.
    candidates
        Number of candidates that were run.
    at_bounds
        Parameters within 1 % of an end of their range: the range, not the data, decided on them.
    """

    parameters: Mapping[str, Quantity]
    loss: float
    predicted: xr.DataArray
    history: tuple[float, ...]
    candidates: int
    at_bounds: tuple[str, ...]


@plainly
def fit(
    model: Model | Circuit,
    protocol: Any,
    data: xr.DataArray,
    parameters: Mapping[str, Any],
    *,
    readout: str = "late",
    log: Sequence[str] = (),
    seeds: Any = range(4),
    method: str = "differential_evolution",
    generations: int = 30,
    population: int = 32,
    seed: int = 0,
    **options: Any,
) -> Fit:
    """Find parameter values with which a read-out comes closest to data, in the mean square.

    Parameters
    ----------
    model, protocol
        What is run.
    data
        Over any of ``pulse``, what the protocol varies, such as ``frequency``, and parameters of the model such as
        ``ketamine``; coordinates of parameters carry ``units``. Points that are NaN do not count; a
        candidate whose read-out is NaN at one that counts is out.
    parameters
        ``{name: (low, high)}``.
    readout
        ``"spike_count"``, or a read-out of :func:`nmdasim.readout.measures.windup`; its mean over `seeds` is compared.
    log
        Names of the parameters that are searched on a logarithmic scale.
    seeds
        Draws of latencies, the same for every candidate.
    method
        ``"differential_evolution"`` (SciPy), or ``"optuna"`` (its tree-structured Parzen estimator; needs the extra).
    generations, population
        At most so many rounds of so many candidates.
    seed
        Seed of the search.
    **options
        Of :func:`nmdasim.run.simulate`.

    Raises
    ------
    InputError
        For an unknown method, parameter or dimension, or a range that does not rise.

    References
    ----------
    Storn & Price (1997) J. Glob. Optim. 11:341–359; Bergstra et al. (2011) NeurIPS 24.
    """
    if not isinstance(data, xr.DataArray):
        raise InputError(
            "fit takes data as one xarray.DataArray, over pulse, ketamine or what else was varied, as the late of "
            f"nm.measures.windup(result); this is of type {type(data).__name__}"
        )
    if method not in METHODS:
        raise InputError(f"unknown method {method!r}{nearest(method, METHODS)}")
    if generations < 1 or population < 5:
        raise InputError(f"generations = {generations}, population = {population}; give 1 and 5 or more")
    box = _Box.of(model, parameters, log)
    history: list[float] = []
    bare = data.drop_vars(list(data.dims), errors="ignore")  # positions agree; labels may differ in the last bit

    def predict(points: np.ndarray) -> xr.DataArray:
        return _predict(model, protocol, data, box.values(points), readout, seeds, options)

    def loss(points: np.ndarray) -> np.ndarray:
        try:
            found = _error(predict(points), bare).values
        except OverflowedError:
            found = np.full(len(points), np.nan)
        found = np.where(np.isfinite(found), found, _WORST)
        history.append(float(min([*history[-1:], found.min()])))
        return found

    _check_shape(predict(np.full((1, len(box.names)), 0.5)), data)
    search = _evolve if method == "differential_evolution" else _ask_optuna
    best = search(loss, len(box.names), generations, population, seed)
    predicted = predict(best[None, :]).isel(candidate=0, drop=True).transpose(*data.dims)
    edge = tuple(name for name, x in zip(box.names, best, strict=True) if not 0.01 <= x <= 0.99)
    values = {
        name: Quantity(v.values[0] * quantities.parse_unit(v.attrs["units"]))
        for name, v in box.values(best[None]).items()
    }
    mean = float(_error(predicted, bare))
    return Fit(
        values,
        mean,
        predicted.assign_coords({d: data[d] for d in data.dims if d in data.coords}),
        tuple(history),
        len(history) * population,
        edge,
    )


#: Loss of a candidate that cannot be run: finite, so that searches can rank it last.
_WORST = 1e300


@dataclass(frozen=True, eq=False)
class _Box:
    """The range of every parameter; the search runs in the unit cube."""

    names: tuple[str, ...]
    edges: np.ndarray
    units: tuple[str, ...]
    log: tuple[str, ...]

    @classmethod
    def of(cls, model: Model | Circuit, ranges: Mapping[str, Any], log: Sequence[str]) -> _Box:
        if not ranges:
            raise InputError("no parameters to fit; give {name: (low, high)}")
        axes = parameter_axes(model, {name: list(pair) for name, pair in ranges.items()})
        for axis in axes:
            low, high = axis.values if len(axis.values) == 2 else (1, 0)
            if not low < high or (axis.name in log and low <= 0):
                raise InputError(
                    f"{axis.name} = {ranges[axis.name]}; a range is (low, high), above 0 where logarithmic"
                )
        if unknown := set(log) - set(ranges):
            raise InputError(f"log of {', '.join(sorted(unknown))}, which is not fitted")
        edges = np.array([quantities.in_unit(axis.values, axis.unit) for axis in axes])
        return cls(tuple(axis.name for axis in axes), edges, tuple(axis.unit for axis in axes), tuple(log))

    def values(self, points: np.ndarray) -> dict[str, xr.DataArray]:
        """Turn rows of the unit cube into parameter values over ``candidate``."""
        found = {}
        for name, (low, high), unit, x in zip(self.names, self.edges, self.units, points.T, strict=True):
            values = low * (high / low) ** x if name in self.log else low + (high - low) * x
            found[name] = xr.DataArray(values, dims="candidate", attrs={"units": unit})
        return found


def _predict(
    model: Model | Circuit,
    protocol: Any,
    data: xr.DataArray,
    candidates: Mapping[str, Any],
    readout: str,
    seeds: Any,
    options: Mapping[str, Any],
) -> xr.DataArray:
    given: dict[str, Any] = dict(candidates)
    protocol = protocol_of(protocol)
    for dim in map(str, data.dims):
        if dim in protocol.varies:
            protocol = protocol.at(**{dim: _values(data[dim], protocol.varies[dim])})
        elif dim != "pulse":
            given[dim] = xr.DataArray(data[dim].values, dims=dim, attrs=data[dim].attrs)
    result = simulate(model, protocol, parameters=given, seed=list(seeds), **options)
    source = result if readout in result else measures.windup(result)
    if readout not in source:
        raise InputError(f"unknown read-out {readout!r}{nearest(readout, map(str, source.data_vars))}")
    values = source[readout]
    if "population" in values.dims:
        values = values.sel(population=result.attrs["output"], drop=True)
    return values.mean("seed", skipna=False).drop_vars(list(data.dims), errors="ignore")


def _values(coordinate: xr.DataArray, unit: str) -> np.ndarray:
    """Return the values of a coordinate in SI units; without ``units`` they are in that of the protocol."""
    scale = quantities.parse_unit(str(coordinate.attrs.get("units", unit) or "1"))
    return coordinate.values if unit in ("", "1") else coordinate.values * float(scale)


def _error(predicted: xr.DataArray, data: xr.DataArray) -> xr.DataArray:
    """Return the mean squared difference over the points that the data have; NaN where a prediction of one is."""
    there = data.notnull()
    return ((predicted - data) ** 2).where(there, 0.0).sum(list(data.dims), skipna=False) / there.sum()


def _check_shape(predicted: xr.DataArray, data: xr.DataArray) -> None:
    """Refuse data of another shape than the read-out, before the search."""
    ours = {dim: size for dim, size in predicted.sizes.items() if dim != "candidate"}
    if ours != dict(data.sizes):
        raise InputError(f"the data have the dimensions {dict(data.sizes)}, the read-out has {ours}; they must agree")


def _evolve(loss: _Loss, size: int, generations: int, population: int, seed: int) -> np.ndarray:
    rng = np.random.default_rng(seed)
    found = differential_evolution(
        lambda columns: loss(columns.T),
        [(0.0, 1.0)] * size,
        init=rng.random((population, size)),
        maxiter=generations - 1,
        polish=False,
        vectorized=True,
        updating="deferred",
        rng=rng,
    )
    best: np.ndarray = found.x
    return best


def _ask_optuna(loss: _Loss, size: int, generations: int, population: int, seed: int) -> np.ndarray:
    optuna = need("optuna", "sweep")
    optuna.logging.set_verbosity(optuna.logging.WARNING)
    study = optuna.create_study(sampler=optuna.samplers.TPESampler(seed=seed, constant_liar=True))
    for _ in range(generations):
        trials = [study.ask() for _ in range(population)]
        points = np.array([[trial.suggest_float(f"x{k}", 0.0, 1.0) for k in range(size)] for trial in trials])
        for trial, value in zip(trials, loss(points), strict=True):
            study.tell(trial, value)
    return np.array([study.best_params[f"x{k}"] for k in range(size)])
