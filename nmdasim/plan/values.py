"""Parameters and initial values of a run: SI arrays over lanes and compartments, everything random drawn."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from nmdasim.errors import ModelError
from nmdasim.language.evaluation import evaluate, evaluator
from nmdasim.language.noise import drawn
from nmdasim.language.system import system
from nmdasim.model.model import Model
from nmdasim.model.structure import by_structure
from nmdasim.quantities import in_unit, pretty, same_dimension

#: Concentrations, conductances, capacitances, and their densities.
_NEVER_NEGATIVE = ("mM", "S", "S/cm**2", "F", "F/cm**2")


def parameter_values(model: Model, overrides: Mapping[str, np.ndarray]) -> dict[str, np.ndarray]:
    """Return SI values of every parameter, and of ``area`` where the membrane needs it."""
    values = {base: model.values(base, overrides) for base in model.parameters.bases}
    for base, array in values.items():
        if np.any(array < 0) and never_negative(model, base):
            unit = model.parameters.unit_of(base)
            raise ModelError(f"{base} = {float(in_unit(array.min(), unit)):g} {pretty(unit)}; it cannot be negative")
        if np.any(array > 1) and is_share(model, base):
            raise ModelError(f"{base} = {float(array.max()):g}; it is a share, from 0 to 1")
    return {"area": np.array([model.morphology.areas])} | values


def never_negative(model: Model, base: str) -> bool:
    """Whether a parameter cannot be negative: by its range, or as a concentration, a conductance or a capacitance."""
    unit = model.parameters.unit_of(base)
    low = [p.bounds[0] for key in model.entries(base) if (p := model.parameters[key]).bounds]
    return bool(low and min(low) == 0) or any(same_dimension(unit, like) for like in _NEVER_NEGATIVE)


def is_share(model: Model, base: str) -> bool:
    """Whether a parameter is a share or a probability: a plain number whose range lies within 0 to 1."""
    ranges = [model.parameters[key].bounds for key in model.entries(base)]
    within = all(bounds is not None and bounds[0] >= 0 and bounds[1] <= 1 for bounds in ranges)
    return within and same_dimension(model.parameters.unit_of(base), "1")


class Draws(Protocol):
    """What ``rand()`` and ``randn()`` in initial values are drawn from, such as a NumPy generator."""

    def standard_normal(self, size: tuple[int, int]) -> np.ndarray:
        """Draw (lanes, compartments)."""

    def random(self, size: tuple[int, int]) -> np.ndarray:
        """Draw (lanes, compartments)."""


def initial_values(
    model: Model,
    values: Mapping[str, np.ndarray],
    overrides: Mapping[str, Any],
    rng: Draws | np.random.Generator,
    lanes: int,
) -> dict[str, np.ndarray]:
    """Evaluate initial values; expressions may use parameters, subexpressions and other initial values.

    Raises
    ------
    ModelError
        If expressions refer to one another in a circle.
    """
    given = dict(model.initial) | dict(overrides)
    names = (*model.parameters.bases, "area")
    equations = system(model.equations, (*model.parameters.bases, "Cm", "area"))
    done: dict[str, np.ndarray] = {s: np.zeros((1, 1)) for s in equations.states if s not in given}
    pending = {}
    shape = (lanes, len(model.morphology))
    for state, value in given.items():
        if isinstance(value, str):
            text, draws = draw(value, state, rng, shape)
            values = dict(values) | draws
            pending[state] = equations.substitute(text, (*names, *draws))
        else:
            done[state] = np.asarray(value, dtype=float).reshape(-1, 1)
    while pending:
        ready = [s for s, e in pending.items() if not {x.name for x in e.free_symbols} & set(pending)]
        if not ready:
            raise ModelError(f"{model.name}: initial values of {', '.join(pending)} depend on one another")
        for state in ready:
            with np.errstate(all="ignore"):
                result = evaluate(pending.pop(state), {**values, **done, "t": np.zeros((1, 1))})
            done[state] = np.atleast_2d(result)
    _check_start(model, {**values, **done, "t": np.zeros((1, 1))}, done)
    return done


def _check_start(model: Model, values: Mapping[str, np.ndarray], states: Mapping[str, np.ndarray]) -> None:
    """Refuse parameters with which a state, its rate of change or what an event adds to it is not finite."""
    with np.errstate(all="ignore"):
        numbers = zip(_changing(model), _changes(model)({**values, "weight": np.zeros((1, 1))}), strict=True)
    for name, value in [*states.items(), *numbers]:
        if not np.all(np.isfinite(value)):
            raise ModelError(
                f"{model.name}: {name}, its rate of change or what an event adds to it is not finite at the start; "
                "a parameter or an initial value that it depends on is 0 or out of range"
            )


def _changing(model: Model) -> list[str]:
    """Return the state behind each of `_changes`."""
    return [*model.system.derivatives, *(state for port in model.ports.values() for state, _ in port.increments())]


@by_structure(maxsize=256)
def _changes(model: Model) -> Callable[[Mapping[str, np.ndarray]], list[np.ndarray]]:
    added = [text for port in model.ports.values() for _, text in port.increments()]
    names = (*model.parameters.bases, "area", "weight", "t")
    return evaluator((*model.system.derivatives.values(), *(model.system.substitute(text, names) for text in added)))


def draw(
    text: str, state: str, rng: Draws | np.random.Generator, shape: tuple[int, int]
) -> tuple[str, dict[str, np.ndarray]]:
    """Replace each ``rand()`` and ``randn()`` by a name and its drawn values."""
    text, kinds = drawn(text, f"drawn_{state}_")
    sources = {"normal": rng.standard_normal, "uniform": rng.random}
    return text, {name: sources[kind](shape) for name, kind in kinds.items()}
