"""Names of the columns of a table, with units: one spelling, whoever writes it."""

from __future__ import annotations

import re
from collections.abc import Mapping

import xarray as xr

_BASIS = re.compile(r"\b(free|total)\b")
#: Units that are written out in attributes, as columns abbreviate them.
_SHORT = {"day": "d", "second": "s", "hour": "h"}


def name(stem: str, unit: str, basis: str = "") -> str:
    """Return the name of a column: what it is, free or total of a drug, and its unit.

    Parameters
    ----------
    stem
        What it is, such as ``"ketamine"``.
    unit
        Its unit, such as ``"µM"``; ``"1"`` and ``""`` are left out, and so is what the name ends in already.
    basis
        ``"free"`` or ``"total"`` of a concentration of a drug.

    Examples
    --------
    >>> name("ketamine", "µM", "free"), name("g", "mS/cm²"), name("time_d", "day")
    ('ketamine_free_uM', 'g_mS_per_cm2', 'time_d')
    """
    whole = stem
    for part in (basis, "" if unit == "1" else _suffix(unit)):
        if part and not f"_{whole}".endswith(f"_{part}"):
            whole = f"{whole}_{part}"
    return whole


def named(data: xr.Dataset) -> dict[str, str]:
    """Return the names of the columns of a result's table by those of its arrays.

    The unit of an array is read from its ``units``; of a drug, whether it is free or total, from its ``long_name``.
    """
    return {str(key): _of(str(key), values.attrs) for key, values in data.variables.items()}


def _of(stem: str, attrs: Mapping[str, object]) -> str:
    basis = _BASIS.search(str(attrs.get("long_name", "")))
    return name(stem, str(attrs.get("units", "1")), basis[0] if basis else "")


def _suffix(unit: str) -> str:
    """Spell a unit as part of a name, ``"mS/cm²"`` as ``"mS_per_cm2"``."""
    text = unit.replace("µ", "u").replace("²", "2").replace("³", "3").replace("**", "").replace("/", "_per_")
    return _SHORT.get(text, re.sub(r"\W+", "_", text).strip("_"))
