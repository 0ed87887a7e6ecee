"""What ``--out`` leaves: figure, table and result, each whole or not at all."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmdasim.errors import InputError

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure


def check_folder(folder: Path) -> None:
    """Refuse a folder in which nothing can be written, before any work starts; nothing is made yet.

    Raises
    ------
    InputError
        If it, or what it would be made in, is not a folder or may not be written.
    """
    existing = next(path for path in (folder, *folder.absolute().parents) if path.exists())
    if not existing.is_dir() or not os.access(existing, os.W_OK):
        what = "is not a folder" if not existing.is_dir() else "may not be written"
        raise InputError(f"--out {folder}: {existing} {what}; give a folder, it is made where there is none")


def save(
    folder: Path, name: str, figure: Figure, table: pd.DataFrame, result: xr.Dataset, notes: Sequence[str]
) -> None:
    """Write ``<name>.png``, ``.svg``, ``.csv`` (notes first, as comments) and ``.nc`` into `folder`.

    Raises
    ------
    InputError
        If that cannot be written.
    """
    text = "".join(f"# {note}\n" for note in notes) + table.to_csv(index=table.index.name is not None)
    write_whole(folder / f"{name}.png", lambda path: figure.savefig(path, format="png"))
    write_whole(folder / f"{name}.svg", lambda path: figure.savefig(path, format="svg"))
    write_whole(folder / f"{name}.csv", lambda path: path.write_text(text, encoding="utf-8"))
    write_whole(folder / f"{name}.nc", lambda path: result.to_netcdf(path, engine="netcdf4"))


def write_whole(path: Path, write: Callable[[Path], Any]) -> None:
    """Write a file under another name and then give it its own: what stands there is old or new, never half of it."""
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        write(draft)
        draft.replace(path)
    except OSError as error:
        raise InputError(f"{path}: cannot be written ({error.strerror})") from None
    finally:
        draft.unlink(missing_ok=True)
