"""Total and free: what publications report in plasma, and what the receptor sees.

Of a drug in plasma a share is bound to protein; only the rest, the free drug, reaches a receptor. Free = total ×
unbound share, as the table of drugs has it.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nmdasim.errors import InputError, plainly
from nmdasim.parameters import concentrations


@plainly
def free(given: Any, drug: str = "ketamine") -> Any:
    """Return the free concentration of a total one, molar, as ``simulate(ketamine=…)`` takes it.

    Parameters
    ----------
    given
        Text such as ``"100 ng/ml"`` or ``"0.42 uM"``, a quantity, a list or array of these, or a DataArray with
        ``units`` such as the plasma of a time course. Text may say otherwise (``"1 uM free"``), or name a relative
        (``"100 ng/ml S"``), which becomes the concentration of `drug` that occupies the channel equally.
    drug
        Name of the drug.

    Returns
    -------
    Quantity or xarray.DataArray
        Molar, in the shape of `given`.

    Raises
    ------
    InputError
        If it is negative, if no bound fraction of the drug is known, or no molar mass of one that is given by mass.
    UnitError
        If it is no concentration.
    """
    found = concentrations.free(given, drug, basis=concentrations.TOTAL)
    return _possible(found if hasattr(found, "dims") else concentrations.molar(found, drug), given, drug)


@plainly
def total(given: Any, drug: str = "ketamine", *, unit: str = "uM") -> Any:
    """Return the total concentration, free and bound, of a free one.

    Parameters
    ----------
    given, drug
        As in :func:`free`, but what does not say it is free.
    unit
        A molar unit, or ``"ng/ml"`` for a quantity of mass per volume.

    Raises
    ------
    InputError, UnitError
        As :func:`free`.
    """
    return _possible(concentrations.total(given, drug, unit=unit), given, drug)


def _possible(found: Any, given: Any, drug: str) -> Any:
    """Return a concentration, unless there is no such."""
    if np.any(np.asarray(found) < 0):
        raise InputError(f"{drug} = {given}; a concentration cannot be negative")
    return found
