"""Tables of numbers (TOML) → parameters and mechanisms: the library's by name, a user's own by path.

A table is data: nothing in it is executed. What is wrong with one is said in a line that names the file and the entry.
"""

from __future__ import annotations

import dataclasses
import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from os import PathLike, fspath
from pathlib import Path
from typing import Any

from nmdasim.errors import InputError, NmdasimError, nearest
from nmdasim.model import registry
from nmdasim.model.mechanism import Mechanism
from nmdasim.model.parameter import Parameter, ParameterSet

#: A table of the library by its name, ``"aguiar2010"``, or a file by its path, ``"mine.toml"``.
Table = str | PathLike[str]
_ENTRY = {field.name for field in dataclasses.fields(Parameter)}
_NAMES = ("densities", "currents", "calcium", "implicit", "references")
_TEXTS = ("initial", "ports")
_MECHANISM = {"equations", "parameters", "gains", *_NAMES, *_TEXTS}


def read_table(table: Table) -> dict[str, Any]:
    """Read one file of numbers: one of the library by name, or any other by path (it has a folder or ``.toml``).

    Raises
    ------
    InputError
        If there is no such table, or it is no TOML.
    """
    path = Path(fspath(table))
    if isinstance(table, str) and path.suffix != ".toml" and path.name == table:
        return _own(table)
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        raise InputError(f"{path}: the table cannot be read ({error.strerror})") from None
    except RecursionError:
        raise InputError(f"{path}: the table is nested too deeply to be read") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError, ValueError) as error:
        raise InputError(f"{path}: this is no TOML ({error})") from None


@cache
def _own(name: str) -> dict[str, Any]:
    folder = files("nmdasim") / "parameters"
    file, offered = folder / f"{name}.toml", registry.tables()
    if not file.is_file() and name in offered:
        file = offered[name]()
    if not file.is_file():
        known = sorted(
            {*offered, *(f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml"))}
        )
        raise InputError(f"there is no table {name!r}{nearest(name, known)}; a file of your own is named by its path")
    return tomllib.loads(file.read_text("utf-8"))


def load(table: Table, section: str = "parameters") -> ParameterSet:
    """Return one section of a table as a ParameterSet.

    Parameters
    ----------
    table
        A table of the library, ``"receptors"``, or the path of a file of your own.
    section
        Its section; ``"mechanism.h"`` for one inside another. Each entry is ``{value, source, kind, verified,
        transcribed, bounds, description}`` with the section's own ``defaults`` filled in, or just ``"1 nS"``.

    Raises
    ------
    InputError
        If the file, the section or an entry is missing or damaged, or a unit cannot be read.
    """
    return _load(table, section) if isinstance(table, str) and not table.endswith(".toml") else _read(table, section)


def _read(table: Table, section: str) -> ParameterSet:
    return parameters_of(_section(table, section), f"{table} [{section}]")


_load = cache(_read)


def _section(table: Table, section: str) -> Mapping[str, Any]:
    found: Any = read_table(table)
    for name in section.split("."):
        known = found if isinstance(found, Mapping) else {}
        if name not in known:
            raise InputError(f"{table} has no section [{section}]{nearest(name, known)}")
        found = known[name]
    if not isinstance(found, Mapping):
        raise InputError(f"{table}: {section} is {found!r}, which is no section")
    return found


def parameters_of(section: Mapping[str, Any], where: str = "table") -> ParameterSet:
    """Return a table of parameters, as it stands in a parameter file, as a ParameterSet.

    Parameters
    ----------
    section
        The table.
    where
        File and section, for what is said if an entry is wrong.
    """
    entries = dict(section)
    defaults = entries.pop("defaults", {})
    found = {
        name: _parameter(_standing(defaults, entry) | entry, f"{where} {name}")
        for name, entry in _flatten(entries, where)
    }
    try:
        return ParameterSet(found)
    except NmdasimError as error:
        raise InputError(f"{where}: {error}") from None


def _standing(defaults: Mapping[str, Any], entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return the defaults of a section for an entry: what says how it was read replaces what the section says."""
    own = entry.keys() & {"verified", "transcribed"}
    return {key: value for key, value in defaults.items() if not (own and key in ("verified", "transcribed"))}


def _flatten(entries: Mapping[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, entry in entries.items():
        if isinstance(entry, str | int | float) and not isinstance(entry, bool):
            yield name, {"value": entry}
        elif not isinstance(entry, Mapping) or not entry:
            raise InputError(f'{where} {name}: {entry!r} is no entry; write it as {{ value = "1 nS" }}')
        elif "value" in entry:
            yield name, dict(entry)
        elif entry.keys() & _ENTRY:
            raise InputError(f'{where} {name}: there is no value; write it as {{ value = "1 nS" }}')
        else:
            yield from ((f"{name}.{region}", row) for region, row in _flatten(entry, f"{where} {name}"))


def _parameter(entry: Mapping[str, Any], where: str) -> Parameter:
    for key in entry:
        if key not in _ENTRY:
            raise InputError(f"{where}: unknown key {key!r}{nearest(key, sorted(_ENTRY))}")
    bounds = entry.get("bounds")
    if bounds is not None and not (
        isinstance(bounds, list) and len(bounds) == 2 and all(isinstance(x, int | float) for x in bounds)
    ):
        raise InputError(f"{where}: bounds = {bounds!r}; give two numbers in the unit of the value")
    texts = {key: entry[key] for key in ("unit", "source", "kind", "description") if key in entry}
    wrong = [key for key, value in texts.items() if not isinstance(value, str)]
    wrong += [key for key in ("verified", "transcribed") if not isinstance(entry.get(key, False), bool)]
    if wrong or isinstance(entry["value"], bool | Mapping):
        key = wrong[0] if wrong else "value"
        raise InputError(f"{where}: {key} = {entry[key]!r} is of the wrong kind")
    try:
        return Parameter(**(dict(entry) | {"bounds": tuple(bounds) if bounds else None}))
    except NmdasimError as error:
        raise InputError(f"{where}: {error}") from None


def mechanism(table: Table, name: str) -> Mechanism:
    """Return the mechanism that a table holds under ``[mechanism.<name>]``.

    Parameters
    ----------
    table
        A table of the library, ``"aguiar2010"``, or the path of a file of your own.
    name
        Name of the mechanism.

    Raises
    ------
    InputError
        If the file, the mechanism or one of its entries is missing or damaged.
    """
    where = f"{table} [mechanism.{name}]"
    entry = dict(_section(table, f"mechanism.{name}"))
    for key in entry:
        if key not in _MECHANISM:
            raise InputError(f"{where}: unknown key {key!r}{nearest(key, sorted(_MECHANISM))}")
    if not isinstance(entry.get("equations"), str):
        raise InputError(f"{where}: there are no equations; give them as text, in Brian2's language")
    for key in _NAMES:
        entry[key] = _names(entry.get(key, []), f"{where} {key}")
    for key in _TEXTS:
        if not _mapped(entry.setdefault(key, {}), str | int | float):
            raise InputError(f"{where} {key}: give texts by name")
    gains = entry.get("gains", {})
    if not isinstance(gains, Mapping):
        raise InputError(f"{where} gains: give lists of parameters by name")
    entry["gains"] = {key: _names(names, f"{where} gains {key}") for key, names in gains.items()}
    parameters = parameters_of(entry.pop("parameters", {}), f"{where} parameters")
    return Mechanism(name=name, parameters=parameters, **entry)


def _names(given: Any, where: str) -> tuple[str, ...]:
    if not isinstance(given, list) or not all(isinstance(name, str) for name in given):
        raise InputError(f"{where} = {given!r}; give a list of names")
    return tuple(given)


def _mapped(given: Any, kind: Any) -> bool:
    return isinstance(given, Mapping) and all(isinstance(value, kind) for value in given.values())
