"""Ongoing discharge of fibres: what a nerve sends that is never quiet."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError
from nmdasim.model.circuit import Circuit
from nmdasim.model.population import named, size_of
from nmdasim.protocols.protocol import Protocol
from nmdasim.quantities import QuantityLike, said

#: Standard deviation by which a spike misses its place in the row, in intervals.
IRREGULAR = 0.2


@dataclass(frozen=True, eq=False)
class Steady:
    """Fibres that fire one after another, each at the same rate, with intervals that differ a little.

    How many spikes there are hardly differs between draws, and the draw of a seed is the same at every rate but for its
    pace: what a circuit makes of it changes smoothly with the rate.

    Parameters
    ----------
    rate
        Rate of each fibre.
    size
        Number of fibres.
    """

    rate: QuantityLike
    size: int = 1

    def __post_init__(self) -> None:
        size_of(self.size, "Steady")

    def draw(self, duration: float, rng: np.random.Generator) -> tuple[np.ndarray, np.ndarray]:
        """Return times in seconds and the fibre of each."""
        rate = quantities.number(self.rate, "Hz", name="rate")
        cycles = int(np.ceil(duration * rate)) + 1
        phase = rng.permutation(self.size)[:, None] / self.size
        miss = IRREGULAR * np.random.default_rng(rng.integers(2**32)).standard_normal((cycles, self.size)).T
        place = np.arange(cycles) + phase + miss
        fibre, _ = np.nonzero(place >= 0)
        times = place[place >= 0] / rate if rate else np.full(len(fibre), np.inf)
        return times[times < duration], fibre[times < duration]


@dataclass(frozen=True)
class Ongoing(Protocol):
    """C fibres that fire all the time, unsynchronised; a list of rates becomes a dimension of the result.

    Parameters
    ----------
    rate
        Rate of each C fibre, 0 for none.
    length
        Length of the run.

    Raises
    ------
    InputError
        If a rate is negative, or the run has no length.
    """

    varies: ClassVar[Mapping[str, str]] = {"rate": "Hz"}

    rate: Any = "1 Hz"
    length: QuantityLike = "5 second"

    def __post_init__(self) -> None:
        rates = quantities.si(self.rate, "Hz", name="rate")
        if rates.ndim > 1 or not rates.size or np.any(rates < 0) or self.duration <= 0:
            raise InputError(
                f"ongoing input at {said(self.rate)} for {said(self.length)}; give rates from 0 and a time above 0"
            )

    @property
    def duration(self) -> float:
        """Length of the run in seconds."""
        return quantities.number(self.length, "second", name="length")

    def sources(self, circuit: Circuit) -> dict[str, Steady]:
        """Return what the C fibres fire."""
        return {"c": Steady(self.rate, int(named("input", "c", circuit.inputs, circuit.name).size))}
