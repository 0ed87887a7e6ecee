"""Subtypes of the NMDA receptor by their GluN2 subunit: 2A, 2B, 2C and 2D, alone or mixed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nmdasim.errors import ModelError, nearest
from nmdasim.model import html
from nmdasim.model.parameter import Parameter, ParameterSet
from nmdasim.parameters import load
from nmdasim.receptors import magnesium
from nmdasim.receptors.scheme import Scheme, Transition

NAMES = ("2A", "2B", "2C", "2D")


@dataclass(frozen=True)
class Subtype:
    """What distinguishes one subtype.

    Parameters
    ----------
    name
        ``"2A"`` …
    parameters
        ``tau_deactivation``, ``P_open`` (peak open probability), ``K_mg`` and ``f_ca_nmda`` (calcium share).
    """

    name: str
    parameters: ParameterSet

    def _repr_html_(self) -> str:
        own = html.parameters(self.parameters, {f"GluN{self.name}": self.parameters.bases})
        return f"<div>{html.title(f'GluN{self.name}', 'subtype of the NMDA receptor')}{own}</div>"

    def __getitem__(self, name: str) -> Parameter:
        return self.parameters[name]

    def scheme(self) -> Scheme:
        """Return the subtype as a kinetic scheme: shut, and activated with an open probability.

        It deactivates with the measured time constant; binding is that of the two-state scheme of Destexhe et al.
        1994, and desensitisation is left out.
        """
        known = load("receptors", "magnesium")
        values = {"mg": known["mg"], "K_mg": self["K_mg"], "slope_mg": known["slope_mg"], "P_open": self["P_open"]}
        reversal = {"E_nmda": load("receptors", "nmda")["E_nmda"]}
        return Scheme(
            name=f"GluN{self.name}",
            states=("C", "A"),
            transitions=Transition.parse("C <-> A: k_bind*glutamate, 1/tau_deactivation"),
            conducting={"A": "P_open"},
            parameters=ParameterSet(values | reversal | {"tau_deactivation": self["tau_deactivation"]})
            | load("subtypes", "shared"),
            definitions=magnesium.EQUATION,
            free="B_mg",
            references=("destexhe1994", "jahr1990"),
            description=f"GluN1/GluN{self.name}: deactivation, open probability, magnesium",
        )


def subunit(name: str) -> str:
    """Return ``"GluN2A"`` for ``"2A"``, ``"2a"``, ``"GluN2A"`` or ``"NR2A"``.

    Raises
    ------
    ModelError
        If there is no such subtype.
    """
    short = name.strip().upper().removeprefix("GLUN").removeprefix("NR")
    if short not in NAMES:
        raise ModelError(f"unknown subtype {name!r}{nearest(name.upper(), NAMES)}")
    return f"GluN{short}"


def subtype(name: str) -> Subtype:
    """Return a subtype by name, ``"2B"``."""
    unit = subunit(name)
    return Subtype(unit.removeprefix("GluN"), load("subtypes", unit))


def mixture(shares: str | Mapping[str, float]) -> tuple[tuple[Subtype, float], ...]:
    """Return subtypes with the share that each has in the charge of one event.

    Parameters
    ----------
    shares
        One name of a subtype, the name of one of :data:`SCENARIOS`, or ``{"2A": 0.7, "2B": 0.3}``; shares sum to 1.

    Raises
    ------
    ModelError
        If a name is unknown, a share is negative, or they do not sum to 1, or a subtype is named twice.
    """
    given = _named(shares) if isinstance(shares, str) else dict(shares)
    found = tuple((subtype(name), float(share)) for name, share in given.items())
    if any(share < 0 for _, share in found) or not np.isclose(sum(share for _, share in found), 1):
        listed = ", ".join(f"{name} {share:g}" for name, share in given.items())
        raise ModelError(f"shares of subtypes are {listed}; each is 0 or more and they sum to 1")
    if len({kind.name for kind, _ in found}) < len(found):
        raise ModelError(f"a subtype is named twice in {', '.join(given)}")
    return found


#: Mixtures by name: what was found, or is held possible, in the dorsal horn.
SCENARIOS = ("lamina_i_2b2d", "lamina_i_2a2b", "inhibitory_2c2d")


def scenario(name: str) -> ParameterSet:
    """Return a named mixture: the share of each subtype (``share_2A``) in the charge of one event, with its source.

    Raises
    ------
    ModelError
        If there is no such scenario.
    """
    if name not in SCENARIOS:
        raise ModelError(f"unknown scenario {name!r}{nearest(name, SCENARIOS)}")
    return load("mixtures", name)


def _named(name: str) -> dict[str, float]:
    if name not in SCENARIOS:
        try:
            return {subunit(name).removeprefix("GluN"): 1.0}
        except ModelError:
            near = nearest(name, (*NAMES, *SCENARIOS))
            raise ModelError(f"unknown subtype {name!r}{near}") from None
    return {key.removeprefix("share_"): float(p.number) for key, p in scenario(name).items()}
