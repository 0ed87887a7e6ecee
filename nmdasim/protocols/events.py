"""Plain events: given times on a given port."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError, ModelError, nearest
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model
from nmdasim.quantities import QuantityLike


@dataclass(frozen=True)
class Events:
    """Events at given times on one port.

    Parameters
    ----------
    port
        Name of the port.
    times
        Quantity of times, shape (events,).
    weight
        Strength of each event, for ports whose effect uses ``weight``.
    population
        Population of a circuit; its output by default.
    lanes
        Lanes that receive the events, counted from 0 in the order of the result's dimensions, the last fastest; every
        lane by default.
    """

    port: str
    times: QuantityLike
    weight: QuantityLike = 0.0
    population: str = ""
    lanes: Sequence[int] | None = None

    def __post_init__(self) -> None:
        times = quantities.si(self.times, "ms", name="times")
        if np.any(times < 0):
            raise InputError(f"times of events on port {self.port!r} are not negative")
        if self.lanes is not None:
            lanes = np.asarray(self.lanes)
            if lanes.ndim != 1 or not lanes.size or not np.issubdtype(lanes.dtype, np.integer) or np.any(lanes < 0):
                raise InputError(f"lanes = {self.lanes!r}; give a list of one or more whole numbers from 0 upward")
            object.__setattr__(self, "lanes", tuple(lanes.tolist()))

    def variants(self) -> Iterator[tuple[Mapping[str, Any], Events]]:
        """Yield the one variant there is: plain events have no axes."""
        yield {}, self

    size = 1  # as the input of a network: one fibre, which fires at these times

    def draw(self, duration: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return times in seconds and the fibre of each, as the input of a network; nothing is drawn."""
        if self.lanes is not None:
            raise ModelError("lanes of events: those of a network reach every instance; lanes are of cells and chains")
        times = np.ravel(quantities.si(self.times, "ms", name="times"))
        times = times[times < duration]
        return times, np.zeros(len(times), dtype=int)

    def arrivals(self, model: Model | Circuit, rng: np.random.Generator) -> list[tuple[str, str, np.ndarray, float]]:
        """Return ``(population, port, times in seconds, weight)`` parts; nothing is drawn."""
        population = self.population or (model.output if isinstance(model, Circuit) else "")
        cell = model.populations[population] if isinstance(model, Circuit) else model
        if self.port not in cell.ports:
            raise ModelError(f"{cell.name} has no port {self.port!r}{nearest(self.port, cell.ports)}")
        times = np.ravel(quantities.si(self.times, "ms", name="times"))
        return [(population, self.port, times, float(np.asarray(quantities.quantity(self.weight), dtype=float)))]
