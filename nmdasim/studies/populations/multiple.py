"""Stimuli at a multiple of the threshold of each draw, as people are tested."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nmdasim.errors import InputError
from nmdasim.protocols import WindUp
from nmdasim.protocols.strength import STRENGTH

#: Most strengths at which a threshold is sought.
_MOST = 1000


@dataclass(frozen=True)
class Multiple:
    """A multiple of the threshold for one stimulus, without drug.

    The threshold is the least strength at which `criterion` spikes follow one stimulus within a second. It is sought on
    a grid of strengths, all beside one another, and taken as the geometric mean of the two between which it lies.

    Parameters
    ----------
    times
        The multiple.
    lowest, largest, points
        The grid of strengths, in equal ratios.
    criterion
        Spikes that count as a response.
    parameter
        What is the strength of a stimulus in the model.

    Raises
    ------
    InputError
        If a number is out of range.
    """

    times: float = 1.2
    lowest: float = 0.05
    largest: float = 2.0
    points: int = 32
    criterion: float = 1
    parameter: str = STRENGTH

    def __post_init__(self) -> None:
        if not (0 < self.times < np.inf and 0 < self.lowest < self.largest < np.inf and self.criterion > 0):
            raise InputError(
                f"multiple: times = {self.times}, strengths from {self.lowest} to {self.largest}, criterion = "
                f"{self.criterion}; each is above 0, and strengths rise"
            )
        if not isinstance(self.points, int) or not 2 <= self.points <= _MOST:
            raise InputError(f"multiple: points = {self.points}; give a whole number from 2 to {_MOST}")

    @property
    def grid(self) -> np.ndarray:
        """The strengths, shape (points,)."""
        return np.geomspace(self.lowest, self.largest, self.points)

    @property
    def stimulus(self) -> WindUp:
        """One stimulus, followed for a second."""
        return WindUp(pulses=1, start="0.1 s")

    @property
    def band(self) -> tuple[float, float]:
        """Between what a threshold is found."""
        return self.lowest, self.largest

    def thresholds(self, spikes: np.ndarray) -> np.ndarray:
        """Return thresholds from the spikes at every strength (draws, strengths); NaN where there is none in the grid.

        A draw that answers to the least strength has none, as one that never answers.
        """
        fires = spikes >= self.criterion
        first = fires.argmax(axis=1)
        found = np.sqrt(self.grid[first] * self.grid[first - 1])
        return np.where(fires.any(axis=1) & (first > 0), found, np.nan)

    def refusal(self, number: int, of: str) -> str:
        """Say that no draw has a threshold."""
        return (
            f"none of {number} {of} has a threshold from strength {self.lowest:g} to {self.largest:g}: the spikes "
            f"after one stimulus are fewer than {self.criterion:g}, or the weakest evokes as many; give other strengths"
        )
