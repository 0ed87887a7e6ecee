"""Antagonists that keep an agonist from its site, to be contrasted with those that plug the pore.

A competitive antagonist at the glutamate site (D-AP5) leaves a share 1/(1 + A/K) of the sites to glutamate: more
glutamate overcomes it, and neither voltage nor use matters. An antagonist at the glycine site does the same to glycine,
without which no receptor opens: glutamate does not overcome it.
"""

from __future__ import annotations

import dataclasses

from nmdasim.language.names import substituted
from nmdasim.parameters import load
from nmdasim.receptors.scheme import Scheme, product


def competitive(scheme: Scheme) -> Scheme:
    """Return a scheme that D-AP5 (the parameter ``d_ap5``) keeps glutamate from: binding is scaled by 1/(1 + A/K)."""
    rates = (substituted(t.rate, {"glutamate": "glutamate*free_sites"}) for t in scheme.transitions)
    return dataclasses.replace(
        scheme,
        name=f"{scheme.name}+D-AP5",
        transitions=tuple(dataclasses.replace(t, rate=r) for t, r in zip(scheme.transitions, rates, strict=True)),
        parameters=scheme.parameters | load("antagonists", "d_ap5"),
        definitions=scheme.definitions.strip() + "\nfree_sites = 1/(1 + d_ap5/K_d_ap5) : 1\n",
    )


def glycine_site(scheme: Scheme) -> Scheme:
    """Return a scheme that needs glycine (``glycine``), which 5,7-dichlorokynurenate (``dcka``) keeps from its site.

    Glycine binds fast against the run of an experiment; its two sites are taken to be independent. Binding is scaled as
    by any competitive antagonist; what glycine then holds is the share of receptors that can open.
    """
    occupied = "bound_glycine = (glycine/(glycine + K_glycine*(1 + dcka/K_dcka)))**2 : 1"
    return dataclasses.replace(
        scheme,
        name=f"{scheme.name}+glycine",
        parameters=scheme.parameters | load("antagonists", "glycine"),
        definitions=f"{scheme.definitions.strip()}\n{occupied}\n",
        free=product(scheme.free, "bound_glycine"),
    )
