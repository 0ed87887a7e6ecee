"""Dosing tables as they are written and printed: what is written reads back equal."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError
from nmdasim.parameters import separated
from nmdasim.pharmacology.columns import COLUMNS, HEADS
from nmdasim.pharmacology.events import Event

if TYPE_CHECKING:
    import pandas as pd

_QUOTED = re.compile(r'[",;#\s]')
#: Most rows that are printed.
_MOST_ROWS = 40


def columns(events: Sequence[Event], drug: str) -> dict[str, list[Any]]:
    """Return events as the field's columns; None where a row has none."""
    found: dict[str, list[Any]] = {name: [getattr(e, field) for e in events] for name, field in COLUMNS.items()}
    found["WT"] = [weight or None for weight in found["WT"]]
    if not any(found["WT"]):
        del found["WT"]
    covariates = [dict(event.covariates) for event in events]
    for name in dict.fromkeys(name for row in covariates for name in row):
        found[name] = [row.get(name) for row in covariates]
    return found | ({"DRUG": [drug] * len(events)} if drug else {})


def frame(events: Sequence[Event], drug: str) -> pd.DataFrame:
    """Return events in the field's columns."""
    import pandas as pd  # noqa: PLC0415

    return pd.DataFrame(columns(events, drug))


def headed(table: pd.DataFrame) -> pd.DataFrame:
    """Return a table of :func:`frame` with units in the names of its columns."""
    return table.rename(columns=HEADS)


def write_csv(events: Sequence[Event], drug: str, notes: Mapping[str, str], path: Path) -> None:
    """Write events as CSV under the disclaimer.

    Raises
    ------
    InputError
        If the file cannot be written.
    """
    lines = [f"# {DISCLAIMER}", "# TIME, DUR, II in hours; AMT in UNIT, RATE in UNIT per hour; WT in kg"]
    lines += [f"# {key}: {value}" for key, value in notes.items()]
    table = columns(events, drug)
    lines.append(",".join(map(_cell, table)))
    lines += map(",".join, zip(*(map(_cell, values) for values in table.values()), strict=True))
    try:
        path.write_text("\n".join(lines) + "\n", "utf-8", newline="")
    except (OSError, UnicodeEncodeError) as error:
        raise InputError(f"{path}: cannot be written ({error})") from None


def _cell(value: Any) -> str:
    if value is None:
        return "."
    if not isinstance(value, str):
        return repr(float(value)) if isinstance(value, float) else str(value)
    text = separated.guarded(value)
    return '"' + text.replace('"', '""') + '"' if _QUOTED.search(text) else text


def text(events: Iterable[Event], drug: str) -> str:
    """Return events as a text table, without the columns that say nothing; of many, the first rows."""
    rows = list(events)
    data = frame(rows[:_MOST_ROWS], drug)
    kept = {
        column for column in data if column in ("TIME", "AMT", "UNIT", "ROUTE", "DRUG") or len(set(data[column])) > 1
    }
    kept |= {name for name in ("RATE", "DUR", "II", "ADDL", "SS", "WT") if name in data and data[name].any()}
    data = headed(data[[column for column in data if column in kept]])
    shown = data.to_string(index=False, na_rep=".", float_format="{:.4g}".format)
    return shown + (f"\n… and {len(rows) - _MOST_ROWS:,} rows more" if len(rows) > _MOST_ROWS else "")
