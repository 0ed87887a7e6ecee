"""What a sweep is, spelt out as text: two are the same where their texts are, and what differs can be named."""

from __future__ import annotations

import dataclasses
import hashlib
import itertools
from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2 import Quantity
from brian2.units.fundamentalunits import get_dimensions

from nmdasim import quantities
from nmdasim.errors import UnitError
from nmdasim.run.axes import Axis


def ends(axis: Axis) -> str:
    """Return the first and the last value of an axis, with its unit."""
    shown = quantities.in_unit(axis.values[[0, -1]], axis.unit)
    return f"{shown[0]:g} to {shown[1]:g} {quantities.pretty(axis.unit)}".removesuffix(" 1")


def digest_of(values: np.ndarray) -> str:
    """Return a hash of numbers, to the bit."""
    return hashlib.sha256(np.ascontiguousarray(values).tobytes()).hexdigest()[:12]


def spell(value: Any) -> str:
    """Write a value out, quantities by their SI numbers; two texts are equal where the values are."""
    match value:
        case _ if dataclasses.is_dataclass(value):
            fields = ((f.name, getattr(value, f.name)) for f in dataclasses.fields(value))
            return f"{type(value).__name__}({', '.join(f'{name}={spell(item)}' for name, item in fields)})"
        case Mapping():
            return "{" + ", ".join(f"{key}: {spell(item)}" for key, item in sorted(value.items())) + "}"
        case str():
            try:
                return spell(quantities.quantity(value))
            except UnitError:
                return value
        case Quantity() | np.ndarray():
            flat = np.asarray(value, dtype=float)
            text = f"{flat.ravel()[:4].tolist()}{digest_of(flat)}" if flat.ndim else f"{float(flat)}"
            return f"{text} {quantities.describe_dimension(get_dimensions(value))}".strip()
        case list() | tuple():
            return "[" + ", ".join(spell(item) for item in value) + "]"
    return str(value)


def neighbours(left: Mapping[str, str], right: Mapping[str, str]) -> list[str]:
    """Name what differs between two identities, ``"name: left → right"``; digests only where nothing else tells."""
    keys = itertools.chain(left, (key for key in right if key not in left))
    found = [f"{k}: {left.get(k, 'absent')} → {right.get(k, 'absent')}" for k in keys if left.get(k) != right.get(k)]
    told = [line for line in found if not line.startswith("model_digest")]
    return told or found
