"""The draws of a population as sweeps: which lanes run in a stage, and what varies along them."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from nmdasim.studies.populations.asked import Population
from nmdasim.studies.populations.draws import units_of
from nmdasim.sweep.specification import Sweep


@dataclass(frozen=True, eq=False)
class Draws:
    """The draws of a population.

    Parameters
    ----------
    what
        The population.
    table
        SI values of every parameter that they vary, each of shape (draws,).
    """

    what: Population
    table: Mapping[str, np.ndarray]

    def stage(self, number: int, left: np.ndarray) -> Sweep:
        """Return one test of some draws, without drug."""
        what = self.what
        axes = self._axes(left, what.changed(number))
        return Sweep(what.model, what.done_in(number), axes, **what.options(number))

    def dosed(self, left: np.ndarray) -> Sweep:
        """Return some draws under every dose."""
        what = self.what
        ((dose, values),) = (what.doses or {}).items()
        axes = self._axes(left, {}, without=what.bare.entries(dose))
        options = what.options(0) | {"readouts": what.answers}
        return Sweep(what.model, what.protocol, axes | {dose: values}, **options)

    def strengths(self, left: np.ndarray) -> Sweep:
        """Return some draws under one stimulus of every strength, without drug."""
        what, multiple = self.what, self.what.multiple
        assert multiple is not None
        axes = self._axes(left, {}, without=(multiple.parameter,))
        options = what.options(0) | {"readouts": ("spike_count",), "duration": None}
        return Sweep(what.model, multiple.stimulus, axes | {multiple.parameter: multiple.grid}, **options)

    def at_strength(self, left: np.ndarray, threshold: np.ndarray) -> Draws:
        """Return the draws with the strength of their stimuli, a multiple of the threshold of each."""
        multiple = self.what.multiple
        assert multiple is not None
        column = np.full(len(self.what.samples), np.nan)
        column[left] = multiple.times * threshold
        return dataclasses.replace(self, table={**self.table, multiple.parameter: column})

    def _axes(self, left: np.ndarray, changed: Mapping[str, float], without: tuple[str, ...] = ()) -> dict[str, Any]:
        """Return what varies along the draws: always the same parameters, so that one kernel runs all stages."""
        columns = {key: np.full(left.size, value) for key, value in self.what.settings.items()}
        columns |= {key: column[left] for key, column in self.table.items()}
        columns |= {key: np.full(left.size, value) for key, value in changed.items()}
        axes: dict[str, Any] = {
            key: xr.DataArray(column, dims="draw", attrs={"units": units_of(self.what.bare, key)})
            for key, column in columns.items()
            if key not in without
        }
        return axes | {"seed": xr.DataArray(left % self.what.seeds, dims="draw")}
