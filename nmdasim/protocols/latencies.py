"""Latency files: rows are pulses, columns synapses, milliseconds after the stimulus; ``#`` starts a comment."""

from __future__ import annotations

from pathlib import Path

import numpy as np
from brian2.units import Quantity, ms

from nmdasim.errors import InputError
from nmdasim.parameters import separated


def read(path: str | Path) -> Quantity:
    """Read a latency file; one row or one column gives one fixed delay per synapse.

    Cells are separated by commas, semicolons or tabs; numbers have decimal points.

    Raises
    ------
    InputError
        If the file is missing or empty, a cell is not a number, or rows differ in length.
    """
    table = separated.read(Path(path), "latency file")
    if not table.columns:
        raise InputError(f"latency file {path} has no rows; every row has one delay in ms per synapse")
    rows = zip(table.lines, zip(*(column.tolist() for column in table.columns), strict=True), strict=True)
    delays = np.array([[_number(cell, path, line) for cell in cells] for line, cells in rows])
    return (delays.ravel() if 1 in delays.shape else delays) * ms


def _number(cell: str, path: str | Path, line: int) -> float:
    where, text = f"latency file {path}, line {line}", cell.strip()[:60]
    if text.lower().lstrip("+-") in ("nan", "inf", "infinity"):
        raise InputError(f"{where}: {text} ms; a delay is finite and 0 or more")
    try:
        value = separated.number(cell.strip())
    except InputError as error:
        raise InputError(f"{where}: {error} of milliseconds") from None
    if not 0 <= value < float("inf"):
        raise InputError(f"{where}: {text} ms; a delay is finite and 0 or more")
    return value
