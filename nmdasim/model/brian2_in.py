"""A neuron of a Brian2 script as fields of a Model: what is carried over, and what is refused by its name.

This and ``brian2_out.py`` are the bridge to Brian2's objects (Stimberg, Brette & Goodman 2019, eLife 8:e47314).
"""

from __future__ import annotations

import inspect
from collections.abc import Iterable, Mapping
from numbers import Real
from pathlib import Path
from typing import Any

import brian2
import numpy as np
from brian2.equations import Equations
from brian2.equations.equations import DIFFERENTIAL_EQUATION, PARAMETER
from brian2.units import Quantity
from brian2.units.fundamentalunits import get_dimensions, have_same_dimensions

from nmdasim import quantities
from nmdasim.errors import ModelError, UnitError
from nmdasim.language.functions import CONSTANTS, FUNCTIONS
from nmdasim.language.names import used
from nmdasim.language.noise import is_noise
from nmdasim.model import refused

#: What of a group acts during a run and is carried over: the rest of its parts is refused.
_CARRIED = ("StateUpdater", "Thresholder", "Resetter", "SubexpressionUpdater")
_PACKAGE = Path(__file__).parents[1]


def surroundings() -> dict[str, Any]:
    """Return the variables where the library was called, globals first, as Brian2 looks for names."""
    frame = inspect.currentframe()
    while frame is not None and _PACKAGE in Path(frame.f_code.co_filename).parents:
        frame = frame.f_back
    return {} if frame is None else {**frame.f_globals, **frame.f_locals}


def fields(given: Any, namespace: Mapping[str, Any], options: Mapping[str, Any]) -> dict[str, Any]:
    """Return the fields of a Model.

    Parameters
    ----------
    given
        A NeuronGroup, or equations.
    namespace
        What names stand for.
    options
        Fields that win over what the group says.
    """
    said: dict[str, Any] = {}
    if isinstance(given, brian2.NeuronGroup):
        said, text = _of_group(given, options)
        namespace = {**namespace, **(given.namespace or {})}
    elif isinstance(given, str | Equations):
        text = _equations(given)
    else:
        raise ModelError(f"a {type(given).__name__} is no neuron; give a NeuronGroup of Brian2, or equations")
    said = said | {name: value for name, value in options.items() if name != "parameters"}
    values = said.pop("values", {}) | dict(options.get("parameters", {}))
    text, moved, values = _states_of_reset(text, said.get("reset"), values)
    said["initial"] = moved | dict(said.get("initial") or {})
    if lacking := [name for name, eq in text.items() if eq.type == PARAMETER and name not in {*values, *namespace}]:
        raise ModelError(f"{', '.join(lacking)} has no value; give it, parameters={{{lacking[0]!r}: …}}")
    spelled = _texts(text, said)
    wanted = _used(spelled) | {name for name, eq in text.items() if eq.type == PARAMETER}
    defined = {name for name, eq in text.items() if eq.type != PARAMETER}
    constants = _constants(wanted - set(values) - defined, namespace)
    known = set(values) | defined | set(constants)
    for where, line in spelled.items():
        refused.expression(line, known, where, noise=where.startswith("the equation"), drawn=where == "the reset")
    return {"name": "brian2"} | said | {"equations": _written(text), "parameters": constants | values}


def _equations(given: str | Equations) -> Equations:
    try:
        return given if isinstance(given, Equations) else Equations(given)
    except Exception as error:  # Brian2's parser raises many kinds; the text is what the user needs
        raise ModelError(" ".join(str(error).split())) from None


def _of_group(group: brian2.NeuronGroup, options: Mapping[str, Any]) -> tuple[dict[str, Any], Equations]:
    """Return what a group says of itself, and its equations."""
    if type(group) is not brian2.NeuronGroup or isinstance(group, brian2.Subgroup):
        raise ModelError(
            f"{group.name} is a {type(group).__name__}; give a NeuronGroup, and a morphology as nm.Morphology"
        )
    if others := sorted(set(group.events) - {"spike"}):
        raise ModelError(f"{group.name} has the event {others[0]!r}; a model has spikes only")
    if strange := [one for one in group.contained_objects if type(one).__name__ not in _CARRIED]:
        raise ModelError(
            f"{group.name}: {strange[0].name} (run_regularly, run_on_event) has no place in a model; what comes at "
            "given times is a protocol, nm.Events"
        )
    text = group.user_equations
    chosen = {*options.get("parameters", {}), *(options.get("initial") or {})}
    values = {name: _one(group, name, text) for name, eq in text.items() if _held(eq) and name not in chosen}
    step = Quantity(group.clock.dt)
    said = {
        "name": group.name,
        "threshold": group.events.get("spike"),
        "reset": group.event_codes.get("spike") or None,
        "refractory": None if group._refractory is False else group._refractory,
        "initial": {
            name: value
            for name, value in values.items()
            if text[name].type == DIFFERENTIAL_EQUATION and float(value) != 0
        },
        "values": {name: value for name, value in values.items() if text[name].type == PARAMETER},
        "dt": step,
        "dt_max": max(step, 1e-3 * quantities.unit("second")),
    }
    return said, text


def _held(equation: Any) -> bool:
    """Whether a group holds a number for it: a state or a parameter, which is a number."""
    if equation.type == PARAMETER and "linked" in equation.flags:
        raise ModelError(f"{equation.varname} is (linked); what one population tells another goes through a Projection")
    if equation.type == PARAMETER and equation.var_type == "boolean":
        raise ModelError(f"{equation.varname} is boolean; parameters are numbers: write it as 1 or 0")
    return equation.type in (PARAMETER, DIFFERENTIAL_EQUATION)


def _one(group: brian2.NeuronGroup, name: str, text: Equations) -> Quantity:
    """Return the one value that all neurons of a group have."""
    found = np.unique(np.asarray(group.variables[name].get_value(), dtype=float))
    if len(found) > 1:
        kind = "initial" if text[name].type == DIFFERENTIAL_EQUATION else "parameters"
        example = "'-60*mV + 5*mV*randn()'" if kind == "initial" else "…"
        raise ModelError(
            f"{name} differs between the {len(group)} neurons of {group.name}; give one value or a rule here, "
            f"{kind}={{{name!r}: {example}}}, and each neuron's own to nm.Population(model, {len(group)}, {kind}=…)"
        )
    return Quantity(float(found[0]), dim=text[name].dim)


def _states_of_reset(
    text: Equations, reset: str | None, values: dict[str, Any]
) -> tuple[Equations, dict[str, Any], dict[str, Any]]:
    """Turn parameters that a reset sets, such as a threshold that adapts, into states that else stand still."""
    targets = {line.split("=")[0].strip(" +-*/\t") for line in (reset or "").replace(";", "\n").splitlines() if line}
    moved = [name for name, eq in text.items() if eq.type == PARAMETER and name in targets]
    if not moved:
        return text, {}, values
    lines = [f"d{n}/dt = 0*{quantities.base_units(text[n].dim)}/second : {_unit(text[n].dim)}" for n in moved]
    kept = [_line(name, eq) for name, eq in text.items() if name not in moved]
    start = {name: values[name] for name in moved if name in values}
    rest = {name: value for name, value in values.items() if name not in moved}
    return Equations("\n".join([*kept, *lines])), start, rest


def _texts(text: Equations, said: Mapping[str, Any]) -> dict[str, str]:
    """Return every text in which names stand, by where it stands."""
    found = {f"the equation of {name}": eq.expr.code for name, eq in text.items() if eq.expr is not None}
    for name in ("threshold", "reset", "refractory"):
        if isinstance(said.get(name), str):
            parts = said[name].replace(";", "\n").splitlines() if name == "reset" else [said[name]]
            # Of an assignment the left side is a state; what Brian2 resolves stands on the right.
            rights = [part.partition("=")[2].lstrip("=") if name == "reset" else part for part in parts]
            found[f"the {name}"] = " + ".join(f"({right.strip()})" for right in rights if right.strip())
    return {where: line for where, line in found.items() if line}


def _used(texts: Mapping[str, str]) -> set[str]:
    names = {name for line in texts.values() for name in used(line)}
    own = {"t", "and", "or", "not", "True", "False", *FUNCTIONS, *CONSTANTS}
    return {name for name in names - own - set(refused.INSTEAD) if not is_noise(name)}


def _constants(names: Iterable[str], namespace: Mapping[str, Any]) -> dict[str, Quantity]:
    """Return the numbers that names stand for; units stay units, and what is unknown is left to the model to refuse."""
    found: dict[str, Quantity] = {}
    for name in sorted(names):
        value: Any = namespace.get(name)
        if isinstance(value, Quantity | Real | np.number) and not getattr(value, "ndim", 0):
            if not _is_unit(name, value):
                found[name] = Quantity(float(value), dim=get_dimensions(value))
        elif isinstance(value, np.ndarray | list | tuple):
            raise ModelError(f"{name} is an array; a model takes one value, and lists of them are given to simulate")
        elif callable(value) and name not in FUNCTIONS and not hasattr(value, "values"):
            raise ModelError(f"{name} is a function of your own; write it out, with {', '.join(FUNCTIONS)}")
    return found


def _is_unit(name: str, value: Any) -> bool:
    """Whether a name stands for the unit that it says, ``ms`` for a millisecond."""
    try:
        unit = quantities.unit(name)
    except UnitError:
        return False
    return have_same_dimensions(unit, value) and float(unit) == float(value)


def _written(text: Equations) -> str:
    return "\n".join(_line(name, eq) for name, eq in text.items() if eq.type != PARAMETER)


def _line(name: str, equation: Any) -> str:
    """Return one equation as text; a value held over a step is one that is computed in it."""
    left = f"d{name}/dt = {equation.expr.code}" if equation.type == DIFFERENTIAL_EQUATION else name
    left = f"{name} = {equation.expr.code}" if equation.expr and equation.type != DIFFERENTIAL_EQUATION else left
    flags = [flag for flag in equation.flags if flag == "unless refractory"]
    kind = "1" if equation.var_type == "integer" else _unit(equation.dim)
    return f"{left} : {equation.var_type if equation.var_type == 'boolean' else kind}" + (
        f" ({', '.join(flags)})" if flags else ""
    )


_PLAIN = ("volt", "amp", "siemens", "farad", "ohm", "hertz", "second", "metre", "molar")


def _unit(dimension: Any) -> str:
    """Spell a dimension as equations do: ``volt`` rather than base units, where there is a name."""
    for name in _PLAIN:
        if get_dimensions(quantities.unit(name)) is dimension and float(quantities.unit(name)) == 1:
            return name
    return quantities.base_units(dimension)
