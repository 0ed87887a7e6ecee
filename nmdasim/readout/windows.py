"""Spikes in the windows of a protocol, and which windows hold what is asked of them.

A window that the run did not reach the end of was not observed, and one that ends before its late part begins has no
late part: neither is 0 spikes. Both are NaN, and :func:`reservations` says so in words.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import xarray as xr

from nmdasim.errors import InputError
from nmdasim.readout import listing

#: End of the early (A-fibre) window and start of the late (C-fibre) window after a pulse.
EARLY_MS = 100.0
#: A late window shorter than the early one ends before most of a C-fibre volley has come.
_SHORT_MS = 100.0
#: Rounding of times in ms.
_ROUNDING_MS = 1e-6


def counts(result: xr.Dataset) -> xr.Dataset:
    """Return ``early`` and ``late``, the spikes of the output in each window, and ``exists``, whether there is one.

    NaN where a window was not observed to its end, has no such part, or lies in a run that overflowed.

    Raises
    ------
    InputError
        If the result has no windows, or is a network's without some of its populations.
    """
    if isinstance(result, xr.Dataset) and "pulse_time" in result and "spike_time" not in result:
        raise InputError("this result has no spikes any more; wind-up is counted from its spike_time")
    if not isinstance(result, xr.Dataset) or "pulse_time" not in result:
        what = "this result" if isinstance(result, xr.Dataset) else f"what was given, of type {type(result).__name__},"
        raise InputError(
            f"{what} has no pulses; wind-up is measured on a run under a protocol with windows, such as nm.WindUp()"
        )
    counted = _counted_in_networks if "spike_neuron" in result else _counted
    start, end = result.pulse_time.variable, result.window_end.variable
    split = start + EARLY_MS
    first = np.minimum(split, end)
    early = counted(result, start, first).where(_reached(result, first))
    late = counted(result, split, end).where(_reached(result, end) & (end > split + _ROUNDING_MS))
    standing = _standing(result)
    return labelled(result, {"exists": start.notnull(), "early": early * standing, "late": late * standing})


def _standing(result: xr.Dataset) -> xr.Variable | float:
    """Return 1 where a run stands, NaN where it overflowed or, of results that were joined, was not made."""
    if "spike_count" not in result:
        return 1.0
    count = result["spike_count"]
    if "population" in count.dims:
        count = count.sel(population=result.attrs["output"], drop=True)
    standing = xr.where(count.variable.isnull(), np.nan, 1.0)
    if "failed" in result:  # of which a joined part may know nothing
        standing = standing * xr.where(result["failed"].variable == 1, np.nan, 1.0)
    return standing


def labelled(result: xr.Dataset, found: Mapping[str, xr.Variable]) -> xr.Dataset:
    """Return variables made of a result's own, with its coordinates.

    Arithmetic between variables goes by their dimensions alone; between arrays with coordinates each operation would
    align these first, which for a few numbers takes most of the time.
    """
    dims = {dim for variable in found.values() for dim in variable.dims}
    return xr.Dataset(found, coords={name: c for name, c in result.coords.items() if dims.issuperset(c.dims)})


def _reached(result: xr.Dataset, time: xr.Variable) -> xr.Variable:
    """Return whether the run went on until a time; results without the end of their run went on."""
    if "run_end" not in result:
        return xr.ones_like(time, dtype=bool)
    reached: xr.Variable = time <= result.run_end.variable + _ROUNDING_MS
    return reached


def reservations(result: xr.Dataset) -> list[str]:
    """Return what is to be said of the windows of a result, one sentence each."""
    start, end = result.pulse_time.variable, result.window_end.variable
    cut, late = start.notnull() & ~_reached(result, end), end - start - EARLY_MS
    found = []
    if cut.any():
        found.append(
            f"{int(cut.sum())} of {int(start.notnull().sum())} windows were not over when the run ended, as duration= "
            "may cut a train: nothing is told of them, nor of wind-up over the whole train. Leave out duration=, or "
            "give fewer pulses."
        )
    if (late <= _ROUNDING_MS).any():
        found.append(
            f"Windows of {float((end - start).min()):g} ms have no part after the first {EARLY_MS:g} ms: late spikes "
            "and wind-up are unknown there, not 0. Stimulate below 10 Hz."
        )
    short = late.where(late > _ROUNDING_MS)
    if (short < _SHORT_MS - _ROUNDING_MS).any():
        found.append(
            f"Late windows of {float(short.min()):g} ms are shorter than {_SHORT_MS:g} ms: much of a C-fibre volley "
            "falls into the next one. Wind-up is tested at 5 Hz or less."
        )
    return found


def warned(attrs: Mapping[Any, Any], sentences: list[str]) -> dict[str, str]:
    """Return the warnings of a result with more sentences, as an attribute that figures show; none where none."""
    lines = dict.fromkeys([*str(attrs.get("warnings", "")).splitlines(), *sentences])
    return {"warnings": "\n".join(lines)} if lines else {}


def _counted(result: xr.Dataset, start: xr.Variable, end: xr.Variable) -> xr.Variable:
    """Return the spikes of the output cell in each window, over the result's dimensions and ``pulse``."""
    times = listing.table(result, result.attrs.get("output", ""))
    found: xr.Variable = ((times.variable >= start) & (times.variable < end)).sum("spike")
    return found


def _counted_in_networks(result: xr.Dataset, start: xr.Variable, end: xr.Variable) -> xr.Variable:
    """Return the same of a neuron of the output population, whose spikes are a list."""
    found = listing.of(result, result.attrs["output"])
    edges = [(0.0 * found.count.variable + edge).transpose(*found.count.dims, "pulse") for edge in (start, end)]
    from_, to = (edge.values.reshape(found.count.size, -1) for edge in edges)
    time, place = result.spike_time.values[found.index], found.place
    counts = [
        np.bincount(place[(time >= from_[place, k]) & (time < to[place, k])], minlength=found.count.size)
        for k in range(from_.shape[1])
    ]
    return xr.Variable(edges[0].dims, np.stack(counts, axis=-1).reshape(edges[0].shape) / found.size)
