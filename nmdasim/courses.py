"""A concentration that varies during a run, as an infusion during a wind-up train."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from brian2 import Quantity
from brian2.units.fundamentalunits import get_dimensions

from nmdasim.model import units
from nmdasim.model.check import ModelError
from nmdasim.model.circuit import Circuit
from nmdasim.model.driven import driven, port
from nmdasim.model.model import Model


@dataclass(frozen=True, eq=False)
class Course:
    """Straight lines between knots; before the first and after the last the value is held.

    Parameters
    ----------
    name
        Parameter that it moves.
    times
        Seconds from the start of the run, increasing, shape (knots,).
    values
        SI values, shape (knots,).
    """

    name: str
    times: np.ndarray
    values: np.ndarray

    @classmethod
    def read(cls, name: str, given: xr.DataArray, unit: str) -> Course:
        """Read a DataArray over ``time``, both with ``units`` in their attributes.

        Raises
        ------
        ValueError
            If it has other dimensions, no units, times that do not increase, or values that are negative or not finite.
        """
        if given.dims != ("time",) or given.size == 0:
            raise ValueError(f"{name} has the dimensions {given.dims}; a course has one, time")
        for what, array in ((name, given), ("time", given.time)):
            if "units" not in array.attrs:
                raise ValueError(f"the {what} of a course has no units; set .attrs['units'], as in 'uM' or 'h'")
        seconds = _si(given.time, "ms", f"time of {name}")
        if np.any(np.diff(seconds) <= 0):
            raise ValueError(f"the times of {name} do not increase; a course has one value at a time")
        values = _si(given, unit, name)
        if np.any(values < 0):
            raise ValueError(f"{name} = {float(given.min()):g} {given.attrs['units']}; it cannot be negative")
        return cls(name, seconds, values)

    @property
    def start(self) -> float:
        """Value at time 0."""
        return float(np.interp(0.0, self.times, self.values))

    def __str__(self) -> str:
        return f"{self.name}: {len(self.times)} knots, {self.times[0]:g} to {self.times[-1]:g} s"

    def arrivals(
        self, model: Model | Circuit, rng: np.random.Generator
    ) -> Iterator[tuple[str, str, np.ndarray, float]]:
        """Yield ``(population, port, times in seconds, change of slope)``, for every compartment of every cell."""
        knots = np.concatenate([[0.0], self.times[self.times > 0]])
        slopes = np.diff(np.interp(knots, self.times, self.values)) / np.diff(knots)
        changes = np.diff(np.concatenate([[0.0], slopes, [0.0]]))
        cells = model.populations if isinstance(model, Circuit) else {"": model}
        for population, cell in cells.items():
            places = [c for c in range(len(cell.morphology)) if port(self.name, c) in cell.ports]
            for time, change in zip(knots, changes, strict=True):
                for c in places if change else ():
                    yield population, port(self.name, c), np.array([time]), float(change)


def _si(given: xr.DataArray, like: str, name: str) -> np.ndarray:
    return units.si(given.values * units.parse_unit(str(given.attrs["units"])), like, name=name)


def follow(
    model: Model | Circuit, given: Mapping[str, Any]
) -> tuple[Model | Circuit, dict[str, Any], tuple[Course, ...]]:
    """Split parameters into those that stand still and those that follow a course.

    Returns
    -------
    model
        With every parameter that moves as a state.
    parameters
        Those that stand still, and the first value of those that move.
    courses
        One for each that moves.
    """
    courses: list[Course] = []
    still: dict[str, Any] = {}
    for name, value in given.items():
        if isinstance(value, xr.DataArray) and "time" in value.coords:
            model, unit = _drive(model, name)
            courses.append(Course.read(name, value, unit))
            still[f"{name}_start"] = Quantity(courses[-1].start, dim=get_dimensions(units.parse_unit(unit)))
        else:
            still[name] = value
    return model, still, tuple(courses)


def _drive(model: Model | Circuit, name: str) -> tuple[Model | Circuit, str]:
    if isinstance(model, Model):
        return driven(model, name), model.parameters.unit_of(name)
    if model.is_network:
        raise ModelError(
            f"{model.name}: a concentration that varies runs on single cells and their chains, no networks"
        )
    moved = {key: driven(cell, name) if name in cell.parameters else cell for key, cell in model.populations.items()}
    unit = next(cell.parameters.unit_of(name) for cell in model.populations.values() if name in cell.parameters)
    return dataclasses.replace(model, populations=moved), unit
