"""Channel block: drugs that enter the open NMDA pore, and what they do to a kinetic scheme.

A drug binds the open pore that magnesium has left and is held while the gate closes behind it. So every state that
can be reached through the open pore gets a copy with the drug inside, with the same gating, and the two sheets are
joined at the open state alone. Dependence on use, trapping and competition with magnesium follow; none is put in.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, ModelError, plainly
from nmdasim.model import html
from nmdasim.model.parameter import Parameter, ParameterSet
from nmdasim.parameters import drugs
from nmdasim.parameters.tables import Table
from nmdasim.receptors import magnesium, trapping
from nmdasim.receptors.exact import Step, respond
from nmdasim.receptors.scheme import Scheme, Transition, held, product
from nmdasim.receptors.subtypes import subtype as properties
from nmdasim.receptors.subtypes import subunit

#: Drugs with the constants of another laboratory: the drug's key and the laboratory.
_LABORATORIES = {"ketamine-gilling2009": ("ketamine", "gilling2009")}
#: What a blocker's section holds, and what it may hold.
_NEEDED, _ALLOWED = ("K", "V", "slope", "k_on"), ("escapable", "tau")


@dataclass(frozen=True)
class Blocker:
    """A drug that plugs the open pore.

    Parameters
    ----------
    name
        Name as it is written.
    key
        Ending of its parameters: ``K_<key>``, ``V_<key>``, ``slope_<key>``, ``k_on_<key>``; its concentration is
        the parameter ``<key>``.
    parameters
        Those parameters; with ``escapable_<key>`` and ``tau_<key>`` part of it leaves shut channels.
    table
        The table that it was read from; None if it was put together by hand.
    """

    name: str
    key: str
    parameters: ParameterSet
    table: Table | None = None

    def _repr_html_(self) -> str:
        how = "plugs the open pore; part of it leaves shut channels" if self.escapes else "plugs the open pore"
        own = html.parameters(self.parameters, {self.key: self.parameters.bases})
        return f"<div>{html.title(self.name, how)}{own}{html.title('', DISCLAIMER)}</div>"

    @property
    def escapes(self) -> bool:
        """Whether part of it leaves shut channels."""
        return f"tau_{self.key}" in self.parameters

    def dissociation(self, v: object) -> np.ndarray:
        """Return the dissociation constant of the Mg-free pore in mM (mol/m³), the shape of `v`."""
        p = {name.removesuffix(f"_{self.key}"): value.si for name, value in self.parameters.items()}
        return np.asarray(p["K"] * np.exp((held(v) - p["V"]) / p["slope"]))

    @plainly
    def ic50(self, v: object = "-60 mV", mg: object = "1 mM", K_mg: object = None) -> np.ndarray:
        """Return the concentration that blocks half of the receptors in the long run, in mM (mol/m³).

        IC50(V, Mg) = K(V)/B(V, Mg): magnesium and the drug want the same place.

        Parameters
        ----------
        v, mg
            Quantities that broadcast.
        K_mg
            Another constant of the Mg block, as of a subtype.
        """
        return np.asarray(self.dissociation(v) / magnesium.magnesium_block(v, mg, K_mg))

    def at(self, subtype: str) -> Blocker:
        """Return this drug with its affinity to another subtype, as its table has it.

        Raises
        ------
        ModelError
            If that is not known.
        """
        if self.table is None:
            raise ModelError(f"the affinity of {self.name} to {subunit(subtype)} is not known here")
        return blocker(self.name, subtype, self.table)

    def equations(self) -> str:
        """Return the one-variable reduction used in neurons, see :mod:`nmdasim.receptors.trapping`."""
        return trapping.equations({self.key: self.escapes})


def known(table: Table = drugs.TABLE) -> dict[str, drugs.Entry]:
    """Return the drugs of a table that plug the pore, by key, in the order of the table."""
    return _blocking(drugs.entries(table))


def _blocking(entries: Mapping[str, drugs.Entry]) -> dict[str, drugs.Entry]:
    return {key: entry for key, entry in entries.items() if {"block", "like"} & entry.content.keys()}


def blocker(name: str, subtype: str = "2A", table: Table = drugs.TABLE) -> Blocker:
    """Return a drug, with its affinity to one receptor subtype.

    S- and R-ketamine and norketamine have ketamine's constants, K scaled by the ratio of binding constants (Ebert et
    al. 1997), so that equal parts of S and R act as the racemate does.

    Parameters
    ----------
    name
        A name of :data:`NAMES`, a key or an alias; case, spaces, hyphens and underscores do not matter.
    subtype
        ``"2A"``, ``"2B"``, ``"2C"`` or ``"2D"``.
    table
        Another table of drugs, by path.

    Raises
    ------
    ModelError
        If there is no such drug, or its affinity to the subtype is not known.
    InputError
        If its entry in the table lacks something.
    """
    elsewhere = {drugs.plain(n): place for n, place in _LABORATORIES.items()}
    key, laboratory = elsewhere.get(drugs.plain(name), (name, ""))
    return _read(drugs.find(key, among=known(table)), subunit(subtype), laboratory)


def _read(entry: drugs.Entry, unit: str, laboratory: str = "") -> Blocker:
    if like := entry.text("like"):
        return _relative(entry, drugs.find(like, entry.table), unit)
    name = f"{entry.name}-{laboratory}" if laboratory else entry.name
    where = f"laboratories.{laboratory}" if laboratory else "block"
    constants = entry.section(where) or ParameterSet()
    lacking = [n for n in _NEEDED if n not in constants]
    lacking += [n for n in _ALLOWED if n not in constants and set(_ALLOWED) & set(constants)]
    if lacking or set(constants) - {*_NEEDED, *_ALLOWED}:
        what = f"there is no {lacking[0]}" if lacking else f"it holds more than {', '.join((*_NEEDED, *_ALLOWED))}"
        raise InputError(f"{entry.table} [{entry.key}.{where}]: {what}")
    table = entry.section("affinity")
    if unit != "GluN2A":
        if laboratory or table is None or unit not in table:
            raise ModelError(f"the affinity of {name} to {unit} is not known here; that to GluN2A is")
        constants |= {"K": table[unit]}
    return Blocker(name, entry.key, _named(entry, constants), entry.table)


def _named(entry: drugs.Entry, constants: Mapping[str, Parameter]) -> ParameterSet:
    """Return the constants of a drug under the names that they have in equations, and its concentration."""
    free = Parameter("0 uM", bounds=(0.0, 100.0), source="user", description=f"free {entry.name} at the receptor")
    return ParameterSet({entry.key: free} | {f"{name}_{entry.key}": p for name, p in constants.items()})


def _relative(entry: drugs.Entry, other: drugs.Entry, unit: str) -> Blocker:
    constants = {name.removesuffix(f"_{other.key}"): p for name, p in _read(other, unit).parameters.items()}
    own, theirs = (drugs.affinity(e.key, e.table) for e in (entry, other))
    if own is None or theirs is None:
        raise ModelError(f"no K_i of {entry.name} and {other.name} is known by which to scale the block")
    constant = constants["K"].scaled(float(own.si) / float(theirs.si))
    described = dataclasses.replace(constant, description=f"{constant.description}, scaled by K_i of {own.source}")
    constants = {name: p for name, p in constants.items() if name != other.key} | {"K": described}
    return Blocker(entry.name, entry.key, _named(entry, constants), entry.table)


@plainly
def ic50(drug: str, subtype: str = "2A", v: object = "-60 mV", mg: object = "1 mM") -> np.ndarray:
    """Return the IC50 of a drug at a subtype in mM, in competition with magnesium; see :meth:`Blocker.ic50`."""
    return blocker(drug, subtype).ic50(v, mg, K_mg=properties(subtype)["K_mg"].value)


#: Names as they are written, and the keys of their parameters.
NAMES = {entry.name: key for key, entry in _blocking(drugs.own()).items()} | {
    n: key for n, (key, _) in _LABORATORIES.items()
}


# --- on a scheme -----------------------------------------------------------------------------------------------------


def block(scheme: Scheme, drug: Blocker) -> Scheme:
    """Return a scheme in whose open pore a drug may sit.

    Rate constants of a drug hold for a fully activated receptor, whose pore is open part of the time; the open state
    itself binds faster by 1/(largest open probability of the scheme), the parameter ``open_max``. Can be repeated for a
    second drug; two drugs compete for the pore.

    Parameters
    ----------
    scheme
        A scheme; its ``occupied`` states, in which something else is in the pore, get no copy.
    drug
        The drug; its concentration is the parameter of its key.
    """
    if drug.key in scheme.parameters:
        raise ModelError(f"{scheme.name} already knows {drug.name}")
    own = {f"escapable_{drug.key}", f"1 - escapable_{drug.key}"} if drug.escapes else {"1"}
    sheets = {("_escapable" if share.startswith("escapable") else ""): share for share in sorted(own)}
    reached = _through_the_pore(scheme)
    added: list[Transition] = []
    for sheet, share in sheets.items():
        copy = {state: f"{state}_{drug.key}{sheet}" for state in reached}
        added += [
            Transition(copy[t.source], copy[t.target], t.rate)
            for t in scheme.transitions
            if t.source in copy and t.target in copy
        ]
        added += _doors(scheme, drug, copy, share)
        if sheet:
            added.append(Transition(copy[scheme.rest], scheme.rest, f"1/tau_{drug.key}"))
    copies = tuple(f"{state}_{drug.key}{sheet}" for sheet in sheets for state in reached)
    known = (
        scheme.parameters if "open_max" in scheme.parameters else scheme.parameters | {"open_max": largest_open(scheme)}
    )
    constant = trapping.dissociation(f"K_block_{drug.key}", drug.key)
    return dataclasses.replace(
        scheme,
        name=f"{scheme.name}+{drug.name}",
        states=(*scheme.states, *copies),
        transitions=(*scheme.transitions, *added),
        parameters=known | drug.parameters,
        definitions=scheme.definitions.strip() + "\n" + constant,
        occupied=(*scheme.occupied, *copies),
        references=(*scheme.references, *dict.fromkeys(p.source.split(" ")[0] for p in drug.parameters.values())),
        description=f"{scheme.description}; {drug.name} in the pore",
    )


def _doors(scheme: Scheme, drug: Blocker, copy: dict[str, str], share: str) -> list[Transition]:
    """Return the ways in and out, at each state whose pore is open."""
    doors = []
    for state, open_share in scheme.conducting.items():
        speed = f"k_on_{drug.key}/open_max"
        doors.append(Transition(state, copy[state], product(speed, share, drug.key, open_share, scheme.free)))
        doors.append(Transition(copy[state], state, product(speed, f"K_block_{drug.key}", open_share)))
    return doors


def _through_the_pore(scheme: Scheme) -> tuple[str, ...]:
    """Return the states joined to a conducting state by ways on which nothing else enters the pore, in order."""
    found = set(scheme.conducting)
    inside = [t for t in scheme.transitions if not {t.source, t.target} & set(scheme.occupied)]
    while new := {end for t in inside for end in (t.source, t.target) if {t.source, t.target} & found} - found:
        found |= new
    return tuple(state for state in scheme.states if state in found)


def largest_open(scheme: Scheme) -> Parameter:
    """Return the largest open probability that a step to 1 mM glutamate reaches, without magnesium."""
    settings: dict[str, Any] = {"mg": "0 mM"} if "mg" in scheme.parameters else {}
    course = respond(scheme, [Step("2 second", {"glutamate": "1 mM"})], sample="0.5 ms", v="0 mV", **settings)
    return Parameter(
        f"{float(course.open.max()):.6g}",
        source=scheme.name,
        kind="derived",
        verified=True,
        description="largest open probability of the scheme",
    )
