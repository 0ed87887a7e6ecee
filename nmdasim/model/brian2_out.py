"""A model as a plain Brian2 group."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import brian2 as b2

from nmdasim import quantities
from nmdasim.errors import ModelError
from nmdasim.language.names import used
from nmdasim.model.check import ASSIGNMENT, IDENTIFIER, declarations
from nmdasim.model.flat import flat

if TYPE_CHECKING:
    from nmdasim.model.model import Model


def group(model: Model, size: int, options: Mapping[str, Any]) -> Any:
    """Return a NeuronGroup; see :meth:`nmdasim.model.model.Model.to_brian2`."""
    point = flat(model)
    given = dict(options)
    if not {"dt", "clock"} & set(given):
        given["dt"] = quantities.quantity(point.dt)
    refractory = point.refractory if isinstance(point.refractory, str) else _duration(point)
    rule = {"threshold": point.threshold, "reset": reset(point), "refractory": refractory}
    if point.threshold is not None and point.reset is None:
        rule["reset"] = ""  # as Brian2 asks for, where there is meant to be none
    try:
        made = b2.NeuronGroup(size, equations(point), namespace={}, **(rule | given))
    except Exception as error:  # Brian2 raises many kinds; the text is what the user needs
        raise ModelError(f"{model.name}: Brian2 says {' '.join(str(error).split())!r}") from None
    for name in point.parameters.bases:
        made.variables[name].get_value()[:] = point.values(name).ravel()[0]
    if "area" in made.variables and "area" not in point.parameters.bases:
        made.variables["area"].get_value()[:] = point.morphology.areas[0]
    for name, value in point.initial.items():
        setattr(made, name, value if isinstance(value, str) else quantities.quantity(value))
    return made


def equations(point: Model) -> str:
    """Return equations and parameters of a point neuron as Brian2 reads them."""
    declared = [(base, point.parameters.unit_of(base)) for base in point.parameters.bases]
    area = "area" in used(point.equations) and "area" not in point.parameters.bases
    return f"{point.equations}\n{declarations(tuple(declared))}" + ("\narea : metre**2 (constant)" if area else "")


def reset(model: Model) -> str | None:
    """Return the reset as Brian2 reads it."""
    if model.reset is None:
        return None
    parts = [part for part in re.split(r"[;\n]", model.reset) if part.strip()]
    found = (match.groups() if (match := ASSIGNMENT.fullmatch(part)) else ("", "", part) for part in parts)
    return "\n".join(assignment(*groups) if groups[0] else groups[2] for groups in found)


def assignment(name: str, operator: str, text: str) -> str:
    """Return a statement as Brian2 reads it: a state that is set from itself is so in two steps.

    Brian2 takes ``w = w + floor(2.7)`` for ``w += 2``, and then does not know the names that stand in the text alone.
    """
    if operator or name not in IDENTIFIER.findall(text):
        return f"{name} {operator}= {text}"
    return f"nmdasim_next_{name} = {text}\n{name} = nmdasim_next_{name}"


def _duration(point: Model) -> Any:
    if point.refractory is None:
        return False
    return float(quantities.si(point.refractory, "ms", name="refractory")) * b2.second
