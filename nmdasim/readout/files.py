"""What ``--out`` leaves: figure, table and result, all of them or none."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmdasim.errors import InputError
from nmdasim.parameters.separated import guarded

if TYPE_CHECKING:
    import pandas as pd
    import xarray as xr
    from matplotlib.figure import Figure

#: Longest name that a draft adds to, in bytes; and room that a disk must have, in bytes.
_LONGEST_NAME, _ROOM = 255, 10_000_000

Write = Callable[[Path], Any]


def check_folder(folder: Path) -> None:
    """Refuse a folder in which nothing can be written, before any work starts; nothing is made yet.

    Raises
    ------
    InputError
        If it, or what it would be made in, is not a folder or may not be written, its name is none that a file system
        takes, or the disk is full.
    """
    shown = str(folder) if len(str(folder)) <= 60 else f"{str(folder)[:57]}…"
    try:
        existing = next(path for path in (folder, *folder.absolute().parents) if os.path.lexists(path))
        longest = os.pathconf(existing, "PC_NAME_MAX") if hasattr(os, "pathconf") else _LONGEST_NAME
        room = shutil.disk_usage(existing).free
    except (OSError, ValueError):
        raise InputError(f"--out {shown!r}: no folder can have such a name; give a shorter, plain one") from None
    if any(len(os.fsencode(part)) > longest for part in folder.parts) or not str(folder).isprintable():
        raise InputError(f"--out {shown!r}: no folder can have such a name; give a shorter, plain one")
    if not existing.is_dir() or not os.access(existing, os.W_OK | os.X_OK):
        what = "is not a folder" if not existing.is_dir() else "may not be written"
        raise InputError(f"--out {folder}: {existing} {what}; give a folder, it is made where there is none")
    if room < _ROOM:
        raise InputError(f"--out {folder}: the disk has {room / 1e6:.1f} MB left; make room, or give another folder")


def save(
    folder: Path,
    name: str,
    figure: Figure,
    table: pd.DataFrame,
    result: xr.Dataset,
    notes: Sequence[str],
    more: Mapping[str, Write] | None = None,
) -> None:
    """Write ``<name>.png``, ``.svg``, ``.csv`` (notes first) and ``.nc`` into `folder`, and what is `more`.

    Numbers of the table are written as in :func:`as_csv`; those of the result have all of their digits.

    Raises
    ------
    InputError
        If that cannot be written; what was there before then still is.
    """
    text = as_csv(table, notes)
    write_all(
        folder,
        {
            f"{name}.png": lambda path: figure.savefig(path, format="png"),
            f"{name}.svg": lambda path: figure.savefig(path, format="svg"),
            f"{name}.csv": lambda path: path.write_text(text, encoding="utf-8"),
            f"{name}.nc": lambda path: result.to_netcdf(path, engine="netcdf4"),
        }
        | dict(more or {}),
    )


def as_csv(table: pd.DataFrame, notes: Sequence[str]) -> str:
    """Return a table as CSV, notes first.

    Numbers have seven significant digits, or ten where times would else coincide. Text that a spreadsheet would compute
    is written behind an apostrophe.
    """
    plain = table.rename(columns=lambda column: guarded(str(column)))
    for column in plain.select_dtypes("float"):
        plain[column] = _in_few_digits(plain[column])
    for column in plain.select_dtypes(exclude="number"):
        plain[column] = plain[column].map(lambda cell: guarded(cell) if isinstance(cell, str) else cell)
    return "".join(f"# {note}\n" for note in notes) + plain.to_csv(index=table.index.name is not None)


def _in_few_digits(column: pd.Series) -> pd.Series:
    few = column.map(lambda number: float(f"{number:.7g}"))
    merged = str(column.name).startswith("time") and few.nunique() < column.nunique()
    return column.map(lambda number: float(f"{number:.10g}")) if merged else few


def write_whole(path: Path, write: Write) -> None:
    """Write a file under another name and then give it its own: what stands there is old or new, never half of it.

    Raises
    ------
    InputError
        If it cannot be written.
    """
    write_all(path.parent, {path.name: write})


def write_all(folder: Path, files: Mapping[str, Write]) -> None:
    """Write files under other names, and give them their own once all are whole; a folder made for them goes again.

    Raises
    ------
    InputError
        If one cannot be written: then none is.
    """
    drafts = {name: folder / f".{name[-200:]}.{os.getpid()}" for name in files}
    made = [path for path in (folder, *folder.absolute().parents) if not path.exists()]
    name = ""
    try:
        folder.mkdir(parents=True, exist_ok=True)
        for name, write in files.items():
            if (folder / name).is_dir():
                raise InputError(f"{folder / name}: is a folder; move it away, a file of that name is written")
            write(drafts[name])
        for name, draft in drafts.items():
            draft.replace(folder / name)
    except BaseException as error:
        for draft in drafts.values():
            draft.unlink(missing_ok=True)
        for path in made:
            if path.is_dir() and not any(path.iterdir()):
                path.rmdir()
        if isinstance(error, OSError | RuntimeError) and not isinstance(error, RecursionError):
            # the NetCDF library tells of a full disk in a RuntimeError
            reason = getattr(error, "strerror", None) or str(error)
            raise InputError(f"{folder / name}: cannot be written ({reason}); nothing was") from None
        raise
