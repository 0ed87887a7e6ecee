"""Dosing tables in the field's columns, a column at a time. Every refusal names the row and the column."""

from __future__ import annotations

import gc
import math
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from nmdasim.errors import InputError
from nmdasim.parameters import separated
from nmdasim.pharmacology.columns import COLUMNS, EventError, check_id, check_name, check_text, known
from nmdasim.pharmacology.events import NUMBERS, ROUTES, UNITS, Event
from nmdasim.pharmacology.limits import check_doses

if TYPE_CHECKING:
    import pandas as pd

_WHOLE = ("ADDL", "SS", "EVID")
_MISSING = ("", ".", "na")
_NOTE = re.compile(r"\s*(name|source):\s*(.*)")
#: Columns of which every value of a row without a dose is 0.
_OF_DOSES = ("AMT", "RATE", "DUR", "II", "ADDL", "SS")

Columns = Mapping[str, np.ndarray]


def read_csv(path: Path, most_doses: float = math.inf) -> tuple[tuple[Event, ...], str, dict[str, str]]:
    """Return the events, the drug and the notes (name, source) of a CSV file.

    Parameters
    ----------
    path
        The file.
    most_doses
        More are refused before an event is made.

    Raises
    ------
    InputError
        If the file cannot be read, or a row cannot be taken as it stands.
    """
    with _without_collection():
        return _read_csv(path, f"events file {path}", most_doses)


@contextmanager
def _without_collection() -> Iterator[None]:
    """Leave out the search for circles of references, a third of the time where a million rows are made: none is."""
    was = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if was:
            gc.enable()


def _read_csv(path: Path, where: str, most_doses: float) -> tuple[tuple[Event, ...], str, dict[str, str]]:
    table = separated.read(path, "events file", heading=("TIME", "AMT"), verbatim=("ID",))
    if not table.header:
        raise InputError(f"{where} has no rows")
    header = _header([separated.unguarded(name) for name in table.header], where)
    notes = {match[1]: match[2].strip() for match in map(_NOTE.fullmatch, table.comments) if match}
    columns = dict(zip(header, map(_unguarded, table.columns), strict=True))
    return *_events(columns, lambda k: f"row {k + 1} (line {table.lines[k]})", where, most_doses), notes


def read_frame(rows: pd.DataFrame, most_doses: float = math.inf) -> tuple[tuple[Event, ...], str]:
    """Return the events and the drug of a DataFrame."""
    header = _header([str(name) for name in rows.columns], "events table")
    columns = {name: _plain(rows.iloc[:, k]) for k, name in enumerate(header)}
    return _events(columns, lambda k: f"row {k + 1}", "events table", most_doses)


def _unguarded(column: np.ndarray) -> np.ndarray:
    """Return a column without the apostrophes that keep a spreadsheet from computing."""
    if "'" not in "".join(column.tolist()):
        return column
    return np.array([separated.unguarded(cell) if cell[:1] == "'" else cell for cell in column.tolist()], dtype=object)


def _plain(column: pd.Series) -> np.ndarray:
    """Return a column as objects, what is missing as empty text: NaN, None, NA and NaT alike."""
    values = column.astype(object).to_numpy(copy=True)
    values[column.isna().to_numpy()] = ""
    return values


def _header(names: Sequence[str], where: str) -> list[str]:
    header = [name.strip().upper() for name in names]
    try:
        for name in header:
            if header.count(name) > 1:
                raise EventError(name, f"column {name or '(without a name)'} stands twice")
            if not known(name):
                check_name(name)
    except EventError as error:
        raise InputError(f"{where}: {str(error).partition(': ')[2]}") from None
    missing = [name for name in ("TIME", "AMT") if name not in header]
    if missing:
        raise InputError(f"{where}: no column {' and no column '.join(missing)}; the columns are {', '.join(header)}")
    return header


@dataclass(frozen=True, eq=False)
class _Read:
    """What one column says: a value for each row, and the first row that cannot be read, with the reason."""

    values: np.ndarray
    row: float = math.inf
    reason: str = ""
    column: str = ""


def _events(
    columns: Columns, place: Callable[[int], str], where: str, most_doses: float
) -> tuple[tuple[Event, ...], str]:
    count = len(columns["TIME"])
    if not count:
        raise InputError(f"{where} has no rows")
    numbers = {name: _each(columns, name, _number, np.nan, float) for name in NUMBERS}
    words = {name: _each(columns, name, _word, "", object) for name in ("ROUTE", "CMT", "UNIT", "DRUG")}
    own = [name for name in columns if name == "ID" or not known(name)]
    texts = {name: _each(columns, name, _id if name == "ID" else _covariate(name), "", object) for name in own}
    faults = [read for read in (*numbers.values(), *words.values(), *texts.values()) if read.reason]
    first = min(faults, key=lambda read: read.row, default=None)
    last = count if first is None else int(first.row)
    dots = _each(columns, "AMT", lambda cell: isinstance(cell, str) and cell.strip() == ".", False, bool).values[:last]
    rows = _Rows({n: r.values[:last] for n, r in numbers.items()}, {n: r.values[:last] for n, r in words.items()}, dots)
    if first is None:
        check_doses(rows.doses, most_doses)
    events = rows.events({name: read.values[:last] for name, read in texts.items()}, place)
    if first is not None:
        raise InputError(f"{place(last)}, column {first.column}: {first.reason}")
    return events, _drug(words["DRUG"].values, place)


def _each(columns: Columns, name: str, read: Callable[[Any], Any], missing: Any, kind: type) -> _Read:
    """Read a column, every different cell once."""
    import pandas as pd  # noqa: PLC0415

    if name not in columns:
        return _Read(np.full(len(columns["TIME"]), missing, dtype=kind))
    cells = columns[name]
    try:
        codes, different = pd.factorize(cells, use_na_sentinel=False)
    except TypeError:  # a cell of a DataFrame that holds a list
        codes, different = np.arange(len(cells)), cells
    if read is _number and (plain := _all_numbers(different)) is not None:
        return _Read(plain[codes])
    found: np.ndarray = np.empty(len(different), dtype=kind)
    for code, cell in enumerate(different.tolist()):
        try:
            found[code] = read(cell)
        except (InputError, EventError, TypeError, ValueError) as error:
            ours = isinstance(error, InputError | EventError)
            reason = str(error).removeprefix(f"{name}: ") if ours else f"{cell!r} is not a number"
            return _Read(found[codes], int(np.argmax(codes == code)), reason, name)
    return _Read(found[codes])


def _all_numbers(cells: np.ndarray) -> np.ndarray | None:
    """Return the numbers of cells where all hold plain ones, read at once; None where one has to be looked at."""
    texts = cells.tolist()
    if not all(isinstance(text, str) for text in texts) or not separated.all_numbers(texts):
        return None
    found = np.array(texts, dtype=float)
    return found if np.isfinite(found).all() else None


def _number(cell: Any) -> float:
    if isinstance(cell, str):
        text = cell.strip()
        if text.lower() in _MISSING:
            return math.nan
        if text.lower().lstrip("+-") in ("inf", "infinity", "nan"):
            raise InputError(f"{text}; give a finite number")
        value = separated.number(text)
    else:
        value = float(cell)
    if not math.isfinite(value):
        raise InputError(f"{cell}; give a finite number")
    return value


def _text(cell: Any) -> str:
    """Return a cell of a DataFrame, or of a file, as text: whole numbers without a point."""
    if isinstance(cell, str):
        return cell
    return f"{cell:.0f}" if isinstance(cell, float) and cell == int(cell) else str(cell)


def _word(cell: Any) -> str:
    word = _text(cell).strip().lower()
    return "" if word in _MISSING else word


def _id(cell: Any) -> str:
    text = _text(cell)
    if text in ("", "."):
        return "1"
    check_id(text)
    return text


def _covariate(name: str) -> Callable[[Any], str]:
    def read(cell: Any) -> str:
        text = _text(cell)
        check_text(name, text)
        return "" if text == "." else text

    return read


def _drug(drugs: np.ndarray, place: Callable[[int], str]) -> str:
    different = list(dict.fromkeys(drugs.tolist()))
    if len(different) > 1:
        second = int(np.argmax(drugs == different[1]))
        raise InputError(f"{place(second)}, column DRUG: one drug a table; this one has {', '.join(different)}")
    return str(different[0])


@dataclass(frozen=True, eq=False)
class _Rows:
    """The columns as read: numbers, NaN where missing, words, and where AMT is said to be missing by a dot."""

    numbers: Columns
    words: Columns
    dots: np.ndarray

    @cached_property
    def _given(self) -> dict[str, np.ndarray]:
        """The numbers, 0 where missing; without an EVID a row with an amount is a dose, and one without is none."""
        given = {name: np.nan_to_num(values) for name, values in self.numbers.items()}
        evid = self.numbers["EVID"]
        return given | {"EVID": np.where(np.isnan(evid), given["AMT"] != 0, evid)}

    @property
    def doses(self) -> float:
        """How many doses the rows are, as :attr:`Regimen.doses` counts them."""
        n = self._given
        with np.errstate(divide="ignore", invalid="ignore"):
            over = np.where(n["RATE"] > 0, n["AMT"] / n["RATE"], n["DUR"])
            running = np.where((n["SS"] > 0) & (n["II"] > 0), over // n["II"], 0)
        return float(np.sum((1 + n["ADDL"] + running)[np.isin(n["EVID"], (1, 4))]))

    def events(self, texts: Columns, place: Callable[[int], str]) -> tuple[Event, ...]:
        """Return an event a row; rows in which nothing is out of the ordinary are checked all at once."""
        ids = texts["ID"].tolist() if "ID" in texts else ["1"] * len(self.numbers["TIME"])
        covariates = _paired({name: values for name, values in texts.items() if name != "ID"}, len(ids))
        routes = _routes(self.words)
        units = np.where(self.words["UNIT"] == "", "mg", self.words["UNIT"])
        ordinary = self._ordinary(self._given, routes, units)
        values = [v.astype(int).tolist() if n in _WHOLE else v.tolist() for n, v in self._given.items()]
        whole = zip(*values, units.tolist(), routes.tolist(), ids, covariates, strict=True)
        if ordinary.all():
            return tuple(map(_unchecked, whole))
        fields = [COLUMNS[name] for name in (*self._given, "UNIT", "ROUTE", "ID")] + ["covariates"]
        return tuple(
            _unchecked(entries) if fine else self._event(row, dict(zip(fields, entries, strict=True)), place)
            for row, (fine, entries) in enumerate(zip(ordinary.tolist(), whole, strict=True))
        )

    def _ordinary(self, n: Columns, routes: np.ndarray, units: np.ndarray) -> np.ndarray:
        """Whether a row holds nothing that an :class:`Event` would refuse; where in doubt, it is asked."""
        fine = ~np.isnan(self.numbers["TIME"]) & np.logical_and.reduce([n[name] >= 0 for name in NUMBERS])
        fine &= np.isin(n["EVID"], range(5)) & np.isin(n["SS"], range(3)) & (n["ADDL"] == np.floor(n["ADDL"]))
        fine &= np.isin(routes, ROUTES) & np.isin(units, UNITS) & (self.numbers["WT"] != 0) & (n["ADDL"] < 2**53)
        dose = np.isin(n["EVID"], (1, 4))
        over = np.maximum(n["RATE"], n["DUR"]) > 0
        given = ~np.isnan(self.numbers["AMT"]) & ~((n["RATE"] > 0) & (n["AMT"] == 0))
        given &= ((n["RATE"] == 0) | (n["DUR"] == 0)) & (~over | (routes == "iv"))
        given &= (n["II"] > 0) | ((n["ADDL"] == 0) & (n["SS"] == 0))
        given &= (routes != "nasal") | (units == "mg")
        empty = np.logical_and.reduce([n[name] == 0 for name in _OF_DOSES])
        written = self.dots | ~np.isnan(self.numbers["EVID"]) | ~np.isnan(self.numbers["AMT"])
        return np.asarray(fine & written & np.where(dose, given, empty))

    def _event(self, row: int, given: dict[str, Any], place: Callable[[int], str]) -> Event:
        """Return the event of one row, or say what it is that cannot be."""
        n = {name: float(self.numbers[name][row]) for name in NUMBERS}
        try:
            if math.isnan(n["TIME"]):
                raise EventError("TIME", "is missing; give hours")
            if math.isnan(n["AMT"]) and math.isnan(n["EVID"]) and not self.dots[row]:
                raise EventError("AMT", "is missing; write 0 or '.' for an observation")
            if math.isnan(n["AMT"]) and n["EVID"] in (1, 4):
                raise EventError("AMT", "is missing on a dose")
            if n["WT"] == 0:
                raise EventError("WT", "0 kg; a body weight is above 0")
            for name in _WHOLE:
                if not math.isnan(n[name]) and n[name] != int(n[name]):
                    raise EventError(name, f"{n[name]:g} is not a whole number")
            if isinstance(given["route"], _Refusal):
                raise EventError("CMT", given["route"].reason)
            return Event(**given)
        except EventError as error:
            raise InputError(f"{place(row)}, column {error}") from None


def _unchecked(entries: tuple[Any, ...]) -> Event:
    """Return the event of a row that is in order as it is known to be: not checked one by one again."""
    event = object.__new__(Event)
    held = event.__dict__
    (
        held["time_h"],
        held["amount"],
        held["rate"],
        held["duration_h"],
        held["interval_h"],
        held["additional"],
        held["steady"],
        held["evid"],
        held["weight_kg"],
        held["unit"],
        held["route"],
        held["id"],
        held["covariates"],
    ) = entries
    return event


@dataclass(frozen=True)
class _Refusal:
    """Why a row has no route."""

    reason: str


def _routes(words: Columns) -> np.ndarray:
    """Return the route of each row, from ROUTE or CMT; iv where neither says one."""
    import pandas as pd  # noqa: PLC0415

    (route, routes), (compartment, compartments) = (pd.factorize(words[name]) for name in ("ROUTE", "CMT"))
    known = np.empty((len(routes), len(compartments)), dtype=object)
    for pair in {divmod(int(k), len(compartments)) for k in np.unique(route * len(compartments) + compartment)}:
        known[pair] = _route(routes[pair[0]], compartments[pair[1]])
    return np.asarray(known[route, compartment])


def _route(route: str, compartment: str) -> str | _Refusal:
    if compartment and compartment not in ROUTES and not route:
        return _Refusal(f"{compartment!r}: compartment numbers differ between models; write {', '.join(ROUTES)}")
    if route and compartment in ROUTES and compartment != route:
        return _Refusal(f"{compartment!r} contradicts ROUTE {route!r}")
    return route or compartment or "iv"


def _paired(texts: Columns, count: int) -> list[tuple[tuple[str, str], ...]]:
    """Return the covariates of each row that are not missing."""
    if not texts:
        return [()] * count
    pairs = [[(name, text) if text else None for text in values.tolist()] for name, values in texts.items()]
    return [tuple(pair for pair in row if pair is not None) for row in zip(*pairs, strict=True)]
