"""Drugs: molar mass, the share free in plasma, and affinity for the NMDA channel."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache

import numpy as np

from nmdasim import quantities
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError
from nmdasim.model import html
from nmdasim.model.parameter import Parameter
from nmdasim.parameters.drugs import affinity, entries, find


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

    def _repr_html_(self) -> str:
        fields = {"molar_mass": self.molar_mass, "unbound": self.unbound, "k_i": self.k_i}
        known = {name: one for name, one in fields.items() if one is not None}
        body = html.parameters(known, {"numbers": known})
        return f"<div>{html.title(self.name)}{body}{html.title('', DISCLAIMER)}</div>"

    @property
    def grams_per_mole(self) -> float:
        """Molar mass in g/mol."""
        return float(self.molar_mass.si) * 1e3

    def micromolar(self, ng_ml: np.ndarray | float) -> np.ndarray:
        """Return a concentration given in ng/ml in µM, free as free and total as total: (ng/ml)/(g/mol)."""
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
        If there is no such drug, or its molar mass is not known.
    """
    entry = find(name)
    mass = entry.parameter("molar_mass")
    if mass is None:
        raise InputError(f"no molar mass is known for {entry.name}; its dosing is not described here")
    metabolite = entry.text("metabolite")
    return Drug(
        entry.name.lower(),
        mass,
        entry.parameter("unbound"),
        affinity(entry.key),
        find(metabolite).name.lower() if metabolite else "",
    )


def names() -> tuple[str, ...]:
    """Return the names of the drugs whose dosing is described."""
    return tuple(entry.name.lower() for entry in entries().values() if entry.parameter("molar_mass"))


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
