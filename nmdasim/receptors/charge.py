"""The charge that one event carries: what a change of subtype leaves as it was.

One event of weight w that opens a dual exponential carries, with the membrane held at V,

    Q = w·f·(τd - τr)·B(V)·(E - V),

f(τr, τd) being the factor that makes its peak w and B the share of pores without magnesium. A receptor that replaces
another keeps Q at one voltage and one concentration of magnesium (``V_charge`` and ``mg_charge`` in
``parameters/receptors.toml``): its conductance is multiplied by the ratio of f·(τd - τr)·B. The open probability is in
the number of receptors and drops out. With a kinetic scheme every subtype gates alike, saturation included, and only B
is left of the ratio. Events add up linearly in the current, so what holds of one event holds of a volley.

Without such a factor GluN2D, which deactivates in 5.7 s and is held little by magnesium, would bring two hundred times
the charge of the synapse that it replaces.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from nmdasim.model.parameter import Parameter, ParameterSet
from nmdasim.parameters import load
from nmdasim.receptors.magnesium import magnesium_block

if TYPE_CHECKING:
    from nmdasim.receptors.subtypes import Subtype


def factor(kind: Subtype, kinetics: str = "") -> Parameter:
    """Return by what the conductance of a subtype is multiplied for it to carry the charge of the published synapse.

    Parameters
    ----------
    kind
        The subtype.
    kinetics
        Kinetic scheme of the receptor; empty for the dual exponential.
    """
    published = load("receptors", "nmda") | load("receptors", "magnesium")
    own = published | {"K_mg": kind["K_mg"]}
    if not kinetics:
        own |= {"tau_d_nmda": kind["tau_deactivation"]}
    used = [kind["K_mg"]] if kinetics else [kind["K_mg"], kind["tau_deactivation"]]
    return Parameter(
        f"{opened(published) / opened(own):.12g}",
        source="nmdasim",
        kind="derived",
        verified=all(p.verified for p in used),
        bounds=(0.0, 10.0),
        description="conductance by which one event carries the charge of the published synapse at V_charge",
    )


def opened(receptor: ParameterSet) -> float:
    """Return the time integral of what conducts after one event of weight 1, held at ``V_charge``, in seconds.

    `receptor` has ``tau_r_nmda``, ``tau_d_nmda`` and ``K_mg``.
    """
    rise, decay = (float(receptor[name].si) for name in ("tau_r_nmda", "tau_d_nmda"))
    q = rise / decay
    peak = q ** (q / (1 - q)) - q ** (1 / (1 - q))
    held = load("receptors", "charge")
    free = magnesium_block(held["V_charge"].value, held["mg_charge"].value, receptor["K_mg"].value)
    return (decay - rise) / peak * float(free)
