"""A result taken apart, lane by lane: what writers of spikes and traces share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from nmdasim.errors import InputError
from nmdasim.readout import measures

#: Most trains of one file: each is an object of its own in the formats of the field.
_MOST_TRAINS = 200_000
#: What a result says of its origin that a file repeats.
_SAID = (
    *("model", "model_digest", "identity", "parameters", "protocol", "engine", "method", "dt_ms", "drugs", "block"),
    *("references", "unverified_parameters", "warnings", "nmdasim_version", "disclaimer"),
)


@dataclass(frozen=True, eq=False)
class Train:
    """The spikes of one neuron in one lane, in ms; none for a neuron that was silent."""

    population: str
    neuron: int
    times: np.ndarray


@dataclass(frozen=True, eq=False)
class Trace:
    """One variable of one lane: shape (time, neuron)."""

    name: str
    values: np.ndarray
    unit: str


@dataclass(frozen=True, eq=False)
class Lane:
    """One lane (of a network one instance) of a result.

    Parameters
    ----------
    index
        Its place in the order of the dimensions, the last fastest.
    labels
        Value and unit of everything that varies.
    failed
        Whether its numbers overflowed: then there is nothing.
    begin, end
        When it was observed, ms.
    trains, traces
        Spikes of every neuron, and what was recorded.
    pulses
        Begin and end of each window, ms, shape (pulse, 2).
    """

    index: int
    labels: dict[str, tuple[Any, str]]
    failed: bool
    begin: float
    end: float
    trains: tuple[Train, ...]
    traces: tuple[Trace, ...]
    pulses: np.ndarray


def origin(result: xr.Dataset) -> dict[str, str]:
    """Return what a result says of its origin, as text: model, parameters with units, identity, disclaimer."""
    check(result)
    return {name: str(result.attrs[name]) for name in _SAID if str(result.attrs.get(name, ""))}


def check(result: Any) -> None:
    """Refuse what is no result of :func:`nmdasim.run.simulate`."""
    if not isinstance(result, xr.Dataset) or "spike_count" not in result or "model" not in result.attrs:
        raise InputError(f"a {type(result).__name__} is no result; give what nm.simulate(…) returned")


def lanes(result: xr.Dataset) -> Iterator[Lane]:
    """Yield every lane of a result.

    Raises
    ------
    InputError
        If it is no result of a run, or holds more trains than are written one by one.
    """
    check(result)
    names = [str(name) for name in result.population.values] if "population" in result.coords else [""]
    sizes = result["size"].values.tolist() if "size" in result else [1] * len(names)
    dims = [str(dim) for dim in result.spike_count.dims if dim != "population"]
    shape = tuple(result.sizes[dim] for dim in dims)
    count = int(np.prod(shape, dtype=int))
    if count * sum(sizes) > _MOST_TRAINS:
        raise InputError(
            f"{count:,} lanes of {sum(sizes):,} neurons are more than {_MOST_TRAINS:,} trains; "
            "take a part, as in result.isel(seed=[0])"
        )
    spikes = {name: _trains(result, name, size) for name, size in zip(names, sizes, strict=True)}
    failed = result["failed"].values.ravel() if "failed" in result else np.zeros(count, dtype=bool)
    for index, place in enumerate(np.ndindex(shape)):
        where = dict(zip(dims, place, strict=True))
        begin, end = _observed(result, where)
        yield Lane(
            index=index,
            labels={d: (result[d].values[k].item(), str(result[d].attrs.get("units", "1"))) for d, k in where.items()},
            failed=bool(failed[index]),
            begin=begin,
            end=end,
            trains=tuple(
                Train(name, neuron, spikes[name].get((index, neuron), np.empty(0)))
                for name, size in zip(names, sizes, strict=True)
                for neuron in range(size)
            ),
            traces=tuple(_traces(result, where)),
            pulses=_pulses(result, where),
        )


def _trains(result: xr.Dataset, population: str, size: int) -> dict[tuple[int, int], np.ndarray]:
    table = measures.spikes(result, population or None)
    if not len(table):
        return {}
    key = table.lane.to_numpy() * size + table.neuron.to_numpy()
    order = np.lexsort((table.time_ms.to_numpy(), key))
    keys, starts = np.unique(key[order], return_index=True)
    parts = np.split(table.time_ms.to_numpy()[order], starts[1:])
    return {(int(k) // size, int(k) % size): part for k, part in zip(keys, parts, strict=True)}


def _observed(result: xr.Dataset, where: dict[str, int]) -> tuple[float, float]:
    begin = float(result.attrs.get("begin_s", 0.0)) * 1e3
    if "run_end" in result:
        end = result["run_end"]
        return begin, float(end.isel({dim: k for dim, k in where.items() if dim in end.dims}))
    return begin, begin + max(map(float, str(result.attrs["duration_s"]).split())) * 1e3


def _traces(result: xr.Dataset, where: dict[str, int]) -> Iterator[Trace]:
    for name, values in result.data_vars.items():
        if "time" in values.dims:
            one = values.isel({dim: k for dim, k in where.items() if dim in values.dims})
            table = one.transpose("time", ...).values
            yield Trace(str(name), table.reshape(len(table), -1), str(values.attrs.get("units", "1")))


def _pulses(result: xr.Dataset, where: dict[str, int]) -> np.ndarray:
    if "pulse_time" not in result:
        return np.empty((0, 2))
    edges = [result[name] for name in ("pulse_time", "window_end")]
    table = [edge.isel({dim: k for dim, k in where.items() if dim in edge.dims}).values for edge in edges]
    pulses = np.stack(table, axis=1)
    return np.asarray(pulses[np.isfinite(pulses).all(axis=1)])


def told(labels: dict[str, tuple[Any, str]]) -> str:
    """Return the labels of a lane as text, ``"ketamine = 1 µM, seed = 0"``."""
    shown = {name: str(value) if unit == "1" else f"{value} {unit}" for name, (value, unit) in labels.items()}
    return ", ".join(f"{name} = {value}" for name, value in shown.items())


def as_json(result: xr.Dataset) -> str:
    """Return what a result says of its origin as one JSON object."""
    return json.dumps(origin(result), ensure_ascii=False)
