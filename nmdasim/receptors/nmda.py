"""NMDA receptor: activation by glutamate, magnesium block, calcium share and trapping channel block."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace

from nmdasim.errors import ModelError, nearest
from nmdasim.language.names import defined
from nmdasim.model.mechanism import Mechanism, Recipe
from nmdasim.model.parameter import Parameter, ParameterSet
from nmdasim.parameters import load
from nmdasim.receptors import charge, dual_exponential, magnesium, trapping
from nmdasim.receptors.blockers import Blocker, blocker, largest_open
from nmdasim.receptors.scheme import Scheme, Transition, product
from nmdasim.receptors.schemes import scheme
from nmdasim.receptors.subtypes import Subtype, mixture

#: How the calcium that enters is reckoned.
CALCIUM = ("fraction", "ghk")


def _current(free: str) -> str:
    """Return the whole current; `free` is the share of open pores that a fast block leaves free, an expression."""
    return f"I_nmda = {product('gain_nmda*g_nmda*(1 - b_nmda)', free, 'E_nmda - v')} : amp\n"


def _ghk(free: str) -> str:
    """Return the current of calcium by the driving force of calcium alone (Goldman, Hodgkin & Katz).

    It is scaled to the share of the whole current that it has at ``V_f_ca``.
    """
    return f"""w_nmda = v/V_ghk : 1
drive_ca_nmda = (E_nmda - V_f_ca)*(1 - ca/Ca_out*exp(w_nmda))*exprel(V_f_ca/V_ghk)/exprel(w_nmda) : volt
I_ca_nmda = {product("f_ca_nmda*gain_nmda*g_nmda*(1 - b_nmda)", free, "drive_ca_nmda")} : amp
"""


def nmda(
    inputs: Mapping[str, str],
    kinetics: str = "",
    subtype: str | Mapping[str, float] = "",
    calcium: str = "fraction",
    drugs: Sequence[str | Blocker] = ("ketamine",),
) -> Mechanism:
    """Return the NMDA synapse of a neuron.

    The activation ``a_nmda`` is the summed conductance as a share of all its synapses fully bound (``g_ref_nmda``).

    Parameters
    ----------
    inputs
        Ports and the weight parameter of each, ``{"nmda_c": "w_nmda_c"}``.
    kinetics
        A kinetic scheme driven by transmitter pulses, ``"lester_jahr1992"``, in place of the dual exponential. The
        synapses of the neuron then share one cleft: each release adds its share of ``glutamate_peak``, which decays
        with ``tau_glutamate``. A scheme with magnesium as states needs a step of 0.0125 ms or less.
    subtype
        ``"2A"`` …, a mixture ``{"2A": 0.7, "2B": 0.3}``, or the name of one of :data:`subtypes.SCENARIOS`: deactivation
        (of the dual exponential), magnesium, calcium share and affinity to the drugs of that subtype. Whatever is
        chosen carries the charge of the synapse that it replaces, see :mod:`nmdasim.receptors.charge`; each kind in a
        mixture is a copy of the receptor's equations with its own constants and carries its share of that charge. The
        shares are parameters, ``share_2A``; they count relative to their sum.
    calcium
        ``"fraction"``: calcium carries the share ``f_ca_nmda`` of the current at every voltage. ``"ghk"``: it enters
        by the equation of Goldman, Hodgkin and Katz, with the permeability that gives that share at ``V_f_ca``, and so
        still enters at the reversal potential of the whole current. The whole current is the same.
    drugs
        Drugs that plug the pore, by name (or as :class:`Blocker` values of a table of your own); the concentration of
        each is the parameter of its key. Several compete for the pore.

    Raises
    ------
    ModelError
        If there is no such scheme, subtype, drug or kind of calcium flux, a subtype is asked of a scheme that has
        magnesium as states, or the affinity of a drug to a subtype is not known.
    """
    if calcium not in CALCIUM:
        raise ModelError(f"unknown calcium {calcium!r}{nearest(calcium, CALCIUM)}")
    made = _subtyped(inputs, kinetics, subtype, calcium, drugs)
    options = {"inputs": dict(inputs), "kinetics": kinetics, "subtype": subtype, "calcium": calcium, "drugs": drugs}
    return replace(made, recipe=Recipe(nmda, options))


def _subtyped(
    inputs: Mapping[str, str],
    kinetics: str,
    subtype: str | Mapping[str, float],
    calcium: str,
    drugs: Sequence[str | Blocker],
) -> Mechanism:
    plain = [blocker_of(drug) for drug in drugs]
    whole = _receptor(inputs, kinetics, plain, ghk=calcium == "ghk", scaled=bool(subtype))
    if not subtype:
        return whole
    if kinetics and scheme(kinetics).occupied:
        raise ModelError(
            f"nmda = {kinetics!r} has magnesium as states, which no subtype changes; with subtype=, take "
            "a scheme with the fast block, such as 'lester_jahr1992'"
        )
    kinds = mixture(subtype)
    constants = {kind.name: _constants(kind, kinetics, drugs) for kind, _ in kinds}
    if len(kinds) == 1:
        return replace(whole, parameters=whole.parameters | constants[kinds[0][0].name])
    return _mixed(whole, {kind.name: share for kind, share in kinds}, constants, _shown(plain))


def blocker_of(drug: str | Blocker, subtype: str = "2A") -> Blocker:
    """Return a drug by name with its affinity to a subtype; a drug of a table of one's own brings its own."""
    if isinstance(drug, str):
        return blocker(drug, subtype)
    return drug if subtype == "2A" else drug.at(subtype)


def escapes(drugs: Sequence[Blocker]) -> dict[str, bool]:
    """Return drugs as the equations of the block take them: whether part of each leaves shut channels, by key."""
    return {drug.key: drug.escapes for drug in drugs}


def _receptor(
    inputs: Mapping[str, str], kinetics: str, drugs: Sequence[Blocker], *, ghk: bool, scaled: bool
) -> Mechanism:
    chosen = scheme(kinetics) if kinetics else None
    factor = "charge_nmda" if scaled else "1"
    gating, ports = _scheme(chosen, inputs, factor) if chosen else _dual_exponential(inputs, factor)
    free = chosen.free if chosen else "B_mg"
    lines = (gating, _pore(chosen), trapping.equations(escapes(drugs)), _current(free))
    text = "\n".join(line.strip() for line in lines) + "\n"
    parameters = load("receptors", "nmda")
    for drug in drugs:
        parameters |= drug.parameters
    parameters |= _cleft(chosen) if chosen else load("receptors", "magnesium")
    sources = (p.source.split(" ")[0] for drug in drugs for p in drug.parameters.values())
    return Mechanism(
        name="nmda",
        equations=text + (_ghk(free) if ghk else ""),
        parameters=parameters | (load("receptors", "ghk") if ghk else {}),
        currents=("I_nmda",),
        calcium=("I_ca_nmda/area" if ghk else "f_ca_nmda*I_nmda/area",),
        initial={f"n_{chosen.rest}_nmda": 1.0} if chosen else {},
        ports=ports,
        gains={"nmda": ("gain_nmda",)},
        starts=trapping.starts(escapes(drugs)),
        references=(
            *(chosen.references if chosen else ("jahr1990",)),
            "aguiar2010",
            *dict.fromkeys(key for key in sources if key not in ("user", "nmdasim", "recalled")),
        ),
    )


def _shown(drugs: Sequence[Blocker]) -> tuple[str, ...]:
    """Return the shares of receptors that are told of: blocked, and of several drugs each."""
    own = [trapping.held(drug.key, escapes(drugs)) for drug in drugs]
    return tuple(dict.fromkeys(["b_nmda", *own]))


_Parts = tuple[str, dict[str, str]]


def _dual_exponential(inputs: Mapping[str, str], factor: str) -> _Parts:
    """Return the dual exponential as gating; `factor` is that of the conductance, an expression."""
    ports = {port: dual_exponential.port("nmda", product(weight, factor)) for port, weight in inputs.items()}
    bound = "g_ref_nmda" if factor == "1" else f"({factor}*g_ref_nmda)"
    return f"{dual_exponential.equations('nmda').rstrip()}\na_nmda = clip(g_nmda/{bound}, 0, 1) : 1\n", ports


def _scheme(chosen: Scheme, inputs: Mapping[str, str], factor: str) -> _Parts:
    """Return a scheme as gating: ``g_nmda`` without the fast block, and the activation that the drug sees.

    Magnesium in the pore does not end an activation, so its copy of an open state counts as activated.
    """
    lines = [
        line
        for line in chosen.equations("nmda", "-glutamate/tau_glutamate").splitlines()
        if not line.startswith(("B_mg", "open_nmda"))
    ]
    opened = [product(share, f"{state}_nmda") for state, share in chosen.conducting.items()]
    plugged = [f"{inside.target}_nmda" for inside, _ in _doors(chosen)]
    lines.append(f"a_nmda = ({' + '.join(opened + plugged)})/open_max : 1")
    lines.append(f"g_nmda = {product('g_ref_nmda', factor)}*({' + '.join(opened)})/open_max : siemens")
    ports = {port: f"glutamate += glutamate_peak*{weight}/g_ref_nmda" for port, weight in inputs.items()}
    return "\n".join(lines) + "\n", ports


def _doors(chosen: Scheme) -> list[tuple[Transition, Transition]]:
    """Return the ways of magnesium into an open pore and back."""
    ways = {(t.source, t.target): t for t in chosen.transitions}
    return [
        (t, ways[t.target, t.source])
        for t in chosen.transitions
        if t.source in chosen.conducting and t.target in chosen.occupied
    ]


def _pore(chosen: Scheme | None) -> str:
    """Return the share of open pores that magnesium leaves to a drug; of a scheme, from its own rates."""
    doors = _doors(chosen) if chosen else []
    if not doors:
        return magnesium.EQUATION
    inside, outside = doors[0]
    return f"B_mg = 1/(1 + {inside.rate}/({outside.rate})) : 1"


def _cleft(chosen: Scheme) -> ParameterSet:
    return load("receptors", "cleft") | chosen.parameters | {"open_max": largest_open(chosen)}


# --- subtypes --------------------------------------------------------------------------------------------------------


def _constants(kind: Subtype, kinetics: str, drugs: Sequence[str | Blocker]) -> dict[str, Parameter]:
    """Return what a subtype changes in a neuron's receptor."""
    changed = {key: kind[key] for key in ("K_mg", "f_ca_nmda")} | {"charge_nmda": charge.factor(kind, kinetics)}
    if not kinetics:
        changed["tau_d_nmda"] = kind["tau_deactivation"]
    for drug in (blocker_of(drug, kind.name) for drug in drugs):
        changed[f"K_{drug.key}"] = drug.parameters[f"K_{drug.key}"]
    return changed


def _mixed(
    whole: Mechanism,
    shares: Mapping[str, float],
    constants: Mapping[str, Mapping[str, Parameter]],
    shown: tuple[str, ...],
) -> Mechanism:
    """Return one copy of the receptor a subtype, all on the same ports, and the sum of their shares."""
    own = {*defined(whole.equations), *(key for each in constants.values() for key in each)}
    text, calcium = "", []
    ports = dict.fromkeys(whole.ports, "")
    parameters = {key: p for key, p in whole.parameters.items() if key not in own}
    initial: dict[str, object] = {}
    starts: dict[str, dict[str, object]] = {name: {} for name in whole.starts}
    for kind, share in shares.items():
        copy = whole.renamed({name: f"{name}_{kind}" for name in own})
        text += copy.equations
        calcium += [f"part_{kind}*{term}" for term in copy.calcium]
        ports = {port: f"{ports[port]}; {copy.ports[port]}".lstrip("; ") for port in ports}
        parameters |= {f"{key}_{kind}": p for key, p in constants[kind].items()}
        initial |= copy.initial
        starts = {name: start | dict(copy.starts[name]) for name, start in starts.items()}
        parameters[f"share_{kind}"] = Parameter(
            f"{share:.15g}",
            source="user",
            kind="assumed",
            bounds=(0.0, 100.0),  # parts of one, or per cent
            description=f"share of GluN{kind} in the charge of one event, relative to the sum of all shares",
        )
    whole_share = " + ".join(f"share_{kind}" for kind in shares)
    text += "".join(f"part_{kind} = share_{kind}/({whole_share}) : 1\n" for kind in shares)
    for name, unit in (("g_nmda", "siemens"), *((name, "1") for name in shown), ("I_nmda", "amp")):
        text += f"{name} = {' + '.join(f'part_{kind}*{name}_{kind}' for kind in shares)} : {unit}\n"
    return replace(
        whole,
        equations=text,
        parameters=ParameterSet(parameters),
        ports=ports,
        calcium=tuple(calcium),
        initial=initial,
        starts=starts,
    )
