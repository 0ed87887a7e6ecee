"""Every published number of the library in one list, and how many of each status there are."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from importlib.resources import files
from typing import Any

from nmdasim.errors import InputError, nearest
from nmdasim.model.parameter import STATUSES, Parameter
from nmdasim.parameters.tables import parameters_of, read_table


def numbers() -> Iterator[tuple[str, str, Parameter]]:
    """Yield table and section, name and value of every number in the library's tables."""
    folder = files("nmdasim") / "parameters"
    for file in sorted(file.name for file in folder.iterdir() if file.name.endswith(".toml")):
        table = file.removesuffix(".toml")
        for section, content in _sections(read_table(table), table):
            yield from ((section, name, p) for name, p in parameters_of(content, section).items())


def counts() -> dict[str, int]:
    """Return how many of the library's numbers have each status."""
    found = Counter(p.status for _, _, p in numbers())
    return {status: found[status] for status in STATUSES}


def checked(status: str) -> str:
    """Return a status that there is, or nothing.

    Raises
    ------
    InputError
        For another word.
    """
    if status and status not in STATUSES:
        raise InputError(f"unknown status {status!r}{nearest(status, STATUSES)}")
    return status


def _sections(content: Mapping[str, Any], where: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Yield every section that holds numbers, with these alone and the defaults that hold for them."""
    own = {name: entry for name, entry in content.items() if isinstance(entry, Mapping) and "value" in entry}
    if own:
        defaults = {"defaults": content["defaults"]} if "defaults" in content else {}
        yield (
            where,
            defaults | {label: _written(one) for name, entry in own.items() for label, one in _each(name, entry)},
        )
    for name, entry in content.items():
        if isinstance(entry, Mapping) and name not in own and name != "defaults":
            inner = {"defaults": content["defaults"], **entry} if _regional(content, entry) else entry
            yield from _sections(inner, f"{where}.{name}")


def _each(name: str, entry: Mapping[str, Any]) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Yield an entry, or one for every number of a list, numbered from 1."""
    if not isinstance(entry["value"], list):
        yield name, entry
        return
    for k, value in enumerate(entry["value"], 1):
        yield f"{name}_{k}", {**entry, "value": value}


def _regional(content: Mapping[str, Any], entry: Mapping[str, Any]) -> bool:
    """Whether a section is one parameter by region, whose defaults are those of the section around it."""
    return "defaults" in content and "defaults" not in entry


def _written(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return an entry with its unit in its value: mg/kg has no dimension, and would be lost."""
    return dict(entry) | ({"value": f"{entry['value']} {entry['unit']}"} if "unit" in entry else {})
