"""A neuron of several compartments as one of a single compartment: the same equations, each compartment by its name.

Tools that know points only (a Brian2 ``NeuronGroup``, a LEMS component) take the flat model: ``v`` of the soma is the
state ``v_soma``, and what flows along the cable is written out.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np
from brian2.equations import Equations
from brian2.equations.equations import DIFFERENTIAL_EQUATION
from brian2.units import Quantity
from brian2.units.fundamentalunits import get_dimensions

from nmdasim import quantities
from nmdasim.language.names import renamed
from nmdasim.model.check import POTENTIAL
from nmdasim.model.morphology import Morphology
from nmdasim.model.parameter import Parameter, ParameterSet
from nmdasim.model.port import Port

if TYPE_CHECKING:
    from nmdasim.model.model import Model


def flat(model: Model) -> Model:
    """Return a model without morphology that behaves as the given one; a point neuron is returned as it is.

    Every state, subexpression and regional parameter carries the name of its region, and its number where the region
    has several compartments: ``v_soma``, ``ca_dendrite_3``. A membrane current density ``Im`` becomes
    ``dv/dt = (Im + I_axial/area)/Cm``. Summaries and gains stay behind.
    """
    if model.is_point:
        return model
    names = compartments(model.morphology)
    maps = [_names(model, suffix) for suffix in names]
    site = maps[model.spike_site]
    return type(model)(
        name=model.name,
        equations="\n".join(line for k in range(len(names)) for line in _equations(model, k, maps)),
        parameters=ParameterSet(_parameters(model, names)),
        initial=_values(model.initial, maps),
        starts={name: _values(start, maps) for name, start in model.starts.items()},
        threshold=None if model.threshold is None else renamed(model.threshold, site),
        reset=None if model.reset is None else renamed(model.reset, site),
        refractory=renamed(model.refractory, site) if isinstance(model.refractory, str) else model.refractory,
        ports={
            name: Port(renamed(port.effect, maps[port.compartment]), signed=port.signed)
            for name, port in model.ports.items()
        },
        fibres=model.fibres,
        references=model.references,
        dt=model.dt,
        dt_max=model.dt_max,
        membrane=site[POTENTIAL],
        description=f"{model.description}; every compartment by its name".lstrip("; "),
    )


def compartments(shape: Morphology) -> list[str]:
    """Return a name for each compartment: its region, numbered where that has several."""
    found = [""] * len(shape)
    for region, where in shape.regions.items():
        for number, k in enumerate(where):
            found[k] = region if len(where) == 1 else f"{region}_{number}"
    return found


def _regional(model: Model) -> list[str]:
    """Return the parameters that differ between compartments."""
    return [base for base in model.parameters.bases if np.ptp(model.values(base)) != 0]


def _names(model: Model, suffix: str) -> dict[str, str]:
    """Return what everything of one compartment is called in the flat model."""
    text = Equations(model.equations)
    own = [*text.names, POTENTIAL, "area", *_regional(model)]
    return {name: f"{name}_{suffix}" for name in own if name not in model.parameters or name in _regional(model)}


def _equations(model: Model, k: int, maps: list[dict[str, str]]) -> list[str]:
    names, shape = maps[k], model.morphology
    lines = []
    for name, equation in Equations(model.equations).items():
        left = f"d{names[name]}/dt" if equation.type == DIFFERENTIAL_EQUATION else names[name]
        flags = f" ({', '.join(equation.flags)})" if equation.flags else ""
        unit = quantities.base_units(equation.dim)
        lines.append(f"{left} = {renamed(equation.expr.code, names)} : {unit}{flags}")
    v, area = names[POTENTIAL], names["area"]
    neighbours = [(j, max(j, k)) for j, parent in enumerate(shape.parents) if parent == k]
    neighbours += [(shape.parents[k], k)] if shape.parents[k] >= 0 else []
    flows = " + ".join(f"{_axial(maps, child)}*({maps[j][POTENTIAL]} - {v})" for j, child in neighbours)
    cm = names.get("Cm", "Cm")
    axial = f" + ({flows})/{area}" if flows else ""
    return [*lines, f"d{v}/dt = ({names['Im']}{axial})/{cm} : volt"]


def _axial(maps: list[dict[str, str]], child: int) -> str:
    """Return the name of the conductance between a compartment and its parent."""
    return f"g_axial_{maps[child][POTENTIAL].removeprefix(f'{POTENTIAL}_')}"


def _parameters(model: Model, names: list[str]) -> dict[str, Parameter]:
    regional = set(_regional(model))
    found: dict[str, Parameter] = {}
    for base in model.parameters.bases:
        values = np.broadcast_to(model.values(base), (1, len(names)))[0]
        entries = [model.parameters[key] for key in model.parameters.entries(base)]
        dimension = get_dimensions(entries[0].value)
        for k, suffix in enumerate(names) if base in regional else ((0, ""),):
            entry = _entry(model, base, k) or entries[0]
            key = f"{base}_{suffix}" if suffix else base
            found[key] = dataclasses.replace(entry, value=Quantity(float(values[k]), dim=dimension))
    metre2, siemens = quantities.unit("meter") ** 2, quantities.unit("siemens")
    for k, suffix in enumerate(names):
        found[f"area_{suffix}"] = Parameter(model.morphology.areas[k] * metre2, "um**2", source="morphology")
        if model.morphology.parents[k] >= 0:
            coupling = model.morphology.conductances[k] * siemens
            found[f"g_axial_{suffix}"] = Parameter(coupling, "nS", source="morphology")
    return found


def _entry(model: Model, base: str, k: int) -> Parameter | None:
    """Return the entry of a parameter that holds in a compartment."""
    region = next(name for name, where in model.morphology.regions.items() if k in where)
    return model.parameters.get(f"{base}.{region}", model.parameters.get(base))


def _values(values: Mapping[str, Any], maps: list[dict[str, str]]) -> dict[str, Any]:
    """Return initial values of every compartment; a text such as ``"1 mV"`` holds no names."""
    found: dict[str, Any] = {}
    for name, value in values.items():
        for names in maps:
            found[names[name]] = renamed(value, names) if isinstance(value, str) else value
    return found
