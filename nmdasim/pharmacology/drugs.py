"""Drugs: molar mass, the share free in plasma, and affinity for the NMDA channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError, nearest
from nmdasim.model.parameter import Parameter
from nmdasim.parameters import load, read_table


@dataclass(frozen=True)
class Drug:
    """A drug and its published numbers.

    Parameters
    ----------
    name
        Its name here, such as ``"s-ketamine"``.
    molar_mass
        Molar mass.
    unbound
        Share of the plasma concentration that is free; None where no number was found.
    k_i
        Dissociation constant at the NMDA channel; None where no number was found.
    metabolite
        Name of the metabolite that the presets follow, or ``""``.
    """

    name: str
    molar_mass: Parameter
    unbound: Parameter | None = None
    k_i: Parameter | None = None
    metabolite: str = ""

    @property
    def grams_per_mole(self) -> float:
        """Molar mass in g/mol."""
        return float(self.molar_mass.si) * 1e3

    def micromolar(self, ng_ml: np.ndarray | float) -> np.ndarray:
        """Return a concentration given in ng/ml in µM: (ng/ml)/(g/mol)."""
        return np.asarray(ng_ml, dtype=float) / self.grams_per_mole

    def free_micromolar(self, ng_ml: np.ndarray | float) -> np.ndarray:
        """Return the free concentration in µM of a total plasma concentration in ng/ml.

        Raises
        ------
        InputError
            If no unbound share is known for the drug.
        """
        if self.unbound is None:
            raise InputError(f"no unbound share in plasma is known for {self.name}; give total concentrations instead")
        return self.micromolar(ng_ml) * float(self.unbound.si)


@cache
def drug(name: str) -> Drug:
    """Return a drug by name: ketamine, s-ketamine (esketamine), r-ketamine, norketamine, memantine or another.

    Raises
    ------
    InputError
        If there is no such drug.
    """
    table = read_table("drugs")
    key = table["names"].get(name.strip().lower(), name.strip().lower())
    if key not in names():
        raise InputError(f"unknown drug {name!r}{nearest(name, [*names(), *table['names']])}")
    values = load("drugs", key)
    k_i = load("blockers", "binding").get(f"Ki_{key.replace('-', '_')}")
    if k_i is None and key in table["parts"]:
        k_i = _racemate([drug(part) for part in table["parts"][key]])
    return Drug(key, values["molar_mass"], values.get("unbound"), k_i, table["metabolites"].get(key, ""))


def names() -> tuple[str, ...]:
    """Return the names of the drugs there are."""
    return tuple(key for key in read_table("drugs") if key not in ("names", "parts", "metabolites"))


def competing_k_i(shares: Mapping[str, float]) -> float:
    """Return the apparent K_i (µM, of the total concentration) of a mixture that competes for one site.

    Parallel competitors: 1/K = Σ shareᵢ/Kᵢ.

    Parameters
    ----------
    shares
        Share of the total concentration by drug name; they sum to 1.

    Raises
    ------
    InputError
        If the shares do not sum to 1 or a drug has no known affinity.
    """
    if min(shares.values(), default=-1.0) < 0 or not np.isclose(sum(shares.values()), 1):
        raise InputError(f"shares {dict(shares)}; give one share per drug, 0 or more, summing to 1")
    return 1 / sum(share / _k_i_um(drug(name)) for name, share in shares.items())


def potency(of: str, relative_to: str = "ketamine") -> float:
    """Return how many times less of `of` than of `relative_to` occupies the channel equally (a ratio of K_i)."""
    return _k_i_um(drug(relative_to)) / _k_i_um(drug(of))


def _k_i_um(one: Drug) -> float:
    if one.k_i is None:
        raise InputError(f"no affinity is known for {one.name}")
    return float(quantities.in_unit(one.k_i.si, "uM"))


def _racemate(parts: list[Drug]) -> Parameter:
    k_i = competing_k_i({part.name: 1 / len(parts) for part in parts})
    sources = {part.k_i.source for part in parts if part.k_i is not None}
    return Parameter(
        f"{k_i!r} uM",
        source=", ".join(sorted(sources)),
        kind="derived",
        verified=True,
        description="affinity for the NMDA channel: its enantiomers as parallel competitors",
    )
