"""Tables of published numbers (TOML) → parameters and mechanisms."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from functools import cache
from importlib.resources import files
from typing import Any

from nmdasim.model import registry
from nmdasim.model.mechanism import Mechanism
from nmdasim.model.parameter import Parameter, ParameterSet


@cache
def read_table(name: str) -> dict[str, Any]:
    """Read one file of published numbers: ``nmdasim/parameters/<name>.toml``, or a table of an installed plug-in."""
    path = files("nmdasim") / "parameters" / f"{name}.toml"
    if not path.is_file() and name in (offered := registry.tables()):
        path = offered[name]()
    return tomllib.loads(path.read_text("utf-8"))


@cache
def load(table: str, section: str = "parameters") -> ParameterSet:
    """Return one section of a parameter file as a ParameterSet.

    A section is a table of names; each entry is ``{value, source, kind, verified, bounds, description}`` with the
    section's own ``defaults`` filled in.
    """
    return parameters_of(read_table(table)[section])


def parameters_of(section: Mapping[str, Any]) -> ParameterSet:
    """Return a table of parameters, as it stands in a parameter file, as a ParameterSet."""
    entries = dict(section)
    defaults = entries.pop("defaults", {})
    return ParameterSet({name: _parameter(defaults | entry) for name, entry in _flatten(entries)})


def _flatten(entries: Mapping[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for name, entry in entries.items():
        if isinstance(entry, str):
            yield name, {"value": entry}
        elif "value" in entry:
            yield name, entry
        else:
            yield from ((f"{name}.{region}", row) for region, row in _flatten(entry))


def _parameter(entry: Mapping[str, Any]) -> Parameter:
    bounds = entry.get("bounds")
    return Parameter(**(dict(entry) | {"bounds": tuple(bounds) if bounds else None}))


def mechanism(table: str, name: str) -> Mechanism:
    """Return the mechanism `name` of ``nmdasim/parameters/<table>.toml``."""
    entry = dict(read_table(table)["mechanism"][name])
    parameters = parameters_of(entry.pop("parameters", {}))
    tuples = ("densities", "currents", "calcium", "implicit", "references")
    values: dict[str, Any] = {key: tuple(value) if key in tuples else value for key, value in entry.items()}
    values["gains"] = {key: tuple(names) for key, names in entry.get("gains", {}).items()}
    return Mechanism(name=name, parameters=parameters, **values)
