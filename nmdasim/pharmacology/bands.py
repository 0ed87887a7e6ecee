"""Concentrations as publications report them, always with their source. No band says what a person should have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nmdasim import quantities
from nmdasim.parameters import read_table


@dataclass(frozen=True)
class Band:
    """A range of plasma concentrations of ketamine at which something was reported.

    Parameters
    ----------
    text
        What was reported.
    low_ng_ml, high_ng_ml
        Range; equal where a single value was reported.
    source
        Key of the reference.
    verified
        Whether the range was read in the source itself.
    """

    text: str
    low_ng_ml: float
    high_ng_ml: float
    source: str
    verified: bool

    @property
    def range(self) -> str:
        """Range as text."""
        low, high = f"{self.low_ng_ml:g}", f"{self.high_ng_ml:g}"
        return f"{low} ng/ml" if low == high else f"{low}–{high} ng/ml"


def bands() -> tuple[Band, ...]:
    """Return the reported bands."""
    return tuple(
        Band(row["text"], _ng_ml(row["low"]), _ng_ml(row["high"]), row["source"], row["verified"])
        for row in read_table("pharmacokinetics")["bands"].values()
    )


def _ng_ml(text: str) -> float:
    return float(np.round(quantities.in_unit(quantities.si(text, "ng/ml", name="band"), "ng/ml"), 9))
