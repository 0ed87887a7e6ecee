"""A question: all that a call of ``simulate`` asks, read and checked before anything of it is made."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeAlias

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.errors import InputError
from nmdasim.model.circuit import Circuit, circuit_of
from nmdasim.model.model import Model
from nmdasim.parameters import concentrations
from nmdasim.protocols import course as courses
from nmdasim.protocols.given import protocol_of
from nmdasim.quantities import QuantityLike
from nmdasim.receptors.dosing import medicated
from nmdasim.run.axes import Axis, lengths, parameter_axes, protocol_axes, seed_axis, shown_in
from nmdasim.run.options import Options, step_of
from nmdasim.run.segments import Continuation, carried, layout_of

#: A quantity of a run: one, a list, or a DataArray along another dimension or over time.
Bath: TypeAlias = QuantityLike | xr.DataArray
#: One seed, or several.
Seeds: TypeAlias = int | Sequence[int] | np.ndarray | xr.DataArray


@dataclass(frozen=True)
class Question:
    """All that a call of `simulate` asks, checked: what is run, under what, over what.

    Parameters
    ----------
    circuit
        A circuit; a single cell is one of size one.
    protocol
        What is done to it.
    grid
        Axes of the protocol, whose outer product are its variants.
    axes
        Axes of parameters, seeds and what an earlier segment varied; every variant runs over their outer product.
    options
        How it is run.
    duration
        Seconds, where the caller says it.
    start
        The earlier segment that it goes on from.
    """

    circuit: Circuit
    protocol: Any
    grid: tuple[Axis, ...]
    axes: tuple[Axis, ...]
    options: Options
    duration: float | None = None
    start: Continuation | None = None

    @property
    def every(self) -> int:
        """Lanes of one variant."""
        return math.prod(lengths(self.axes).values())

    @property
    def dims(self) -> dict[str, int]:
        """Dimensions of the result and their lengths: those of the protocol first."""
        return lengths([*self.grid, *self.axes])

    def variants(self) -> Iterator[tuple[int, Any]]:
        """Yield the place of every variant in the grid, and the protocol with its values."""
        names = [axis.name for axis in self.grid]
        for k, values in enumerate(itertools.product(*(axis.values for axis in self.grid))):
            yield k, self.protocol.at(**dict(zip(names, values, strict=True))) if names else self.protocol


def question(
    model: Model | Circuit,
    protocol: Any = None,
    *,
    ketamine: Bath | None = None,
    mg: Bath | None = None,
    drugs: Mapping[str, Bath] | None = None,
    parameters: Mapping[str, Bath] | None = None,
    duration: QuantityLike | None = None,
    dt: QuantityLike | None = None,
    seed: Seeds | None = None,
    start: xr.Dataset | None = None,
    **options: Any,
) -> Question:
    """Return what is asked; arguments are those of :func:`nmdasim.run.simulate.simulate`.

    Raises
    ------
    NmdasimError
        For anything that is unknown, of the wrong dimension or out of range.
    """
    for name, value in {"drugs": drugs, "parameters": parameters, "initial": options.get("initial")}.items():
        if value is not None and not isinstance(value, Mapping):
            raise InputError(f"{name} = {value!r}; {name} are given by name, as {name}={{'ketamine': '1 uM'}}")
    done_to = protocol_of(protocol)
    medicine, doses = medicated(circuit_of(model), drugs, ketamine)
    circuit = circuit_of(medicine)
    step = step_of(circuit, dt)
    own = {name: concentrations.named(name, value) for name, value in (parameters or {}).items()}
    given = _together(own, doses, {} if mg is None else {"mg": mg})
    circuit, still, baths = courses.follow(circuit, given, step, begun=start is not None)
    still |= {f"{one.name}_start": shown_in(still[f"{one.name}_start"], one.attrs.get("units", "")) for one in baths}
    circuit.check_step(step)
    read = Options.read(circuit, step, baths=baths, **{name: v for name, v in options.items() if v is not None})
    grid, axes = protocol_axes(done_to), [*parameter_axes(circuit, still), *_seeds(seed, start)]
    _check_names(grid, axes)
    length = None if duration is None else quantities.number(duration, "ms", name="duration")
    if length is not None and length <= 0:
        raise InputError(f"duration = {duration}; a run is longer than 0")
    axes, earlier = _going_on(start, circuit, grid, axes, read)
    lengths([*grid, *axes])
    return Question(circuit, done_to, tuple(grid), tuple(axes), read, length, earlier)


def _seeds(seed: Seeds | None, start: xr.Dataset | None) -> list[Axis]:
    """Return the axis of the seeds; none where those of an earlier run are gone on with."""
    if seed is None and start is not None and layout_of(start) and "seed" in start["final_state"].dims:
        return []
    return [seed_axis(0 if seed is None else seed)]


def _going_on(
    start: xr.Dataset | None, circuit: Circuit, grid: Sequence[Axis], axes: Sequence[Axis], options: Options
) -> tuple[list[Axis], Continuation | None]:
    """Return the axes with those that only an earlier run has, and that run as the start of this one."""
    if start is None:
        return list(axes), None
    layout = layout_of(start)
    _check_alike(layout, options)
    taken = frozenset(name for cell in circuit.cells.values() for name in cell.parameters)
    names, added = carried(start, [*grid, *axes], taken)
    every = [*axes, *added]
    moved = frozenset(bath.name for bath in options.baths)
    return every, Continuation(start, layout, lengths([*grid, *every]), names, moved)


def _together(*parts: Mapping[str, Any]) -> dict[str, Any]:
    """Return parameters, drugs and magnesium in one, each given once."""
    found: dict[str, Any] = {}
    for part in parts:
        if twice := sorted(set(found) & set(part)):
            raise InputError(f"{', '.join(twice)} is given twice; give it once")
        found |= part
    return found


def _check_names(grid: Sequence[Axis], axes: Sequence[Axis]) -> None:
    if twice := sorted({axis.name for axis in grid} & {axis.name for axis in axes}):
        raise InputError(f"{', '.join(twice)} is an argument of the protocol and a parameter of the model; vary one")


def _check_alike(before: Mapping[str, Any], options: Options) -> None:
    """Refuse to go on with another engine, method or step: states would not mean the same."""
    own = {"engine": options.engine, "method": options.method, "dt": options.dt}
    for name, value in own.items():
        if before[name] != value:
            raise InputError(
                f"start: the earlier run had {name} {before[name] or 'default'!r}, this one "
                f"{value or 'default'!r}; go on with the same"
            )
