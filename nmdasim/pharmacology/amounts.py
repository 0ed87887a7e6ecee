"""Reading doses, rates and times. ``mg/kg`` has no dimension for Brian2, so doses check their own units."""

from __future__ import annotations

import re
from dataclasses import dataclass

from nmdasim import quantities
from nmdasim.errors import InputError, UnitError
from nmdasim.quantities import QuantityLike

_NUMBER = r"\s*(?P<number>(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*"
_DOSE = re.compile(_NUMBER + r"(?P<mass>ng|ug|µg|μg|mg|g)\s*(?P<per>/\s*kg)?\s*")
_RATE = re.compile(_NUMBER + r"(?P<mass>ng|ug|µg|μg|mg|g)\s*(?P<per>/\s*kg)?\s*/\s*(?P<time>h|hour|min|minute)\s*")
_MG = {"ng": 1e-6, "ug": 1e-3, "µg": 1e-3, "μg": 1e-3, "mg": 1.0, "g": 1e3}
_PER_HOUR = {"h": 1.0, "hour": 1.0, "min": 60.0, "minute": 60.0}


@dataclass(frozen=True)
class Amount:
    """An amount of drug (or of drug per hour): a number in ``"mg"`` or ``"mg/kg"``."""

    number: float
    unit: str = "mg"

    def mg(self, weight_kg: float) -> float:
        """Return the amount in mg for a body weight in kg."""
        return self.number * weight_kg if self.unit == "mg/kg" else self.number


def dose(given: QuantityLike) -> Amount:
    """Read a dose: text such as ``"35 mg"`` or ``"0.5 mg/kg"``, or a Brian2 quantity of mass.

    Raises
    ------
    InputError
        If it is not a mass or a mass per kg, or is negative.
    """
    if isinstance(given, Amount):
        return given
    if isinstance(given, str):
        return _read(given, _DOSE, "dose", "'35 mg' or '0.5 mg/kg'")
    return _mass(given, "kg", "dose", 1e6)


def rate(given: QuantityLike) -> Amount:
    """Read an infusion rate: text such as ``"22.2 mg/h"`` or ``"41 ug/kg/min"``, or a Brian2 quantity; per hour.

    Raises
    ------
    InputError
        If it is not a mass (per kg) per time, or is negative.
    """
    if isinstance(given, Amount):
        return given
    if isinstance(given, str):
        return _read(given, _RATE, "rate", "'5 mg/h' or '41 ug/kg/min'")
    return _mass(given, "kg/second", "rate", 1e6 * 3600)


def hours(given: QuantityLike, name: str, usual: str = "hour") -> float:
    """Read a time such as ``"40 min"`` in hours; `usual` is the unit that is offered where none is given.

    Raises
    ------
    UnitError
        If it is not a time.
    InputError
        If it is negative.
    """
    value = quantities.number(given, usual, name=name) / 3600
    if value < 0:
        raise InputError(f"{name} = {given}; a time is 0 or more")
    return value


#: Beyond these a body weight is a slip of the keyboard, such as mg for kg.
_LIGHTEST, _HEAVIEST = 0.01, 1000.0


def kilograms(given: QuantityLike) -> float:
    """Read a body weight in kg.

    Raises
    ------
    UnitError
        If it is not a mass.
    InputError
        If it is no weight of a body: below 10 g or above 1,000 kg.
    """
    value = quantities.number(given, "kg", name="weight")
    if not _LIGHTEST <= value <= _HEAVIEST:
        raise InputError(f"weight = {given}; a body weight lies between {_LIGHTEST:g} kg and {_HEAVIEST:g} kg")
    return value


def _read(text: str, pattern: re.Pattern[str], what: str, example: str) -> Amount:
    match = pattern.fullmatch(text)
    if match is None:
        if pattern.fullmatch(text.strip().removeprefix("-").strip()):
            raise InputError(f"{what} = {text!r}; it is 0 or more")
        if "," in text and pattern.fullmatch(point := text.strip().replace(",", ".", 1)):
            raise InputError(f"{what} = {text!r} cannot be read; did you mean {point!r}?")
        raise InputError(f"{what} = {text!r} cannot be read; write a number and a unit, such as {example}")
    number = float(match["number"]) * _MG[match["mass"]]
    if "time" in pattern.groupindex:
        number *= _PER_HOUR[match["time"]]
    return Amount(number, "mg/kg" if match["per"] else "mg")


def _mass(given: QuantityLike, like: str, what: str, factor: float) -> Amount:
    try:
        value = quantities.number(given, like, name=what) * factor
    except UnitError:
        raise InputError(
            f"{what} = {given} is not a mass; per kg of body weight, write it as text, as in '0.5 mg/kg'"
        ) from None
    if value < 0:
        raise InputError(f"{what} = {given}; it is 0 or more")
    return Amount(value)
