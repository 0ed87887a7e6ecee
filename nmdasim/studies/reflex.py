"""The threshold of a model for one stimulus, its recruitment curve, and temporal summation at a multiple of it.

All strengths of a search run beside one another, and so do all concentrations and draws: a coarse grid gives the
recruitment curve and brackets each threshold, finer grids inside the brackets close in on it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.errors import InputError, plainly
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model
from nmdasim.parameters import concentrations
from nmdasim.protocols.strength import STRENGTH, graded
from nmdasim.protocols.temporal_summation import TemporalSummation
from nmdasim.protocols.windup import WindUp
from nmdasim.readout import measures
from nmdasim.run.axes import Axis, coordinate, unit_given
from nmdasim.run.simulate import simulate

#: Strengths of the recruitment curve per factor of ten, points of a finer grid, and the relative error that ends it.
_PER_DECADE, _FINER, _CLOSE = 12, 15, 1e-3
LARGEST = 4.0
_SMALLEST = 0.01


@dataclass(frozen=True)
class Search:
    """A search for thresholds.

    Parameters
    ----------
    model
        A model whose strength is a parameter.
    stimulus
        One stimulus.
    criterion
        Spikes that count as a response.
    largest
        Strength beyond which is not looked.
    options
        Of :func:`nmdasim.run.simulate`.
    """

    model: Model | Circuit
    stimulus: WindUp
    criterion: float
    largest: float
    options: Mapping[str, Any]

    def grid(self) -> np.ndarray:
        """Return the strengths of the recruitment curve, shape (strengths,)."""
        number = 1 + int(np.ceil(_PER_DECADE * np.log10(self.largest / (self.largest * _SMALLEST))))
        return np.geomspace(self.largest * _SMALLEST, self.largest, number)

    def spikes(self, strength: np.ndarray, dose: np.ndarray, seed: np.ndarray) -> xr.DataArray:
        """Return the spikes after one stimulus, what they stand on in the attributes.

        Arguments broadcast: strengths, concentrations in µM, seeds.
        """
        columns = np.broadcast_arrays(strength, dose, seed)
        force, drug, draw = (xr.DataArray(column.ravel(), dims="lane") for column in columns)
        given: dict[str, Any] = {} if np.all(np.isnan(dose)) else {"ketamine": drug.assign_attrs(units="uM")}
        run = simulate(
            self.model,
            self.stimulus,
            parameters={STRENGTH: force.assign_attrs(units="1")} | dict(self.options.get("parameters") or {}),
            seed=draw,
            **given,
            **{name: value for name, value in self.options.items() if name != "parameters"},
        )
        measured = measures.windup(run).isel(pulse=0)
        counts = (measured.early + measured.late).values.reshape(columns[0].shape)
        return xr.DataArray(counts, attrs=run.attrs)


@plainly
def threshold(
    model: Model | Circuit,
    *,
    ketamine: Any = None,
    seeds: Sequence[int] = tuple(range(5)),
    criterion: float = 1,
    largest: float = LARGEST,
    fibres: Sequence[str] = ("adelta", "c"),
    **options: Any,
) -> xr.Dataset:
    """Return the smallest strength of one volley to which a model answers, and its recruitment curve.

    Strength is a factor on what every synapse of the driven fibres brings (:mod:`nmdasim.protocols.strength`), 1 being
    the published volley. The threshold is the least strength at which `criterion` spikes follow within a second.

    Parameters
    ----------
    model
        Any model with fibres.
    ketamine
        Free concentrations at the receptor, equilibrated, a dimension of the result.
    seeds
        Draws of latencies, a dimension of the result.
    criterion
        Spikes that count as a response.
    largest
        Strength beyond which is not looked.
    fibres
        Fibres of the volley; those that the model does not have are left out.
    **options
        Of :func:`nmdasim.run.simulate`, `parameters` having one value each.

    Returns
    -------
    xarray.Dataset
        ``threshold`` (ketamine, seed), at most 0.1 % too large, and ``spikes`` (ketamine, seed, strength). Provenance
        in ``attrs``.

    Raises
    ------
    InputError
        If a draw does not answer even to the largest strength, or an argument is out of range.
    ModelError
        If the model has none of the fibres.
    """
    if "seed" in options:
        raise InputError(f"seed = {options['seed']}; draws are given as seeds, one or more, as in seeds=[0]")
    if not 0 < criterion < np.inf or not 0 < largest <= 100:
        raise InputError(
            f"criterion = {criterion}, largest = {largest}; spikes that count are above 0, a strength up to 100"
        )
    present = [fibre for fibre in fibres if fibre in model.fibres]
    search = Search(
        graded(model, present or fibres), WindUp(pulses=1, fibres=tuple(present)), criterion, largest, options
    )
    doses = np.array([np.nan]) if ketamine is None else _doses(ketamine)
    draws, grid = np.asarray(seeds), search.grid()
    dose, seed = doses[:, None, None], draws[None, :, None]
    grading = search.spikes(grid, dose, seed)
    curve = grading.values
    _check_answered(curve, criterion, largest, doses, model.name)
    first = np.argmax(curve >= criterion, axis=-1)
    low, high = np.where(first > 0, grid[first - 1], 0.0), grid[first]
    while np.any(high - low > _CLOSE * high):
        share = np.arange(1, _FINER + 1) / (_FINER + 1)
        finer = low[..., None] + (high - low)[..., None] * share
        fires = search.spikes(finer, dose, seed).values >= criterion
        ends = np.concatenate([low[..., None], finer, high[..., None]], axis=-1)
        place = np.where(fires.any(axis=-1), fires.argmax(axis=-1) + 1, _FINER + 1)[..., None]
        low, high = (np.take_along_axis(ends, place - k, axis=-1)[..., 0] for k in (1, 0))
    found = _labelled(high, curve, grid, doses, draws).assign_attrs(grading.attrs, criterion=criterion)
    return _as_given(found, ketamine)


def _doses(ketamine: Any) -> np.ndarray:
    """Return concentrations in µM, shape (doses,)."""
    given = list(ketamine) if isinstance(ketamine, tuple) else ketamine
    free = concentrations.free(given, "ketamine")
    values = np.atleast_1d(quantities.si(free, "uM", name="ketamine")) * 1e3  # mol/m³ to µM
    if values.ndim > 1 or np.any(values < 0):
        raise InputError(f"ketamine = {ketamine}; give one concentration or a list, each 0 or more")
    return values


def _as_given(data: xr.Dataset, ketamine: Any) -> xr.Dataset:
    """Return a result with its concentrations, which are in µM, in the unit in which they were given."""
    unit = "" if ketamine is None else unit_given(concentrations.free(ketamine))
    if not unit:
        return data
    axis = Axis("ketamine", _doses(ketamine) / 1e3, unit, text=str(data.ketamine.attrs["long_name"]))
    return data.assign_coords(ketamine=coordinate(axis))


def _check_answered(curve: np.ndarray, criterion: float, largest: float, doses: np.ndarray, name: str) -> None:
    silent = ~(curve >= criterion).any(axis=-1)
    if not silent.any():
        return
    dose = doses[int(np.argmax(silent.any(axis=-1)))]
    at = "" if np.isnan(dose) else f" at {dose:g} µM ketamine"
    raise InputError(
        f"{name}{at} has no threshold up to strength {largest:g} in {int(silent.any(axis=0).sum())} of "
        f"{quantities.several(silent.shape[1], 'draw')}: "
        f"the spikes after one stimulus are fewer than {criterion:g}; allow a larger strength, "
        "or count fewer spikes as a response"
    )


def _labelled(
    found: np.ndarray, curve: np.ndarray, grid: np.ndarray, doses: np.ndarray, draws: np.ndarray
) -> xr.Dataset:
    data = xr.Dataset(coords={"strength": ("strength", grid, {"units": "1"}), "seed": ("seed", draws)})
    data["threshold"] = (("ketamine", "seed"), found, {"units": "1", "long_name": "threshold for one stimulus"})
    data["spikes"] = (("ketamine", "seed", "strength"), curve, {"units": "1", "long_name": "spikes after one stimulus"})
    if np.all(np.isnan(doses)):
        return data.isel(ketamine=0)
    free = {"units": "µM", "long_name": "free ketamine at the receptor"}
    return data.assign_coords(ketamine=("ketamine", doses, free))


@plainly
def temporal_summation(
    model: Model | Circuit,
    protocol: TemporalSummation | None = None,
    *,
    ketamine: Any = ("0 uM", "1 uM"),
    seeds: Sequence[int] = tuple(range(20)),
    criterion: float = 1,
    largest: float = LARGEST,
    **options: Any,
) -> xr.Dataset:
    """Test temporal summation at a multiple of the model's own threshold, found without drug.

    Parameters
    ----------
    model, protocol
        A model with fibres, and the train; by default 15 stimuli at 1 Hz and 1.2 × threshold.
    ketamine
        Free concentrations at the receptor, equilibrated.
    seeds
        Draws of latencies; each has its own threshold.
    criterion, largest
        As of :func:`threshold`.
    **options
        Of :func:`nmdasim.run.simulate`, `parameters` having one value each.

    Returns
    -------
    xarray.Dataset
        ``late``, ``early`` (ketamine, seed, pulse), ``index``, ``input``, ``ratio`` (ketamine, seed) of
        :func:`nmdasim.readout.measures.windup`; ``strength`` (seed), that of the train; ``threshold`` (ketamine, seed)
        and the recruitment curve ``spikes`` (ketamine, seed, strength_of_one), both with and without drug.

    Raises
    ------
    InputError, ModelError
        As :func:`threshold`.
    """
    train = protocol or TemporalSummation()
    doses = _doses(ketamine)
    every = np.union1d(doses, [0.0])  # the threshold of the train is that without drug
    found = threshold(
        model,
        ketamine=every * quantities.unit("uM"),
        seeds=seeds,
        criterion=criterion,
        largest=largest,
        fibres=train.fibres,
        **options,
    )
    strength = train.times_threshold * found.threshold.isel(ketamine=0, drop=True)
    present = [fibre for fibre in train.fibres if fibre in model.fibres]
    run = simulate(
        graded(model, present),
        train,
        ketamine=doses * quantities.unit("uM"),
        seed=xr.DataArray(list(seeds), dims="draw"),
        parameters={STRENGTH: xr.DataArray(strength.values, dims="draw", attrs={"units": "1"})}
        | dict(options.get("parameters") or {}),
        **{name: value for name, value in options.items() if name != "parameters"},
    )
    measured = measures.windup(run).drop_vars(STRENGTH, errors="ignore").swap_dims(draw="seed")
    curve = found.rename(strength="strength_of_one").isel(ketamine=np.searchsorted(every, doses))
    measured = measured.assign_coords(ketamine=curve.ketamine, seed=("seed", list(seeds)))
    measured = measured.assign(curve.data_vars).assign({STRENGTH: strength}).transpose("ketamine", "seed", ...)
    return _as_given(measured, ketamine)
