"""Plain events: given times on a given port."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError, ModelError, nearest
from nmdasim.model.check import weight_matches
from nmdasim.model.circuit import Circuit
from nmdasim.model.population import named
from nmdasim.protocols.protocol import Arrival, Protocol
from nmdasim.quantities import QuantityLike


@dataclass(frozen=True)
class Events(Protocol):
    """Events at given times on one port.

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
    """

    port: str
    times: QuantityLike
    weight: QuantityLike | None = None
    population: str = ""
    lanes: Any = None

    def __post_init__(self) -> None:
        times = quantities.si(self.times, "ms", name="times")
        if np.any(times < 0):
            raise InputError(f"times of events on port {self.port!r} are not negative")
        if self.lanes is not None:
            lanes = np.asarray(self.lanes)
            if lanes.ndim != 1 or not lanes.size or not np.issubdtype(lanes.dtype, np.integer) or np.any(lanes < 0):
                raise InputError(f"lanes = {self.lanes!r}; give a list of one or more whole numbers from 0 upward")
            object.__setattr__(self, "lanes", tuple(lanes.tolist()))

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
        return [Arrival(population, self.port, self._seconds(), None if number is None else number.item(), self.lanes)]

    def _seconds(self) -> np.ndarray:
        return np.ravel(quantities.si(self.times, "ms", name="times"))
