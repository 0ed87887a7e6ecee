"""Use-dependent trapping block of the NMDA pore, reduced to one variable.

The drug binds only open pores that magnesium has left, and leaves only open pores: without agonist it neither enters
nor escapes. With a the agonist-bound activation, C the concentration and B(V) the magnesium-free share,

    db/dt = a·k_on·[C·B(V)·(1 - b) - K(V)·b],    K(V) = K₆₆·exp((V + 66 mV)/32 mV).

Competition with magnesium follows by itself: IC50(V, Mg) = K(V)/B(V).

A drug that is trapped only in part binds a share e of its receptors where it can also leave a shut channel; there

    d(be)/dt = a·k_on·[e·C·B(V)·(1 - b) - K(V)·be] - (1 - a)·be/τ.
"""

from __future__ import annotations


def dissociation(name: str, drug: str) -> str:
    """Return the line that defines the voltage-dependent dissociation constant `name` of a drug."""
    return f"{name} = K_{drug}*exp((v - V_{drug})/slope_{drug}) : mM\n"


def equations(drug: str = "ketamine", *, escapes: bool = False) -> str:
    """Return the reduction for a drug: ``b_nmda``, the share of receptors that hold it.

    Parameters
    ----------
    drug
        Key of the drug; its parameters are ``K_<drug>``, ``V_<drug>``, ``slope_<drug>``, ``k_on_<drug>`` and, where
        part of it escapes, ``escapable_<drug>`` and ``tau_<drug>``.
    escapes
        Whether part of it leaves shut channels.
    """
    entry, drive = f"{drug}*B_mg*(1 - b_nmda)", f"a_nmda*k_on_{drug}"
    constant = "\n" + dissociation("K_block", drug)
    if not escapes:
        return constant + f"db_nmda/dt = {drive}*({entry} - K_block*b_nmda) : 1\n"
    part = f"escapable_{drug}"
    return (
        constant
        + "b_nmda = b_deep_nmda + b_shallow_nmda : 1\n"
        + f"db_deep_nmda/dt = {drive}*((1 - {part})*{entry} - K_block*b_deep_nmda) : 1\n"
        + f"db_shallow_nmda/dt = {drive}*({part}*{entry} - K_block*b_shallow_nmda)"
        + f" - (1 - a_nmda)*b_shallow_nmda/tau_{drug} : 1\n"
    )


EQUATIONS = equations()

#: Start with the block that long exposure at the starting potential would reach.
EQUILIBRATED = {"b_nmda": "ketamine*B_mg/(ketamine*B_mg + K_block)"}
#: Start with the drug just arrived: present, nothing bound yet.
WASHIN = {"b_nmda": "0"}
