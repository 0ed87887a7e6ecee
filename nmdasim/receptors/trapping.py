"""Use-dependent trapping block of the NMDA pore, reduced to one variable for each drug.

A drug binds only open pores that magnesium has left, and leaves only open pores: without agonist it neither enters
nor escapes. With a the agonist-bound activation, C the concentration and B(V) the magnesium-free share,

    db/dt = a·k_on·[C·B(V)·(1 - b) - K(V)·b],    K(V) = K₆₆·exp((V + 66 mV)/32 mV).

Competition with magnesium follows by itself: IC50(V, Mg) = K(V)/B(V). A pore holds one drug at a time, so with several
the place that each finds is what all of them leave, 1 - Σ b.

A drug that is trapped only in part binds a share e of its receptors where it can also leave a shut channel; there

    d(be)/dt = a·k_on·[e·C·B(V)·(1 - b) - K(V)·be] - (1 - a)·be/τ.
"""

from __future__ import annotations

from collections.abc import Mapping

#: Drugs by key, and whether part of each leaves shut channels.
Drugs = Mapping[str, bool]
KETAMINE: Drugs = {"ketamine": False}


def dissociation(name: str, drug: str) -> str:
    """Return the line that defines the voltage-dependent dissociation constant `name` of a drug."""
    return f"{name} = K_{drug}*exp((v - V_{drug})/slope_{drug}) : mM\n"


def held(drug: str, drugs: Drugs) -> str:
    """Return the variable that is the share of receptors which hold a drug; of one drug alone, ``b_nmda``."""
    return "b_nmda" if len(drugs) == 1 else f"b_{drug}_nmda"


def _constant(drug: str, drugs: Drugs) -> str:
    return "K_block" if len(drugs) == 1 else f"K_block_{drug}"


def _sheets(drug: str, drugs: Drugs) -> tuple[str, str]:
    """Return the names of the two parts of a drug that is trapped only in part: what stays, and what slips out."""
    stem = "" if len(drugs) == 1 else f"{drug}_"
    return f"b_deep_{stem}nmda", f"b_shallow_{stem}nmda"


def equations(drugs: Drugs = KETAMINE) -> str:
    """Return the reduction for some drugs: ``b_nmda``, the share of receptors that hold one.

    Parameters
    ----------
    drugs
        Keys, and whether part of the drug leaves shut channels. The parameters of each are ``K_<drug>``, ``V_<drug>``,
        ``slope_<drug>``, ``k_on_<drug>`` and, where part of it escapes, ``escapable_<drug>`` and ``tau_<drug>``.
        Of several, ``b_<drug>_nmda`` is the share that holds each.
    """
    lines = "\n" + "".join(dissociation(_constant(drug, drugs), drug) for drug in drugs)
    if len(drugs) > 1:
        lines += f"b_nmda = {' + '.join(held(drug, drugs) for drug in drugs)} : 1\n"
    return lines + "".join(_one(drug, drugs, escapes=escapes) for drug, escapes in drugs.items())


def _one(drug: str, drugs: Drugs, *, escapes: bool) -> str:
    entry, drive, constant = f"{drug}*B_mg*(1 - b_nmda)", f"a_nmda*k_on_{drug}", _constant(drug, drugs)
    whole = held(drug, drugs)
    if not escapes:
        return f"d{whole}/dt = {drive}*({entry} - {constant}*{whole}) : 1\n"
    part, (deep, shallow) = f"escapable_{drug}", _sheets(drug, drugs)
    return (
        f"{whole} = {deep} + {shallow} : 1\n"
        f"d{deep}/dt = {drive}*((1 - {part})*{entry} - {constant}*{deep}) : 1\n"
        f"d{shallow}/dt = {drive}*({part}*{entry} - {constant}*{shallow})"
        f" - (1 - a_nmda)*{shallow}/tau_{drug} : 1\n"
    )


def starts(drugs: Drugs = KETAMINE) -> dict[str, dict[str, str]]:
    """Return how the block can start: ``"equilibrated"`` with the drugs long there, or with ``"washin"``.

    Equilibrated is what long exposure at the starting potential and activation reaches. Washed in is present, nothing
    bound yet.
    """
    if len(drugs) == 1 and not any(drugs.values()):
        (drug,) = drugs
        return {
            "equilibrated": {"b_nmda": f"{drug}*B_mg/({drug}*B_mg + K_block)"},
            "washin": {"b_nmda": "0"},
        }
    relative = {state: ratio for drug, escapes in drugs.items() for state, ratio in _relative(drug, drugs, escapes)}
    free = f"(1 + {' + '.join(relative.values())})"
    return {
        "equilibrated": {state: f"{ratio}/{free}" for state, ratio in relative.items()},
        "washin": dict.fromkeys(relative, "0"),
    }


def _relative(drug: str, drugs: Drugs, escapes: bool) -> list[tuple[str, str]]:
    """Return the states of a drug and how many receptors each has for one that is free, in equilibrium."""
    constant = _constant(drug, drugs)
    if not escapes:
        return [(held(drug, drugs), f"{drug}*B_mg/{constant}")]
    deep, shallow = _sheets(drug, drugs)
    drive, part = f"a_nmda*k_on_{drug}", f"escapable_{drug}"
    slipping = f"{drive}*{part}*{drug}*B_mg/({drive}*{constant} + (1 - a_nmda)/tau_{drug})"
    return [(deep, f"(1 - {part})*{drug}*B_mg/{constant}"), (shallow, slipping)]


EQUATIONS = equations()

#: Start of ketamine's block with the block that long exposure at the starting potential would reach.
EQUILIBRATED = starts()["equilibrated"]
#: Start with the drug just arrived: present, nothing bound yet.
WASHIN = starts()["washin"]
