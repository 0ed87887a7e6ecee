"""What draws of seeds or people span: of many the middle 95 %; of few, of which no such share can be told, all."""

from __future__ import annotations

import numpy as np

LEVEL = 0.95
#: Draws below which their ends are the lowest and the highest.
FEW = 20


def bounds(values: np.ndarray) -> np.ndarray:
    """Return the lower and the upper end of draws along the first axis, shape (2, …); NaN is left out."""
    tail = (1 - LEVEL) / 2 if len(values) >= FEW else 0.0
    return np.asarray(np.nanquantile(values, [tail, 1 - tail], axis=0))


def inside(number: int, of: str) -> str:
    """Return what lies between both ends, ``"95 % of 200 people"`` or ``"lowest to highest of 3 people"``."""
    return f"{100 * LEVEL:g} % of {of}" if number >= FEW else f"lowest to highest of {of}"


def held(number: int, noun: str = "draws") -> str:
    """Return what bars do that join both ends, ``"hold 95 % of 20 draws"``."""
    told = inside(number, f"{number} {noun}")
    return f"hold {told}" if number >= FEW else f"go from the {told.replace('to', 'to the', 1)}"
