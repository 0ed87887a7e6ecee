"""Read-outs of a result."""

from __future__ import annotations

from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from nmdasim.errors import InputError, nearest
from nmdasim.readout.dose_response import dose_response
from nmdasim.readout.sensitivity import interaction, sensitivity
from nmdasim.readout.standing import standing

__all__ = [
    "EARLY_MS",
    "allodynia_index",
    "dose_response",
    "hyperalgesia_index",
    "interaction",
    "pain_score",
    "sensitivity",
    "spikes",
    "threshold",
    "windup",
]

#: End of the early (A-fibre) window and start of the late (C-fibre) window after a pulse.
EARLY_MS = 100.0


def windup(result: xr.Dataset) -> xr.Dataset:
    """Measure wind-up.

    With nᵢ the spikes 100 ms after pulse i until the next pulse (for the last, one period), N pulses:

    - ``early``, ``late`` (…, pulse): spikes 0–100 ms after the pulse, and nᵢ;
    - ``input``: n₁, the response before any wind-up;
    - ``index``: Σnᵢ - N·n₁, the spikes that wind-up added;
    - ``ratio``: mean of the last three nᵢ over n₁ (NaN where n₁ = 0);
    - ``slope``: spikes per pulse, least squares over the first 8 pulses;
    - ``area``: Σnᵢ.

    Of a network nᵢ are the spikes of a neuron of the output population, the mean of all. Where numbers overflowed, all
    is NaN.

    Parameters
    ----------
    result
        A result of :func:`nmdasim.run.simulate` under any protocol with windows, such as a train.

    Raises
    ------
    InputError
        If the result has no pulses, or is a part of a network's: its spikes are those of the whole.
    """
    if "pulse_time" not in result:
        raise InputError(
            "this result has no pulses; wind-up is measured on a run under a protocol with windows, such as nm.WindUp()"
        )
    counted = _counted_in_networks if "spike_neuron" in result else _counted
    start, end = result.pulse_time, result.window_end
    split = start + EARLY_MS
    data = xr.Dataset(attrs=result.attrs)
    exists = start.notnull()
    data["early"] = counted(result, start, np.minimum(split, end)).where(exists)
    data["late"] = counted(result, split, end).where(exists)
    late = data["late"]
    data["input"] = late.isel(pulse=0)
    data["area"] = late.sum("pulse")
    data["index"] = data["area"] - exists.sum("pulse") * data["input"]
    ordinal = exists.cumsum("pulse")
    last = late.where(ordinal > exists.sum("pulse") - 3).mean("pulse")
    data["ratio"] = last / data["input"].where(data["input"] > 0)
    data["slope"] = _slope(late.isel(pulse=slice(0, 8)))
    if "failed" in result:
        data = data.where(~result["failed"])
    for name, text in _LONG_NAMES.items():
        data[name].attrs = {"units": "1", "long_name": text} | standing(result.attrs)
    return data.drop_vars("spike", errors="ignore")


def _counted(result: xr.Dataset, start: xr.DataArray, end: xr.DataArray) -> xr.DataArray:
    """Return the spikes of the output cell in each window, over the result's dimensions and ``pulse``."""
    times = result.spike_time
    if result.attrs.get("output"):
        times = times.sel(population=result.attrs["output"], drop=True)
    found: xr.DataArray = ((times >= start) & (times < end)).sum("spike")
    return found


def _counted_in_networks(result: xr.Dataset, start: xr.DataArray, end: xr.DataArray) -> xr.DataArray:
    """Return the same of a neuron of the output population, whose spikes are a list."""
    output = result.attrs["output"]
    whole = result.spike_count.sel(population=output, drop=True)
    own = result.spike_population.values == list(result.population.values).index(output)
    lane, time = result.spike_lane.values[own], result.spike_time.values[own]
    lanes = whole.size
    kept = np.nan_to_num(whole.values.ravel())  # instances that overflowed have no spikes in the list
    if lane.max(initial=0) >= lanes or np.any(np.bincount(lane, minlength=lanes) != kept):
        raise InputError("the spikes of this result are those of more instances; measure the whole result, then choose")
    edges = [(xr.zeros_like(whole, dtype=float) + edge).transpose(*whole.dims, "pulse") for edge in (start, end)]
    from_, to = (edge.values.reshape(lanes, -1) for edge in edges)
    counts = [
        np.bincount(lane[(time >= from_[lane, k]) & (time < to[lane, k])], minlength=lanes)
        for k in range(from_.shape[1])
    ]
    table = np.stack(counts, axis=-1).reshape(edges[0].shape) / float(result["size"].sel(population=output))
    return edges[0].copy(data=table)


_LONG_NAMES = {
    "early": "spikes 0–100 ms after the pulse",
    "late": "spikes from 100 ms after the pulse to the next",
    "input": "late spikes of the first pulse",
    "area": "late spikes of all pulses",
    "index": "wind-up index",
    "ratio": "wind-up ratio",
    "slope": "late spikes gained per pulse",
}


def _slope(counts: xr.DataArray) -> xr.DataArray:
    if counts.sizes["pulse"] < 2:
        return xr.full_like(counts.isel(pulse=0, drop=True), np.nan, dtype=float)
    x = counts.pulse.where(counts.notnull())  # trains of one result may differ in length
    x = x - x.mean("pulse")
    return (counts * x).sum("pulse", min_count=2) / (x**2).sum("pulse")


def spikes(result: xr.Dataset, population: str | None = None) -> pd.DataFrame:
    """Return every spike as one row of a table: ``time_ms``, ``lane`` and, per varied quantity, its value.

    Values are in the units of the result's coordinates, which ``attrs["units"]`` of the table repeats.

    Parameters
    ----------
    result
        A result of :func:`nmdasim.run.simulate`.
    population
        Population of a circuit; its output by default.
    """
    times = result.spike_time
    if "spike_neuron" in result:
        return _network_spikes(result, population or result.attrs["output"])
    if "population" in times.dims:
        times = times.sel(population=population or result.attrs["output"], drop=True)
    dims: list[Any] = [dim for dim in times.dims if dim != "spike"]
    stacked = times.stack(lane=dims) if dims else times.expand_dims("lane")  # noqa: PD013  (an xarray method)
    values = stacked.transpose("lane", "spike").values
    lane, index = np.nonzero(np.isfinite(values))
    table = pd.DataFrame({"time_ms": values[lane, index], "neuron": 0, "lane": lane})
    for dim in dims:
        table[str(dim)] = stacked[dim].values[lane]
    table.attrs["units"] = {"time_ms": "ms"} | {str(d): times[d].attrs.get("units", "1") for d in dims}
    return table


def _network_spikes(result: xr.Dataset, population: str) -> pd.DataFrame:
    names = list(result.population.values)
    if population not in names:
        raise InputError(f"no population {population!r}{nearest(str(population), names)}")
    own = result.spike_population.values == names.index(population)
    columns = {"time_ms": "spike_time", "neuron": "spike_neuron", "lane": "spike_lane"}
    return pd.DataFrame({column: result[name].values[own] for column, name in columns.items()})


def threshold(response: xr.Dataset, kind: str = "touch", criterion: float = 0.5) -> xr.DataArray:
    """Return the lowest intensity at which a projection neuron fires `criterion` spikes on average, else NaN.

    Parameters
    ----------
    response
        A result of :func:`nmdasim.studies.sensitization.stimulus_response`.
    kind
        Kind of stimulus.
    criterion
        Spikes of a neuron that count as a response.
    """
    fires = response.spikes.sel(kind=kind, drop=True) >= criterion
    return response.intensity.where(fires).min("intensity")


def allodynia_index(before: xr.Dataset, after: xr.Dataset) -> xr.DataArray:
    """Return the fall of the touch threshold, ``(θ_before - θ_after)/θ_before``; 0 is no change, negative a rise.

    A circuit that touch does not fire at any intensity counts as if its threshold lay one step above the strongest.
    """
    steps = before.intensity.values
    silent = steps[-1] + (steps[-1] - steps[-2])
    was, is_now = (threshold(response, "touch").fillna(silent) for response in (before, after))
    return (was - is_now) / was


def hyperalgesia_index(before: xr.Dataset, after: xr.Dataset, kind: str = "noxious") -> xr.DataArray:
    """Return the gain of the noxious curve, ``Σ n_after/Σ n_before - 1`` over the intensities; 0 is no change.

    With ``kind="pinprick"``, after conditioning of C fibres only, it is the index of secondary hyperalgesia: the gain
    of an input that was not conditioned.
    """
    was, is_now = (response.spikes.sel(kind=kind, drop=True).sum("intensity") for response in (before, after))
    return is_now / was - 1


def pain_score(spikes: xr.DataArray, most: float) -> xr.Dataset:
    """Return a 0–10 read-out of projection output, ``10·min(n/n_most, 1)``, with mean and 95 % interval over seeds.

    A read-out, not a prediction: a straight line between its end points, 0 for no spikes and 10 for `most`, and
    calibrated on nothing else.

    Parameters
    ----------
    spikes
        Spikes of a projection neuron (…, seed).
    most
        The output that counts as 10, such as the largest that the sensitized circuit gives.
    """
    if not most > 0:
        raise InputError(f"most = {most}; the output that counts as 10 is above 0")
    score: xr.DataArray = 10 * (spikes / most).clip(max=1.0)
    low, high = score.quantile(0.025, "seed", skipna=True), score.quantile(0.975, "seed", skipna=True)
    names = {"score": score.mean("seed"), "low": low, "high": high}
    return xr.Dataset({name: values.drop_vars("quantile", errors="ignore") for name, values in names.items()})
