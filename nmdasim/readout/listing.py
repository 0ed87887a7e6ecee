"""The spikes of a result or of a part of it: of networks in one list by instance, of cells in a table; as counted."""

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
    if {*result["lane"].dims} != {*count.dims} or result["spike_lane"].ndim != 1 or size.ndim:
        raise InputError(_OTHERS)
    lanes = result["lane"].transpose(*count.dims).values.ravel()
    if not np.issubdtype(lanes.dtype, np.integer) or len(np.unique(lanes)) < lanes.size:
        raise InputError(_OTHERS)
    order = np.argsort(lanes)
    number = result["spike_population"].attrs["flag_meanings"].split().index(population)
    own = (result["spike_population"].values == number) & np.isin(result["spike_lane"].values, lanes)
    index = np.flatnonzero(own)
    place = order[np.searchsorted(lanes, result["spike_lane"].values[index], sorter=order)]
    if not np.array_equal(np.bincount(place, minlength=lanes.size), _counted(count).ravel()):
        raise InputError(_OTHERS)
    return Listed(index, place, count, int(size))


def table(result: xr.Dataset, population: str = "") -> xr.DataArray:
    """Return the spike times of one cell of every lane, padded with NaN.

    Raises
    ------
    InputError
        If the result does not have the population, or if the spikes in it are not as many as were counted.
    """
    known = [name for name in ("spike_time", "spike_count") if name in result]
    own = result[known]
    if "population" in own.dims:
        if population not in (names := own["population"].values.tolist()):
            raise InputError(f"no population {population!r}{nearest(population, names)}")
        own = own.sel(population=population, drop=True)
    times = own["spike_time"].transpose(..., "spike")
    if "spike_count" in own:
        found, count = np.isfinite(times.values).sum(axis=-1), own["spike_count"]
        alike = {*count.dims} == {*times.dims[:-1]}
        if not alike or not np.array_equal(found, _counted(count.transpose(*times.dims[:-1]))) or _averaged(result):
            raise InputError(_OTHERS)
    return times


def _averaged(result: xr.Dataset) -> bool:
    """Whether counts are no whole numbers any more, and spikes lie between the steps at which an engine has them."""
    attrs = result.attrs
    whole = np.issubdtype(result["spike_count"].dtype, np.integer)
    if whole or attrs.get("engine") not in ("kernel", "brian2") or "dt_ms" not in attrs:
        return False
    steps = result["spike_time"].values / float(attrs["dt_ms"])
    return bool(np.nanmax(np.abs(steps - np.round(steps)), initial=0.0) > 1e-3)


def _counted(count: xr.DataArray) -> np.ndarray:
    """Return counts as they are found in a list or a table: none where a run overflowed, or was not made."""
    return np.nan_to_num(count.values)


#: What was taken along the dimension of spikes or averaged over lanes no longer has the spikes that were counted.
_OTHERS = "the spikes of this result are not those that were counted; measure each result, then join or average"
