"""Afferent fibres that drive a circuit: at random, or in volleys."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nmdasim import quantities
from nmdasim.errors import ModelError, answering, plainly
from nmdasim.model.population import size_of
from nmdasim.model.typed import shown, typed
from nmdasim.protocols.protocol import Shares
from nmdasim.quantities import QuantityLike, said


@answering
@dataclass(frozen=True, eq=False, repr=False)
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

    rate: QuantityLike
    size: int = 1
    start: QuantityLike = "0 ms"
    stop: QuantityLike | None = None

    def __repr__(self) -> str:
        return typed(self)

    def _repr_html_(self) -> str:
        return shown(self)

    @plainly
    def __post_init__(self) -> None:
        size_of(self.size, "Poisson")
        rate = quantities.si(self.rate, "Hz", name="rate")
        if np.any(rate < 0) or rate.size not in (1, self.size):
            raise ModelError(f"Poisson: rate = {said(self.rate)}; give one rate from 0 upward, or one for each fibre")

    def draw(self, duration: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return times in seconds and the fibre of each."""
        begin = float(quantities.si(self.start, "ms", name="start"))
        end = min(duration, duration if self.stop is None else float(quantities.si(self.stop, "ms", name="stop")))
        rate = np.broadcast_to(quantities.si(self.rate, "Hz", name="rate"), self.size)
        counts = rng.poisson(rate * max(end - begin, 0.0))
        fibre = np.repeat(np.arange(self.size), counts)
        return begin + (end - begin) * rng.random(len(fibre)), fibre


@answering
@dataclass(frozen=True, eq=False, repr=False)
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

    times: QuantityLike
    size: int = 1
    recruited: Shares = 1.0
    latency: QuantityLike = "0 ms"
    jitter: QuantityLike = "0 ms"

    def __repr__(self) -> str:
        return typed(self)

    def _repr_html_(self) -> str:
        return shown(self)

    @plainly
    def __post_init__(self) -> None:
        size_of(self.size, "Volleys")
        if np.any(self._seconds() < 0):
            raise ModelError("Volleys: times are not negative")
        share = np.asarray(self.recruited, dtype=float)
        if not np.all((share >= 0) & (share <= 1)):
            raise ModelError(f"Volleys: recruited = {self.recruited}; it is a share of the fibres, from 0 to 1")

    def _seconds(self) -> np.ndarray:
        return np.ravel(quantities.si(self.times, "ms", name="times")) if np.size(self.times) else np.empty(0)

    def draw(self, duration: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return times in seconds and the fibre of each; delays are drawn for every fibre, recruited or not."""
        times = self._seconds()
        mean, sd = (
            float(quantities.si(x, "ms", name=n)) for x, n in ((self.latency, "latency"), (self.jitter, "jitter"))
        )
        arrival = times[:, None] + np.maximum(mean + sd * rng.standard_normal((len(times), self.size)), 0.0)
        share = np.broadcast_to(np.asarray(self.recruited, dtype=float), len(times))
        fires = np.arange(self.size) < np.rint(share * self.size)[:, None]
        fires &= arrival < duration
        return arrival[fires], np.nonzero(fires)[1]
