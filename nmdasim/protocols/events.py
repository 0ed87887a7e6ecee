"""Plain events on a given port: at given times, or at a rate."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError, ModelError, nearest, plainly
from nmdasim.model.check import weight_matches
from nmdasim.model.circuit import Circuit
from nmdasim.model.population import named
from nmdasim.protocols.protocol import Arrival, Counts, Protocol
from nmdasim.quantities import QuantityLike, said


@dataclass(frozen=True, repr=False)
class Events(Protocol):
    """Events on one port: at given times, or as a train at a rate, which may be a list.

    A train ends one period after its last event; each event opens a window, as a pulse of a wind-up train does, so it
    is measured and drawn as one.

    Parameters
    ----------
    port
        Name of the port.
    times
        Quantity of times, shape (events,).
    weight
        Strength of each event, for ports whose effect uses ``weight``, and for those only.
    population
        Population of a circuit; its output by default.
    lanes
        Lanes that receive the events, counted from 0 in the order of the result's dimensions, the last fastest; every
        lane by default.
    rate
        Rate of a train, in place of `times`; a list becomes a dimension, and a sweep may have it as an axis.
    count
        Number of events of a train, likewise.
    start
        Time of the first event of a train.

    Raises
    ------
    InputError
        For times that are negative, neither times nor a rate or both, a rate that is not positive, or no event.
    UnitError
        For a quantity of the wrong dimension.

    Examples
    --------
    >>> from nmdasim import Hz
    >>> Events("exc", rate=[5, 20] * Hz, count=10)
    Events(port='exc', rate=[5, 20]*Hz)
    """

    port: str
    times: QuantityLike | None = None
    weight: QuantityLike | None = None
    population: str = ""
    lanes: Sequence[int] | np.ndarray | None = None
    rate: QuantityLike | None = None
    count: Counts = 10
    start: QuantityLike = "0 ms"

    @plainly
    def __post_init__(self) -> None:
        if (self.times is None) == (self.rate is None):
            raise InputError(
                f"events on port {self.port!r} come at times, or at a rate: give one of them, as in "
                "times=[10, 30]*ms or rate=10*Hz, count=5"
            )
        self._check_times() if self.rate is None else self._check_train()
        if self.lanes is not None:
            lanes = np.asarray(self.lanes)
            if lanes.ndim != 1 or not lanes.size or not np.issubdtype(lanes.dtype, np.integer) or np.any(lanes < 0):
                raise InputError(f"lanes = {self.lanes!r}; give a list of one or more whole numbers from 0 upward")
            object.__setattr__(self, "lanes", tuple(lanes.tolist()))

    def _check_times(self) -> None:
        if np.any(self._seconds() < 0):
            raise InputError(f"times of events on port {self.port!r} are not negative")

    def _check_train(self) -> None:
        assert self.rate is not None
        rate = quantities.si(self.rate, "Hz", name="rate")
        if rate.ndim > 1 or not rate.size or np.any(rate < SLOWEST) or np.any(rate > FASTEST):
            raise InputError(
                f"rate = {said(self.rate)}; a rate is above 0 ({SLOWEST:g} Hz to {FASTEST:g} Hz), one or a list"
            )
        count = np.asarray(self.count)
        if count.ndim > 1 or not count.size or not np.issubdtype(count.dtype, np.integer) or np.any(count < 1):
            raise InputError(f"count = {self.count}; a train has a whole number of events, 1 or more")
        if quantities.number(self.start, "ms", name="start") < 0:
            raise InputError(f"start = {said(self.start)}; the first event does not come before 0 s")

    @property
    def varies(self) -> Mapping[str, str]:  # type: ignore[override]
        """Of a train its rate and the number of its events."""
        return {} if self.rate is None else {"rate": "Hz", "count": "1"}

    @property
    def duration(self) -> float | None:
        """Seconds to one period after the last event of a train; None for given times."""
        return None if self.rate is None else float(self._seconds()[-1]) + self._period()

    @property
    def windows(self) -> tuple[float, ...]:
        """Edges of the windows of a train, each event to the next; none for given times."""
        return () if self.rate is None else (*self._seconds().tolist(), float(self.duration or 0))

    def _period(self) -> float:
        assert self.rate is not None
        return 1 / quantities.number(self.rate, "Hz", name="rate")

    size = 1  # as the input of a circuit: one fibre, which fires at these times

    def draw(self, duration: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return times in seconds and the fibre of each, as the input of a circuit; nothing is drawn."""
        if self.lanes is not None:
            raise ModelError("lanes of events: those of an input reach every instance; give them on a port")
        if self.weight is not None:
            raise ModelError("weight of events: those of an input act with the weight of its projections; give it")
        times = self._seconds()
        times = times[times < duration]
        return times, np.zeros(len(times), dtype=int)

    def arrivals(self, circuit: Circuit, rng: np.random.Generator) -> list[Arrival]:
        """Return them; nothing is drawn.

        Raises
        ------
        ModelError
            If the circuit has no such population, or that no such port; if the port's effect uses ``weight`` and there
            is none, or the other way round, or it is of another dimension, negative or not finite.
        """
        population = self.population or circuit.output
        cell = named("population", population, circuit.populations, circuit.name).model
        if self.port not in cell.ports:
            raise ModelError(f"{cell.name} has no port {self.port!r}{nearest(self.port, cell.ports)}")
        weight_matches(cell, self.port, self.weight, f"events on port {self.port!r}")
        number = None if self.weight is None else np.asarray(quantities.quantity(self.weight), dtype=float)
        if number is not None and number.size != 1:
            raise ModelError(
                f"events on port {self.port!r}: {number.size} values of weight; give one, and Events for each other one"
            )
        return [
            Arrival(
                population, self.port, self._seconds(), None if number is None else number.item(), _tuple(self.lanes)
            )
        ]

    def _seconds(self) -> np.ndarray:
        if self.times is not None:
            return np.ravel(quantities.si(self.times, "ms", name="times"))
        return quantities.number(self.start, "ms", name="start") + self._period() * np.arange(self.count)


def _tuple(lanes: Sequence[int] | np.ndarray | None) -> tuple[int, ...] | None:
    return None if lanes is None else tuple(lanes)


#: Limits of a rate, far outside any experiment: beyond them it is a slip of the unit.
SLOWEST, FASTEST = 1e-5, 1e4
