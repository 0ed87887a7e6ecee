"""What a user can do wrong, by class: everything else that is raised is a fault of the library."""

from __future__ import annotations

import difflib
import functools
import inspect
import os
import re
from collections.abc import Callable, Iterable, Mapping
from importlib import import_module
from typing import Any, ParamSpec, TypeVar

_P = ParamSpec("_P")
_R = TypeVar("_R")
_T = TypeVar("_T")


class NmdasimError(ValueError):
    """A request that does not make sense; the message says what was given, what is allowed and what to do."""


class InputError(NmdasimError):
    """An argument, an option or a file that is out of range or of the wrong form."""


class UnitError(NmdasimError):
    """A quantity that cannot be read, or that has the wrong dimension."""


class ArgumentError(InputError, TypeError):
    """A keyword that a function, a class or a protocol does not take."""


class ModelError(NmdasimError):
    """A model, or a request to it, that does not make sense."""


class ExpressionError(ModelError):
    """An expression that the equations' language does not contain."""


class OverflowedError(ModelError):
    """A run of which no lane is left."""


class NodeError(NmdasimError):
    """Node, which runs the engine javascript, is not installed or too old."""


class PluginError(NmdasimError):
    """Something of another package that cannot be loaded; the message names the package."""


def plainly(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Return a function that raises what a user did wrong as its own: without the frames in which it was found.

    With ``NMDASIM_TRACEBACK=1`` in the environment they stay.
    """

    @functools.wraps(function)
    def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        try:
            check_keywords(function.__name__, function, kwargs)
            return function(*args, **kwargs)
        except NmdasimError as error:
            if os.environ.get("NMDASIM_TRACEBACK", "0") not in ("", "0"):
                raise
            raise error.with_traceback(None) from error.__cause__

    return call


def answering(cls: type[_T]) -> type[_T]:
    """Have a class answer a keyword that it does not take with those that it takes."""
    made: Any = cls.__init__

    @functools.wraps(made)
    def init(self: _T, *args: Any, **kwargs: Any) -> None:
        check_keywords(cls.__name__, made, kwargs)
        made(self, *args, **kwargs)

    setattr(cls, "__init__", init)  # noqa: B010  (types cannot say that it is of the same signature)
    return cls


def check_keywords(called: str, function: Callable[..., object], given: Iterable[str]) -> None:
    """Refuse a keyword that a function does not take; where it takes drugs, say how these are given.

    Raises
    ------
    ArgumentError
        For the first of them.
    """
    if not given:
        return
    known = _parameters(function)
    unknown = [name for name in given if name not in known]
    if not unknown or any(one.kind is one.VAR_KEYWORD for one in known.values()):
        return
    name, names = unknown[0], [name for name in known if name != "self"]
    drugged = {"drugs", "parameters"} <= known.keys()
    if not drugged or difflib.get_close_matches(name, names, n=1, cutoff=_SURE):
        raise ArgumentError(f"{called} has no argument {name!r}{nearest(name, names)}")
    how = f"a drug is given as drugs={{{name!r}: '1 uM'}}, a parameter as parameters={{{name!r}: …}}"
    raise ArgumentError(f"{called} has no argument {name!r}; {how}")


@functools.cache
def _parameters(function: Callable[..., object]) -> Mapping[str, inspect.Parameter]:
    return inspect.signature(function).parameters


#: How near a keyword is to an argument to be that, and not the name of a drug or a parameter.
_SURE = 0.75


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean …?"`` or the list of what there is."""
    names = list(known)
    return closest(name, names) or (f"; there are {', '.join(names)}" if names else "; there are none")


def closest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean …?"``, or nothing where no name is near."""
    found = likeliest(name, known)
    return f"; did you mean {found!r}?" if found else ""


def likeliest(name: str, known: Iterable[str]) -> str:
    """Return the name that is nearest, or nothing where none is near."""
    names = list(known)
    lower = {known.lower(): known for known in reversed(names)}  # what differs in case alone is nearest
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    close = [lower[name.lower()]] if name.lower() in lower else close
    return close[0] if close else ""


def need(name: str, extra: str) -> Any:
    """Return a module of an extra, loaded on first use, or say how to install it.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        raise InputError(f"{name} is not installed; it comes with the extra: pip install 'nmdasim[{extra}]'") from None


#: Units that are offered in place of one that differs in its capitals alone, and words that others write for a unit.
_UNITS: tuple[str, ...] = ("uM", "mM", "nM", "um", "mm", "cm", "ms", "us", "Hz", "kHz", "mHz", "MHz", "ohm")
_UNITS += ("mV", "nS", "pS", "uS", "mS", "pA", "nA", "uA", "pF", "nF", "uF")
_ELSEWHERE = {"sec": "second", "msec": "ms", "usec": "us", "mins": "min", "hr": "hour", "hrs": "hour", "wk": "week"}
_ELSEWHERE |= {"wks": "week", "yr": "year", "micromolar": "uM", "millimolar": "mM", "nanomolar": "nM", "microM": "uM"}
_ELSEWHERE |= {"K": "kelvin"}


def unit_meant(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean …?"`` for a unit that there is not, else how units are written.

    Letters are not changed but for their case: of units, those that look alike are a thousand times each other.
    """
    meant = [one for one in dict.fromkeys([*_UNITS, *known]) if one.lower() == name.lower()]
    if re.fullmatch("[numµ]Mol", name):  # an amount, or rather a concentration
        meant = [f"{name[0]}M", *meant]
    if not meant and name in _ELSEWHERE:
        meant = [_ELSEWHERE[name]]
    if not meant:
        return "; units are written as in 'mV', 'uM', 'nS', 'S/cm**2', 'ms'"
    return f"; did you mean {' or '.join(map(repr, meant))}?"


#: A number as text, and what stands after it.
NUMBER = re.compile(r"\s*([+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?)\s*(.*)", re.DOTALL)


def with_one_unit(texts: Iterable[object]) -> list[str]:
    """Return texts of numbers, in which one unit stands somewhere, with that unit for each; else an empty list."""
    texts = list(texts)
    found = [match for text in texts if isinstance(text, str) and (match := NUMBER.fullmatch(text))]
    units = {match[2].strip() for match in found} - {""}
    if len(units) != 1 or len(found) < len(texts):
        return []
    (unit,) = units
    return [f"{match[1]} {unit}" for match in found]


def each_with_unit(texts: Iterable[object]) -> str:
    """Return ``"; did you mean …?"`` for a list in which some numbers have no unit, else how such a list is written.

    Lists are written as in Python and TOML; a command says its own before.
    """
    meant = with_one_unit([str(text) for text in texts])
    return f"; did you mean {meant}?" if meant else ", as in ['0 uM', '1 uM']"


def as_said(value: object, otherwise: str) -> str:
    """Return text as it was given, also the only one of a list; of anything else what is said `otherwise`."""
    one = value[0] if isinstance(value, list | tuple) and len(value) == 1 else value
    return one if isinstance(one, str) else otherwise
