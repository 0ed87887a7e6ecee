"""Magnesium block of the NMDA receptor (Jahr & Stevens 1990)."""

from __future__ import annotations

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError, plainly
from nmdasim.parameters import load

#: Share of receptors whose pore is free of magnesium, as an equation.
EQUATION = "B_mg = 1/(1 + mg/K_mg*exp(-slope_mg*v)) : 1"


@plainly
def magnesium_block(v: object, mg: object = "1 mM", K_mg: object = None) -> np.ndarray:
    """Return the share of NMDA receptors whose pore is free of magnesium.

    B(V) = 1/(1 + [Mg]/3.57 mM · exp(-0.062 V/mV)), Jahr & Stevens 1990.

    Parameters
    ----------
    v
        Membrane potential, a quantity of any shape.
    mg
        Magnesium concentration outside, a quantity that broadcasts with `v`.
    K_mg
        Magnesium that halves the current at 0 mV; 3.57 mM by default.

    Raises
    ------
    UnitError
        If a unit has the wrong dimension.
    InputError
        If a concentration is negative.
    """
    values = load("receptors", "magnesium")
    volts, conc = quantities.si(v, "mV", name="v"), quantities.si(mg, "mM", name="mg")
    half = values["K_mg"].si if K_mg is None else quantities.si(K_mg, "mM", name="K_mg")
    if np.any(conc < 0):
        raise InputError(f"mg = {mg}; a concentration is not negative")
    return np.asarray(1 / (1 + conc / half * np.exp(-values["slope_mg"].si * volts)))
