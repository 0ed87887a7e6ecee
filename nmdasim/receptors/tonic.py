"""Tonic NMDA current: receptors that ambient glutamate keeps open, and what ketamine does to it besides the block.

Receptors outside synapses see ambient glutamate G, which holds a share a = G/(G + EC50) of them activated:

    I = g·a·B(V)·(1 - b)·(1 - A(C))·(E - V)

b is the trapping block of the pore (:mod:`nmdasim.receptors.trapping`), driven by a; where a is small it is slow. A is
a second action of ketamine, at a site outside the pore: an incomplete inhibition that no voltage changes,

    A(C) = A_max·C/(C + EC50),    EC50 0.1 µM (Abbott, Liu & Popescu 2024).

It was reported to spare brief, synaptic activation, so it stands in this current alone: synaptic receptors do not know
it. Its maximum is not known here and is 0 unless it is set; nor are ambient glutamate and the number of receptors.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Sequence
from dataclasses import replace
from typing import overload

from nmdasim.errors import ModelError, plainly
from nmdasim.language.names import defined
from nmdasim.model.circuit import Circuit
from nmdasim.model.mechanism import Mechanism, Recipe
from nmdasim.model.model import Model
from nmdasim.model.parameter import ParameterSet
from nmdasim.model.population import Population
from nmdasim.parameters import load
from nmdasim.receptors import trapping
from nmdasim.receptors.blockers import Blocker
from nmdasim.receptors.nmda import blocker_of, escapes
from nmdasim.receptors.subtypes import subtype as kind_of

#: The drug with the second action.
ALLOSTERIC = "ketamine"
NAME = "tonic_nmda"


def tonic_nmda(drugs: Sequence[str | Blocker] = (ALLOSTERIC,), subtype: str = "2B") -> Mechanism:
    """Return the tonic current of receptors outside synapses, ``I_tonic_nmda``.

    Parameters
    ----------
    drugs
        Drugs that plug the pore; the concentration of each is the parameter of its key, shared with the synapses.
    subtype
        Whose magnesium block and affinity the receptors have; extrasynaptic receptors are taken to be GluN2B.

    Returns
    -------
    Mechanism
        Its parameters: ``g_tonic_nmda`` (conductance of all of them open), ``glutamate_ambient``, ``allosteric_max``
        (0: no second action), ``EC50_allosteric``, and those of the block. Calcium enters with it.
    """
    plain = [blocker_of(drug, subtype) for drug in drugs]
    own = load("receptors", NAME) | load("receptors", "magnesium") | {"K_mg": kind_of(subtype)["K_mg"]}
    own |= {"E_nmda": load("receptors", "nmda")["E_nmda"], "f_ca_nmda": kind_of(subtype)["f_ca_nmda"]}
    if modulated := ALLOSTERIC in {drug.key for drug in plain}:
        own |= load("receptors", "allosteric")
    for drug in plain:
        own |= drug.parameters
    factor = "*(1 - allosteric)" if modulated else ""
    text = "a_nmda = glutamate_ambient/(glutamate_ambient + EC50_ambient) : 1\n"
    text += "B_mg = 1/(1 + mg/K_mg*exp(-slope_mg*v)) : 1" + trapping.equations(escapes(plain))
    if modulated:
        text += f"allosteric = allosteric_max*{ALLOSTERIC}/({ALLOSTERIC} + EC50_allosteric) : 1\n"
    text += f"I_tonic_nmda = g_tonic_nmda*a_nmda*B_mg*(1 - b_nmda){factor}*(E_nmda - v) : amp/meter**2\n"
    sources = (p.source.split(" ")[0] for drug in plain for p in drug.parameters.values())
    part = Mechanism(
        NAME,
        text,
        own,
        densities=("I_tonic_nmda",),
        calcium=("f_ca_nmda*I_tonic_nmda",),
        starts=trapping.starts(escapes(plain)),
        gains={NAME: ("g_tonic_nmda",)},
        references=(
            "jahr1990",
            *(["abbott2024"] if modulated else []),
            *dict.fromkeys(key for key in sources if key not in ("user", "nmdasim", "recalled")),
        ),
    )
    options = {"drugs": drugs, "subtype": subtype}
    return replace(part.renamed(_own_names(plain)), recipe=Recipe(tonic_nmda, options))


def _own_names(drugs: Sequence[Blocker]) -> dict[str, str]:
    """Return what the tonic receptors have for themselves: activation, magnesium block, affinities, trapped drug."""
    held = trapping.equations(escapes(drugs))
    names = ["a_nmda", "B_mg", "K_mg", "f_ca_nmda", *defined(held), *(f"K_{drug.key}" for drug in drugs)]
    return {name: f"{name.removesuffix('_nmda')}_{NAME}" for name in dict.fromkeys(names)}


@overload
def with_tonic(
    model: Model, at: str | Iterable[str] | None = ..., *, subtype: str = ..., populations: Iterable[str] = ...
) -> Model: ...
@overload
def with_tonic(
    model: Circuit, at: str | Iterable[str] | None = ..., *, subtype: str = ..., populations: Iterable[str] = ...
) -> Circuit: ...
@plainly
def with_tonic(
    model: Model | Circuit,
    at: str | Iterable[str] | None = None,
    *,
    subtype: str = "2B",
    populations: Iterable[str] = (),
) -> Model | Circuit:
    """Return a model with the tonic current, which shares magnesium, reversal and drugs with its synapses.

    Parameters
    ----------
    model
        A :class:`Model` or a :class:`Circuit`.
    at
        Regions that have it; by default everywhere.
    subtype
        As of :func:`tonic_nmda`.
    populations
        Of a circuit, those that have it; by default every one whose cells have NMDA receptors.

    Raises
    ------
    ModelError
        If there is no such population or region, or a cell gives ``dv/dt``.
    """
    if isinstance(model, Model):
        return _cell(model, at, subtype)
    chosen = tuple(populations) or tuple(name for name, cell in model.cells.items() if _drugs(cell))
    if unknown := [name for name in chosen if name not in model.populations]:
        raise ModelError(f"{model.name} has no population {unknown[0]!r}; it has {', '.join(model.populations)}")
    made = {
        name: _population(each, at, subtype) if name in chosen else each for name, each in model.populations.items()
    }
    return dataclasses.replace(model, populations=made)


def _population(given: Model | Population, at: str | Iterable[str] | None, subtype: str) -> Model | Population:
    if isinstance(given, Model):
        return _cell(given, at, subtype)
    return dataclasses.replace(given, model=_cell(given.model, at, subtype))


def _cell(cell: Model, at: str | Iterable[str] | None, subtype: str) -> Model:
    part = tonic_nmda(_drugs(cell) or (ALLOSTERIC,), subtype)
    shared = {key: cell.parameters[key] for key in part.parameters if key in cell.parameters}
    return cell.with_(replace(part, parameters=ParameterSet(part.parameters | shared)), at)


def _drugs(cell: Model) -> tuple[str | Blocker, ...]:
    """Return the drugs that the synaptic receptors of a cell know."""
    found = [p.recipe.options["drugs"] for p in cell.mechanisms if p.recipe and "drugs" in p.recipe.options]
    return tuple(found[0]) if found else ()
