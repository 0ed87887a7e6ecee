"""A model as a plain Brian2 group."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import brian2 as b2

from nmdasim import quantities
from nmdasim.errors import ModelError
from nmdasim.language.names import used
from nmdasim.model.check import declarations
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
    rule = {"threshold": point.threshold, "reset": point.reset, "refractory": refractory}
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


def _duration(point: Model) -> Any:
    if point.refractory is None:
        return False
    return float(quantities.si(point.refractory, "ms", name="refractory")) * b2.second
