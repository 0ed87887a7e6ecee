"""A store, or any result with one number a lane, as a table or a file that other programs read."""

from __future__ import annotations

from pathlib import Path

import pandas as pd
import xarray as xr

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError
from nmdasim.readout.files import write_whole
from nmdasim.sweep.extra import need


def table(data: xr.Dataset) -> pd.DataFrame:
    """Return one row per lane (and pulse); units of the columns are in ``attrs["units"]``."""
    found = data.to_dataframe().reset_index()
    found.attrs = {
        "units": {str(name): str(v.attrs["units"]) for name, v in data.variables.items() if "units" in v.attrs},
        "disclaimer": DISCLAIMER,
    }
    return found


def export(data: xr.Dataset, path: str | Path) -> Path:
    """Write a result as CSV, Parquet or NetCDF, whole or not at all.

    Parameters
    ----------
    data
        As :func:`nmdasim.sweep` returns it, or part of it; it is loaded into memory.
    path
        Ends in ``.csv`` (units as comments before the header), ``.parquet`` or ``.nc``.

    Raises
    ------
    InputError
        For another ending, or if it cannot be written.
    """
    path = Path(path)
    match path.suffix:
        case ".csv":
            rows = table(data)
            notes = [DISCLAIMER, *(f"{name}: {unit}" for name, unit in rows.attrs["units"].items())]
            text = "".join(f"# {note}\n" for note in notes) + rows.to_csv(index=False)
            write_whole(path, lambda draft: draft.write_text(text, encoding="utf-8"))
        case ".parquet":
            need("pyarrow")
            rows = table(data)
            write_whole(path, lambda draft: rows.to_parquet(draft, engine="pyarrow"))
        case ".nc":
            whole = data.load().drop_encoding()
            write_whole(path, lambda draft: whole.to_netcdf(draft, engine="netcdf4"))
        case other:
            raise InputError(f"{path}: unknown ending {other!r}; there are .csv, .parquet and .nc")
    return path
