"""Samples of a box of parameters: Latin hypercube, Sobol sequence, and the design for global sensitivity."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import get_dimensions
from scipy.stats import qmc

from nmdasim import quantities
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, answering, nearest
from nmdasim.model import html
from nmdasim.model.typed import typed
from nmdasim.parameters import concentrations

METHODS = ("latin_hypercube", "sobol", "sensitivity")
#: More rows than this are a slip of the keyboard.
MOST = 10_000_000


@answering
@dataclass(frozen=True, repr=False)
class Samples:
    """Rows of parameter values drawn from a box; the rows become the dimension ``sample``.

    Parameters
    ----------
    ranges
        ``{name: (low, high)}``: quantities or text.
    points
        Number of rows. For ``"sobol"`` and ``"sensitivity"`` a power of 2, on which the balance of the sequence rests.
    method
        ``"latin_hypercube"``, ``"sobol"``, or ``"sensitivity"``: the design of Saltelli et al. (2010), two Sobol
        samples A and B of `points` rows and, for each parameter, A with that one column taken from B: `points` × (2 +
        parameters) rows in this order, from which :func:`nmdasim.readout.measures.sensitivity` computes Sobol indices.
    log
        Names of the parameters whose logarithm is uniform.
    seed
        Seed of the draw.

    Raises
    ------
    InputError
        For an unknown method, an empty box, a range that does not rise, or a logarithm of 0.

    References
    ----------
    Saltelli et al. (2010) Comput. Phys. Commun. 181:259–270.
    """

    ranges: Mapping[str, Any]
    points: int
    method: str = "latin_hypercube"
    log: tuple[str, ...] = ()
    seed: int = 0

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise InputError(f"samples: unknown method {self.method!r}{nearest(self.method, METHODS)}")
        if not self.ranges:
            raise InputError("samples: no ranges; give at least one, as in K_mg = ['1 mM', '10 mM']")
        if not isinstance(self.points, int) or not 1 <= self.points <= MOST:
            raise InputError(f"samples: points = {self.points}; give a whole number from 1 to {MOST:,}")
        if len(self) > MOST:
            raise InputError(
                f"samples: {self.points:,} points of a sensitivity design over "
                f"{quantities.several(len(self.ranges), 'range')} are "
                f"{len(self):,} runs; up to {MOST:,} are taken, take fewer points"
            )
        if self.seed < 0:
            raise InputError(f"samples: seed = {self.seed}; a seed is a whole number from 0 upward")
        if self.method != "latin_hypercube" and self.points & (self.points - 1):
            raise InputError(f"samples: points = {self.points}; a Sobol sequence takes a power of 2")
        for name in self.log:
            if name not in self.ranges:
                raise InputError(f"samples: log of {name!r}, which has no range{nearest(name, self.ranges)}")
        for name in self.ranges:
            low, high = self._edges(name)[0]
            if not low < high or (name in self.log and low <= 0):
                above = " and starts above 0 on a logarithmic scale" if name in self.log else ""
                raise InputError(f"samples: {name} = {self.ranges[name]}; a range rises from low to high{above}")

    def _edges(self, name: str) -> tuple[np.ndarray, Any]:
        given = self.ranges[name]
        if np.ndim(given) != 1 or len(given) != 2:
            raise InputError(f"samples: {name} = {given}; a range is (low, high)")
        quantity = quantities.quantity(concentrations.named(name, given))
        return np.asarray(quantity, dtype=float), get_dimensions(quantity)

    def __repr__(self) -> str:
        return typed(self)

    def _repr_html_(self) -> str:
        size = f"{quantities.several(len(self), 'row')}, {self.method.replace('_', ' ')}, seed {self.seed}"
        rows = html.table(("parameter", "from", "to", "unit", "spacing"), map(self._row, self.ranges))
        return f"<div>{html.title('Samples', size)}{rows}{html.title('', DISCLAIMER)}</div>"

    def _row(self, name: str) -> tuple[object, ...]:
        ends, dimension = self._edges(name)
        unit = quantities.written_unit(self.ranges[name]) or quantities.best_unit(Quantity(ends, dim=dimension))
        low, high = quantities.in_unit(ends, unit).tolist()
        return name, low, high, quantities.pretty(unit), "logarithmic" if name in self.log else "uniform"

    def __len__(self) -> int:
        return self.points * (2 + len(self.ranges) if self.method == "sensitivity" else 1)

    def columns(self) -> dict[str, Quantity]:
        """Return the values of every parameter, shape (rows,)."""
        unit = self._unit_rows()
        columns = {}
        for k, name in enumerate(self.ranges):
            (low, high), dimension = self._edges(name)
            x = unit[:, k]
            values = low * (high / low) ** x if name in self.log else low + (high - low) * x
            columns[name] = Quantity(values, dim=dimension)
        return columns

    def _unit_rows(self) -> np.ndarray:
        """Draw rows in the unit cube."""
        d = len(self.ranges)
        if self.method == "latin_hypercube":
            return qmc.LatinHypercube(d, rng=self.seed).random(self.points)
        if self.method == "sobol":
            return qmc.Sobol(d, rng=self.seed).random(self.points)
        pair = qmc.Sobol(2 * d, rng=self.seed).random(self.points)
        a, b = pair[:, :d], pair[:, d:]
        mixed = [np.where(np.arange(d) == k, b, a) for k in range(d)]
        return np.concatenate([a, b, *mixed])
