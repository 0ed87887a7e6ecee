"""Equations that cannot be read, in words: which line it is, what it lacks, and what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any

from brian2.core.namespace import DEFAULT_UNITS
from brian2.equations import Equations

from nmdasim import quantities
from nmdasim.errors import ModelError, UnitError, closest, likeliest

#: Units in which equations end: base ones, and the millimolar that Brian2 takes for one.
_BASE: tuple[str, ...] = (
    "volt",
    "amp",
    "siemens",
    "second",
    "hertz",
    "mM",
    "farad",
    "ohm",
    "metre",
    "mole",
    "kelvin",
    "coulomb",
)
_BASE += ("joule", "kilogram", "watt")
#: Units that people mean by a slip of letters.
_MEANT = ("mV", "uV", "ms", "us", "nS", "uS", "pS", "mS", "pA", "nA", "uA", "uM", "nM", "pF", "nF", "uF", "kHz", *_BASE)
_BEGINS = re.compile(r"\s*[A-Za-z]\w*\s*(?:/\s*dt\s*)?=(?!=)")
_REFUSED = re.compile(r"variable '(\w+)': Unit specification refers to '(\w+)'")


def equations(text: str) -> Equations:
    """Return equations as Brian2 reads them.

    Raises
    ------
    ModelError
        If it cannot, with the line and what was likely meant.
    """
    try:
        return Equations(text)
    except Exception as error:  # Brian2's parser raises many kinds; the text is what the user needs
        raise ModelError(_why(text, " ".join(str(error).split()))) from None


def _why(text: str, told: str) -> str:
    """Return why equations cannot be read; what Brian2 told where that is all there is."""
    for line in _written(text):
        if "^" in line.partition(":")[0]:
            return f"{line!r}: a power is written **, as in 'x**2', not ^"
        if said := unjoined(line.partition(":")[0]):
            return f"{line!r}: {said}"
        if ":" not in line:
            return f"{line!r} says no unit; an equation ends in its unit, as in ': volt', or in ': 1' without one"
    if found := _REFUSED.search(told):
        name, unit = found.groups()
        meant = _base(unit) or _base(likeliest(unit, _MEANT))
        offered = f"did you mean {meant!r}?" if meant else f"there are {', '.join(_BASE)}"
        return f"the unit of {name} is {unit!r}; an equation ends in a unit without prefix, or in mM; {offered}"
    return told


def unjoined(expression: str) -> str:
    """Return how a number and its unit are joined, if in an expression some stand side by side; else nothing."""
    found = _SIDE_BY_SIDE.search(expression)
    return "" if found is None else f"a number and its unit are joined by *, as in '{found[1]}*{found[2]}'"


_SIDE_BY_SIDE = re.compile(r"(?<![\w.])(\d[\w.]*)\s+(?!(?:and|or|not|if|else|in|is)\b)([A-Za-z]\w*)")


def quantity_or_expression(value: Any) -> Any:
    """Return text that is a number with a unit, "-50 mV", as a quantity; other text is an expression."""
    if isinstance(value, str):
        try:
            return quantities.quantity(value)
        except UnitError:
            return value
    return value


def _written(text: str) -> list[str]:
    """Return the equations of a text, those of several lines in one, without comments."""
    found: list[str] = []
    for line in filter(None, (line.partition("#")[0].strip() for line in text.splitlines())):
        if _BEGINS.match(line) or not found:
            found.append(line)
        else:
            found[-1] += f" {line}"
    return found


def _base(unit: str) -> str:
    """Return the base unit of what a unit measures; nothing where it is none."""
    try:
        return next((base for base in _BASE if quantities.same_dimension(unit, base)), "")
    except UnitError:
        return ""


def name(word: str, known: Iterable[str]) -> str:
    """Return why a name of an equation means nothing, or nothing where it is known or a unit."""
    if word in known or word in DEFAULT_UNITS:
        return ""
    try:
        unit = quantities.unit(word)
    except UnitError:
        return f"is not defined{closest(word, [*known, *_MEANT])}"
    there = getattr(unit, "name", "") or f"{float(unit):g}*{quantities.base_units(unit.dim)}"
    if own := [one for one in known if one.lower() == word.lower()]:
        return f"is not defined; did you mean {own[0]!r}, or the unit {there}?"
    return f"is no unit of equations; write {there}"
