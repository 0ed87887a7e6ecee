"""What every protocol answers: what varies, how long it lasts, when something arrives, and what fibres fire.

Any object with these members is a protocol, wherever its class was written; deriving from :class:`Protocol` gives it
the ones that it does not need.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any, ClassVar, NamedTuple, Self, TypeAlias

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from nmdasim import quantities
from nmdasim.errors import UnitError, check_keywords
from nmdasim.model.circuit import Circuit
from nmdasim.model.typed import shown, typed

#: Whole numbers, and shares from 0 to 1: one, or a list where an argument may vary.
Counts: TypeAlias = int | Sequence[int] | np.ndarray
Shares: TypeAlias = float | Sequence[float] | np.ndarray


class Arrival(NamedTuple):
    """Events on one port of one population; times in seconds, weight in SI units where the port uses it."""

    population: str
    port: str
    times: np.ndarray
    weight: float | None = None
    lanes: tuple[int, ...] | None = None


class Protocol:
    """What is done to a model; a dataclass that derives from it says what it needs of the following.

    Two of one class are equal where their arguments are: quantities, also those given as text, by their values.

    Attributes
    ----------
    varies
        Arguments that may be lists, each with its unit (``"1"`` for plain numbers, ``""`` for names): a list becomes a
        dimension of the result.
    duration
        Seconds that a run lasts; None where the caller says it.
    windows
        Edges of the windows that per-window summaries refer to, in seconds.
    latencies
        Delays by name of the latency table, in place of drawn ones.
    """

    varies: ClassVar[Mapping[str, str]] = {}
    latencies: Mapping[str, Any] = {}

    def __init_subclass__(cls, **options: Any) -> None:
        """Keep the equality of protocols: that which a dataclass makes cannot compare arrays."""
        super().__init_subclass__(**options)
        own = vars(cls)
        if "__eq__" not in own and "__hash__" not in own:
            cls.__eq__, cls.__hash__ = cls.__eq__, cls.__hash__  # type: ignore[method-assign]

    def __new__(cls, *args: Any, **given: Any) -> Self:
        """Refuse, before a dataclass does, an argument that the protocol does not have, with those that it has."""
        check_keywords(cls.__name__, cls.__init__, given)
        return super().__new__(cls)

    def __eq__(self, other: object) -> bool:
        if type(other) is not type(self) or not dataclasses.is_dataclass(self):
            return NotImplemented
        return _comparable(self) == _comparable(other)

    def __hash__(self) -> int:
        return hash(_comparable(self)) if dataclasses.is_dataclass(self) else super().__hash__()

    def __repr__(self) -> str:
        return typed(self) if dataclasses.is_dataclass(self) else super().__repr__()

    def _repr_html_(self) -> str:
        return shown(self) if dataclasses.is_dataclass(self) else f"<pre>{escape(repr(self))}</pre>"

    @property
    def duration(self) -> float | None:
        """Seconds, or None."""
        return None

    @property
    def windows(self) -> tuple[float, ...]:
        """Edges in seconds; none by default."""
        return ()

    @property
    def axes(self) -> dict[str, np.ndarray]:
        """Return those arguments of `varies` that are lists, as SI values."""
        return axes(self)

    def at(self, **point: Any) -> Self:
        """Return this protocol with other arguments, those of `varies` in SI units."""
        return at(self, **point)

    def arrivals(self, circuit: Circuit, rng: np.random.Generator) -> Sequence[Arrival]:
        """Return what arrives at ports of the circuit from outside, latencies drawn from `rng`."""
        return ()

    def sources(self, circuit: Circuit) -> Mapping[str, Any]:
        """Return other sources behind inputs of the circuit, by name."""
        return {}


def axes(protocol: Any) -> dict[str, np.ndarray]:
    """Return the arguments of a protocol that are lists, by name, as SI values of shape (values,)."""
    return {
        name: _values(getattr(protocol, name), unit, name)
        for name, unit in protocol.varies.items()
        if np.ndim(getattr(protocol, name)) == 1
    }


def at(protocol: Any, **point: Any) -> Any:
    """Return a dataclass protocol with single values of what it varies, given in SI units."""
    changed = {name: _quantity(value, protocol.varies.get(name, "")) for name, value in point.items()}
    return dataclasses.replace(protocol, **changed)


def _comparable(value: Any) -> Any:
    """Return a value as plain numbers, text and tuples of them: of a quantity its SI numbers and its dimension."""
    if isinstance(value, str):
        try:
            return _comparable(quantities.quantity(value))
        except UnitError:
            return value
    if isinstance(value, Protocol):
        return tuple(_comparable(getattr(value, one.name)) for one in dataclasses.fields(value))  # type: ignore[arg-type]
    if isinstance(value, Mapping):
        return frozenset((name, _comparable(item)) for name, item in value.items())
    if isinstance(value, list | tuple):
        return tuple(map(_comparable, value))
    if not isinstance(value, np.ndarray | np.generic):
        return value
    numbers, dimension = _comparable(np.asarray(value).tolist()), get_dimensions(value)
    return numbers if dimension is DIMENSIONLESS else (numbers, dimension)


def _values(given: Any, unit: str, name: str) -> np.ndarray:
    return np.asarray(given) if unit in ("", "1") else quantities.si(given, unit, name=name)


def _quantity(value: Any, unit: str) -> Any:
    if unit in ("", "1"):
        return value.item() if isinstance(value, np.generic) else value
    return Quantity(value, dim=get_dimensions(quantities.parse_unit(unit)))
