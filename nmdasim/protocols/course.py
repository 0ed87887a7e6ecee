"""A parameter that varies during a run: a concentration, as in an infusion during a wind-up train, or a current."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import brian2
import numpy as np
import xarray as xr
from brian2.units import Quantity
from brian2.units.fundamentalunits import get_dimensions

from nmdasim import quantities
from nmdasim.errors import InputError, ModelError, UnitError, nearest
from nmdasim.language import late
from nmdasim.model.circuit import Circuit
from nmdasim.model.driven import driven, port
from nmdasim.plan.values import never_negative
from nmdasim.protocols.protocol import Arrival


@dataclass(frozen=True, eq=False)
class Course:
    """Straight lines between knots, or steps at them; before the first and after the last the value is held.

    Parameters
    ----------
    name
        Parameter that it moves.
    times
        Seconds from the start of the run, increasing, shape (knots,).
    values
        SI values, shape (knots,).
    attrs
        What the given DataArray says of its origin, such as preset, sampling site and references.
    jumps
        Whether it stands still between knots.
    step
        Seconds of the steps on which the knots lie; 0 where they lie anywhere.
    """

    name: str
    times: np.ndarray
    values: np.ndarray
    attrs: Mapping[str, Any] = field(default_factory=dict)
    jumps: bool = False
    step: float = 0.0

    @classmethod
    def read(cls, name: str, given: xr.DataArray | brian2.TimedArray, unit: str, *, signed: bool = False) -> Course:
        """Read a DataArray over ``time``, both with ``units`` in their attributes, or steps as Brian2 gives them.

        Parameters
        ----------
        name, given
            The parameter, and what it is to follow.
        unit
            Unit of the parameter.
        signed
            Whether it may be negative.

        Raises
        ------
        InputError
            If it has other dimensions, no units, times that do not increase, or values that are not finite, or negative
            where that makes no sense.
        """
        if _is_timed(given):
            return cls._steps(name, given, unit)
        if given.dims != ("time",) or given.size == 0:
            raise InputError(
                f"{name} has the dimensions {given.dims} and "
                f"{quantities.several(given.size, 'value')}; a course has one dimension, time"
            )
        for what, array in ((name, given), ("time", given.time)):
            if "units" not in array.attrs:
                raise InputError(f"the {what} of a course has no units; set .attrs['units'], as in 'uM' or 'h'")
        seconds = _si(given.time, "ms", f"time of {name}")
        if np.any(np.diff(seconds) <= 0):
            raise InputError(f"the times of {name} do not increase; a course has one value at a time")
        values = _si(given, unit, name)
        if np.any(values < 0) and not signed:
            raise InputError(f"{name} = {float(given.min()):g} {given.attrs['units']}; it cannot be negative")
        return cls(name, seconds, values, given.attrs)

    @classmethod
    def _steps(cls, name: str, given: brian2.TimedArray, unit: str) -> Course:
        """Read steps of one length, the first from time 0."""
        if given.values.ndim != 1 or not given.values.size:
            raise InputError(f"{name} is a TimedArray of shape {given.values.shape}; a run follows one row of values")
        values = quantities.si(Quantity(given.values, dim=given.dim), unit, name=name)
        new = np.append(True, values[1:] != values[:-1])
        return cls(name, np.arange(len(values))[new] * float(given.dt), values[new], jumps=True)

    def on_steps(self, dt: float, first: int = 1) -> Course:
        """Return this course from time 0 on, with its knots at whole steps of `dt` seconds, from step `first` on.

        Engines with a fixed step take an event at the nearest step. A knot between two steps would then change the
        slope too early or too late, and the error would stay for the rest of the run; so would that of a slope that
        begins at time 0, before a staggered method has made its first half step: a run that goes on from another
        has made it, and takes knots from step 0 on.

        Raises
        ------
        InputError
            If two knots share a step: the jump between them would be lost.
        """
        if self.jumps:  # at the first step that begins no earlier, as in Brian2
            return dataclasses.replace(self, times=np.maximum(np.ceil(self.times / dt - 1e-6), 0) * dt)
        start = np.interp(0.0, self.times, self.values)
        later = self.times > 0
        times = np.concatenate([[0.0], self.times[later]])
        whole = np.maximum(np.round(times / dt), first)
        near = np.flatnonzero(np.diff(whole) < 1)
        if len(near):
            raise InputError(
                f"{self.name} has values at {times[near[0]]:.9g} s and {times[near[0] + 1]:.9g} s, too close for a "
                f"step of {dt * 1e3:g} ms; give times two steps or more apart, or a smaller dt"
            )
        return dataclasses.replace(self, times=whole * dt, values=np.append(start, self.values[later]), step=dt)

    def __str__(self) -> str:
        return f"{self.name}: {self._span}{len(self.times)} knots, {self._begins:g} to {self.times[-1]:g} s"

    @property
    def _begins(self) -> float:
        """Seconds of the first knot as it was given: one at the start of the run was moved to the first step."""
        return 0.0 if self.times[0] <= 1.5 * self.step else float(self.times[0])

    @property
    def _span(self) -> str:
        """The lowest and the highest value as they were given, ``"0.5 to 3 µM, "``; nothing of steps from Brian2."""
        if not (unit := self.attrs.get("units")):
            return ""
        low, high = (quantities.brief(float(end)) for end in quantities.in_unit(np.sort(self.values)[[0, -1]], unit))
        return f"{low} to {high} {quantities.pretty(unit)}, "

    def arrivals(self, circuit: Circuit, rng: np.random.Generator) -> list[Arrival]:
        """Return its changes, of value or of slope, for every compartment that it reaches; nothing is drawn."""
        if self.jumps:
            return self._arrivals(circuit, np.diff(self.values, prepend=self.values[0]))
        # Between whole steps a length is their number: then it is the same, to the bit, wherever the course begins.
        lengths = np.diff(np.round(self.times / self.step)) * self.step if self.step else np.diff(self.times)
        slopes = np.diff(self.values) / lengths
        return self._arrivals(circuit, np.diff(np.concatenate([[0.0], slopes, [0.0]])))

    def _arrivals(self, circuit: Circuit, changes: np.ndarray) -> list[Arrival]:
        moved = changes != 0
        return [
            Arrival(population, port(self.name, c), self.times[moved][k : k + 1], float(change))
            for population, cell in circuit.cells.items()
            for k, change in enumerate(changes[moved])
            for c in range(len(cell.morphology))
            if port(self.name, c) in cell.ports
        ]


def _si(given: xr.DataArray, like: str, name: str) -> np.ndarray:
    try:
        unit = quantities.parse_unit(str(given.attrs["units"]))
    except UnitError as error:
        raise UnitError(f"{name}: {error}") from None
    return quantities.si(given.values * unit, like, name=name)


_ORIGIN = ("drug", "preset", "site", "source", "regimen", "warnings")


def origin(run: Mapping[str, Any], concentration: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the attributes of a run gain from those of the concentration that it was given."""
    gained: dict[str, Any] = {key: concentration[key] for key in _ORIGIN if key in concentration}
    if lines := dict.fromkeys(f"{run.get('warnings', '')}\n{concentration.get('warnings', '')}".strip().splitlines()):
        gained["warnings"] = "\n".join(lines)
    for key in ("references", "unverified_parameters"):
        gained[key] = " ".join(dict.fromkeys(f"{run[key]} {concentration.get(key, '')}".split()))
    return gained


def follow(
    circuit: Circuit, given: Mapping[str, Any], dt: float, *, begun: bool = False
) -> tuple[Circuit, dict[str, Any], tuple[Course, ...]]:
    """Split parameters into those that stand still and those that follow a course on steps of `dt` seconds.

    `begun` says that the run goes on from another.

    Returns
    -------
    circuit
        With every parameter that moves as a state.
    parameters
        Those that stand still, and the first value of those that move.
    courses
        One for each that moves.
    """
    courses: list[Course] = []
    still: dict[str, Any] = {}
    for name, value in given.items():
        if _varies(name, value):
            if f"{name}_start" in given:
                raise InputError(f"{name}_start is given twice: the course of {name} begins with it; give the course")
            circuit, unit, signed = _drive(circuit, name, jumps=_is_timed(value))
            course = Course.read(name, value, unit, signed=signed).on_steps(dt, 0 if begun else 1)
            still[f"{name}_start"] = Quantity(course.values[0], dim=get_dimensions(quantities.parse_unit(unit)))
            courses.append(course)
        else:
            still[name] = value
    return circuit, still, tuple(courses)


def _varies(name: str, value: Any) -> bool:
    """Whether a value is a course; refuse what looks like one, because its units would be lost on the way."""
    several = isinstance(value, list | tuple) and any(isinstance(one, xr.DataArray) and one.ndim for one in value)
    if several or isinstance(value, xr.Dataset):
        raise InputError(f"{name} is a {type(value).__name__}; a run follows one course, an xarray.DataArray over time")
    if not isinstance(value, xr.DataArray):
        return _is_timed(value)
    if "time" in value.dims and "time" not in value.coords:
        raise InputError(f"{name} has no time coordinate; a course is an xarray.DataArray over time")
    return "time" in value.coords


def _drive(circuit: Circuit, name: str, *, jumps: bool) -> tuple[Circuit, str, bool]:
    """Return the circuit with a parameter that moves, its unit, and whether it may be negative."""
    owners = {key: cell for key, cell in circuit.cells.items() if cell.parameters.entries(name)}
    if not owners:
        known = sorted({key for cell in circuit.cells.values() for key in cell.parameters})
        raise ModelError(f"{circuit.name} has no parameter {name!r}{nearest(name, known)}")
    moved = {
        key: dataclasses.replace(circuit.populations[key], model=driven(owners[key], name, jumps=jumps))
        for key in owners
    }
    moved_circuit = dataclasses.replace(circuit, populations=dict(circuit.populations) | moved)
    owner = next(iter(owners.values()))
    return moved_circuit, owner.parameters.unit_of(name), not never_negative(owner, name)


def _is_timed(value: Any) -> bool:
    """Whether a value is Brian2's own array over time; before all of Brian2 is loaded there is none."""
    return late.loaded() and isinstance(value, brian2.TimedArray)
