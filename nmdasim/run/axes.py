"""What varies between lanes: named axes, their outer product, and where a lane lies in it."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import xarray as xr
from brian2.units.fundamentalunits import Quantity, get_dimensions

from nmdasim import quantities
from nmdasim.errors import InputError, ModelError, nearest
from nmdasim.model.circuit import Circuit, owners_of
from nmdasim.model.model import Model
from nmdasim.model.parameter import Parameter
from nmdasim.parameters import drugs


@dataclass(frozen=True)
class Axis:
    """A named quantity that may vary: SI values, one per position, the unit in which they are shown, its dimension.

    Quantities with the same `dim` vary together, and those without one along a dimension of their own name. Where it is
    `named`, its values are what they are shown as: seeds, names, what an earlier run varied. `text` says what it is,
    `labels` which position of `dim` is which.
    """

    name: str
    values: np.ndarray
    unit: str = "1"
    dim: str = ""
    named: bool = False
    text: str = ""
    labels: np.ndarray | None = field(default=None, repr=False, compare=False)

    @property
    def dimension(self) -> str:
        """Name of the dimension along which it varies; empty for a single value."""
        return (self.dim or self.name) if self.values.ndim else ""


def parameter_axes(model: Model | Circuit, given: Mapping[str, Any]) -> list[Axis]:
    """Return one axis per parameter; a scalar has values of shape () and no dimension.

    Raises
    ------
    ModelError, UnitError, InputError
        For a parameter that there is not, a value of the wrong dimension, an empty list, or a table.
    """
    cells = owners_of(model)
    known = {key for cell in cells.values() for key in (*cell.parameters, *cell.parameters.bases)}
    axes = []
    for name, value in given.items():
        if name not in known:
            raise ModelError(f"{model.name} has no parameter {name!r}{_nearest(name, known)}")
        owner = next(cell for cell in cells.values() if cell.parameters.entries(name))
        own = owner.parameters[owner.parameters.entries(name)[0]]
        values = quantities.si(with_units(name, value), own.unit, name=name)
        if values.ndim > 1 or values.size == 0:
            raise InputError(f"{name} has shape {values.shape}; give one value, or a list of one or more")
        axes.append(
            Axis(
                name,
                values,
                _unit(value, own, name),
                shared(value),
                text=own.description or read_as(name, own.unit),
                labels=labels(value),
            )
        )
    return axes


def _nearest(name: str, known: set[str]) -> str:
    """Return which parameter was likely meant: the gain of a group that was named, or one without its population."""
    own = name.rpartition(".")[2]
    meant = next((one for one in (f"gain_{name}", own) if one in known), "")
    return f"; did you mean {meant!r}?" if meant else nearest(name, sorted(known))


def read_as(name: str, unit: str) -> str:
    """Return what the concentration of a drug is read as where nothing is said of it: free; nothing of all else."""
    drug = name in drugs.entries() and quantities.same_dimension(unit, "uM")
    return f"free {drugs.written(name)} at the receptor" if drug else ""


def unit_given(value: Any) -> str:
    """Return the unit that a value says itself, as texts and DataArrays do; empty where it says none."""
    if isinstance(value, xr.DataArray):
        return str(value.attrs.get(SHOWN, value.attrs.get("units", "")))
    return quantities.written_unit(value)


#: Attribute of a DataArray whose numbers are to be shown in another unit than its own.
SHOWN = "shown_units"


def shown_in(value: Quantity, unit: str) -> Any:
    """Return a quantity that is shown in a unit, to the same bits; as it is where there is no unit."""
    attrs = {"units": quantities.base_units(get_dimensions(value)), SHOWN: unit}
    return xr.DataArray(np.asarray(value, dtype=float), attrs=attrs) if unit else value


def _unit(value: Any, own: Parameter, name: str) -> str:
    """Return the unit in which an axis is shown: as it was given, as the parameter is written, or as the field does.

    A default of 0 says nothing of a unit. What was given as a quantity of Brian2 has forgotten its own.
    """
    given = unit_given(value)
    if given not in ("", "1"):
        return given
    if np.any(own.si) or (not own.guessed and name not in drugs.entries()):
        return own.unit
    return (*quantities.customary(get_dimensions(own.value)), own.unit)[0]


def seed_axis(seed: Any) -> Axis:
    """Return the axis of the seeds.

    Raises
    ------
    InputError
        If a seed is no whole number from 0 upward.
    """
    seeds = np.asarray(seed)
    if seeds.ndim > 1 or not seeds.size or not np.issubdtype(seeds.dtype, np.integer) or np.any(seeds < 0):
        raise InputError(f"seed = {seed!r}; a seed is a whole number from 0 upward, or a list of them")
    return Axis("seed", seeds, dim=shared(seed), named=True, labels=labels(seed))


def protocol_axes(protocol: Any) -> list[Axis]:
    """Return an axis for every argument of a protocol that is a list."""
    return [protocol_axis(protocol, name, np.asarray(values)) for name, values in protocol.axes.items()]


def protocol_axis(protocol: Any, name: str, values: np.ndarray, given: Any = None) -> Axis:
    """Return the axis of an argument of a protocol, in the unit in which it was given, else in the protocol's own."""
    unit = protocol.varies[name]
    if unit in ("", "1"):
        return Axis(name, values, "1", named=True)
    said = unit_given(getattr(_owner(protocol, name), name, None) if given is None else given)
    return Axis(name, values, said or unit)


def _owner(protocol: Any, name: str) -> Any:
    """Return the protocol that has a list by a name, of several that run together however they are nested."""
    for part in getattr(protocol, "parts", ()):
        if name in part.axes:
            return _owner(part, name)
    return protocol


def shared(value: Any) -> str:
    """Return the dimension of a DataArray, along which it varies together with others; empty for all else."""
    return str(value.dims[0]) if isinstance(value, xr.DataArray) and value.ndim else ""


def labels(value: Any) -> np.ndarray | None:
    """Return the labels of the dimension of a DataArray, where it has some."""
    dim = shared(value)
    return value.coords[dim].values if dim and dim in value.coords else None


def labelled(axes: Iterable[Axis]) -> dict[str, Any]:
    """Return the labels of the dimensions along which several quantities vary together."""
    axes = list(axes)
    named = {axis.name for axis in axes}
    return {axis.dim: axis.labels for axis in axes if axis.labels is not None and axis.dim not in named}


def with_units(name: str, value: Any, *, plain: bool = False) -> Any:
    """Return a DataArray as a quantity, all else as it is; `plain` numbers need say no unit.

    Raises
    ------
    InputError
        If a DataArray has no units.
    """
    if not isinstance(value, xr.DataArray):
        return value
    if plain and "units" not in value.attrs:
        return value.values
    if "units" not in value.attrs:
        raise InputError(f"{name} has no units; set .attrs['units'], as in 'uM', or '1' for a plain number")
    return value.values * quantities.parse_unit(str(value.attrs["units"]))


def lengths(axes: Iterable[Axis]) -> dict[str, int]:
    """Return the dimensions and their lengths; what varies together has the same labels, if any."""
    sizes: dict[str, int] = {}
    known: dict[str, np.ndarray] = {}
    for axis in axes:
        if axis.labels is not None and not np.array_equal(known.setdefault(axis.dim, axis.labels), axis.labels):
            raise InputError(
                f"{axis.name} has other labels along {axis.dim} than another parameter, or in another order; "
                "what varies together is put in one order first, as by .reindex_like"
            )
        if axis.values.ndim and sizes.setdefault(axis.dimension, axis.values.size) != axis.values.size:
            raise InputError(
                f"{axis.name} has {quantities.several(axis.values.size, 'value')} along {axis.dimension}, "
                f"another parameter {sizes[axis.dimension]}; what varies together has one length"
            )
    return sizes


def columns(axes: Sequence[Axis]) -> dict[str, np.ndarray]:
    """Return the value of every axis in every lane: the outer product of the dimensions."""
    sizes = lengths(axes)
    lanes = math.prod(sizes.values())
    place = dict(zip(sizes, np.indices(tuple(sizes.values())).reshape(len(sizes), lanes), strict=True))
    return {
        axis.name: axis.values[place[axis.dimension]] if axis.values.ndim else np.full(lanes, axis.values)
        for axis in axes
    }


def coordinate(axis: Axis) -> Any:
    """Return an axis as xarray takes a coordinate, in its conventional unit."""
    values = np.asarray(shown(axis, axis.values))
    attrs = {"units": quantities.pretty(axis.unit) or "1"} | ({"long_name": axis.text} if axis.text else {})
    return (axis.dimension, values, attrs) if axis.values.ndim else ((), values, attrs)


def shown(axis: Axis, values: np.ndarray) -> np.ndarray:
    """Return values of an axis in the unit in which they are shown, to 15 digits: 0.3 is 0.3, as it was typed."""
    if axis.named:
        return values
    return _typed(quantities.in_unit(values, axis.unit))


_typed = np.vectorize(lambda x: float(f"{x:.15g}"), otypes=[float])


def place(axes: Sequence[Axis], columns: Mapping[str, np.ndarray], lane: int) -> str:
    """Name the values of one lane."""
    parts = []
    for axis in axes:
        value = shown(axis, columns[axis.name][lane])
        number = f"{float(value):g}" if np.issubdtype(np.asarray(value).dtype, np.number) else str(value)
        parts.append(f"{axis.name} = {number} {quantities.pretty(axis.unit)}".removesuffix(" 1"))
    return ", ".join(parts)
