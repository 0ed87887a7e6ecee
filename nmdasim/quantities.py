"""Quantities in, SI floats inside, labelled conventional units out.

Public functions take Brian2 quantities or text such as ``"1 uM"``; nothing given as text is ever evaluated: a small
grammar (a number, then unit names joined by ``*``, ``/`` and ``**``) is all that is read.
"""

from __future__ import annotations

import ast
import math
import re
from collections.abc import Sequence
from functools import cache
from typing import Any, TypeAlias

import brian2.units as brian2_units
import numpy as np
from brian2.units.fundamentalunits import (
    DIMENSIONLESS,
    Dimension,
    Quantity,
    get_dimensions,
    get_unit_for_display,
)

from nmdasim.errors import NUMBER, UnitError, as_said, each_with_unit, unit_meant, with_one_unit

#: What a public argument that is a quantity takes: Brian2's own, text as ``"1 uM"``, plain numbers where there is no
#: unit (and 0 wherever there is one), and arrays or lists of these.
QuantityLike: TypeAlias = Quantity | str | float | np.ndarray | Sequence[Quantity | str | float]

_UNIT = re.compile(r"[\w\s.*/^()+·-]{0,80}")
_BARE = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?")
_VALUE = re.compile(rf"{_BARE.pattern}\s*[A-Za-zµμ].*")
_ALIASES = {"g": "gram", "kg": "kilogram", "mg": "mgram", "ug": "ugram", "ng": "ngram"}
_ALIASES |= {"L": "liter", "ml": "mliter", "mmol": "mmole", "umol": "umole", "mol": "mole"}
_ALIASES |= {"M": "molar", "min": "minute", "h": "hour", "s": "second", "m": "meter"}
_ALIASES |= {"V": "volt", "A": "amp", "S": "siemens", "Hz": "hertz", "F": "farad"}
_CELSIUS = ("C", "°C", "degC", "deg C", "celsius", "Celsius")  # no units: their zero is elsewhere
_DAY = 86400 * brian2_units.second
_EXTRA = {
    "minute": 60 * brian2_units.second,
    "hour": 3600 * brian2_units.second,
    "day": _DAY,
    "week": 7 * _DAY,
    "year": 365 * _DAY,
}
_ALIASES |= {f"{name}s": name for name in ("second", *_EXTRA)}


@cache
def unit(name: str) -> Quantity:
    """Look up one unit by its Brian2 name or a common short form (``uM``, ``ms``, ``S``, ``min``)."""
    name = name.replace("\N{MICRO SIGN}", "u").replace("\N{GREEK SMALL LETTER MU}", "u")
    name = _ALIASES.get(name, name)
    if name in _EXTRA:
        return _EXTRA[name]
    value = getattr(brian2_units, name, None)
    if value is None and name[1:] in _ALIASES:  # a prefixed short form that Brian2 has no name for, as pS or mHz
        value = getattr(brian2_units, name[0] + _ALIASES[name[1:]], None)
    if isinstance(value, Quantity):
        return value
    raise UnitError(f"unknown unit {name!r}{unit_meant(name, _ALIASES)}")


def __getattr__(name: str) -> Quantity:
    """Return a unit as an attribute, ``quantities.mV``."""
    try:
        return unit(name)
    except UnitError:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}") from None


_LARGEST = 12  # exponent; a dimension of a higher power does not occur


def _evaluate(node: ast.AST, text: str) -> Any:
    """Evaluate a product of units; anything that is not one is refused."""
    match node:
        case ast.Expression(body=body):
            return _evaluate(body, text)
        case ast.Name(id=name):
            return unit(name)
        case ast.Constant(value=int() | float() as number) if number > 0 and not isinstance(number, bool):
            return float(number)
        case ast.BinOp(left=left, op=ast.Mult(), right=right):
            return _evaluate(left, text) * _evaluate(right, text)
        case ast.BinOp(left=left, op=ast.Div(), right=right):
            return _evaluate(left, text) / _evaluate(right, text)
        case ast.BinOp(left=left, op=ast.Pow(), right=ast.Constant(value=int() | float() as power)) if (
            power <= _LARGEST
        ):
            return _evaluate(left, text) ** power
        case ast.BinOp(
            left=left,
            op=ast.Pow(),
            right=ast.UnaryOp(op=ast.USub(), operand=ast.Constant(value=int() | float() as power)),
        ) if power <= _LARGEST:
            return _evaluate(left, text) ** -power
    raise UnitError(f"cannot read the unit in {text!r}; write a number and a unit, such as '1 uM' or '0.5 S/cm**2'")


@cache
def parse_unit(text: str) -> Quantity:
    """Read a unit expression such as ``"S/cm**2"`` (``""`` and ``"1"`` are dimensionless)."""
    if not _UNIT.fullmatch(text):
        raise UnitError(f"cannot read the unit {text[:80]!r}; write one such as 'uM' or 'S/cm**2'")
    try:
        tree = ast.parse(_plain(text.strip()) or "1", mode="eval")
        found = Quantity(_evaluate(tree, text))
    except (SyntaxError, OverflowError, RecursionError, MemoryError):
        raise UnitError(f"cannot read the unit {text!r}; {_spelled(text)}") from None
    if not 0 < float(found) < math.inf:
        raise UnitError(f"the unit {text!r} is {float(found):g} in SI units; write one such as 'uM' or 'S/cm**2'")
    return found


def _spelled(text: str) -> str:
    """Return how a unit that cannot be read is written: its factors joined where spaces stood between them."""
    words = re.sub(r"\s*\bper\s+", "/", _plain(text.strip()))
    joined = "1" * words.startswith("/") + re.sub(r"(?<=[\w)])\s+(?=[A-Za-z(])", "*", words)
    try:
        if joined != text.strip() and _evaluate(ast.parse(joined, mode="eval"), joined):
            return f"did you mean {joined!r}?"
    except (SyntaxError, OverflowError, RecursionError, MemoryError, UnitError):
        pass
    return "write one such as 'uM' or 'S/cm**2'"


def split(text: str, example: str = "1 uM") -> tuple[float, str]:
    """Split ``"0.5mM"`` into its number and its unit text; `example` is for the error message.

    Raises
    ------
    UnitError
        If there is no leading number or the unit is unknown.
    """
    match = NUMBER.fullmatch(text)
    if match is None and "\N{MINUS SIGN}" in text and NUMBER.fullmatch(minus := text.replace("\N{MINUS SIGN}", "-")):
        raise UnitError(f"cannot read {text!r}; did you mean {minus.strip()!r}, with the minus of the keyboard?")
    if match is None:
        unit_too = " and a unit" if " " in example else ""
        raise UnitError(f"cannot read {text!r}; write a number{unit_too}, such as '{example}'")
    if meant := _meant(text.strip(), match[1], match[2].strip(), example):
        raise UnitError(f"cannot read {text!r}; did you mean {zeroed(meant)}?")
    parse_unit(match[2])
    return float(match[1]), match[2].strip()


def _meant(text: str, first: str, rest: str, example: str) -> str:
    """Return what a slightly wrong text was to be: a temperature, a unit behind a slash, a list; else nothing."""
    if rest in _CELSIUS:
        return f"'{float(first) + 273.15:.12g} kelvin'"
    if rest.startswith("/"):
        try:
            parse_unit(f"1{rest}")
        except UnitError:
            return ""
        return f"'1 {text}'" if text == f"1{rest}" else f"1{rest}, as in '{first} 1{rest}'"
    parts = [part.strip() for part in rest.split(",")]
    if len(parts) > 1 and not parts[0] and all(map(_BARE.fullmatch, parts[1:])):
        return str([f"{one} {example.partition(' ')[2]}".strip() for one in (first, *parts[1:])])
    if len(parts) < 2 or not all(_BARE.fullmatch(part) or _VALUE.fullmatch(part) for part in parts[1:]):
        return ""
    if len(parts) == 2 and not parts[0] and "." not in first + parts[1]:  # a decimal comma
        return repr(f"{first}.{parts[1]}")
    texts = [f"{first} {parts[0]}".strip(), *parts[1:]]
    return str(with_one_unit(texts) or texts)


def quantity(value: QuantityLike, example: str = "1 uM") -> Quantity:
    """Return `value` (Quantity, array, number, or text with a unit) as a Brian2 quantity."""
    if isinstance(value, str):
        number, unit_text = split(value, example)
        return Quantity(number * parse_unit(unit_text))
    if isinstance(value, (list, tuple)) and any(isinstance(item, (str, Quantity)) for item in value):
        items = [quantity(item, example) for item in value]
        dimensions = {get_dimensions(item) for item in items if not is_bare_zero(item)} or {DIMENSIONLESS}
        if len(dimensions) > 1:
            raise UnitError(f"{value} mixes dimensions in one list; give every entry its unit{each_with_unit(value)}")
        return Quantity([float(item) for item in items], dim=dimensions.pop())
    try:
        return Quantity(np.asarray(value, dtype=float), dim=get_dimensions(value))
    except (TypeError, ValueError) as error:
        raise UnitError(f"cannot read {value!r} as a quantity: {error}") from None


def si(value: QuantityLike, like: Quantity | Dimension | str, *, name: str, finite: bool = True) -> np.ndarray:
    """Return `value` as SI floats, checked to have the dimension of `like`.

    Parameters
    ----------
    value
        Quantity, number, array or text.
    like
        A quantity, unit text or ``Dimension`` that says which dimension is allowed.
    name
        What the value is, for the error message.
    finite
        Refuse NaN and infinities.

    Raises
    ------
    UnitError
        If the dimension differs or a value is not finite. A bare 0 has no unit to get wrong and passes for all.
    """
    wanted = (
        like if isinstance(like, Dimension) else get_dimensions(parse_unit(like) if isinstance(like, str) else like)
    )
    allowed = ("" if like == "1" else like) if isinstance(like, str) else describe_dimension(wanted)
    try:
        given = quantity(value, example=f"1 {allowed}".strip())
    except UnitError as error:
        raise UnitError(f"{name}: {error}") from None
    if get_dimensions(given) is not wanted and not is_bare_zero(given):
        told = as_said(value, shown(given))
        wants = f"it is given in {allowed or 'no unit (a plain number)'}{_with_unit(value, given, allowed)}"
        raise UnitError(f"{name} = {told} has the wrong dimension; {wants}")
    values = np.asarray(given, dtype=float)
    if finite and not np.all(np.isfinite(values)):
        raise UnitError(f"{name} = {shown(given)} is not finite; give a finite number")
    return values


def number(value: QuantityLike, like: Quantity | Dimension | str, *, name: str) -> float:
    """Return one `value` as an SI float; as :func:`si`, and refused where there are several.

    Raises
    ------
    UnitError
        If the dimension differs, the value is not finite, or it is not one.
    """
    values = si(value, like, name=name)
    if values.size != 1:
        raise UnitError(f"{name} = {value} has shape {values.shape}; give one value")
    return float(values.item())


def is_bare_zero(value: Quantity) -> bool:
    """Whether a value is 0 throughout and says no unit: it then has none to get wrong."""
    return get_dimensions(value) is DIMENSIONLESS and not np.any(np.asarray(value, dtype=float))


def shown(value: Quantity) -> str:
    """Return a quantity as people read it, in its likely unit, ``"3 ms"``; of many numbers the first five."""
    unit = best_unit(value)
    numbers = [brief(number, 6) for number in np.atleast_1d(in_unit(value, unit)).ravel()[:5]]
    text = numbers[0] if np.size(value) == 1 else f"[{', '.join(numbers)}{', …' * (np.size(value) > 5)}]"
    return f"{text} {pretty(unit)}".strip()


def said(value: QuantityLike) -> str:
    """Return what was given as a message repeats it: text as it stands, all else as people read it."""
    return as_said(value, shown(quantity(value)))


def _with_unit(value: QuantityLike, given: Quantity, unit: str) -> str:
    """Return the question whether plain numbers were to have a unit, or a unit other capitals.

    It is written as text, which Python and TOML read alike.
    """
    if (said := written_unit(value)) != unit and said.lower() == unit.lower():
        return f"; did you mean {unit!r}?"
    if get_dimensions(given) is not DIMENSIONLESS or not unit or np.ndim(given) > 1 or np.size(given) > 20 or said:
        return ""
    several_of = f"{unit}s" if unit in _EXTRA else unit
    numbers = np.atleast_1d(np.asarray(given, dtype=float))
    meant = [f"{number:.12g} {unit if abs(number) == 1 else several_of}" for number in numbers]
    return f"; did you mean {meant if np.ndim(given) else repr(meant[0])}?"


def zeroed(text: str) -> str:
    """Return a text whose numbers have their leading zero, ``"0.5 Hz"``, also where it was typed without."""
    return re.sub(r"(?<![\w.])\.(?=\d)", "0.", text)


def several(number: int, noun: str) -> str:
    """Return a number with its noun, ``"1 lane"`` or ``"1,280 lanes"``."""
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def brief(number: float, digits: int = 4) -> str:
    """Return a number for a table or a label: few digits, all of them where it is large: ``"0.2314"``, ``"12345"``."""
    if not 1e-9 <= abs(number) < 1e9:
        return f"{number:.{digits}g}"
    digits = max(digits, len(f"{abs(number):.0f}"))
    return np.format_float_positional(float(f"{number:.{digits}g}"), trim="-")


def describe_dimension(dimension: Dimension) -> str:
    """Name a dimension by a unit that :func:`parse_unit` reads: its display unit (``"V"``), or base units."""
    if dimension is DIMENSIONLESS:
        return ""
    shown = str(get_unit_for_display(dimension))
    try:
        parse_unit(shown)
    except UnitError:
        return base_units(dimension)
    return shown


#: Units in which the field writes a quantity, the customary one first.
_CUSTOMARY = (
    ("ms", "s", "us"),
    ("mV", "V", "uV"),
    ("uM", "mM", "nM"),
    ("nS", "pS", "uS", "mS", "S"),
    ("nA", "pA", "uA", "mA", "A"),
    ("pF", "nF", "uF", "F"),
    ("Hz", "1/ms"),
    ("Mohm", "Gohm", "kohm", "ohm"),
    ("um", "mm", "cm", "m"),
    ("S/cm**2", "mS/cm**2"),
    ("uA/cm**2", "mA/cm**2"),
    ("uF/cm**2",),
)


@cache
def customary(dimension: Dimension) -> tuple[str, ...]:
    """Return the units in which the field writes a dimension, the customary one first; none where it has several."""
    return next((units for units in _CUSTOMARY if get_dimensions(parse_unit(units[0])) is dimension), ())


def written_unit(value: QuantityLike) -> str:
    """Return the unit that a value says itself, as text does: of a list the first; empty for plain quantities."""
    if isinstance(value, str):
        return split(value)[1]
    if isinstance(value, list | tuple):
        return next((unit for item in value if isinstance(item, str) and (unit := split(item)[1])), "")
    return ""


def best_unit(value: Quantity) -> str:
    """Name the unit in which a quantity was likely written, ``"ms"`` for 0.144 s; that of its dimension if none is.

    A quantity of Brian2 does not remember its unit. It is taken to be the customary one of its dimension; where its
    largest number there is 1000 or more, or below 0.001, another of the field's, if one suits: 1.2*mM was not 1200 µM.
    """
    if units := customary(get_dimensions(value)):
        largest = np.max(np.abs(np.asarray(value, dtype=float)), initial=0)
        size = {unit: float(f"{in_unit(largest, unit):.12g}") for unit in units}
        suiting = [units[0]] * (1e-3 <= size[units[0]] < 1e3) + [unit for unit in units if 1 <= size[unit] < 1e3]
        return (*suiting, units[0])[0]
    best = str(Quantity(value).get_best_unit())
    try:
        parse_unit(best)
    except UnitError:
        return describe_dimension(get_dimensions(value))
    return "" if best == "1" else best


@cache
def base_units(dimension: Dimension) -> str:
    """Spell a dimension in SI base units, ``"metre**2*kilogram/second**3/amp"``."""
    names = {"m": "metre", "kg": "kilogram", "s": "second", "A": "amp", "K": "kelvin", "mol": "mole", "cd": "candle"}
    powers = [(name, dimension.get_dimension(key)) for key, name in names.items()]
    above = "*".join(f"{name}**{power:g}" if power != 1 else name for name, power in powers if power > 0)
    below = "".join(f"/{name}**{-power:g}" if power != -1 else f"/{name}" for name, power in powers if power < 0)
    return (above or "1") + below


def in_unit(value: Quantity | float | np.ndarray, unit_text: str) -> np.ndarray:
    """Return SI `value` as plain numbers in `unit_text`."""
    return np.asarray(value, dtype=float) / float(parse_unit(unit_text))


def converted(values: np.ndarray, unit: str, to: str) -> np.ndarray:
    """Return plain numbers in one unit as those in another; `unit` may be spelled as labels are, ``"µM"``."""
    if unit == to:
        return values
    return np.asarray(values, dtype=float) * (float(parse_unit(unit)) / float(parse_unit(to)))


def same_dimension(left: str, right: str) -> bool:
    """Whether two unit texts measure the same thing."""
    return get_dimensions(parse_unit(left)) is get_dimensions(parse_unit(right))


def _plain(text: str) -> str:
    """Spell a unit of a label as an expression, ``"S/cm²"`` as ``"S/cm**2"``."""
    for shown, plain in (("^", "**"), ("²", "**2"), ("³", "**3"), ("·", "*")):
        text = text.replace(shown, plain)
    return text


_PRETTY = {"umolar": "µM", "mmolar": "mM", "nmolar": "nM", "siemens": "S", "**2": "²", "**3": "³", "uM": "µM", "*": "·"}
_UNIT_WORD = re.compile("|".join(map(re.escape, sorted(_PRETTY, key=len, reverse=True))))


def pretty(unit_text: str) -> str:
    """Spell a unit as a figure would: ``"umolar"`` as ``"µM"``, ``"siemens/cm**2"`` as ``"S/cm²"``."""
    text = _UNIT_WORD.sub(lambda match: _PRETTY[match[0]], unit_text)
    return re.sub(r"\bu(?=[mMSAVFsl])", "µ", text)


def steps(duration: float, dt: float) -> int:
    """Return the number of whole steps of `dt` that cover `duration` (both in seconds)."""
    return math.ceil(duration / dt - 1e-9)
