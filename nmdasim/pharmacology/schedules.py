"""Schedules as publications report them. They describe what was done in studies; none is a recommendation."""

from __future__ import annotations

from typing import Any

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError, nearest, plainly
from nmdasim.parameters import load, read_table
from nmdasim.pharmacology import amounts
from nmdasim.pharmacology.events import Event, dose
from nmdasim.pharmacology.presets import number
from nmdasim.pharmacology.regimen import Regimen
from nmdasim.pharmacology.subjects import REFERENCE_KG
from nmdasim.quantities import QuantityLike


def infusion_40_minutes() -> Regimen:
    """Return racemic ketamine, 0.5 mg/kg over 40 min (Zanos 2018)."""
    over = _published("infusion", "over")
    return Regimen((dose(_per_kg("infusion", "dose"), over=over),), "ketamine", "0.5 mg/kg over 40 min", "zanos2018")


@plainly
def crps_100_hours(weight: QuantityLike = "70 kg") -> Regimen:
    """Return the 100-hour course of S-ketamine in complex regional pain syndrome (Sigtermans 2009).

    The rate rises from 5 to 22.2 mg/h per 70 kg; it was raised every 2 h by day and 8 h by night as each patient bore
    it, and the steps taken here are one such titration.
    """
    name = "100-hour course in CRPS, 5 to 22.2 mg/h per 70 kg"
    return _stepped("crps", "s-ketamine", name, "sigtermans2009", amounts.kilograms(weight) / REFERENCE_KG)


def crps_inpatient_5_days() -> Regimen:
    """Return racemic ketamine, 10 to 40 mg/h for 5 days, as given to inpatients with CRPS (Goldberg 2010)."""
    return _stepped("inpatient", "ketamine", "inpatients with CRPS, racemate 10 to 40 mg/h, 5 days", "PMC2950807")


@plainly
def crps_outpatient_10_days(weight: QuantityLike = "70 kg") -> Regimen:
    """Return the outpatients' course in CRPS, 4 h a day for 10 days at its highest rate (Schwartzman 2009).

    The abstract names no enantiomer; the racemate is assumed.
    """
    event = _outpatient(weight, "24 h", int(_number("outpatient", "days", "1")))
    return Regimen((event,), "ketamine", "outpatients with CRPS, racemate 4 h a day, 10 days", "schwartzman2009")


@plainly
def monthly(weight: QuantityLike = "70 kg") -> Regimen:
    """Return an outpatient's infusion every four weeks, 12 times, of S-ketamine: an illustration, of no trial."""
    every = f"{_number('monthly', 'interval', 'h'):g} h"
    event = _outpatient(weight, every, int(_number("monthly", "times", "1")))
    return Regimen((event,), "s-ketamine", "4 h every four weeks, 12 times (an illustration, of no trial)", "nmdasim")


def refractory_single() -> Regimen:
    """Return racemic ketamine 0.5 mg/kg once, as studied in refractory neuropathic pain (Pickering 2020)."""
    return _once("pickering", "neuropathic pain, racemate 0.5 mg/kg once", "pickering2020")


@plainly
def crps_titration(weight: QuantityLike = "70 kg") -> Regimen:
    """Return the same course with its raises: every 2 h by day and after 8 h by night (Sigtermans 2009).

    From about 5 mg/h it was raised to 20 to 30 mg/h; here to the mean of 22.2 mg/h per 70 kg. How much each raise was
    is not known to us: 2.5 mg/h is assumed, and a day of 16 h that begins with the course.
    """
    section = "crps_titration"
    share = amounts.kilograms(weight) / REFERENCE_KG
    rate, last, step = (_number(section, name, "mg/h") for name in ("first_rate", "last_rate", "step"))
    by_day, by_night, day = (_number(section, name, "h") for name in ("by_day", "by_night", "day"))
    time, events = 0.0, []
    while rate < last:
        night = time % (day + by_night) >= day
        length = by_night if night else by_day
        events.append(Event(time_h=time, amount=rate * share * length, duration_h=length))
        time, rate = time + length, min(rate + step, last)
    length = _number(section, "duration", "h") - time
    events.append(Event(time_h=time, amount=rate * share * length, duration_h=length))
    return Regimen(
        tuple(events), "s-ketamine", "100-hour course in CRPS, raised to 22.2 mg/h per 70 kg", "sigtermans2009"
    )


@plainly
def nasal_twice_weekly(amount: QuantityLike = "56 mg") -> Regimen:
    """Return nasal esketamine 28, 56 or 84 mg as licensed for depression: twice weekly, then weekly (not for pain).

    Four weeks of each are taken here.

    Raises
    ------
    InputError
        If the amount is not one, two or three devices.
    """
    given = amounts.dose(amount)
    low, high = load("schedules", "nasal")["devices"].bounds or (1, 3)
    allowed = [f"{count * number('janssen', 'device', 'mg'):g} mg" for count in range(int(low), int(high) + 1)]
    if given.unit != "mg" or f"{given.number:g} mg" not in allowed:
        raise InputError(f"amount = {amount}; the published sessions are {', '.join(allowed)}")
    often, seldom = _number("nasal", "often", "h"), _number("nasal", "seldom", "h")
    first = int(_number("nasal", "induction", "1") * seldom / often)
    then = int(_number("nasal", "maintenance", "1"))
    common: dict[str, Any] = {"amount": given.number, "route": "nasal"}
    events = (
        Event(interval_h=often, additional=first - 1, **common),
        Event(time_h=first * often, interval_h=seldom, additional=then - 1, **common),
    )
    return Regimen(
        events, "s-ketamine", f"nasal esketamine {given.number:g} mg, twice weekly then weekly", "perezruixo2021"
    )


def fibromyalgia(drug: str = "s-ketamine") -> Regimen:
    """Return an infusion as studied in fibromyalgia: S-ketamine 0.5 mg/kg over 30 min, or the racemate 0.3 mg/kg.

    The first is Noppers 2011, the second Graven-Nielsen 2000, whose infusion is taken to last as long.

    Raises
    ------
    InputError
        For another drug.
    """
    studied = {"s-ketamine": "fibromyalgia_s_ketamine", "ketamine": "fibromyalgia_racemate"}
    if drug not in studied:
        raise InputError(f"drug = {drug!r}; studied were 's-ketamine' (0.5 mg/kg) and 'ketamine' (0.3 mg/kg)")
    section = studied[drug]
    given, source = _per_kg(section, "dose"), read_table("schedules")[section]["dose"]["source"]
    name = f"fibromyalgia, {drug} {given.number:g} mg/kg over 30 min"
    return Regimen((dose(given, over=_published(section, "over")),), drug, name, source)


#: Published schedules by name.
SCHEDULES = {
    "infusion_40_minutes": infusion_40_minutes,
    "crps_100_hours": crps_100_hours,
    "crps_titration": crps_titration,
    "crps_inpatient_5_days": crps_inpatient_5_days,
    "crps_outpatient_10_days": crps_outpatient_10_days,
    "monthly": monthly,
    "refractory_single": refractory_single,
    "nasal_28": lambda: nasal_twice_weekly("28 mg"),
    "nasal_56": lambda: nasal_twice_weekly("56 mg"),
    "nasal_84": lambda: nasal_twice_weekly("84 mg"),
    "fibromyalgia_racemate": lambda: fibromyalgia("ketamine"),
    "fibromyalgia_s_ketamine": lambda: fibromyalgia("s-ketamine"),
}


def schedule(name: str) -> Regimen:
    """Return a published schedule by name."""
    if name not in SCHEDULES:
        raise InputError(f"unknown schedule {name!r}{nearest(name, SCHEDULES)}")
    return SCHEDULES[name]()


def _stepped(section: str, drug: str, name: str, source: str, share: float = 1.0) -> Regimen:
    """Return an infusion whose rate changes in steps."""
    table = read_table("schedules")[section]
    rates, lengths = (np.asarray(table[key]["value"], dtype=float) for key in ("rates", "lengths"))
    starts = np.concatenate([[0.0], np.cumsum(lengths)[:-1]])
    events = tuple(
        Event(time_h=float(start), amount=float(rate * share * length), duration_h=float(length))
        for start, rate, length in zip(starts, rates, lengths, strict=True)
    )
    return Regimen(events, drug, name, source)


def _outpatient(weight: QuantityLike, every: str, times: int) -> Event:
    kg, hours = amounts.kilograms(weight), _number("outpatient", "over", "h")
    rate = min(_number("outpatient", "rate", "mg/h"), _per_kg("outpatient", "rate_per_kg").number * kg)
    return dose(f"{rate * hours} mg", over=f"{hours} h", every=every, times=times)


def _once(name: str, said: str, source: str) -> Regimen:
    given = dose(_per_kg("single", name), over=_published("single", f"{name}_over"))
    return Regimen((given,), "ketamine", said, source)


def _per_kg(section: str, name: str) -> amounts.Amount:
    entry = read_table("schedules")[section][name]
    return amounts.Amount(entry["value"], entry["unit"])


def _published(section: str, name: str) -> Any:
    entry = read_table("schedules")[section][name]
    return entry["value"]


def _number(section: str, name: str, unit: str) -> float:
    entry = read_table("schedules")[section][name]
    return float(quantities.in_unit(quantities.si(entry["value"], unit, name=name), unit))
