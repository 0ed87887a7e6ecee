"""Values spelt out as text that changes with any of their numbers: of arrays the first few and a digest, never "…"."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import get_dimensions

from nmdasim import quantities
from nmdasim.errors import UnitError
from nmdasim.model.identity import digest


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
            text = f"{flat.ravel()[:4].tolist()}{digest(flat)}" if flat.ndim else f"{float(flat)}"
            return f"{text} {quantities.describe_dimension(get_dimensions(value))}".strip()
        case _ if hasattr(value, "dims") and hasattr(value, "attrs"):  # an xarray.DataArray
            unit = str(value.attrs.get("units", "1"))
            along = ", ".join(f"{dim} {size}" for dim, size in zip(value.dims, value.shape, strict=True))
            places = {str(name): np.asarray(coordinate) for name, coordinate in value.coords.items()}
            return f"array({along}){digest([np.asarray(value), unit, list(value.dims), places])} {unit}"
        case list() | tuple():
            return "[" + ", ".join(spell(item) for item in value) + "]"
        case _ if _tells_its_place(value):
            return f"{type(value).__name__}{spell(vars(value))}"
    return str(value)


def _tells_its_place(value: Any) -> bool:
    """Whether the text of a value is where it lies in memory, another one in every process."""
    return hasattr(value, "__dict__") and repr(value) == object.__repr__(value)
