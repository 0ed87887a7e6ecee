"""Latency files: rows are pulses, columns synapses, milliseconds after the stimulus; ``#`` starts a comment."""

from __future__ import annotations

import csv
from pathlib import Path

import numpy as np
from brian2 import Quantity, ms

from nmdasim.errors import InputError


def read(path: str | Path) -> Quantity:
    """Read a latency file; one row or one column gives one fixed delay per synapse.

    Raises
    ------
    InputError
        If the file is missing or empty, a cell is not a number, or rows differ in length.
    """
    try:
        lines = Path(path).read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"latency file {path}: cannot be read ({error})") from None
    rows = []
    for number, line in enumerate(lines, 1):
        cells = next(csv.reader([line.partition("#")[0].strip()]), [])
        if cells:
            rows.append([_number(cell, path, number) for cell in cells])
    widths = {len(row) for row in rows}
    if len(widths) != 1:
        found = "no rows" if not rows else f"rows of {', '.join(map(str, sorted(widths)))} columns"
        raise InputError(f"latency file {path} has {found}; every row has one delay in ms per synapse")
    table = np.array(rows)
    return (table.ravel() if 1 in table.shape else table) * ms


def _number(cell: str, path: str | Path, line: int) -> float:
    try:
        value = float(cell)
    except ValueError:
        raise InputError(
            f"latency file {path}, line {line}: {cell.strip()!r} is not a number of milliseconds"
        ) from None
    if not 0 <= value < float("inf"):
        raise InputError(f"latency file {path}, line {line}: {cell.strip()} ms; a delay is finite and 0 or more")
    return value
