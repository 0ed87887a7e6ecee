"""One chunk of a sweep: its lanes run together, their read-outs as plain arrays."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from brian2.units.fundamentalunits import get_dimensions

from nmdasim import quantities
from nmdasim.errors import NmdasimError, OverflowedError
from nmdasim.run.axes import SHOWN, Axis, place
from nmdasim.run.simulate import simulate
from nmdasim.sweep import gains, kept
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

    Its lanes run together, but for those of other circuits: gains that are no values of parameters. A lane
    that overflows is marked. What is refused takes out the lanes that it is said of: the chunk is halved until each of
    these stands alone. Anything else that is raised is a fault of the library, and passes.
    """
    region = sweep.region(chunk)
    shape = tuple(part.stop - part.start for part in region.values())
    lanes = int(np.prod(shape))
    within = dict(zip(region, np.indices(shape).reshape(len(shape), lanes), strict=True))
    columns = columns_at(sweep, {dim: region[dim].start + index for dim, index in within.items()}, lanes)
    values = {
        name: np.full((lanes, sweep.pulses) if sweep.per_pulse(name) else lanes, np.nan) for name in sweep.readouts
    }
    status = np.full(lanes, FAILED, np.uint8)
    errors: list[str] = []
    pending = together(sweep, columns, lanes)
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
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always", RuntimeWarning)
        result = simulate(**asked(sweep, columns), threads=threads)
    result.attrs["overflowed"] = "; ".join(str(w.message) for w in caught)
    return kept.read(sweep.model, sweep.readouts, result)


def asked(sweep: Sweep, columns: Mapping[str, np.ndarray]) -> dict[str, Any]:
    """Return what :func:`simulate` is asked for some lanes, by argument; they share a protocol and a circuit."""
    given = dict(columns)
    point = {name: given.pop(name)[0] for name in columns if name in sweep.done_to.varies}
    factors = {name: float(given.pop(name)[0]) for name in columns if sweep.is_gain(name)}
    seed = given.pop("seed", None)
    return {
        "model": sweep.model.scaled(**factors) if factors else sweep.model,
        "protocol": sweep.variant(point),
        "parameters": {name: _rows(sweep, name, values) for name, values in given.items()},
        "seed": 0 if seed is None else xr.DataArray(seed, dims="lane"),
    } | {name: getattr(sweep, name) for name in ("block", "duration", "dt", "method", "engine")}


def _rows(sweep: Sweep, name: str, values: np.ndarray) -> xr.DataArray:
    owner = next(one for one in sweep.owners if one.parameters.entries(name))
    dimension = get_dimensions(owner.parameters[owner.parameters.entries(name)[0]].value)
    axis = next((axis for axis in sweep.varied if axis.name == name), None)
    units = {"units": quantities.base_units(dimension)}
    return xr.DataArray(values, dims="lane", attrs=units | ({SHOWN: axis.unit} if axis else {}))


def columns_at(sweep: Sweep, where: Mapping[str, np.ndarray], lanes: int) -> dict[str, np.ndarray]:
    """Return parameter values, arguments of the protocol and seeds of lanes, given by their place in each dimension.

    Gains are worked into the parameters that they scale, but for those that make another circuit.
    """
    found: dict[str, np.ndarray] = {}
    for axis in sweep.varied:
        values = axis.values[where[axis.dimension]]
        if sweep.is_gain(axis.name) and gains.is_common(sweep.model, axis.name):
            for key in sweep.scaled(axis.name):
                found[key] = found.get(key, np.full(lanes, _value(sweep, key))) * values
        else:
            found[axis.name] = values
    return found


def together(sweep: Sweep, columns: Mapping[str, np.ndarray], lanes: int) -> list[np.ndarray]:
    """Return the lanes that run together: those of one circuit."""
    factors = [values for name, values in columns.items() if sweep.is_gain(name)]
    if not factors:
        return [np.arange(lanes)]
    _, circuit = np.unique(np.stack(factors), axis=1, return_inverse=True)
    return [np.flatnonzero(circuit == k) for k in range(circuit.max() + 1)]


def _value(sweep: Sweep, key: str) -> float:
    return float(next(owner.parameters[key].si for owner in sweep.owners if key in owner.parameters))


def _where(sweep: Sweep, columns: Mapping[str, np.ndarray], lane: int) -> str:
    known = {axis.name: axis for axis in sweep.varied}
    return place([known.get(name, Axis(name, values)) for name, values in columns.items()], columns, lane)
