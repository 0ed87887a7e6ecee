"""Dosing tables: reading and writing the field's columns. Every refusal names the row and the column."""

from __future__ import annotations

import csv
import difflib
import io
import math
import re
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError
from nmdasim.pharmacology.events import COLUMNS, ROUTES, Event, EventError

if TYPE_CHECKING:
    import pandas as pd

_NUMBERS = ("TIME", "AMT", "RATE", "DUR", "II", "ADDL", "SS", "EVID", "WT")
_WHOLE = ("ADDL", "SS", "EVID")
_MISSING = ("", ".", "na")
#: Words for what a known column holds. Taken as covariates, they would silently be dropped.
_LOOKALIKES = ("DOSE", "AMOUNT", "INTERVAL", "TAU", "TINF", "FREQ", "REPEATS", "STEADY", "LAG", "ALAG", "ADM", "WEIGHT")
_NOTE = re.compile(r"#\s*(name|source):\s*(.*)")

Row = tuple[str, dict[str, Any]]


def read_csv(path: Path) -> tuple[tuple[Event, ...], str, dict[str, str]]:
    """Return the events, the drug and the notes (name, source) of a CSV file.

    Raises
    ------
    InputError
        If the file cannot be read, or a row cannot be taken as it stands.
    """
    try:
        lines = path.read_text("utf-8-sig").splitlines()
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(f"events file {path}: cannot be read ({error})") from None
    notes = {match[1]: match[2].strip() for match in map(_NOTE.fullmatch, lines) if match}
    rows = list(_lines(lines, path))
    return *_events(rows, f"events file {path}"), notes


def read_frame(rows: pd.DataFrame) -> tuple[tuple[Event, ...], str]:
    """Return the events and the drug of a DataFrame."""
    header = _header([str(name) for name in rows.columns], "events table")
    records = [dict(zip(header, record, strict=True)) for record in rows.itertuples(index=False, name=None)]
    return _events([(f"row {k}", record) for k, record in enumerate(records, 1)], "events table")


def _lines(lines: list[str], path: Path) -> Iterator[Row]:
    header: list[str] = []
    row = 0
    for number, line in enumerate(lines, 1):
        content = line.partition("#")[0]
        if not content.strip():
            continue
        cells = [cell.strip() for cell in next(csv.reader([content]))]
        if not header:
            header = _header(cells, f"events file {path}")
            continue
        row += 1
        if len(cells) != len(header):
            raise InputError(f"row {row} (line {number}) has {len(cells)} cells for {len(header)} columns")
        yield f"row {row} (line {number})", dict(zip(header, cells, strict=True))


def _header(names: list[str], where: str) -> list[str]:
    header = [name.strip().upper() for name in names]
    for name in header:
        if header.count(name) > 1:
            raise InputError(f"{where}: column {name} stands twice")
        if not _known(name) and _resembles(name):
            raise InputError(
                f"{where}: unknown column {name}; dosing columns are {', '.join(COLUMNS)} (or CMT), DRUG; "
                "rename a covariate that only looks like one"
            )
    missing = [name for name in ("TIME", "AMT") if name not in header]
    if missing:
        raise InputError(f"{where}: no column {' and no column '.join(missing)}; the columns are {', '.join(header)}")
    return header


def _known(name: str) -> bool:
    return name in COLUMNS or name in ("CMT", "DRUG")


def _resembles(name: str) -> bool:
    starts = any(name.startswith(column) for column in COLUMNS if len(column) > 2)
    words = set(re.split(r"[^A-Z]+", name))
    return starts or bool(words & set(_LOOKALIKES)) or bool(difflib.get_close_matches(name, COLUMNS, cutoff=0.75))


def _events(rows: Iterable[Row], where: str) -> tuple[tuple[Event, ...], str]:
    events: list[Event] = []
    drugs: dict[str, str] = {}
    for place, cells in rows:
        try:
            events.append(_event(cells))
        except EventError as error:
            raise InputError(f"{place}, column {error}") from None
        drugs.setdefault(_text(cells, "DRUG").lower(), place)
    if not events:
        raise InputError(f"{where} has no rows")
    if len(drugs) > 1:
        raise InputError(f"{list(drugs.values())[1]}, column DRUG: one drug a table; this one has {', '.join(drugs)}")
    return tuple(events), next(iter(drugs))


def _event(cells: Mapping[str, Any]) -> Event:
    numbers = {name: _number(cells, name) for name in _NUMBERS}
    if numbers["TIME"] is None:
        raise EventError("TIME", "is missing; give hours")
    evid = numbers["EVID"]
    if evid is None:
        evid = _implied_evid(cells, numbers["AMT"])
    if numbers["AMT"] is None and evid in (1, 4):
        raise EventError("AMT", "is missing on a dose")
    if numbers["WT"] == 0:
        raise EventError("WT", "0 kg; a body weight is above 0")
    for name in _WHOLE:
        value = numbers[name] if name != "EVID" else evid
        if value is not None and value != int(value):
            raise EventError(name, f"{value:g} is not a whole number")
    fields: dict[str, Any] = {COLUMNS[name]: value for name, value in numbers.items() if value is not None}
    fields |= {COLUMNS[name]: int(numbers[name] or 0) for name in _WHOLE} | {"evid": int(evid)}
    covariates = tuple((name, str(value)) for name, value in cells.items() if not _known(name))
    unit = _text(cells, "UNIT").lower() or "mg"
    return Event(**fields, unit=unit, route=_route(cells), id=_text(cells, "ID") or "1", covariates=covariates)


def _implied_evid(cells: Mapping[str, Any], amount: float | None) -> float:
    if amount is None and str(cells.get("AMT")).strip() != ".":
        raise EventError("AMT", "is missing; write 0 or '.' for an observation")
    return 1.0 if amount else 0.0


def _route(cells: Mapping[str, Any]) -> str:
    route, compartment = _text(cells, "ROUTE").lower(), _text(cells, "CMT").lower()
    if compartment and compartment not in ROUTES and not route:
        raise EventError(
            "CMT", f"{compartment!r}: compartment numbers differ between models; write {', '.join(ROUTES)}"
        )
    if route and compartment in ROUTES and compartment != route:
        raise EventError("CMT", f"{compartment!r} contradicts ROUTE {route!r}")
    return route or compartment or "iv"


def _text(cells: Mapping[str, Any], name: str) -> str:
    value = cells.get(name, "")
    if isinstance(value, float):
        value = "" if math.isnan(value) else f"{value:g}" if value == int(value) else repr(value)
    text = str(value).strip()
    return "" if text.lower() in _MISSING else text


def _number(cells: Mapping[str, Any], name: str) -> float | None:
    value = cells.get(name)
    if value is None or (isinstance(value, str) and value.strip().lower() in _MISSING):
        return None
    try:
        number = float(value)
    except (TypeError, ValueError):
        raise EventError(name, f"{value!r} is not a number") from None
    if math.isnan(number) and not isinstance(value, str) and name not in ("TIME", "AMT"):
        return None  # an empty cell of a DataFrame
    if not math.isfinite(number):
        raise EventError(name, f"{value}; give a finite number")
    return number


def frame(events: Iterable[Event], drug: str) -> pd.DataFrame:
    """Return events in the field's columns."""
    import pandas as pd  # noqa: PLC0415

    rows = []
    for event in events:
        row = {column: getattr(event, field) for column, field in COLUMNS.items()}
        row["WT"] = event.weight_kg or None
        rows.append(row | dict(event.covariates) | ({"DRUG": drug} if drug else {}))
    data = pd.DataFrame(rows)
    return data.drop(columns="WT") if data["WT"].isna().all() else data


def write_csv(events: Iterable[Event], drug: str, notes: Mapping[str, str], path: Path) -> None:
    """Write events as CSV under the disclaimer."""
    stream = io.StringIO()
    stream.write(f"# {DISCLAIMER}\n# TIME, DUR, II in hours; AMT in UNIT, RATE in UNIT per hour; WT in kg\n")
    stream.writelines(f"# {key}: {value}\n" for key, value in notes.items())
    frame(events, drug).to_csv(stream, index=False, na_rep=".", lineterminator="\n")
    path.write_text(stream.getvalue(), "utf-8")


def text(events: Iterable[Event], drug: str) -> str:
    """Return events as a text table, without the columns that say nothing."""
    data = frame(events, drug)
    kept = {
        column for column in data if column in ("TIME", "AMT", "UNIT", "ROUTE", "DRUG") or len(set(data[column])) > 1
    }
    kept |= {name for name in ("RATE", "DUR", "II", "ADDL", "SS", "WT") if name in data and data[name].any()}
    return str(data[[column for column in data if column in kept]].to_string(index=False))
