"""Coordinates of the bench, in the unit in which they were given, as those of ``simulate`` are."""

from __future__ import annotations

from typing import Any

import numpy as np

from nmdasim import quantities


def coordinate(name: str, si: np.ndarray, given: Any, usual: str, text: str) -> tuple[str, np.ndarray, dict[str, str]]:
    """Return a coordinate as xarray takes it: SI values in the unit that `given` says itself, else in the usual one.

    Examples
    --------
    >>> coordinate("mg", np.array([0.1, 1.0]), ["100 uM", "1 mM"], "mM", "magnesium")[1:]
    (array([ 100., 1000.]), {'units': 'µM', 'long_name': 'magnesium'})
    """
    unit = quantities.written_unit(given) or usual
    numbers = [float(f"{number:.15g}") for number in quantities.in_unit(si, unit)]  # 0.3 is 0.3, as it was typed
    return name, np.array(numbers), {"units": quantities.pretty(unit), "long_name": text}
