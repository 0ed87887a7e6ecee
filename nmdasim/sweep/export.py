"""A store, or any result, as tidy tables or a file that other programs read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import xarray as xr

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, need
from nmdasim.readout import columns, measures
from nmdasim.readout.files import write_whole

#: Dimensions inside a lane; every other one is of lanes.
_INSIDE = ("population", "pulse", "time")
_INSIDE_TOO = ("neuron_", "synapse_")
#: When things happened: told beside what happened, and of each lane or pulse the same or its own.
_TIMES = ("pulse_time", "window_end", "run_end")
#: What only ``start=`` of another run reads.
_MACHINERY = "slot"


def tables(data: xr.Dataset) -> dict[str, pd.DataFrame]:
    """Return tidy tables, one for each set of dimensions: nothing is repeated that a mean would then weigh twice.

    Parameters
    ----------
    data
        A result of :func:`nmdasim.simulate`, what :func:`nmdasim.sweep` returns, or part of either.

    Returns
    -------
    dict
        By name: ``""`` holds a row a lane, ``"pulse"`` a row a pulse of a lane, ``"time"`` a row a sample of traces,
        ``"spike"`` a row a spike; what has fewer dimensions of lanes is named by all of its own, and ``"all"`` is what
        is the same in all lanes. Units are in the names of columns, ``ketamine_free_uM``; ``attrs["notes"]`` says what
        each is.
    """
    groups: dict[tuple[str, ...], list[str]] = {}
    told: dict[str, tuple[str, ...]] = {}
    for key, values in data.data_vars.items():
        dims = tuple(sorted(map(str, values.dims)))
        if "spike" in dims or _MACHINERY in dims:
            continue
        if key in _TIMES:
            told[str(key)] = dims
        else:
            groups.setdefault(dims, []).append(str(key))
    widest = max(map(_lanes, groups), key=len, default=())
    if not any("pulse" in dims for dims in groups) and any("pulse" in dims for dims in told.values()):
        groups[(*widest, "pulse")] = []  # nothing was kept of a pulse but when it came
    found: dict[str, pd.DataFrame] = {}
    for dims, names in groups.items():
        own = tuple(dim for dim in dims if _is_inside(dim))
        beside = [
            one for one, where in told.items() if set(where) <= set(dims) and ("pulse" in where) == ("pulse" in dims)
        ]
        name = "_".join(own if _lanes(dims) == widest else dims if _lanes(dims) else ("all", *dims))
        whole = data[[*beside, *names]] if names else _over(data[beside], data, widest)
        rows = (
            whole.to_dataframe().reset_index()
            if dims
            else pd.DataFrame({k: [v.values.item()] for k, v in whole.variables.items() if not v.dims})
        )
        found[name] = _labelled(rows, data)
    if "spike_time" in data:
        found["spike"] = _spikes(data)
    return found if len(found) != 1 else {"": next(iter(found.values()))}


def _over(part: xr.Dataset, data: xr.Dataset, lanes: tuple[str, ...]) -> xr.Dataset:
    """Return a part of a result over all of its lanes, with their coordinates."""
    coords = {name: coord for name, coord in data.coords.items() if set(coord.dims) <= set(lanes)}
    return part.broadcast_like(xr.Dataset(coords=coords)).assign_coords(coords)


def _is_inside(dim: str) -> bool:
    return dim in _INSIDE or dim.startswith(_INSIDE_TOO)


def _lanes(dims: tuple[str, ...]) -> tuple[str, ...]:
    return tuple(dim for dim in dims if not _is_inside(dim))


def _spikes(data: xr.Dataset) -> pd.DataFrame:
    """Return a row a spike, of every population."""
    if "population" not in data.dims:
        return _labelled(measures.spikes(data).drop(columns="neuron"), data)
    parts = {name: measures.spikes(data, population=name) for name in data["population"].values.tolist()}
    whole = pd.concat(parts, names=["population", None]).reset_index(level="population").reset_index(drop=True)
    return _labelled(whole, data)


def _labelled(table: pd.DataFrame, data: xr.Dataset) -> pd.DataFrame:
    """Return a table with units in the names of its columns, where they are not yet, and notes of what they are."""
    names, notes = columns.named(data), {}
    labelled = table.rename(columns=names)
    for key in (key for key, column in names.items() if column in labelled):
        told = (str(data[key].attrs.get(attribute, "")) for attribute in ("long_name", "units"))
        if text := ", ".join(part for part in told if part not in ("", "1")):
            notes[names[key]] = text
    labelled.attrs = {"notes": notes, "disclaimer": DISCLAIMER}
    return labelled


def export(data: xr.Dataset | xr.DataArray, path: str | Path) -> tuple[Path, ...]:
    """Write a result as CSV, Parquet or NetCDF, whole or not at all.

    As CSV and Parquet there is one tidy table for each set of dimensions: ``result.csv`` holds a row a lane, and beside
    it stand ``result_pulse.csv``, a row a pulse of a lane, ``result_time.csv`` (traces) and ``result_spike.csv``, every
    spike a row; where there is one table, it is ``result.csv``. Units are in the names of the columns, and of a drug
    whether it is free: ``ketamine_free_uM``.

    Parameters
    ----------
    data
        As :func:`nmdasim.simulate` or :func:`nmdasim.sweep` returns it, or part of it, or one of its arrays; it is
        loaded into memory.
    path
        Ends in ``.csv`` (comments before the header say what each column is), ``.parquet`` or ``.nc``.

    Returns
    -------
    tuple of pathlib.Path
        What was written.

    Raises
    ------
    InputError
        For another ending, for what is no result, or if it cannot be written.
    """
    path = Path(path)
    if isinstance(data, xr.DataArray):
        data = data.to_dataset(name=data.name or "value")
    if not isinstance(data, xr.Dataset):
        raise InputError(f"{path}: {type(data).__name__} is no result; give what nm.simulate or a measure returned")
    match path.suffix:
        case ".csv":
            return tuple(_csv(table, _beside(path, name)) for name, table in tables(data).items())
        case ".parquet":
            need("pyarrow", "sweep")
            return tuple(_parquet(table, _beside(path, name)) for name, table in tables(data).items())
        case ".nc":
            whole = data.load().drop_encoding()
            write_whole(path, lambda draft: whole.to_netcdf(draft, engine="netcdf4"))
            return (path,)
        case other:
            raise InputError(f"{path}: unknown ending {other!r}; there are .csv, .parquet and .nc")


def _beside(path: Path, name: str) -> Path:
    return path.with_stem(f"{path.stem}_{name}") if name else path


def _csv(table: pd.DataFrame, path: Path) -> Path:
    notes = [DISCLAIMER, *(f"{name}: {text}" for name, text in table.attrs["notes"].items())]
    text = "".join(f"# {note}\n" for note in notes) + table.to_csv(index=False)
    write_whole(path, lambda draft: draft.write_text(text, encoding="utf-8"))
    return path


def _parquet(table: pd.DataFrame, path: Path) -> Path:
    write_whole(path, lambda draft: table.to_parquet(draft, engine="pyarrow"))
    return path
