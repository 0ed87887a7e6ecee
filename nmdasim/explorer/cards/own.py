"""The card of a user's model: its ports as buttons, its parameters as sliders, its states to draw."""

from __future__ import annotations

from typing import Any

from brian2.equations import Equations

from nmdasim import quantities
from nmdasim.engines.javascript.card import card as engine_card
from nmdasim.engines.kernel.arriving import weighs
from nmdasim.explorer.cards.numbers import parameter
from nmdasim.model.model import Model
from nmdasim.run.prepare import prepare
from nmdasim.run.question import question

#: Unit in which the weight of an event is typed, and its first value there, by what it adds to.
_WEIGHTS = {"siemens": "nS", "amp": "nA", "volt": "mV", "uM": "uM", "siemens/meter**2": "mS/cm**2"}


def card(model: Model) -> dict[str, Any]:
    """Return a model that the page can run.

    Raises
    ------
    ModelError
        If the JavaScript engine cannot render it.
    """
    run = prepare(question(model, duration="200 ms"))[0]
    return {
        "name": model.name,
        "about": model.description,
        "engine": engine_card(run.plan),
        "ports": _ports(model),
        "states": list(model.system.states),
        "regions": {name: list(where) for name, where in model.morphology.regions.items()},
        "parameters": {name: parameter(one) for name, one in model.parameters.items() if one.si.ndim == 0},
        "references": list(model.references),
    }


def _ports(model: Model) -> list[dict[str, Any]]:
    """Return the ports; of one whose events have a weight also its unit and what one of that is in SI."""
    known = Equations(model.equations)
    found = []
    for (name, port), weighing in zip(model.ports.items(), weighs(model), strict=True):
        one: dict[str, Any] = {"name": name, "effect": port.effect}
        if weighing:
            state = next(iter(dict(port.increments())))
            unit = next((u for base, u in _WEIGHTS.items() if known[state].dim is quantities.parse_unit(base).dim), "")
            one |= {"unit": quantities.pretty(unit) if unit else "SI"}
            one |= {"factor": float(quantities.si(f"1 {unit}", unit, name=name)) if unit else 1.0}
        found.append(one)
    return found
