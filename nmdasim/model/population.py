"""Populations of neurons, and the afferent fibres that drive a circuit."""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Self

import numpy as np

from nmdasim.model import units
from nmdasim.model.check import ModelError
from nmdasim.model.model import Model, nearest


@dataclass(frozen=True, eq=False)
class Population:
    """A number of neurons of one model.

    Parameters
    ----------
    model
        What each neuron is.
    size
        Number of neurons.
    initial, parameters
        Values that replace the model's: a quantity, an array of `size`, or an expression in which ``rand()`` and
        ``randn()`` are drawn for each neuron from the seed of the run.

    Raises
    ------
    ModelError
        If `size` is no whole number above 0, or a name is no state or parameter of the model.
    """

    model: Model
    size: int
    initial: Mapping[str, Any] = field(default_factory=dict)
    parameters: Mapping[str, Any] = field(default_factory=dict)

    def __post_init__(self) -> None:
        size_of(self.size, f"population of {self.model.name}")
        for name in self.parameters:
            self.model.entries(name)
        for kind, given in (("initial", self.initial), ("parameter", self.parameters)):
            for name, value in given.items():
                if not isinstance(value, str) and np.size(value) not in (1, self.size):
                    raise ModelError(f"{self.model.name}: {kind} {name} has {np.size(value)} values for {self.size} "
                                     "neurons; give one, or one for each")  # fmt: skip
        dataclasses.replace(self.model, initial=dict(self.model.initial) | dict(self.initial))

    def replace(self, **parameters: Any) -> Self:
        """Return this population with other parameter values."""
        kept = {key: value for key, value in self.parameters.items() if key not in parameters}
        return dataclasses.replace(self, model=self.model.replace(**parameters), parameters=kept)

    def scaled(self, **factors: float) -> Self:
        """Return this population with named gains of its model multiplied."""
        return dataclasses.replace(self, model=self.model.scaled(**factors))


def size_of(size: Any, what: str) -> int:
    """Return a number of neurons or fibres, or refuse it."""
    if isinstance(size, bool) or not isinstance(size, int | np.integer) or size < 1:
        raise ModelError(f"{what}: size = {size!r}; a size is a whole number above 0")
    return int(size)


@dataclass(frozen=True, eq=False)
class Poisson:
    """Fibres that fire independently at random.

    Parameters
    ----------
    rate
        Rate of each fibre, or an array of `size`.
    size
        Number of fibres.
    start, stop
        When they fire; from the beginning to the end of the run by default.
    """

    rate: Any
    size: int = 1
    start: Any = "0 ms"
    stop: Any = None

    def __post_init__(self) -> None:
        size_of(self.size, "Poisson")
        rate = units.si(self.rate, "Hz", name="rate")
        if np.any(rate < 0) or rate.size not in (1, self.size):
            raise ModelError(f"Poisson: rate = {self.rate}; give one rate from 0 upward, or one for each fibre")

    def draw(self, duration: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return times in seconds and the fibre of each."""
        begin = float(units.si(self.start, "ms", name="start"))
        end = min(duration, duration if self.stop is None else float(units.si(self.stop, "ms", name="stop")))
        rate = np.broadcast_to(units.si(self.rate, "Hz", name="rate"), self.size)
        counts = rng.poisson(rate * max(end - begin, 0.0))
        fibre = np.repeat(np.arange(self.size), counts)
        return begin + (end - begin) * rng.random(len(fibre)), fibre


@dataclass(frozen=True, eq=False)
class Volleys:
    """A stimulus repeated: at each time, every recruited fibre fires once, after a delay of its own.

    Parameters
    ----------
    times
        When the stimuli come; ``()`` for never.
    size
        Number of fibres.
    recruited
        Share of the fibres that each stimulus recruits: 0 to 1, one value or one for each time. The fibres of lowest
        number come first, so that a stronger stimulus recruits those of a weaker one and more.
    latency, jitter
        Mean and standard deviation of the conduction delay, drawn anew for each fibre and stimulus.
    """

    times: Any
    size: int = 1
    recruited: Any = 1.0
    latency: Any = "0 ms"
    jitter: Any = "0 ms"

    def __post_init__(self) -> None:
        size_of(self.size, "Volleys")
        if np.any(self._seconds() < 0):
            raise ModelError("Volleys: times are not negative")
        share = np.asarray(self.recruited, dtype=float)
        if not np.all((share >= 0) & (share <= 1)):
            raise ModelError(f"Volleys: recruited = {self.recruited}; it is a share of the fibres, from 0 to 1")

    def _seconds(self) -> np.ndarray:
        return np.ravel(units.si(self.times, "ms", name="times")) if np.size(self.times) else np.empty(0)

    def draw(self, duration: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return times in seconds and the fibre of each; delays are drawn for every fibre, recruited or not."""
        times = self._seconds()
        mean, sd = (float(units.si(x, "ms", name=n)) for x, n in ((self.latency, "latency"), (self.jitter, "jitter")))
        arrival = times[:, None] + np.maximum(mean + sd * rng.standard_normal((len(times), self.size)), 0.0)
        share = np.broadcast_to(np.asarray(self.recruited, dtype=float), len(times))
        fires = np.arange(self.size) < np.rint(share * self.size)[:, None]
        fires &= arrival < duration
        return arrival[fires], np.nonzero(fires)[1]


def named(kind: str, name: str, known: Mapping[str, Any], circuit: str) -> Any:
    """Return an entry by name, or raise a ModelError that offers the nearest."""
    if name not in known:
        raise ModelError(f"{circuit} has no {kind} {name!r}{nearest(name, known)}; there are {', '.join(known)}")
    return known[name]
