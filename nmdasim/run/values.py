"""Parameters and initial values of a population, over every neuron of every instance."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.errors import ModelError
from nmdasim.language.evaluation import evaluate
from nmdasim.model.population import Population
from nmdasim.plan.values import draw, initial_values, parameter_values
from nmdasim.plan.wiring import stream

if TYPE_CHECKING:
    from nmdasim.run.question import Question

_Values = dict[str, np.ndarray]


def population_values(
    name: str,
    population: Population,
    columns: Mapping[str, np.ndarray],
    seeds: Sequence[int],
    places: np.ndarray,
    asked: Question,
) -> tuple[_Values, _Values]:
    """Return parameters and initial values in SI units, each (lanes or 1, compartments or 1).

    Parameters
    ----------
    name, population
        The population.
    columns
        Parameters that are given, one value for all or one per instance, shape (instances or 1,).
    seeds, places
        Seed of each instance, and its place in the order of the result's dimensions.
    asked
        The start, and other initial values.
    """
    cell, lanes = population.model, population.size * len(seeds)
    rng = _ByInstance([stream(seed, f"population {name}") for seed in seeds])
    own = {key: _parameter(population, key, value, rng, lanes) for key, value in population.parameters.items()}
    entries = {key: value for base, value in own.items() for key in cell.entries(base)}
    for column, values in columns.items():
        several = len(values) > 1 and not np.all(values == values[0])
        chosen = np.repeat(values, population.size) if several else values[:1]
        entries |= dict.fromkeys(cell.parameters.entries(column), chosen)
    given = dict(cell.initial) | dict(cell.starts.get(asked.options.start, {})) | dict(population.initial)
    given |= {state: v for state, v in asked.options.initial.items() if state in cell.system.states}
    start = {state: _start(state, v, population.size, places, asked) for state, v in given.items()}
    parameters = parameter_values(cell, entries)
    return parameters, initial_values(cell, parameters, start, rng, lanes)


def keys(name: str, population: Population, seeds: Sequence[int]) -> np.ndarray:
    """Return the key from which each neuron of every instance draws during the run; none where its model does not.

    Instances of one seed draw the same, so that what is compared differs in what was varied alone.
    """
    if not population.model.stochastic:
        return np.empty(0, np.int64)
    return np.concatenate([stream(seed, f"noise {name}").integers(1 << 48, size=population.size) for seed in seeds])


@dataclass(frozen=True)
class _ByInstance:
    """Draws for lanes: each instance from its own stream, so that it starts as it would alone."""

    streams: Sequence[np.random.Generator]

    def standard_normal(self, size: tuple[int, int]) -> np.ndarray:
        own = (size[0] // len(self.streams), size[1])
        return np.concatenate([rng.standard_normal(own) for rng in self.streams])

    def random(self, size: tuple[int, int]) -> np.ndarray:
        own = (size[0] // len(self.streams), size[1])
        return np.concatenate([rng.random(own) for rng in self.streams])


def _start(state: str, value: Any, size: int, places: np.ndarray, asked: Question) -> Any:
    """Return an initial value: an expression, one value, one a neuron, one an instance, or (instances, neurons)."""
    if isinstance(value, str):
        return value
    if isinstance(value, xr.DataArray):
        return _labelled(state, value, size, asked)[places].ravel()
    table = np.asarray(quantities.quantity(value), dtype=float)
    if table.size == 1:
        return table.ravel()
    total = int(np.prod(list(asked.dims.values()), dtype=int))
    if table.shape == (size,):
        return np.tile(table, len(places))
    if table.shape in ((total, size), (total,)) and (table.ndim == 2 or size == 1):
        return table.reshape(total, size)[places].ravel()
    raise ModelError(
        f"initial {state} has shape {table.shape}; give one value, one for each neuron ({size}), "
        f"({total}, {size}) for the instances too, or a DataArray over dimensions of the result"
    )


def _labelled(state: str, value: xr.DataArray, size: int, asked: Question) -> np.ndarray:
    """Return (instances, neurons) of a DataArray over dimensions of the result, and at most one of neurons."""
    dims = asked.dims
    own = [str(dim) for dim in value.dims if dim not in dims]
    if (
        len(own) > 1
        or (own and value.sizes[own[0]] != size)
        or any(value.sizes[dim] != length for dim, length in dims.items() if dim in value.dims)
    ):
        raise ModelError(
            f"initial {state} has the dimensions {dict(value.sizes)}; "
            f"this run has {dims} and {quantities.several(size, 'neuron')}"
        )
    ordered = value.transpose(*(dim for dim in dims if dim in value.dims), *own)
    shape = [length if dim in value.dims else 1 for dim, length in dims.items()]
    number = quantities.parse_unit(str(value.attrs.get("units", "1")))
    table = np.asarray(ordered.values * number, dtype=float).reshape(*shape, size if own else 1)
    return np.broadcast_to(table, (*dims.values(), size)).reshape(-1, size)


def _parameter(population: Population, name: str, value: Any, rng: _ByInstance, lanes: int) -> np.ndarray:
    """Return one value, or one for each neuron of every instance, in SI units."""
    cell = population.model
    unit = cell.parameters.unit_of(name.partition(".")[0])
    if isinstance(value, str) and "rand" in value:
        text, draws = draw(value, name, rng, (lanes, 1))
        expression = cell.system.substitute(text, (*cell.parameters.bases, *draws))
        needed = {s.name for s in expression.free_symbols}
        known = {base: cell.values(base) for base in cell.parameters.bases if base in needed}
        return np.broadcast_to(evaluate(expression, {**known, **draws}), (lanes, 1))[:, 0]
    values = np.ravel(quantities.si(value, unit, name=name))
    return values if len(values) == 1 else np.tile(values, len(rng.streams))
