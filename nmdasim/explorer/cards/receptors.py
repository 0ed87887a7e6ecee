"""The card of *Receptor*: kinetic schemes with and without a drug in the pore, subtypes, drugs, magnesium."""

from __future__ import annotations

from typing import Any

from nmdasim.errors import ModelError
from nmdasim.explorer.cards.kinetics import block_of
from nmdasim.explorer.cards.numbers import parameter, parameters, plain
from nmdasim.explorer.formulas import function, read
from nmdasim.model.parameter import ParameterSet
from nmdasim.parameters import load
from nmdasim.receptors import blockers, schemes, subtypes
from nmdasim.receptors.scheme import Scheme, product

#: Sheets of blocked states by whether part of a drug leaves shut channels; drugs of either kind share them.
_KINDS = {"trapped": "ketamine", "escaping": "memantine"}


def card() -> dict[str, Any]:
    """Return schemes by name, drugs by name and subtype, and magnesium's parameters."""
    known = {f"GluN{name}": subtypes.subtype(name).scheme() for name in subtypes.NAMES}
    known |= {name: schemes.scheme(name) for name in schemes.names()}
    return {
        "schemes": {name: _scheme(name, one) for name, one in known.items()},
        "drugs": {name: _drug(name) for name in blockers.NAMES},
        "magnesium": parameters(load("receptors", "magnesium")),
        "E_nmda": parameter(load("receptors", "nmda")["E_nmda"]),
    }


def _scheme(name: str, one: Scheme) -> dict[str, Any]:
    variants = {"none": _variant(one)}
    for kind, example in _KINDS.items():
        variants[kind] = _variant(blockers.block(one, _anonymous(blockers.blocker(example))))
    return {
        "about": one.description,
        "subtype": name.removeprefix("GluN") if name.startswith("GluN") else "2A",
        "references": list(one.references),
        "parameters": parameters(one.parameters),
        "open_max": plain(blockers.largest_open(one).si),
        "arrows": [f"{t.source} → {t.target}: {t.rate}" for t in one.transitions],
        "definitions": one.definitions.strip(),
        "variants": variants,
    }


def _anonymous(drug: blockers.Blocker) -> blockers.Blocker:
    """Return a drug under the key ``drug``, so that one scheme serves every drug of its kind."""
    renamed = {name.replace(drug.key, "drug"): p for name, p in drug.parameters.items()}
    return blockers.Blocker("drug", "drug", ParameterSet(renamed))


def _variant(one: Scheme) -> dict[str, Any]:
    names = (*one.parameters.bases, "glutamate", "v")
    shares = [product(one.conducting.get(state, "0"), one.free) for state in one.states]
    held = [k for k, s in enumerate(one.states) if s.endswith(("_drug", "_drug_escapable"))]
    place = {state: k for k, state in enumerate(one.states)}
    return {
        "states": list(one.states),
        "from": [place[t.source] for t in one.transitions],
        "to": [place[t.target] for t in one.transitions],
        "rates": function(read(one.definitions, [t.rate for t in one.transitions], names)),
        "shares": function(read(one.definitions, shares, names)),
        "rest": place[one.rest],
        "held": held,
    }


def _drug(name: str) -> dict[str, Any]:
    own = blockers.blocker(name)
    found = {}
    for kind in subtypes.NAMES:
        try:
            found[kind] = block_of(name, kind)
        except ModelError:  # its affinity to this subtype is not known
            continue
    rows = {key: p for key, p in own.parameters.items() if key != own.key}
    return {
        "key": own.key,
        "kind": "escaping" if own.escapes else "trapped",
        "at": found,
        "parameters": parameters(rows),
    }
