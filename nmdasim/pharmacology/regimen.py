"""A regimen: what is given, when, by which route. A value; it prints as a table and round-trips through CSV."""

from __future__ import annotations

import copy
import dataclasses
import math
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, nearest, plainly
from nmdasim.model import html
from nmdasim.pharmacology import amounts, table, written
from nmdasim.pharmacology.drugs import drug
from nmdasim.pharmacology.events import Event
from nmdasim.quantities import QuantityLike, several

if TYPE_CHECKING:
    import pandas as pd

#: Most doses that are written out one by one.
MOST_ROWS = 1_000_000


@dataclass(frozen=True, repr=False)
class Regimen:
    """Dosing events of one or several subjects.

    Parameters
    ----------
    events
        Rows in the order of the table, or one; within a subject, times do not decrease.
    drug
        What is given, such as ``"s-ketamine"``; by default what the pharmacokinetic preset describes.
    name, source
        What it is and where it was published.

    Raises
    ------
    InputError
        If it is empty, a row comes before the one above it, or a subject has two body weights; the row is named.
    """

    events: tuple[Event, ...]
    drug: str = ""
    name: str = ""
    source: str = ""

    def __post_init__(self) -> None:
        given = (self.events,) if isinstance(self.events, Event) else self.events
        object.__setattr__(self, "events", tuple(given))
        object.__setattr__(self, "drug", drug(self.drug).name if self.drug else "")
        for field in ("name", "source"):
            object.__setattr__(self, field, " ".join(getattr(self, field).split()))
        if not self.events:
            raise InputError("a regimen has one event or more")
        self._check_order()

    def _check_order(self) -> None:
        times: dict[str, float] = {}
        weights: dict[str, float] = {}
        for row, event in enumerate(self.events, 1):
            if event.time_h < (before := times.get(event.id, 0.0)):
                raise InputError(
                    f"row {row}, TIME: {event.time_h:g} h comes before {before:g} h above it; "
                    "rows of a subject are in order of time"
                )
            times[event.id] = event.time_h
            if event.weight_kg and (weight := weights.setdefault(event.id, event.weight_kg)) != event.weight_kg:
                raise InputError(f"row {row}, WT: {event.weight_kg:g} kg after {weight:g} kg; give one weight")

    @classmethod
    def of(cls, *events: Event, drug: str = "", name: str = "", source: str = "") -> Self:
        """Return a regimen of events given in any order."""
        return cls(tuple(sorted(events, key=lambda event: event.time_h)), drug, name, source)

    @classmethod
    @plainly
    def from_table(cls, rows: pd.DataFrame, most_doses: float = math.inf) -> Self:
        """Read a DataFrame in the field's columns, any case: ID TIME AMT RATE DUR II ADDL SS EVID CMT/ROUTE WT ….

        Parameters
        ----------
        rows
            The table.
        most_doses
            A table of more doses, repeats included, is refused as soon as they are counted.

        Raises
        ------
        InputError
            For a row that cannot be taken as it stands; the row (counted from 1) and column are named.
        """
        events, drug = table.read_frame(rows, most_doses)
        return cls(events, drug)

    @classmethod
    @plainly
    def from_csv(cls, path: str | Path, most_doses: float = math.inf) -> Self:
        """Read a CSV file in the field's columns, any case; ``.`` is a missing value.

        A line that begins with ``#`` is a comment (or the heading, as NONMEM writes it); a ``#`` in a cell is data.

        Parameters
        ----------
        path
            The file.
        most_doses
            As in :meth:`from_table`.

        Raises
        ------
        InputError
            For a row that cannot be taken as it stands; the row (counted from 1), its line and the column are named.
        """
        events, drug, notes = table.read_csv(Path(path), most_doses)
        return cls(events, drug, notes.get("name", ""), notes.get("source", ""))

    def to_table(self) -> pd.DataFrame:
        """Return the rows in the field's columns."""
        return written.frame(self.events, self.drug)

    def _repr_html_(self) -> str:
        rows = written.headed(self.to_table())
        shown = html.table([str(column) for column in rows], rows.itertuples(index=False))
        head = html.title(self.name or "regimen", self.drug, self.source)
        return f"<div>{head}{shown}{html.title('', DISCLAIMER)}</div>"

    def to_csv(self, path: str | Path) -> None:
        """Write the rows as CSV under the disclaimer; :meth:`from_csv` reads back the same value."""
        notes = {key: getattr(self, key) for key in ("name", "source") if getattr(self, key)}
        written.write_csv(self.events, self.drug, notes, Path(path))

    @cached_property
    def acting(self) -> tuple[tuple[int, Event], ...]:
        """The rows that do something, with their numbers from 1: a table is mostly observations."""
        rows = ((row, event) for row, event in enumerate(self.events, 1) if event.evid)
        return tuple((row, event) for row, event in rows if event.is_dose or event.clears)

    @cached_property
    def ids(self) -> tuple[str, ...]:
        """Subjects in order of appearance."""
        return tuple(dict.fromkeys(event.id for event in self.events))

    @property
    def routes(self) -> frozenset[str]:
        """Routes by which doses are given."""
        return frozenset(event.route for _, event in self.acting if event.is_dose)

    @cached_property
    def end_h(self) -> float:
        """Time in hours at which the last dose is given or its infusion ends."""
        last = max(event.time_h for event in self.events)
        given = (event.time_h + event.additional * event.interval_h + event.over_h for _, event in self.acting)
        return max(last, max(given, default=0.0))

    @property
    def doses(self) -> float:
        """Number of doses, additional ones and those that are still running in a steady state included."""
        return sum(
            1 + event.additional + (event.over_h // event.interval_h if event.steady and event.interval_h else 0)
            for _, event in self.acting
            if event.is_dose
        )

    def subject(self, id: str) -> Regimen:
        """Return the rows of one subject."""
        events = tuple(event for event in self.events if event.id == id)
        if not events:
            raise InputError(f"there is no subject {id!r}{nearest(id, self.ids)}")
        return dataclasses.replace(self, events=events)

    def subjects(self) -> dict[str, Regimen]:
        """Return the rows of every subject by ID, in order of appearance."""
        if len(self.ids) == 1:
            return {self.ids[0]: self}
        rows: dict[str, list[Event]] = {}
        for event in self.events:
            rows.setdefault(event.id, []).append(event)
        return {id: self._part(tuple(events)) for id, events in rows.items()}

    def _part(self, events: tuple[Event, ...]) -> Regimen:
        """Return some of the rows in their order, which needs no check again."""
        part = copy.copy(self)
        for cached in ("acting", "ids", "end_h"):
            part.__dict__.pop(cached, None)
        object.__setattr__(part, "events", events)
        return part

    def weight_kg(self, otherwise: float) -> float:
        """Return the body weight that the rows of a single subject state, or `otherwise`."""
        return next((event.weight_kg for event in self.events if event.weight_kg), otherwise)

    def written_out(self) -> Regimen:
        """Return the same regimen with every additional dose as a row of its own.

        A reset (EVID 3 or 4, or SS 1) cancels the additional doses still to come of the rows above it.

        Raises
        ------
        InputError
            If that are more than a million.
        """
        if self.doses > MOST_ROWS:
            raise InputError(f"{self.doses:,.0f} doses written out are more than {MOST_ROWS:,}; lower ADDL")
        stops = self._stops()
        rows = []
        for row, event in enumerate(self.events):
            if not event.additional:
                rows.append((event.time_h, row, event))
                continue
            rows.append((event.time_h, row, dataclasses.replace(event, additional=0)))
            repeat = dataclasses.replace(event, additional=0, steady=0, evid=1)
            for k in range(1, int(event.additional) + 1):
                if (time := event.time_h + k * event.interval_h) >= stops[row]:
                    break
                rows.append((time, row, dataclasses.replace(repeat, time_h=time)))
        rows.sort(key=lambda entry: entry[:2])
        return dataclasses.replace(self, events=tuple(event for _, _, event in rows))

    def _stops(self) -> list[float]:
        """Return for every row when one below it first clears its subject's body; infinity where none does."""
        first: dict[str, float] = {}
        stops = []
        for event in reversed(self.events):
            stops.append(first.get(event.id, float("inf")))
            if event.clears:
                first[event.id] = event.time_h  # rows of a subject are in order of time
        return stops[::-1]

    @plainly
    def shifted(self, by: QuantityLike) -> Regimen:
        """Return the same regimen, later by a time such as ``"24 h"``."""
        shift = amounts.hours(by, "by")
        return self._each(lambda event: dataclasses.replace(event, time_h=event.time_h + shift))

    def scaled(self, factor: float) -> Regimen:
        """Return the same regimen with every amount multiplied, and its name says so; infusions keep their length."""
        if not factor >= 0:
            raise InputError(f"factor = {factor}; it is 0 or more")
        scaled = self._each(
            lambda event: dataclasses.replace(event, amount=event.amount * factor, rate=event.rate * factor)
        )
        renamed = f"{self.name}, × {factor:g}" if self.name and factor != 1 else self.name
        return dataclasses.replace(scaled, name=renamed)

    def _each(self, change: Any) -> Regimen:
        return dataclasses.replace(self, events=tuple(change(event) for event in self.events))

    def __add__(self, other: Regimen) -> Regimen:
        if self.drug != other.drug:
            raise InputError(f"a regimen of {self.drug or 'no named drug'} and one of {other.drug or 'no named drug'}")
        name = " + ".join(filter(None, (self.name, other.name)))
        source = ", ".join(dict.fromkeys(filter(None, (self.source, other.source))))
        return Regimen.of(*self.events, *other.events, drug=self.drug, name=name, source=source)

    def __repr__(self) -> str:
        """Return a heading and the rows as a table, as `print` does."""
        of = f" of {self.drug}" if self.drug else ""
        return f"Regimen{of}: {several(len(self.events), 'event')}\n{self}"

    def __str__(self) -> str:
        head = [text for text in (self.name, self.source and f"source: {self.source}") if text]
        return "\n".join([*head, written.text(self.events, self.drug), DISCLAIMER])
