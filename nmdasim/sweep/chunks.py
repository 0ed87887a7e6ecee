"""One chunk of a sweep: its lanes run together, their read-outs as plain arrays."""

from __future__ import annotations

import dataclasses
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from brian2 import Quantity

from nmdasim import quantities
from nmdasim.errors import NmdasimError, OverflowedError
from nmdasim.model.circuit import Circuit
from nmdasim.readout import measures
from nmdasim.readout.standing import standing
from nmdasim.run.axes import Axis
from nmdasim.run.simulate import simulate
from nmdasim.sweep.specification import Sweep

#: What a lane is marked with.
DONE, FAILED, MISSING = 1, 0, 255


@dataclass(frozen=True, eq=False)
class Chunk:
    """A finished chunk.

    Parameters
    ----------
    values
        Read-outs over the chunk's dimensions (and ``pulse``); NaN where a lane failed.
    status
        ``DONE`` or ``FAILED`` for each lane.
    errors
        What failed, one sentence each.
    """

    values: Mapping[str, np.ndarray]
    status: np.ndarray
    errors: tuple[str, ...] = ()


def run(sweep: Sweep, chunk: int, threads: int = 0) -> Chunk:
    """Run one chunk.

    A lane that overflows is marked. Parameters that the model refuses take out the lanes that have them: the chunk is
    halved until each of these stands alone. Anything else that is raised is a fault of the library, and passes.
    """
    region = sweep.region(chunk)
    shape = tuple(part.stop - part.start for part in region.values())
    columns = _columns(sweep, region, shape)
    lanes = int(np.prod(shape))
    values = {
        name: np.full((lanes, sweep.pulses) if sweep.per_pulse(name) else lanes, np.nan) for name in sweep.readouts
    }
    status = np.full(lanes, FAILED, np.uint8)
    errors: list[str] = []
    pending = [np.arange(lanes)]
    while pending:
        chosen = pending.pop()
        try:
            found = _run(sweep, {name: column[chosen] for name, column in columns.items()}, threads)
        except OverflowedError as error:
            errors.append(str(error))
        except NmdasimError as error:
            if len(chosen) == 1:
                errors.append(f"{_where(sweep, columns, chosen[0])}: {error}")
            else:
                pending += [chosen[len(chosen) // 2 :], chosen[: len(chosen) // 2]]
        else:
            _fill(sweep, found, chosen, values, status, errors)
    return Chunk(
        {name: table.reshape((*shape, -1) if sweep.per_pulse(name) else shape) for name, table in values.items()},
        status.reshape(shape),
        tuple(errors),
    )


def _fill(
    sweep: Sweep,
    found: xr.Dataset,
    chosen: np.ndarray,
    values: dict[str, np.ndarray],
    status: np.ndarray,
    errors: list[str],
) -> None:
    failed = found["failed"].values if "failed" in found else np.zeros(len(chosen), bool)
    status[chosen] = np.where(failed, FAILED, DONE)
    for name in sweep.readouts:
        table = np.where(failed if found[name].ndim == 1 else failed[:, None], np.nan, found[name].values)
        values[name][(chosen, slice(table.shape[1])) if table.ndim > 1 else chosen] = table
    if failed.any():
        errors.append(str(found.attrs["overflowed"]))


def _run(sweep: Sweep, columns: Mapping[str, np.ndarray], threads: int) -> xr.Dataset:
    """Run lanes that share a protocol; read-outs over ``lane`` (and ``pulse``)."""
    chosen = dict(columns)
    train: dict[str, Any] = {name: chosen.pop(name)[0] for name in ("frequency", "pulses") if name in chosen}
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        seed = chosen.pop("seed", None)
        result = simulate(
            sweep.model,
            _protocol(sweep, train),
            parameters={name: _rows(values, sweep, name) for name, values in chosen.items()},
            seed=0 if seed is None else xr.DataArray(seed, dims="lane"),
            block=sweep.block,
            duration=sweep.duration,
            dt=sweep.dt,
            method=sweep.method,
            engine=sweep.engine,
            threads=threads,
        )
    result.attrs["overflowed"] = "; ".join(str(w.message) for w in caught)
    return readouts(sweep, result)


def _rows(values: np.ndarray, sweep: Sweep, name: str) -> xr.DataArray:
    return xr.DataArray(values, dims="lane", attrs={"units": quantities.base_units(_dimension(sweep, name))})


def _dimension(sweep: Sweep, name: str) -> Any:
    owner = next(cell for cell in sweep.cells if cell.parameters.entries(name))
    return owner.parameters[owner.parameters.entries(name)[0]].value.dim


def _protocol(sweep: Sweep, train: Mapping[str, Any]) -> Any:
    if not train:
        return sweep.protocol
    given: dict[str, Any] = {}
    if "frequency" in train:
        given["frequency"] = Quantity(train["frequency"], dim=quantities.unit("Hz").dim)
    if "pulses" in train:
        given["pulses"] = int(train["pulses"])
    return dataclasses.replace(sweep.protocol, **given)


def readouts(sweep: Sweep, result: xr.Dataset) -> xr.Dataset:
    """Return the read-outs of a sweep from a result, over ``lane`` (and ``pulse``)."""
    measured = measures.windup(result) if "pulse_time" in result else xr.Dataset()
    data = xr.Dataset(attrs=result.attrs)
    for name in sweep.readouts:
        values = measured[name] if name in measured else result[name]
        if "population" in values.dims:
            assert isinstance(sweep.model, Circuit)
            values = values.sel(population=sweep.model.output, drop=True)
        if "lane" not in values.dims:
            values = values.expand_dims("lane")
        data[name] = values.transpose("lane", ...).astype(float).assign_attrs(values.attrs | standing(result.attrs))
    if "failed" in result:
        data["failed"] = result["failed"]
    return data


def _columns(sweep: Sweep, region: Mapping[str, slice], shape: tuple[int, ...]) -> dict[str, np.ndarray]:
    """Return parameter values, rates and seeds of every lane of a region; gains are worked in."""
    lanes = int(np.prod(shape))
    place = dict(zip(region, np.indices(shape).reshape(len(shape), lanes), strict=True))
    found: dict[str, np.ndarray] = {}
    for axis in sweep.varied:
        values = axis.values[region[axis.dimension]][place[axis.dimension]]
        if sweep.is_gain(axis.name):
            for key in sweep.scaled(axis.name):
                found[key] = found.get(key, np.full(lanes, _value(sweep, key))) * values
        else:
            found[axis.name] = values
    return found


def _value(sweep: Sweep, key: str) -> float:
    return float(next(cell.parameters[key].si for cell in sweep.cells if key in cell.parameters))


def _where(sweep: Sweep, columns: Mapping[str, np.ndarray], lane: int) -> str:
    shown = {axis.name: axis for axis in sweep.varied}
    parts = []
    for name, values in columns.items():
        unit = shown.get(name, Axis(name, values)).unit
        parts.append(
            f"{name} = {quantities.in_unit(values[lane], unit):g} {quantities.pretty(unit)}".removesuffix(" 1")
        )
    return ", ".join(parts)
