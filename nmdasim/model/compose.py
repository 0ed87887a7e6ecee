"""A model from mechanisms: joining them, placing one in a region, and finding them again in a model."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import sympy as sp

from nmdasim import quantities
from nmdasim.errors import ModelError, UnitError, nearest
from nmdasim.language import names as text
from nmdasim.language.functions import CONSTANTS, FUNCTIONS
from nmdasim.language.reader import symbol
from nmdasim.language.system import system
from nmdasim.model.mechanism import Mechanism
from nmdasim.model.morphology import Morphology
from nmdasim.model.parameter import Parameter, ParameterSet
from nmdasim.model.port import Port

if TYPE_CHECKING:
    from nmdasim.model.model import Model


def equations(parts: Iterable[Mechanism]) -> str:
    """Join the equations of mechanisms: inward currents add up to ``Im``, those that carry calcium to ``i_ca``."""
    parts = list(parts)
    densities = [term for part in parts for term in part.densities]
    currents = [f"{term}/area" for part in parts for term in part.currents]
    calcium = [term for part in parts for term in part.calcium] or ["0*amp/meter**2"]
    lines = [part.equations.strip() for part in parts]
    if feeding(parts):
        lines.append(f"i_ca = {' + '.join(calcium)} : amp/meter**2")
    lines.append(f"Im = {' + '.join(densities + currents)} : amp/meter**2")
    return "\n".join(lines) + "\n"


def feeding(parts: Iterable[Mechanism]) -> tuple[str, ...]:
    """Return the summed currents that equations of some mechanism use."""
    return ("i_ca",) if any("i_ca" in text.used(part.equations) for part in parts) else ()


def joined(parts: Sequence[Mechanism], site: int, options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a model that consists of mechanisms, every port in compartment `site`; see `assemble`."""
    given = dict(options)
    morphology = given.setdefault("morphology", Morphology.point())
    parameters = ParameterSet()
    merged: dict[str, dict[str, Any]] = {"initial": {}, "ports": {}, "gains": {}, "starts": {}}
    for part in parts:
        parameters |= part.parameters
        merged["initial"] |= part.initial
        merged["ports"] |= {key: Port(effect, site_of(part, morphology, site)) for key, effect in part.ports.items()}
        merged["gains"] |= part.gains
        for name, start in part.starts.items():
            merged["starts"][name] = merged["starts"].get(name, {}) | dict(start)
    fields = {key: value | dict(given.pop(key, {})) for key, value in merged.items()}
    references = [key for part in parts for key in part.references] + list(given.pop("references", ()))
    return {
        "equations": equations(parts),
        "mechanisms": tuple(parts),
        "parameters": (parameters | given.pop("parameters", {})).within(morphology.regions),
        "feeding": feeding(parts),
        "implicit": tuple(state for part in parts for state in part.implicit),
        "references": tuple(dict.fromkeys(references)),
        **fields,
        **given,
    }


def site_of(part: Mechanism, morphology: Morphology, otherwise: int) -> int:
    """Return the compartment in which the ports of a mechanism arrive."""
    return morphology.centre(part.at[0]) if part.at else otherwise


# --- placing ---------------------------------------------------------------------------------------------------------


def placed(part: Mechanism, at: str | Iterable[str] | None, morphology: Morphology) -> Mechanism:
    """Return a mechanism that sits in some regions: what scales its current densities is given for these alone.

    A parameter that has entries for regions only is zero elsewhere, and so is the current. A current that an event
    opens needs no scale, as events arrive nowhere else.

    Raises
    ------
    ModelError
        If there is no such region, or no parameter scales a density.
    """
    regions = part.at if at is None else (at,) if isinstance(at, str) else tuple(at)
    for region in regions:
        if region not in morphology.regions:
            raise ModelError(f"at = {region!r}: there is no such region{nearest(region, morphology.regions)}")
    if not regions:
        return part
    terms = part.densities if part.ports else (*part.densities, *part.currents)
    scales = {_scale(part, term) for term in terms}
    parameters: dict[str, Parameter] = {}
    for key, p in part.parameters.items():
        base, _, region = key.partition(".")
        if base not in scales or region in regions:
            parameters[key] = p
        elif not region:
            parameters |= {f"{base}.{where}": p for where in regions if f"{base}.{where}" not in part.parameters}
    return dataclasses.replace(part, parameters=ParameterSet(parameters), at=regions)


def _scale(part: Mechanism, term: str) -> str:
    """Return the parameter to which a current is proportional, and that nothing else in the mechanism uses."""
    free = {*text.used(part.equations, term), *part.parameters.bases} - {*FUNCTIONS, *CONSTANTS}
    known = system(part.equations, tuple(sorted(n for n in free if n in part.parameters.bases or not _is_unit(n))))
    current = known.substitute(term, free)
    within = {symbol(name) for name in (*part.densities, *part.currents)}
    others = [e for n, e in {**known.derivatives, **known.subexpressions}.items() if symbol(n) not in within]
    regional = [key.partition(".")[0] for key in part.parameters if "." in key]
    named = [base for members in part.gains.values() for base in members]
    for base in dict.fromkeys((*regional, *named, *part.parameters.bases)):
        own = symbol(base)
        slope = sp.diff(current, own)
        if slope != 0 and not slope.has(own) and current.subs(own, 0) == 0 and not any(e.has(own) for e in others):
            return base
    raise ModelError(
        f"mechanism {part.name!r} cannot sit in a region alone: {term} is proportional to no parameter of its own; "
        "give it one, as in 'I = g*(E - v)' with g among its parameters"
    )


def _is_unit(name: str) -> bool:
    try:
        quantities.unit(name)
    except UnitError:
        return False
    return True


# --- what a model consists of ----------------------------------------------------------------------------------------


def mechanisms_of(model: Model) -> tuple[Mechanism, ...]:
    """Return the mechanisms of a model; equations written in one piece are one mechanism of the model's name.

    Raises
    ------
    ModelError
        If the equations are written in one piece and give ``dv/dt``: to that no current can be added.
    """
    if model.mechanisms and equations(model.mechanisms) == model.equations:
        return model.mechanisms
    own = "".join(c if c.isalnum() else "_" for c in model.name)
    found = text.defined(model.equations)
    if "Im" not in found:
        raise ModelError(
            f"{model.name} gives dv/dt, to which no mechanism can add its current; write the sum of its current "
            "densities as 'Im = … : amp/meter**2' and give the parameter Cm, then with_ and without work on it"
        )
    other: dict[str, str] = {str(name): f"{name}_{own}" for name in ("Im", "i_ca") if name in found}
    return (
        Mechanism(
            model.name,
            text.redefined(model.equations, other),
            densities=(other["Im"],),
            calcium=(other["i_ca"],) if "i_ca" in other else (),
        ),
    )
