"""Numbers on a card: rounded alike on every machine, and parameters with what is known of them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nmdasim import quantities
from nmdasim.model.parameter import Parameter

#: Significant digits: enough that no figure differs, few enough that a machine's rounding does not show.
DIGITS = 12


def plain(value: Any) -> Any:
    """Return numbers and arrays as rounded floats in lists; noise about 0 is 0."""
    array = np.asarray(value, dtype=float)
    return rounded(float(array)) if array.ndim == 0 else [plain(row) for row in array]


def rounded(value: float) -> float:
    """Return a number of :data:`DIGITS` digits, whole ones without a fraction."""
    found = float(f"{value:.{DIGITS}g}")
    return int(found) if found.is_integer() and abs(found) < 1e15 else found


def parameter(one: Parameter) -> dict[str, Any]:
    """Return a parameter: its number and unit, SI value, range, source and standing."""
    found: dict[str, Any] = {
        "number": plain(one.number),
        "unit": quantities.pretty(one.unit),
        "written": one.unit,
        "si": plain(one.si),
        "source": one.source,
        "kind": one.kind,
        "status": one.status,
        "about": one.description,
    }
    if one.si.ndim == 0:
        found["factor"] = plain(quantities.si(f"1 {one.unit}", one.unit, name=one.unit) if one.unit else 1.0)
    return found | ({"bounds": plain(one.bounds)} if one.bounds else {})


def parameters(given: Mapping[str, Parameter]) -> dict[str, Any]:
    """Return parameters by name."""
    return {name: parameter(one) for name, one in given.items()}
