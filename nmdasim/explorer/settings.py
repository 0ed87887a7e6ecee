"""Settings of the page as they are typed in Python: checked against what the page's own controls allow."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from functools import cache
from typing import Any

from nmdasim import quantities
from nmdasim.errors import InputError, UnitError, nearest
from nmdasim.explorer.page import built, part
from nmdasim.parameters import concentrations

#: Units as the page shows them, and as they are typed.
_TYPED = {"µM": "uM", "min": "minute", "h": "hour", "s": "second", "ng/ml": "ng/ml"}
_PLAIN = ("×", "mg/kg", "mg/h", "SI")
Settings = dict[str, dict[str, Any]]


@cache
def controls() -> dict[str, dict[str, dict[str, Any]]]:
    """Return what can be set, by panel and name."""
    return dict(json.loads(part(built(), "controls")))


def panel(name: str) -> str:
    """Return the name of a panel.

    Raises
    ------
    InputError
        If there is no such panel.
    """
    if name not in controls():
        raise InputError(f"unknown panel {name!r}{nearest(name, controls())}")
    return name


def read(given: Mapping[str, Any], where: str) -> Settings:
    """Return settings by panel; names are of the panel `where`, or say theirs, ``"afternoon.weight"``.

    Raises
    ------
    InputError, UnitError
        If there is no such setting, or its value is not allowed.
    """
    found: Settings = {}
    for name, value in given.items():
        room, _, key = name.rpartition(".")
        room = panel(room or where)
        if key not in controls()[room]:
            raise InputError(f"the panel {room} has no setting {key!r}{nearest(key, controls()[room])}")
        found.setdefault(room, {})[key] = _value(f"{room}.{key}", controls()[room][key], value)
    return found


def _value(name: str, one: Mapping[str, Any], given: Any) -> Any:
    if one["kind"] == "switch":
        word = str(given).lower()
        if word not in ("true", "false", "on", "off", "1", "0"):
            raise InputError(f"{name} = {given}; it is on or off")
        return word in ("true", "on", "1")
    if one["kind"] == "choice":
        if str(given) not in one["options"]:
            raise InputError(f"{name} = {given}; it is one of {', '.join(one['options'])}")
        return str(given)
    number = _number(name, one["unit"], given)
    if not one["low"] <= number <= one["high"] or (one["whole"] and number != int(number)):
        whole = "a whole number " if one["whole"] else ""
        raise InputError(f"{name} = {given}; it is {whole}from {one['low']:g} to {one['high']:g} {one['unit']}")
    return number


def _number(name: str, unit: str, given: Any) -> float:
    """Return a quantity as a number in the unit of its control."""
    if isinstance(given, int | float) and not isinstance(given, bool):
        return float(given)
    if unit in _PLAIN:
        return _written(name, unit, str(given))
    typed = _TYPED.get(unit, unit)
    if isinstance(given, str) and re.fullmatch(r"\s*[-+]?[\d.]+(e[-+]?\d+)?\s*", given):
        return float(given)
    free = concentrations.named(name.rpartition(".")[2], given)
    try:
        return round(float(quantities.in_unit(quantities.si(free, typed, name=name), typed)), 12)
    except UnitError:
        raise UnitError(f"{name} = {given}; give a number and a unit, as in '1 {typed}'") from None


def _written(name: str, unit: str, text: str) -> float:
    match = re.fullmatch(r"\s*([-+]?[\d.]+(?:e[-+]?\d+)?)\s*(.*?)\s*", text)
    if match is None or match[2] not in ("", unit):
        raise InputError(f"{name} = {text}; give a number{'' if unit == '×' else f' in {unit}'}")
    return float(match[1])
