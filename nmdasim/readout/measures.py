"""Read-outs of a result."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
import pandas as pd
import xarray as xr

from nmdasim.errors import InputError, plainly
from nmdasim.readout import columns, listing, windows
from nmdasim.readout.dose_response import dose_response
from nmdasim.readout.sensitivity import interaction, sensitivity
from nmdasim.readout.standing import standing
from nmdasim.readout.windows import EARLY_MS

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


@plainly
def windup(result: xr.Dataset) -> xr.Dataset:
    """Measure wind-up.

    With nᵢ the spikes 100 ms after pulse i until the next pulse (for the last, one period), N pulses:

    - ``early``, ``late`` (…, pulse): spikes 0–100 ms after the pulse, and nᵢ;
    - ``input``: n₁, the response before any wind-up;
    - ``index``: Σnᵢ - N·n₁, the spikes that wind-up added;
    - ``ratio``: mean of the last three nᵢ over n₁ (NaN where n₁ = 0);
    - ``slope``: spikes per pulse, least squares over the first 8 pulses;
    - ``area``: Σnᵢ;
    - ``late_rate`` (…, pulse): nᵢ over the length of its window, spikes per second;
    - ``index_rate``: the index over the length of all late windows, the spikes per second that wind-up added.

    All but the rates are counts, in a window that is 900 ms long at 1 Hz and 400 ms at 2 Hz: they compare doses at one
    rate of stimulation. Over rates of stimulation compare ``late_rate`` and ``index_rate``.

    Of a network nᵢ are the spikes of a neuron of the output population, the mean of all.

    NaN is what was not observed: all of a run in which numbers overflowed; a window that was not over when the run
    ended, and what is summed over it; at 10 Hz and above, where a period has nothing after its first 100 ms, all but
    ``early``. The two last, and late windows of less than 100 ms, are warned of; what was said is in
    ``attrs["warnings"]``, which figures show.

    Parameters
    ----------
    result
        A result of :func:`nmdasim.run.simulate` under any protocol with windows, such as a train.

    Raises
    ------
    InputError
        If the result has no pulses.
    """
    data = measured(result)
    for sentence in windows.reservations(result):
        warnings.warn(sentence, UserWarning, stacklevel=3)  # of what plainly wraps
    return data


def measured(result: xr.Dataset) -> xr.Dataset:
    """Return the same as :func:`windup`; what there is to warn of stands in ``attrs["warnings"]`` only."""
    counts = windows.counts(result)
    early, late, exists = (counts[name].variable for name in ("early", "late", "exists"))
    attrs = dict(result.attrs) | windows.warned(result.attrs, windows.reservations(result))
    seen = late.notnull() | ~exists
    whole = seen.all("pulse")
    first, area = late.isel(pulse=0), late.sum("pulse").where(whole)
    index = area - exists.sum("pulse") * first
    last = late.where(exists.cumsum("pulse") > exists.sum("pulse") - 3).mean("pulse").where(whole)
    beginning = {"pulse": slice(0, 8)}
    slope = _slope(late.isel(beginning), result.pulse.variable.isel(beginning))
    seconds = (result.window_end.variable - result.pulse_time.variable - EARLY_MS) / 1e3
    length = seconds.where(exists).sum("pulse")
    found = {
        "early": early,
        "late": late,
        "input": first,
        "area": area,
        "index": index,
        "ratio": last / first.where(first > 0),
        "slope": slope.where(seen.isel(beginning).all("pulse")),
        "late_rate": late / seconds.where(seconds > 0),
        "index_rate": index / length.where(length > 0),
    }
    data = windows.labelled(result, found).assign_attrs(attrs)
    for name, text in _LONG_NAMES.items():
        data[name].attrs = {"units": _UNITS.get(name, "1"), "long_name": text} | standing(attrs)
    return data


_LONG_NAMES = {
    "early": "spikes 0–100 ms after the pulse",
    "late": "spikes from 100 ms after the pulse to the next",
    "input": "late spikes of the first pulse",
    "area": "late spikes of all pulses, 100 ms to next pulse",
    "index": "wind-up index: spikes added, 100 ms to next pulse",
    "ratio": "wind-up ratio",
    "slope": "late spikes gained per pulse",
    "late_rate": "rate from 100 ms after the pulse to the next",
    "index_rate": "wind-up index: spikes per second added",
}
_UNITS = {"late_rate": "Hz", "index_rate": "Hz"}


def _slope(counts: xr.Variable, pulse: xr.Variable) -> xr.Variable:
    if counts.sizes["pulse"] < 2:
        return xr.full_like(counts.isel(pulse=0), np.nan, dtype=float)
    x = (0 * counts + pulse).where(counts.notnull())  # trains of one result may differ in length
    x = x - x.mean("pulse")
    return (counts * x).sum("pulse", min_count=2) / (x**2).sum("pulse")


@plainly
def spikes(result: xr.Dataset, population: str | None = None) -> pd.DataFrame:
    """Return every spike as one row of a table: ``time_ms``, ``neuron``, ``lane`` and the values of what was varied.

    Columns carry their unit as those of :func:`nmdasim.export` do, ``frequency_Hz`` and ``ketamine_free_uM``; units are
    those of the result's coordinates, which ``attrs["units"]`` of the table repeats. A lane whose numbers overflowed
    has no rows; ``attrs["failed"]`` lists those lanes, which are not silent ones. Lanes are counted in the order of the
    dimensions; in a part of a network's result they keep their numbers, as its ``lane`` has them.

    Parameters
    ----------
    result
        A result of :func:`nmdasim.run.simulate`, or a part of it.
    population
        Population of a circuit; its output by default.

    Raises
    ------
    InputError
        If there are no spikes, or no such population.
    """
    if not isinstance(result, xr.Dataset) or "spike_time" not in result:
        raise InputError("nm.spikes takes what nm.simulate returned; what was given has no spikes")
    if population and "population" not in result.coords:
        raise InputError(f"no population {population!r}: this is the result of a single cell")
    table = _network_spikes if "spike_neuron" in result else _cell_spikes
    rows = table(result, population or result.attrs["output"])
    names = columns.named(result)
    units = {str(key): result[key].attrs.get("units", "1") for key in rows if key in result.variables}
    found = rows.rename(columns=names)
    found.attrs["units"] = {"time_ms": "ms"} | {names[key]: unit for key, unit in units.items()}
    found.attrs["failed"] = _failed(result)
    return found


def _failed(result: xr.Dataset) -> list[int]:
    """Return the lanes that overflowed, counted as the table's are."""
    if "failed" not in result:
        return []
    failed = result["failed"]
    lanes = result["lane"] if "lane" in result else failed.copy(data=np.arange(failed.size).reshape(failed.shape))
    return sorted(lanes.transpose(*failed.dims).values[failed.values].tolist())


def _cell_spikes(result: xr.Dataset, population: str) -> pd.DataFrame:
    times = listing.table(result, population)
    *where, index = np.nonzero(np.isfinite(times.values))
    lane = np.ravel_multi_index(where, times.shape[:-1]) if where else np.zeros(len(index), int)
    table = pd.DataFrame({"time_ms": times.values[(*where, index)], "neuron": 0, "lane": lane})
    return table.assign(**_values(result, dict(zip(map(str, times.dims), where, strict=False))))


def _network_spikes(result: xr.Dataset, population: str) -> pd.DataFrame:
    found = listing.of(result, population)
    arrays = {"time_ms": "spike_time", "neuron": "spike_neuron", "lane": "spike_lane"}
    table = pd.DataFrame({column: result[name].values[found.index] for column, name in arrays.items()})
    dims = list(map(str, found.count.dims))
    where = np.unravel_index(found.place, found.count.shape) if dims else ()
    return table.assign(**_values(result, dict(zip(dims, where, strict=True))))


def _values(result: xr.Dataset, where: dict[str, np.ndarray]) -> dict[str, Any]:
    """Return the value of every dimension, and of what else was varied, at places along the dimensions."""
    varied = [name for name in str(result.attrs.get("varied", "")).split() if name in result.coords]
    named = [name for name in (*where, *varied) if set(result[name].dims) <= set(where)]
    return {name: result[name].values[tuple(where[str(dim)] for dim in result[name].dims)] for name in named}


def threshold(response: xr.Dataset, kind: str = "touch", criterion: float = 0.5) -> xr.DataArray:
    """Return the lowest intensity at which a projection neuron fires `criterion` spikes on average, else NaN.

    NaN too where the run of any intensity overflowed: how that one would have answered nobody knows.

    Parameters
    ----------
    response
        A result of :func:`nmdasim.studies.sensitization.stimulus_response`.
    kind
        Kind of stimulus.
    criterion
        Spikes of a neuron that count as a response.
    """
    spikes = response.spikes.sel(kind=kind, drop=True)
    least: xr.DataArray = response.intensity.where(spikes >= criterion).min("intensity").where(_answered(spikes))
    return least.assign_attrs(_warnings(response))


def _answered(spikes: xr.DataArray) -> xr.DataArray:
    """Return where every intensity has a response: none of its runs overflowed."""
    found: xr.DataArray = spikes.notnull().all("intensity")
    return found


def _warnings(*responses: xr.Dataset) -> dict[str, str]:
    """Return what was said of any of some results."""
    said = [line for one in responses for line in str(one.attrs.get("warnings", "")).splitlines()]
    return windows.warned({}, said)


def allodynia_index(before: xr.Dataset, after: xr.Dataset) -> xr.DataArray:
    """Return the fall of the touch threshold, ``(θ_before - θ_after)/θ_before``; 0 is no change, negative a rise.

    A circuit that touch does not fire at any intensity counts as if its threshold lay one step above the strongest;
    where a run overflowed the index is NaN.
    """
    steps = before.intensity.values
    silent = steps[-1] + (steps[-1] - steps[-2])
    was, is_now = (threshold(response, "touch").fillna(silent) for response in (before, after))
    answered = [_answered(response.spikes.sel(kind="touch", drop=True)) for response in (before, after)]
    index: xr.DataArray = ((was - is_now) / was).where(answered[0] & answered[1])
    return index.assign_attrs(_warnings(before, after))


def hyperalgesia_index(before: xr.Dataset, after: xr.Dataset, kind: str = "noxious") -> xr.DataArray:
    """Return the gain of the noxious curve, ``Σ n_after/Σ n_before - 1`` over the intensities; 0 is no change.

    With ``kind="pinprick"``, after conditioning of C fibres only, it is the index of secondary hyperalgesia: the gain
    of an input that was not conditioned. Where a run overflowed the index is NaN.
    """
    was, is_now = (
        response.spikes.sel(kind=kind, drop=True).sum("intensity", skipna=False) for response in (before, after)
    )
    index: xr.DataArray = is_now / was - 1
    return index.assign_attrs(_warnings(before, after))


def pain_score(spikes: xr.DataArray, most: float) -> xr.Dataset:
    """Return a 0–10 read-out of projection output, ``10·min(n/n_most, 1)``, with mean and 95 % interval over seeds.

    A read-out, not a prediction: a straight line between its end points, 0 for no spikes and 10 for `most`, and
    calibrated on nothing else. Seeds whose run overflowed are left out; ``seeds`` says how many stand.

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
    names = {"score": score.mean("seed"), "low": low, "high": high, "seeds": score.notnull().sum("seed")}
    found = {name: values.drop_vars("quantile", errors="ignore") for name, values in names.items()}
    return xr.Dataset(found, attrs=windows.warned(spikes.attrs, []))
