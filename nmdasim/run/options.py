"""How a run is made: start, initial values, step, method, engine and what is recorded, checked before any work."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from numbers import Integral, Real
from types import MappingProxyType
from typing import Any

from nmdasim import engines, quantities
from nmdasim.errors import InputError, ModelError, nearest
from nmdasim.model.circuit import Circuit, cells_of
from nmdasim.model.model import Model, step_limit
from nmdasim.model.unread import quantity_or_expression
from nmdasim.protocols import course as courses
from nmdasim.quantities import QuantityLike
from nmdasim.run.axes import with_units


@dataclass(frozen=True)
class Options:
    """What is the same for every lane of a run; times in seconds."""

    start: str
    initial: Mapping[str, Any]
    dt: float
    method: str
    engine: str
    threads: int
    record: tuple[str, ...]
    sample: float
    tolerance: float
    baths: tuple[courses.Course, ...]

    @classmethod
    def read(
        cls,
        model: Model | Circuit,
        dt: float,
        *,
        block: str | None = None,
        initial: Mapping[str, Any] = MappingProxyType({}),
        method: str = "",
        engine: str = engines.DEFAULT,
        threads: int = 0,
        record: str | Iterable[str] = (),
        sample: QuantityLike | None = None,
        tolerance: float = 1e-7,
        baths: tuple[courses.Course, ...] = (),
    ) -> Options:
        """Check what a user gave.

        Raises
        ------
        ModelError, UnitError, InputError
            For a start or state that there is not, or a number out of range.
        """
        if not isinstance(threads, Integral) or threads < 0:
            raise InputError(f"threads = {threads}; give 1 or more, or 0 for all cores")
        if not isinstance(method, str):
            raise InputError(f"method = {method!r}; the name of a method is text, or '' for the engine's own")
        if not isinstance(tolerance, Real) or not 0 < tolerance < 1:
            raise InputError(f"tolerance = {tolerance!r}; a relative tolerance lies between 0 and 1")
        wanted = (record,) if isinstance(record, str) else tuple(record)
        start = _start(model, block)
        first = _initial(model, initial)
        return cls(start, first, dt, method, engine, threads, wanted, _sample(sample), tolerance, baths)


def _start(model: Model | Circuit, block: str | None) -> str:
    """Return the name of the start: the one asked for, or the first of the model's."""
    names = list(dict.fromkeys(name for cell in cells_of(model).values() for name in cell.starts))
    if block is None:
        return names[0] if names else ""
    if block not in names:
        offer = nearest(str(block), names) if names else "; it has no alternative starts"
        raise ModelError(f"block = {block!r}: {model.name} has no such start{offer}")
    return block


def _initial(model: Model | Circuit, given: Mapping[str, Any]) -> dict[str, Any]:
    """Check other initial values: of states that there are, text or of the state's dimension."""
    states = {name: cell for cell in cells_of(model).values() for name in cell.system.states}
    read = {name: quantity_or_expression(value) for name, value in given.items()}
    for name, value in read.items():
        if name not in states:
            raise ModelError(f"{model.name} has no state {name!r}{nearest(name, sorted(states))}")
        if not isinstance(value, str):
            quantities.si(with_units(name, value, plain=True), states[name].unit_of(name), name=f"initial {name}")
    return read


def step_of(model: Model | Circuit, dt: QuantityLike | None) -> float:
    """Return the step in seconds, the model's own by default."""
    value = quantities.number(model.dt if dt is None else dt, "ms", name="dt")
    for cell in (model, *cells_of(model).values()):
        step_limit(cell, value)
    return value


def _sample(sample: QuantityLike | None) -> float:
    """Return the sampling interval in seconds, 0.1 ms by default."""
    value = 1e-4 if sample is None else quantities.number(sample, "ms", name="sample")
    if value <= 0:
        raise InputError(f"sample = {sample}; a sampling interval is above 0")
    return value
