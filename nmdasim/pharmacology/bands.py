"""Concentrations as publications report them, always with their source. No band says what a person should have."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from brian2.units import Quantity

from nmdasim import quantities
from nmdasim.errors import InputError, plainly
from nmdasim.parameters import concentrations, read_table
from nmdasim.pharmacology.drugs import drug


@dataclass(frozen=True)
class Band:
    """A range of total plasma concentrations of racemic ketamine at which something was reported.

    Parameters
    ----------
    text
        What was reported.
    low_ng_ml, high_ng_ml
        Range, total in plasma; equal where a single value was reported.
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
        """Range as text, total in plasma."""
        low, high = f"{self.low_ng_ml:g}", f"{self.high_ng_ml:g}"
        return f"{low} ng/ml total" if low == high else f"{low}–{high} ng/ml total"

    @plainly
    def on(self, basis: str = "total", unit: str = "ng/ml") -> tuple[float, float]:
        """Return the range on an axis of ``"total"`` or ``"free"`` racemic ketamine, in its unit.

        Raises
        ------
        InputError
            If `basis` is neither.
        UnitError
            If `unit` is none of concentration.
        """
        if basis not in _BASES:
            raise InputError(f"basis = {basis!r}; an axis shows 'total' or 'free' ketamine")
        given = Quantity([self.low_ng_ml, self.high_ng_ml] * quantities.parse_unit("ng/ml"))
        low, high = np.round(quantities.in_unit(_BASES[basis](given, unit), unit), 9)
        return float(low), float(high)


def _total(given: Quantity, unit: str) -> np.ndarray:
    return _free(given, unit) / float(concentrations.free("1 uM total") / concentrations.free("1 uM free"))


def _free(given: Quantity, unit: str) -> np.ndarray:
    molar = concentrations.free(given, basis="total")
    by_mass = not quantities.same_dimension(unit, "uM")
    grams = drug("ketamine").grams_per_mole * quantities.parse_unit("gram/mol") if by_mass else 1
    return quantities.si(molar * grams, unit, name="axis")


_BASES = {"total": _total, "free": _free}


def bands() -> tuple[Band, ...]:
    """Return the reported bands."""
    return tuple(
        Band(row["text"], _ng_ml(row["low"]), _ng_ml(row["high"]), row["source"], row["verified"])
        for row in read_table("pharmacokinetics")["bands"].values()
    )


def _ng_ml(text: str) -> float:
    return float(np.round(quantities.in_unit(quantities.si(text, "ng/ml", name="band"), "ng/ml"), 9))
