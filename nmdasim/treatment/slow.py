"""Slow models by name: rivals for what carries relief over weeks. Each is a :class:`nmdasim.Model` like any other.

Equations, units, parameters and sources stand in ``parameters/slow.toml``. What a slow model reads from outside stands
among its parameters, under a name of :data:`INPUTS`; what it says is its subexpression ``relief``, 0 to 1. A model of
your own is written the same way, as ``nm.Model(name=…, equations=…, parameters=…)``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

from nmdasim import quantities
from nmdasim.errors import InputError, ModelError, nearest
from nmdasim.model.model import Model
from nmdasim.parameters import mechanism, read_table

_TABLE = "slow"
#: What a slow model may read, and the unit in which it is supplied: arterial S-ketamine, free racemic ketamine at the
#: receptor (what was given, by what blocks equally), the state's ongoing C input, the calcium that drives potentiation
#: in the circuit at its state ``s``, and ``s`` before treatment.
INPUTS: Mapping[str, str] = MappingProxyType({"C": "ng/ml", "ketamine": "uM", "rate": "Hz", "drive": "uM", "s_0": "1"})
#: What a slow model says.
RELIEF = "relief"


def names() -> tuple[str, ...]:
    """Return the slow models that there are."""
    return tuple(read_table(_TABLE)["mechanism"])


@cache
def slow_model(name: str) -> Model:
    """Return a slow model by name.

    Raises
    ------
    InputError
        If there is no such model.
    """
    if name not in names():
        raise InputError(f"unknown slow model {name!r}{nearest(name, names())}")
    part = mechanism(_TABLE, name)
    return Model(
        name=name,
        equations=part.equations,
        parameters=part.parameters,
        initial=part.initial,
        references=part.references,
    )


def spread_of(model: Model) -> dict[str, tuple[float, float]]:
    """Return between which values (SI) 95 % of the patients lie, by parameter; nothing for a model of your own."""
    rows = read_table(_TABLE)["spread"].get(model.name, {}) if model.name in names() else {}
    return {key: (_si(row["low"], f"{key} low"), _si(row["high"], f"{key} high")) for key, row in rows.items()}


def fitted(model: Model) -> tuple[str, ...]:
    """Return the parameters of a slow model that were fitted."""
    return tuple(name for name, p in model.parameters.items() if p.kind == "fitted")


def check(model: Model) -> Model:
    """Return a slow model that can be run.

    Raises
    ------
    ModelError
        If it has no ``relief`` of dimension 1, no state, noise, or an input in another dimension.
    """
    system = model.system
    if RELIEF not in system.subexpressions:
        raise ModelError(f"{model.name} says no relief; add a line such as 'relief = C_e/(C_e + C50) : 1'")
    if not system.states or system.noise or not model.is_point or model.threshold:
        raise ModelError(f"{model.name}: a slow model has one state or more, no noise, no membrane and no threshold")
    for name, unit in INPUTS.items():
        if name in model.parameters:
            quantities.si(model.parameters[name].value, unit, name=f"{model.name}, input {name}")
    return model


def _si(text: str, name: str) -> float:
    amount, unit = quantities.split(text)
    return quantities.number(amount * quantities.parse_unit(unit), unit, name=name)
