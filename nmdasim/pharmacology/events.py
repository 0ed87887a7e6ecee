"""One row of a dosing table, in the field's columns and units: hours, mg or mg/kg."""

from __future__ import annotations

import math
from dataclasses import dataclass
from numbers import Real

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, nearest, plainly
from nmdasim.model import html
from nmdasim.pharmacology import amounts
from nmdasim.pharmacology.columns import COLUMNS, HEADS, EventError, check_id, check_name, check_text
from nmdasim.quantities import QuantityLike

ROUTES = ("iv", "im", "nasal", "oral", "sublingual")
UNITS = ("mg", "mg/kg")
#: Columns that hold numbers.
NUMBERS = ("TIME", "AMT", "RATE", "DUR", "II", "ADDL", "SS", "EVID", "WT")
OBSERVATION, DOSE, OTHER, RESET, RESET_AND_DOSE = range(5)
_KINDS = ("observation", "dose", "other event", "reset", "reset and dose")


@dataclass(frozen=True)
class Event:
    """One row of a dosing table.

    Parameters
    ----------
    time_h
        TIME, hours.
    amount
        AMT in `unit`.
    unit
        UNIT, ``"mg"`` or ``"mg/kg"``.
    rate
        RATE, `unit` per hour; 0 is a bolus or a duration given. A dose at a rate lasts AMT/RATE.
    duration_h
        DUR, hours, the alternative to RATE.
    interval_h
        II, hours between repeats.
    additional
        ADDL, number of repeats after the first.
    steady
        SS: 1 replaces the state by the steady state of this dose every II, 2 adds it.
    evid
        EVID: 0 observation, 1 dose, 2 other, 3 reset, 4 reset and dose.
    route
        ROUTE: iv, im, nasal, oral or sublingual.
    weight_kg
        WT, body weight; 0 where the table does not say.
    covariates
        Other columns: names, in capitals, and text; missing ones are left out.
    id
        ID of the subject.

    Raises
    ------
    EventError
        For a value that is not allowed, or that would have no effect in such a row.
    """

    time_h: float = 0.0
    amount: float = 0.0
    unit: str = "mg"
    rate: float = 0.0
    duration_h: float = 0.0
    interval_h: float = 0.0
    additional: int = 0
    steady: int = 0
    evid: int = DOSE
    route: str = "iv"
    weight_kg: float = 0.0
    covariates: tuple[tuple[str, str], ...] = ()
    id: str = "1"

    def __post_init__(self) -> None:
        self._check_texts()
        self._check_numbers()
        self._check_codes()
        self._check_dose() if self.is_dose else self._check_empty()

    @property
    def is_dose(self) -> bool:
        """Whether drug is given."""
        return self.evid in (DOSE, RESET_AND_DOSE)

    @property
    def clears(self) -> bool:
        """Whether the row empties the body, stops infusions and cancels repeats still to come."""
        return self.evid in (RESET, RESET_AND_DOSE) or self.steady == 1

    @property
    def over_h(self) -> float:
        """Length of the infusion in hours; 0 for a bolus."""
        return self.amount / self.rate if self.rate > 0 else self.duration_h

    def _repr_html_(self) -> str:
        given = {column: getattr(self, field) for column, field in COLUMNS.items()}
        idle = {"EVID"} if self.is_dose else {"EVID", "UNIT", "ROUTE"}  # the heading says what EVID does
        told = {c: value for c, value in given.items() if (value or c == "TIME") and c not in idle}
        told |= dict(self.covariates)
        shown = html.table([HEADS.get(column, column) for column in told], [tuple(told.values())])
        return f"<div>{html.title(_KINDS[self.evid])}{shown}{html.title('', DISCLAIMER)}</div>"

    def _check_texts(self) -> None:
        for column in ("ID", "UNIT", "ROUTE"):
            if not isinstance(given := getattr(self, COLUMNS[column]), str):
                raise EventError(column, f"{given!r} is no text; write it in quotes")
        check_id(self.id)
        held = tuple((name.strip().upper(), text) for name, text in self.covariates if text not in ("", "."))
        for name, text in held:
            check_name(name)
            check_text(name, text)
        if len({name for name, _ in held}) < len(held):
            raise EventError(held[0][0], f"covariates {', '.join(name for name, _ in held)}: a name stands twice")
        object.__setattr__(self, "covariates", held)

    def _check_numbers(self) -> None:
        for column in NUMBERS:
            if not isinstance(given := getattr(self, COLUMNS[column]), Real):
                raise EventError(column, f"{given!r} is no number; give one in the unit of the column")
        if self.rate in (-1, -2):
            raise EventError("RATE", f"{self.rate:g} asks for a rate or duration fitted by a model; give RATE or DUR")
        for column in NUMBERS:
            value = getattr(self, COLUMNS[column])
            if column == "EVID":
                continue
            if not math.isfinite(value) or value < 0:
                raise EventError(column, f"{value:g}; give a finite number, 0 or more")

    def _check_codes(self) -> None:
        if self.evid in (5, 6):
            raise EventError("EVID", f"{self.evid} (replace or multiply an amount) is not supported; 0 to 4 are")
        if self.evid not in range(5):
            raise EventError("EVID", f"{self.evid:g}; 0 observation, 1 dose, 2 other, 3 reset, 4 reset and dose")
        if self.steady not in (0, 1, 2):
            raise EventError("SS", f"{self.steady:g}; 0, 1 (steady state instead) or 2 (steady state added)")
        if self.additional != int(self.additional):
            raise EventError("ADDL", f"{self.additional:g}; the number of additional doses is whole")
        if self.route not in ROUTES:
            raise EventError("ROUTE", f"unknown route {self.route!r}{nearest(self.route, ROUTES)}")
        if self.unit not in UNITS:
            raise EventError("UNIT", f"{self.unit[:40]!r}; amounts are in {' or '.join(UNITS)}")

    def _check_dose(self) -> None:
        if self.rate > 0 and self.amount == 0:
            raise EventError("AMT", "0 with a RATE; an infusion lasts AMT/RATE, so give its amount")
        if self.rate > 0 and self.duration_h > 0 and not math.isclose(self.duration_h, self.amount / self.rate):
            raise EventError("DUR", f"{self.duration_h:g} h contradicts AMT/RATE = {self.amount / self.rate:g} h")
        if self.over_h > 0 and self.route != "iv":
            raise EventError("RATE" if self.rate > 0 else "DUR", f"an infusion is iv, not {self.route}")
        if self.additional > 0 and self.interval_h == 0:
            raise EventError("ADDL", f"{self.additional:g} additional doses need II, the hours between them")
        if self.steady and self.interval_h == 0:
            raise EventError("SS", f"{self.steady:g} needs II, the hours between doses")
        if self.route == "nasal" and self.unit != "mg":
            raise EventError("UNIT", "a nasal dose is a number of devices, in mg and not per kg")

    def _check_empty(self) -> None:
        for column in ("AMT", "RATE", "DUR", "II", "ADDL", "SS"):
            if getattr(self, COLUMNS[column]):
                raise EventError(column, f"{getattr(self, COLUMNS[column]):g} on a row of EVID {self.evid}: no dose")


@plainly
def dose(
    amount: QuantityLike,
    route: str = "iv",
    *,
    at: QuantityLike = "0 h",
    over: QuantityLike | None = None,
    rate: QuantityLike | None = None,
    every: QuantityLike | None = None,
    times: int = 1,
    steady: int = 0,
    weight: QuantityLike | None = None,
    id: str = "1",
) -> Event:
    """Return a dose as an event.

    Parameters
    ----------
    amount
        ``"35 mg"``, ``"0.5 mg/kg"`` or a quantity of mass.
    route
        iv, im, nasal or oral.
    at
        Time of the dose.
    over, rate
        Length or rate of an infusion, such as ``"40 min"`` or ``"20 mg/h"``; a bolus by default.
    every, times
        Time between doses and their number.
    steady
        1: start from the steady state of this dose given `every` so often; 2: add that steady state.
    weight
        Body weight of the subject.
    id
        Subject.

    Raises
    ------
    EventError, InputError
        For a unit, number or combination that is not allowed.
    """
    given = amounts.dose(amount)
    flow = amounts.Amount(0.0, given.unit) if rate is None else amounts.rate(rate)
    if flow.unit != given.unit:
        raise InputError(f"dose {amount} and rate {rate} are not both per kg; write both in mg or both in mg/kg")
    if times < 1 or times != int(times):
        raise InputError(f"times = {times}; a dose is given once or a whole number of times")
    return Event(
        time_h=amounts.hours(at, "at"),
        amount=given.number,
        unit=given.unit,
        rate=flow.number,
        duration_h=0.0 if over is None else amounts.hours(over, "over", "minute"),
        interval_h=0.0 if every is None else amounts.hours(every, "every"),
        additional=int(times) - 1,
        steady=steady,
        route=route.strip().lower(),
        weight_kg=0.0 if weight is None else amounts.kilograms(weight),
        id=id,
    )


@plainly
def reset(at: QuantityLike, *, id: str = "1") -> Event:
    """Return an event that empties the body: amounts, running infusions and repeats still to come."""
    return Event(time_h=amounts.hours(at, "at"), evid=RESET, id=id)
