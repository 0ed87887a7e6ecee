"""The tables of a specification file as typed values; what does not fit is refused by its key."""

from __future__ import annotations

import dataclasses
import operator
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any, NewType, NoReturn, TypeVar

import cattrs
import numpy as np
import xarray as xr
from brian2.units.fundamentalunits import Quantity, get_dimensions
from cattrs.gen import make_dict_structure_fn, override

from nmdasim import quantities
from nmdasim.errors import InputError, NmdasimError, UnitError, nearest, with_one_unit
from nmdasim.parameters import concentrations, drugs
from nmdasim.run.axes import SHOWN
from nmdasim.sweep.samples import MOST, Samples

#: A number, or text with a unit; the value of a parameter, the same; a factor of a group of parameters.
Scalar = NewType("Scalar", object)
Value = NewType("Value", object)
Factor = NewType("Factor", float)
_T = TypeVar("_T")


@dataclass(frozen=True)
class ModelTable:
    """``[model]``: a neuron by name, options of its making, other values of parameters, factors of groups of them."""

    name: Any = "wdr"
    set: dict[str, Value] = field(default_factory=dict)
    scale: dict[str, Factor] = field(default_factory=dict)
    options: dict[str, Any] = field(default_factory=dict)
    add: tuple[str, ...] | None = None


@dataclass(frozen=True)
class Grid:
    """An axis from a lowest to a highest value."""

    from_: Scalar
    to: Scalar
    points: int
    scale: str = "linear"


@dataclass(frozen=True)
class Seeds:
    """The axis of the seeds."""

    count: int
    first: int = 0


@dataclass(frozen=True)
class Specification:
    """A whole file."""

    title: str | None = None
    model: ModelTable = field(default_factory=ModelTable)
    protocol: dict[str, Any] = field(default_factory=dict)
    axes: dict[str, Any] = field(default_factory=dict)
    samples: Samples | None = None
    readouts: tuple[str, ...] | None = None
    block: str | None = None
    dt: str | None = None
    method: str | None = None
    engine: str | None = None
    chunk: int | None = None

    @property
    def options(self) -> dict[str, Any]:
        """What is given of a sweep besides model, protocol, axes and samples."""
        names = ("title", "readouts", "block", "dt", "method", "engine", "chunk")
        return {name: value for name, value in said(self).items() if name in names}


def said(table: Any) -> dict[str, Any]:
    """Return what a table says, without what it leaves open."""
    pairs = ((one.name, getattr(table, one.name)) for one in dataclasses.fields(table))
    return {name: value for name, value in pairs if value is not None}


# --- reading ---------------------------------------------------------------------------------------------------------


class _KindError(TypeError):
    """A value of the wrong kind; the message is what follows its name."""


def _refuse(text: str) -> NoReturn:
    raise _KindError(text)


def _is_number(value: object) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _checked(fits: Callable[[Any], bool], text: str) -> Callable[[Any, Any], Any]:
    """Return a hook that takes values that fit as they are, and refuses others: ``{}`` of the text is the value."""
    return lambda value, _: value if fits(value) else _refuse(text.format(repr(value)))


def _converter() -> cattrs.Converter:
    made = cattrs.Converter(forbid_extra_keys=True)
    hooks: dict[Any, tuple[Callable[[Any], bool], str]] = {
        int: (lambda v: isinstance(v, int) and not isinstance(v, bool), " = {}; it is a whole number"),
        str: (lambda v: isinstance(v, str), " = {}; it is a text, in quotation marks"),
        Scalar: (lambda v: _is_number(v) or isinstance(v, str), " = {} is no number or text"),
        Value: (lambda v: _is_number(v) or isinstance(v, str), " = {}; a value is a number or text, as in '3 mM'"),
        Factor: (_is_number, " = {}; a factor is a number"),
        tuple[str, ...]: (
            lambda v: isinstance(v, list) and all(isinstance(item, str) for item in v),
            " = {}; it is a list of names",
        ),
        Mapping[str, Any]: (lambda v: isinstance(v, Mapping), " = {}; it is a table of names"),
    }
    for kind, (fits, text) in hooks.items():
        if isinstance(kind, type):
            made.register_structure_hook(kind, _checked(fits, text))
        else:
            made.register_structure_hook_func(partial(operator.eq, kind), _checked(fits, text))
    renamed = make_dict_structure_fn(Grid, made, from_=override(rename="from"), _cattrs_forbid_extra_keys=True)
    made.register_structure_hook(Grid, renamed)
    return made


_CONVERTER = _converter()


def _table(value: Any, where: str) -> dict[str, Any]:
    if not isinstance(value, Mapping):
        raise InputError(f"{where} = {value!r}; it is a table, [{where}]")
    return dict(value)


def specification(content: Mapping[str, Any]) -> Specification:
    """Return a file's content as typed values.

    Raises
    ------
    InputError
        For a key that there is not, one that is missing, or a value of the wrong kind; the message names it.
    """
    given = dict(content)
    if isinstance(given.get("model"), str):
        given["model"] = {"name": given["model"]}
    for name in ("model", "protocol", "axes", "samples"):
        if name in given:
            given[name] = _table(given[name], name)
    for name in ("set", "scale", "options"):
        _table(given.get("model", {}).get(name, {}), name)
    return structured(given, Specification, "")


def structured(given: Mapping[str, Any], kind: type[_T], where: str) -> _T:
    """Return a table as a value of a kind; `where` is what a message calls the table."""
    try:
        return _CONVERTER.structure(given, kind)
    except cattrs.BaseValidationError as error:
        raise InputError(_told(error, where)) from None


def _told(error: Exception, where: str) -> str:
    """Say what the first of the errors found is about."""
    leaf, path = _first(error)
    place = " ".join([where, *path]).strip()
    match leaf:
        case cattrs.ForbiddenExtraKeysError():
            known = [one.name.rstrip("_") for one in dataclasses.fields(leaf.cl)]
            key = min(leaf.extra_fields)
            inside = where or (f"[{place}]" if place else "the specification")
            return f"unknown key {key!r} in {inside}{nearest(key, known)}"
        case NmdasimError():
            return str(leaf)
        case _KindError():
            return f"{place}{leaf}"
        case KeyError():
            return f"{' '.join([where, *path[:-1]]).strip()}: {path[-1]} missing".removeprefix(": ")
    raise error  # not a mistake in the file


def _first(error: Exception) -> tuple[Exception, list[str]]:
    """Return the first error of a group of groups, and the keys that lead to it."""
    if not isinstance(error, cattrs.BaseValidationError):
        return error, []
    inner = min(error.exceptions, key=lambda one: not isinstance(one, cattrs.ForbiddenExtraKeysError))
    notes = [note for note in getattr(inner, "__notes__", []) if type(note) is not str]
    keys = [str(getattr(note, "name", getattr(note, "index", ""))).rstrip("_") for note in notes]
    leaf, path = _first(inner)
    return leaf, [*keys, *path]


# --- protocols -------------------------------------------------------------------------------------------------------


def protocol(given: Mapping[str, Any], kind: type) -> Any:
    """Return what ``[protocol]`` says as a protocol of a kind, a dataclass; what is not given is its own.

    Raises
    ------
    InputError
        As :func:`specification`.
    """
    fields = [one for one in dataclasses.fields(kind) if one.name != "kind" and one.default_factory is _NONE]
    table = dataclasses.make_dataclass("Table", [_entry(one) for one in fields], kw_only=True)
    whole = dataclasses.make_dataclass("Whole", [("protocol", table)])
    return kind(**said(structured({"protocol": given}, whole, "").protocol))


_NONE = dataclasses.MISSING


def _entry(one: dataclasses.Field[Any]) -> Any:
    """Return name, type and default of what a file may give for an argument of a protocol: as its own default is."""
    if one.default is _NONE:
        return one.name, Scalar
    if isinstance(one.default, tuple):
        return one.name, tuple[str, ...] | None, None
    whole = isinstance(one.default, int) and not isinstance(one.default, bool)
    return one.name, int | None if whole else Scalar | None, None


# --- axes ------------------------------------------------------------------------------------------------------------


def _as_list(name: str, given: object) -> str:
    """Return the question whether one text was to be a list; nothing of anything else."""
    if not isinstance(given, str):
        return ""
    parts = [part.strip() for part in given.split(",")]
    plain = with_one_unit([*parts, "0 uM"])[:-1] if name in drugs.entries() else []
    return f"; did you mean {with_one_unit(parts) or plain or parts}?"


def axis(name: str, given: Any, unit: str | None = None) -> Any:
    """Return the values of one axis; `unit` is that of a protocol's argument, ``"1"`` for numbers and ``""`` for names.

    Raises
    ------
    InputError
        If it is neither a list nor a table of its kind, is empty, or has an entry of the wrong kind.
    """
    if isinstance(given, Mapping):
        where = f"axis {name}"
        return (
            _seeds(structured(given, Seeds, where)) if name == "seed" else _grid(name, structured(given, Grid, where))
        )
    if not isinstance(given, list):
        raise InputError(
            f"axis {name} = {given!r}; an axis is a list, or {{from, to, points, scale}}{_as_list(name, given)}"
        )
    if not given:
        raise InputError(f"axis {name!r} is empty; give one or more values")
    kind, what = _KINDS.get(name if unit is None else unit, ((int, float, str), "number or text"))
    for item in given:
        if isinstance(item, bool) or not isinstance(item, kind):
            raise InputError(f"axis {name}: {item!r} is no {what}")
    texts = unit != "" and any(isinstance(item, str) for item in given)
    if texts:
        found = concentrations.named(name, given)
        read = _quantities(name, found)
        return found if found is given else read  # text keeps its unit
    return given if kind is int else np.array(given)


#: What the entries of an axis are, by its name or the unit in which a protocol varies it.
_KINDS: Mapping[str, tuple[Any, str]] = {
    "seed": (int, "whole number"),
    "1": ((int, float), "number"),
    "": (str, "name"),
}


def _seeds(given: Seeds) -> np.ndarray:
    _check_count(given.count, "axis seed: count")
    return np.arange(given.first, given.first + given.count)


def _grid(name: str, given: Grid) -> xr.DataArray:
    found = concentrations.named(name, [given.from_, given.to])
    where, ends = f"axis {name}", _quantities(name, found)
    low, high = np.asarray(ends, dtype=float)
    _check_count(given.points, f"{where}: points")
    if given.scale not in ("linear", "log"):
        raise InputError(f"{where}: scale = {given.scale!r}{nearest(given.scale, ('linear', 'log'))}")
    if not np.all(np.isfinite([low, high])):
        raise InputError(f"{where}: from {given.from_} to {given.to}; give finite numbers")
    if given.scale == "log" and not (low > 0 and high > 0):
        raise InputError(f"{where}: from {given.from_} to {given.to}; a logarithmic scale is above 0")
    values = np.geomspace(low, high, given.points) if given.scale == "log" else np.linspace(low, high, given.points)
    units = {"units": quantities.base_units(get_dimensions(ends)), SHOWN: quantities.written_unit(found)}
    return xr.DataArray(values, dims=name, attrs=units)


def _quantities(name: str, given: Any) -> Quantity:
    """Return the values of an axis, or refuse them by its name."""
    try:
        return quantities.quantity(given)
    except UnitError as error:
        raise UnitError(f"axis {name}: {error}") from None


def _check_count(count: int, what: str) -> None:
    if not 1 <= count <= MOST:
        raise InputError(f"{what} = {count:,}; give from 1 to {MOST:,}")
