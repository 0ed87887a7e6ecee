"""Acute relief: free drug at the effect site → block → what the projection neurons of the circuit still say.

Read from a table of the circuit in each pain state, made by the kernel at the rate of C input that the state's
``probe`` names. Block is equilibrated, as a drug comes and goes over minutes and a receptor fills in seconds.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from scipy.interpolate import PchipInterpolator

from nmdasim.treatment.states import State
from nmdasim.treatment.table import Grid, curve

#: Free racemic ketamine, in µM.
CONCENTRATIONS = (0.0, 0.25, 0.5, 1.0, 2.0, 4.0, 8.0, 16.0)


@dataclass(frozen=True, eq=False)
class Acute:
    """Acute relief over free ketamine.

    Parameters
    ----------
    ketamine
        Free racemic ketamine in µM, from 0.
    output
        Rate of the projection neurons in Hz, at each.
    """

    ketamine: np.ndarray
    output: np.ndarray

    def relief(self, ketamine: np.ndarray) -> np.ndarray:
        """Return the share of the output that is gone, 0 to 1; beyond the last concentration, that of the last."""
        share = 1 - self.output / self.output[0]
        curve = PchipInterpolator(self.ketamine, np.clip(share, 0, 1))
        return np.asarray(curve(np.clip(ketamine, 0, self.ketamine[-1])))


@cache
def acute(state: State) -> Acute:
    """Return the acute relief of a state."""
    grid = Grid((state.rho,), CONCENTRATIONS, (state.number("probe", "Hz"),))
    return Acute(np.array(CONCENTRATIONS), curve(state.circuit(), grid, ("rho",))[:, 0])
