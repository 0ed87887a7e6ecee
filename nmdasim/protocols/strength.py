"""The strength of a volley: one factor on what every synapse of the driven fibres brings.

A stronger electrical stimulus recruits more fibres. Here all fibres of a bundle fire and each synapse counts
`strength` times: AMPA, NMDA and NK1 and, where the bundle brings it, the GABA that comes with them, of C and Aδ fibres
alike. What other neurons bring is not touched.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping
from typing import overload

from nmdasim.errors import ModelError
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model
from nmdasim.model.parameter import Parameter
from nmdasim.model.population import Population
from nmdasim.model.port import Fibres, Port

#: The parameter.
STRENGTH = "strength"


@overload
def graded(model: Model, fibres: Iterable[str] = ()) -> Model: ...
@overload
def graded(model: Circuit, fibres: Iterable[str] = ()) -> Circuit: ...
@overload
def graded(model: Model | Circuit, fibres: Iterable[str] = ()) -> Model | Circuit: ...
def graded(model: Model | Circuit, fibres: Iterable[str] = ()) -> Model | Circuit:
    """Return a model in which the strength of volleys is a parameter, ``strength``, 1 as published.

    Being a parameter it can be a list, or differ between lanes, without anything being compiled anew. A model that has
    it already stays as it is.

    Parameters
    ----------
    model
        A :class:`Model` or a :class:`Circuit` with fibres.
    fibres
        Those that it scales, by name; all by default.

    Raises
    ------
    ModelError
        If the model has no such fibres.
    """
    ports = _driven(model.fibres, tuple(fibres), model.name)
    if isinstance(model, Model):
        return _cell(model, {port for _, port in ports})
    made = {
        name: _population(each, {port for where, port in ports if where == name})
        for name, each in model.populations.items()
    }
    return dataclasses.replace(model, populations=made)


def _driven(bundles: Mapping[str, Fibres], fibres: tuple[str, ...], name: str) -> set[tuple[str, str]]:
    """Return the population and port of every contact of some fibres."""
    chosen = fibres or tuple(bundles)
    lacking = [fibre for fibre in chosen if fibre not in bundles]
    if lacking or not chosen:
        known = ", ".join(bundles) or "none"
        raise ModelError(f"{name} has no fibres {' or '.join(lacking)}; a volley needs some, it has {known}")
    return {(contact.population, contact.port) for fibre in chosen for contact in bundles[fibre].contacts}


def _population(given: Model | Population, ports: set[str]) -> Model | Population:
    if isinstance(given, Model):
        return _cell(given, ports)
    return dataclasses.replace(given, model=_cell(given.model, ports))


def _cell(cell: Model, ports: set[str]) -> Model:
    if not ports or STRENGTH in cell.parameters.bases:
        return cell
    own = Parameter(
        "1", bounds=(0.0, 100.0), source="user", description="factor on what every synapse of a volley brings"
    )
    changed = {name: _stronger(port) if name in ports else port for name, port in cell.ports.items()}
    return dataclasses.replace(cell, ports=changed, parameters=cell.parameters | {STRENGTH: own})


def _stronger(port: Port) -> Port:
    effect = "; ".join(f"{state} += {STRENGTH}*({text})" for state, text in port.increments())
    return dataclasses.replace(port, effect=effect)
