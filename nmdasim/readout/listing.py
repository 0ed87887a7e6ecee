"""The spikes of a network, which lie in one list, by the instances that a result, or a part of it, has."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import xarray as xr

from nmdasim.errors import InputError, nearest


@dataclass(frozen=True)
class Listed:
    """The spikes of one population.

    Parameters
    ----------
    index
        Where they stand in the list of the result.
    place
        Of each, the place of its instance in the order of the dimensions of `count`.
    count
        How many each instance has.
    size
        Neurons of the population.
    """

    index: np.ndarray
    place: np.ndarray
    count: xr.DataArray
    size: int


def of(result: xr.Dataset, population: str) -> Listed:
    """Return the spikes of a population.

    A part of a result, chosen, sorted or transposed, keeps the whole list; its ``lane`` says which instances
    it has, and the names of ``spike_population`` which number is whose.

    Raises
    ------
    InputError
        If the result does not have the population, or if what it has of spikes is not what was counted, as where two
        results were joined.
    """
    names = np.atleast_1d(result["population"].values).tolist() if "population" in result.coords else []
    if population not in names:
        raise InputError(f"no population {population!r} in this result{nearest(population, names)}")
    if "lane" not in result:
        raise InputError("this result does not say whose its spikes are: it has no lane; run it anew")
    count, size = (
        part.sel(population=population, drop=True) if "population" in part.dims else part.drop_vars("population")
        for part in (result["spike_count"], result["size"])
    )
    lanes = result["lane"].transpose(*count.dims).values.ravel()
    order = np.argsort(lanes)
    number = result["spike_population"].attrs["flag_meanings"].split().index(population)
    own = (result["spike_population"].values == number) & np.isin(result["spike_lane"].values, lanes)
    index = np.flatnonzero(own)
    place = order[np.searchsorted(lanes, result["spike_lane"].values[index], sorter=order)]
    counted = np.nan_to_num(count.values.ravel())  # an instance that overflowed has no spikes
    if not np.array_equal(np.bincount(place, minlength=lanes.size), counted):
        raise InputError(
            "the spikes of this result are not those that were counted; measure results one by one, then join them"
        )
    return Listed(index, place, count, int(size))
