"""A value as one would type it: what is not its default, quantities with their unit, so that it can be run again."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from html import escape
from typing import Any

import numpy as np
from brian2.units import Quantity

from nmdasim import quantities
from nmdasim.model import html

#: Units that are names of ``nmdasim``, as they stand beside a number, by how the library spells them.
_NAMES = {"s": "second", "V": "volt", "A": "amp", "S": "siemens", "F": "farad", "m": "meter"}
_PLAIN = ("Hz", "ms", "us", "mV", "uM", "mM", "nM", "nS", "pS", "uS", "mS", "pF", "nF", "uF", "nA", "pA", "uA")
_PLAIN_TOO = ("ohm", "um", "mm", "cm")
#: Numbers of one array that are written out; of more their number is told.
_MOST = 10_000
#: Letters that a notebook shows of an argument, or of a call.
_SHOWN = 400


def typed(value: Any, /, **written: Any) -> str:
    """Return the text of a call that makes a dataclass anew, arguments that have their default left out.

    Up to 10,000 numbers of an array are written out; of more it says how many, as in ``<20,000 values>``, and cannot be
    run. `written` are arguments in the form in which they are to stand there.

    Examples
    --------
    >>> from nmdasim import Hz, WindUp
    >>> print(typed(WindUp(frequency=[0.1, 1] * Hz)))
    WindUp(frequency=[0.1, 1]*Hz)
    """
    said = []
    for one in dataclasses.fields(value):
        given = written.get(one.name, getattr(value, one.name))
        if one.init and one.repr and not _is_default(given, one):
            said.append(f"{one.name}={argument(given)}")
    return f"{type(value).__name__}({', '.join(said)})"


def _is_default(given: Any, one: dataclasses.Field[Any]) -> bool:
    if one.default_factory is not dataclasses.MISSING:
        return bool(given == one.default_factory()) if isinstance(given, Mapping) else False
    default = one.default
    if default is dataclasses.MISSING or type(given) is not type(default):
        return False
    return bool(np.array_equal(given, default))


def shown(value: Any) -> str:
    """Return a value as a notebook shows it: the call that makes it, and every argument; what is long is cut."""
    rows = [(one.name, cut(argument(getattr(value, one.name)))) for one in dataclasses.fields(value) if one.init]
    told = html.folded("arguments", html.table(("argument", "value"), rows))
    return f"<div><p><code>{escape(cut(typed(value)))}</code></p>{told}</div>"


def cut(text: str) -> str:
    """Return the beginning of a text that is long."""
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]} …"


def argument(value: Any) -> str:
    """Return a value as one would type it."""
    match value:
        case np.ndarray() if value.size > _MOST:
            return f"<{quantities.several(value.size, 'value')}>"
        case Quantity():
            return _quantity(value)
        case np.ndarray() | np.generic():
            return repr(value.tolist())
        case Mapping():
            return "{" + ", ".join(f"{key!r}: {argument(item)}" for key, item in value.items()) + "}"
        case str():
            return repr(quantities.zeroed(value))
        case list():
            return f"[{', '.join(map(argument, value))}]"
        case tuple():
            return f"({', '.join(map(argument, value))}{',' * (len(value) == 1)})"
    return repr(value)


def _quantity(value: Quantity) -> str:
    unit = quantities.best_unit(value)
    size = float(quantities.parse_unit(unit))
    numbers = np.vectorize(lambda x: _in_few_digits(x, size), otypes=[float])(np.asarray(value, dtype=float))
    name = _NAMES.get(unit, unit)
    if name in (*_PLAIN, *_PLAIN_TOO, *_NAMES.values()):
        return f"{_number(numbers.tolist())}*{name}"
    return _number(numbers.tolist()) if not unit else _texts(numbers.tolist(), unit)


def _in_few_digits(si: float, size: float) -> float:
    """Return an SI value in a unit of this size, in the fewest digits, from 15 on, that give the same value again."""
    written = (float(f"{si / size:.{digits}g}") for digits in (15, 16, 17))
    return next((x for x in written if x * size == si), float(f"{si / size:.15g}"))


def _number(value: Any) -> str:
    if isinstance(value, list):
        return f"[{', '.join(map(_number, value))}]"
    return repr(value).removesuffix(".0")


def _texts(value: Any, unit: str) -> str:
    if isinstance(value, list):
        return f"[{', '.join(_texts(one, unit) for one in value)}]"
    return repr(f"{_number(value)} {unit}")
