"""Any set of blockers in the NMDA receptors of a model: drugs are data."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import Any, overload

from nmdasim.errors import InputError, ModelError, plainly
from nmdasim.model.circuit import Circuit, cells_of
from nmdasim.model.compose import mechanisms_of
from nmdasim.model.mechanism import Mechanism
from nmdasim.model.model import Model
from nmdasim.model.population import Population
from nmdasim.model.port import Summary
from nmdasim.parameters import concentrations
from nmdasim.parameters import drugs as table
from nmdasim.receptors import trapping
from nmdasim.receptors.blockers import Blocker, known
from nmdasim.receptors.nmda import blocker_of, escapes
from nmdasim.receptors.subtypes import mixture


@overload
def dosed(model: Model, drugs: Iterable[str | Blocker]) -> Model: ...
@overload
def dosed(model: Circuit, drugs: Iterable[str | Blocker]) -> Circuit: ...
@overload
def dosed(model: Model | Circuit, drugs: Iterable[str | Blocker]) -> Model | Circuit: ...
@plainly
def dosed(model: Model | Circuit, drugs: Iterable[str | Blocker]) -> Model | Circuit:
    """Return a model with the block of some drugs in every NMDA receptor, each of concentration 0.

    The concentration of a drug is the parameter of its key; in a pore there is one drug at a time. A drug that a cell
    knows already stays as it is, and so does ketamine, which every neuron of the library knows.

    Parameters
    ----------
    model
        A :class:`Model` or a :class:`Circuit`; of a circuit every cell that has NMDA receptors.
    drugs
        Names, as they are written or as keys: ``["memantine", "MK-801"]``, or :class:`Blocker` values, as of a table of
        your own.

    Raises
    ------
    ModelError
        If there is no such drug, its affinity to the subtype of a receptor is not known, or the model has no NMDA
        receptor.
    """
    wanted = {drug.key: drug for name in drugs for drug in [_named(name, {})]}
    cells = cells_of(model)
    for key, drug in wanted.items():
        if not any(key in cell.parameters.bases or _receptors(cell.mechanisms) for cell in cells.values()):
            raise ModelError(f"{model.name} has no NMDA receptor that {drug.name} could block, nor a parameter {key!r}")
    if isinstance(model, Model):
        return _cell(model, wanted)
    made = {name: _population(p, wanted) for name, p in model.populations.items()}
    if all(made[name] is p for name, p in model.populations.items()):
        return model
    return dataclasses.replace(model, populations=made)


def _population(given: Model | Population, wanted: Mapping[str, Blocker]) -> Model | Population:
    if isinstance(given, Model):
        return _cell(given, wanted)
    cell = _cell(given.model, wanted)
    return given if cell is given.model else dataclasses.replace(given, model=cell)


def drugs_of(model: Model | Circuit) -> tuple[str, ...]:
    """Return the keys of the drugs whose concentrations a model knows, in the order of the table."""
    cells = cells_of(model).values()
    held = [drug.key for cell in cells for drug in _held(cell.mechanisms)]
    bases = {base.removesuffix("_start") for cell in cells for base in cell.parameters.bases}
    return tuple(dict.fromkeys([*(key for key in known() if key in bases), *held]))


def medicated(
    model: Model | Circuit, drugs: Mapping[str, Any] | None, ketamine: Any = None
) -> tuple[Model | Circuit, dict[str, Any]]:
    """Return a model that knows the drugs, and their concentrations by the parameter that each is.

    Parameters
    ----------
    model
        The model.
    drugs
        Concentrations by name of the drug, free at the receptor unless their text says ``total``; see
        :mod:`nmdasim.parameters.concentrations`.
    ketamine
        Short for ``{"ketamine": …}``; None if it is not given.

    Raises
    ------
    InputError
        If a drug is given twice.
    ModelError
        As :func:`dosed`.
    """
    own = {drug.key: drug for cell in cells_of(model).values() for drug in _held(cell.mechanisms)}
    found: dict[str, Any] = {}
    asked: dict[str, Blocker] = {}
    given = [*(drugs or {}).items(), *([] if ketamine is None else [("ketamine", ketamine)])]
    for name, value in given:
        drug = _named(name, own)
        if drug.key in found:
            raise InputError(f"{drug.name} is given twice; give each drug one concentration, or a list of them")
        free = concentrations.free(value, drug.key, table=drug.table or table.TABLE)
        found[drug.key], asked[drug.key] = free, drug
    return dosed(model, asked.values()), found


def _named(name: str | Blocker, own: Mapping[str, Blocker]) -> Blocker:
    """Return a drug that a model holds already, or that the table has."""
    if isinstance(name, Blocker):
        return name
    for drug in own.values():
        if table.plain(name) in (table.plain(drug.key), table.plain(drug.name)):
            return drug
    return blocker_of(table.find(name, among=known()).key)


def _receptors(parts: Iterable[Mechanism]) -> list[Mechanism]:
    """Return the NMDA receptors among mechanisms: those that can be made with other drugs."""
    return [part for part in parts if part.recipe and "drugs" in part.recipe.options]


def _held(parts: Iterable[Mechanism]) -> list[Blocker]:
    """Return the drugs that receptors among mechanisms know."""
    return [blocker_of(drug) for part in _receptors(parts) if part.recipe for drug in part.recipe.options["drugs"]]


def _cell(cell: Model, wanted: Mapping[str, Blocker]) -> Model:
    added = {key: drug for key, drug in wanted.items() if key not in cell.parameters.bases}
    for part in _receptors(mechanisms_of(cell)) if added and _receptors(cell.mechanisms) else ():
        assert part.recipe is not None
        both = {drug.key: drug for drug in map(blocker_of, part.recipe.options["drugs"])} | added
        order = [*known(), *both]
        chosen = tuple(sorted(both.values(), key=lambda drug: order.index(drug.key)))
        made = part.remade(drugs=chosen)
        told = cell.summaries
        cell = cell.with_(made, instead=part.name)
        cell = dataclasses.replace(cell, summaries=_told(part, made, told))
    return cell


def _told(part: Mechanism, made: Mechanism, summaries: Mapping[str, Summary]) -> dict[str, Summary]:
    """Return summaries in which what was told of the block of a receptor is told of each of its drugs."""
    places = {
        s.region for name, old in blocked(part, "").items() if (s := summaries.get(name)) and s.variable == old.variable
    }
    kept = {name: s for name, s in summaries.items() if name not in blocked(part, "")} if places else dict(summaries)
    return kept | {name: s for region in places for name, s in blocked(made, region).items()}


def blocked(receptor: Mechanism, region: str) -> dict[str, Summary]:
    """Return what is told of a receptor's block: the share that is blocked as a window begins, by subtype and drug.

    Parameters
    ----------
    receptor
        An NMDA receptor; of any other mechanism nothing is told.
    region
        Region in which the receptors are.
    """
    if receptor.recipe is None or "drugs" not in receptor.recipe.options:
        return {}
    drugs = [blocker_of(drug) for drug in receptor.recipe.options["drugs"]]
    given = receptor.recipe.options["subtype"]
    kinds = [kind.name for kind, _ in mixture(given)] if given else []
    found = {}
    for kind in kinds if len(kinds) > 1 else [""]:
        where, tag = (f"GluN{kind} receptors", f"_{kind}") if kind else ("NMDA receptors", "")
        told = {"blocked": ("b_nmda", " or ".join(drug.name for drug in drugs))}
        if len(drugs) > 1:
            told |= {f"blocked_{d.key}": (trapping.held(d.key, escapes(drugs)), d.name) for d in drugs}
        for name, (variable, by) in told.items():
            text = f"share of {where} blocked by {by}"
            found[name + tag] = Summary(_renamed(variable + tag, receptor), region, "start", "1", text)
    return found


def _renamed(variable: str, receptor: Mechanism) -> str:
    edits = receptor.recipe.edits if receptor.recipe else ()
    for method, names in edits:
        variable = names.get(variable, variable) if method == "renamed" else variable
    return variable
