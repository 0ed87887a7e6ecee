"""What a caller may give in place of a protocol: nothing, events, several protocols, sources of inputs."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from inspect import getattr_static
from typing import Any, Self

import numpy as np

from nmdasim.errors import InputError, ModelError
from nmdasim.model.circuit import Circuit
from nmdasim.protocols.protocol import Arrival, Protocol

_MEMBERS = ("varies", "axes", "at", "duration", "windows", "arrivals", "sources")


@dataclass(frozen=True, repr=False)
class Several(Protocol):
    """Protocols that run beside one another, from the same start.

    A list in one of them is that one's alone; the same list in several is one dimension, which they share.

    Raises
    ------
    InputError
        If two of them vary by one name with different values, or give one input or one latency table.
    """

    parts: tuple[Any, ...] = ()

    @property
    def varies(self) -> Mapping[str, str]:  # type: ignore[override]
        """What any of them varies."""
        return {name: unit for part in self.parts for name, unit in part.varies.items()}

    @property
    def duration(self) -> float | None:
        """The longest, where any says one."""
        return max((part.duration for part in self.parts if part.duration is not None), default=None)

    @property
    def windows(self) -> tuple[float, ...]:
        """Those of the first that has some."""
        return next((part.windows for part in self.parts if part.windows), ())

    @property
    def caveat(self) -> str:
        """What is to be said of a result, where the pulses of others than the first are not measured; without lists."""
        others = [part for part in self.parts if part.windows and tuple(part.windows) != tuple(self.windows)]
        if not others:
            return ""
        return (
            "Several trains run together: pulses, windows and wind-up are those of the first alone. Put the one to be "
            "measured first."
        )

    @property
    def axes(self) -> dict[str, np.ndarray]:
        """Those of every part."""
        found: dict[str, np.ndarray] = {}
        for name, values in (one for part in self.parts for one in part.axes.items()):
            if not np.array_equal(found.setdefault(name, values), values):
                raise InputError(f"{_TWO} have different lists of {name}; give a list to one, or the same to both")
        return found

    def at(self, **point: Any) -> Self:
        """Return them with single values, each for the parts that vary it."""
        varying = {name: self._varying(name) for name in point}
        parts = (part.at(**{n: v for n, v in point.items() if k in varying[n]}) for k, part in enumerate(self.parts))
        return dataclasses.replace(self, parts=tuple(parts))

    def _varying(self, name: str) -> list[int]:
        """Return the places of the parts that have a list by a name; where none has, of the one that could."""
        if lists := [k for k, part in enumerate(self.parts) if name in part.axes]:
            return lists
        able = [k for k, part in enumerate(self.parts) if name in part.varies]
        if len(able) > 1:
            raise InputError(
                f"{_TWO} have {name}, and an axis does not say of which; simulate with a list in the one that is meant"
            )
        return able

    def arrivals(self, circuit: Circuit, rng: np.random.Generator) -> list[Arrival]:
        """Return those of every part, drawn in their order."""
        return [Arrival(*one) for part in self.parts for one in part.arrivals(circuit, rng)]

    @property
    def latencies(self) -> dict[str, Any]:  # type: ignore[override]
        """Those of every part."""
        return _once("latencies of", (getattr(part, "latencies", {}) for part in self.parts))

    def sources(self, circuit: Circuit) -> dict[str, Any]:
        """Return those of every part."""
        return _once("input", (part.sources(circuit) for part in self.parts))


_TWO = "two of the protocols that run together"


def _once(what: str, parts: Iterable[Mapping[str, Any]]) -> dict[str, Any]:
    """Return all in one; what two parts give differently is refused, since one of them would be lost."""
    found: dict[str, Any] = {}
    for name, given in (one for part in parts for one in part.items()):
        if found.setdefault(name, given) is not given:
            raise InputError(f"{_TWO} both give {what} {name!r}, and one would be lost; give it once")
    return found


@dataclass(frozen=True, repr=False)
class Inputs(Protocol):
    """Other sources behind inputs of a circuit, ``{"touch": nm.Poisson(...)}``."""

    by_name: Mapping[str, Any] = field(default_factory=dict)

    def sources(self, circuit: Circuit) -> Mapping[str, Any]:
        """Return them.

        Raises
        ------
        ModelError
            If the circuit has no inputs.
        """
        if self.by_name and not circuit.inputs:
            raise ModelError(
                f"{circuit.name} has no inputs to replace; drive its ports with nm.Events(port=...), or its fibres "
                "with nm.WindUp()"
            )
        return self.by_name


def _shown(given: Any) -> str:
    """Return what was given as a message shows it: as it is typed where that is short, else its kind."""
    text = repr(given)
    return text if len(text) <= 60 and "\n" not in text else f"a {type(given).__name__}"


def protocol_of(given: Any) -> Any:
    """Return what was given as a protocol.

    Raises
    ------
    InputError
        If it is nothing that can be done to a model.
    """
    if given is None:
        return Several()
    if isinstance(given, type):
        raise InputError(f"{given.__name__} is a kind of protocol; did you mean {given.__name__}()?")
    if isinstance(given, Mapping):
        return Inputs(given)
    if isinstance(given, Sequence) and not isinstance(given, str):
        return Several(tuple(protocol_of(one) for one in given))
    if all(getattr_static(given, name, None) is not None for name in _MEMBERS):  # without computing any of them
        return given
    raise InputError(
        f"{_shown(given)} is no protocol; give nm.WindUp(), nm.Events(...), a list of them, or "
        "{input: source} for a circuit"
    )
