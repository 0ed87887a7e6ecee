"""A parameter that moves during a run: it becomes a state that events move."""

from __future__ import annotations

import dataclasses

from brian2.units.fundamentalunits import get_dimensions

from nmdasim import quantities
from nmdasim.errors import ModelError
from nmdasim.model.model import Model
from nmdasim.model.parameter import ParameterSet
from nmdasim.model.port import Port


def driven(model: Model, name: str, *, jumps: bool = False) -> Model:
    """Return a model in which a parameter follows straight lines between knots, or with `jumps` stands still there.

    The parameter becomes a state of that name. It starts at the parameter ``<name>_start``; events on the ports
    ``bath_<name>_<compartment>`` change its slope, or itself, by ``weight``. With events at whole steps every engine
    follows the same course, the staggered kernel half a step early. An initial value that refers to the parameter takes
    its first value.

    Raises
    ------
    ModelError
        If there is no such parameter, or it differs between regions.
    """
    if model.entries(name) != (name,):
        raise ModelError(f"{model.name}: {name} differs between regions; a course is one value everywhere")
    given = model.parameters[name]
    unit = quantities.base_units(get_dimensions(given.value))
    slope = f"{name}_slope"
    lines = f"d{name}/dt = {slope} : {unit}\nd{slope}/dt = 0*{slope}/second : {unit}/second\n"
    lines, moved = (f"d{name}/dt = 0*{name}/second : {unit}\n", name) if jumps else (lines, slope)
    others = {key: p for key, p in model.parameters.items() if key != name}
    return dataclasses.replace(
        model,
        equations=f"{model.equations.rstrip()}\n{lines}",
        parameters=ParameterSet(others | {f"{name}_start": given}),
        initial=dict(model.initial) | {name: f"{name}_start"},
        ports=dict(model.ports) | {port(name, c): Port(f"{moved} += weight", c) for c in range(len(model.morphology))},
    )


def port(name: str, compartment: int) -> str:
    """Return the name of the port that moves a driven parameter in one compartment."""
    return f"bath_{name}_{compartment}"
