"""The card of *A year*: pain states, schedules, rival slow models, and what the circuit makes of drug and input."""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy.interpolate import PchipInterpolator

from nmdasim.explorer.cards.numbers import parameters, plain
from nmdasim.explorer.formulas import function
from nmdasim.pharmacology import SCHEDULES, Regimen
from nmdasim.pharmacology.presets import number
from nmdasim.treatment.acute import acute
from nmdasim.treatment.given import DRUG, kinetics, regimen_of
from nmdasim.treatment.slow import INPUTS, RELIEF, names, slow_model
from nmdasim.treatment.states import State, states
from nmdasim.treatment.states import names as state_names
from nmdasim.treatment.supply import Link, begin
from nmdasim.treatment.table import circuit_table


def card() -> dict[str, Any]:
    """Return states, regimens, models, links of drugs, and the table of the circuit as a spline."""
    regimens = {name: regimen_of(name) for name in SCHEDULES}
    drugs = dict.fromkeys([DRUG, *(one.drug for one in regimens.values())])
    every = [states(name) for name in state_names()]
    return {
        "states": {one.name: _state(one) for one in every},
        "regimens": {name: _regimen(one) for name, one in regimens.items()},
        "models": {name: _model(name, every) for name in names()},
        "links": {name: _link(Link.of(name, every[0])) for name in drugs},
        "pain_site_per_h": plain(np.log(2) / number("effect_site", "half_life_pain", "h")),
        "drive": _drive(),
    }


def _state(one: State) -> dict[str, Any]:
    curve = acute(one)
    share = np.clip(1 - curve.output / curve.output[0], 0, 1)
    pieces = PchipInterpolator(curve.ketamine, share)
    return {
        "title": one.title,
        "measured": list(one.measured),
        "assumed": list(one.assumed),
        "sources": list(one.sources),
        "rate_hz": one.number("rate", "Hz"),
        "healing_h": one.number("healing", "h"),
        "pain": one.number("pain"),
        "acute": {"um": plain(pieces.x), "pieces": plain(pieces.c)},
        "parameters": parameters(one.parameters),
    }


def _regimen(one: Regimen) -> dict[str, Any]:
    events = [e for e in one.written_out().events if e.is_dose and e.amount > 0]
    return {
        "title": one.name,
        "drug": one.drug,
        "source": one.source,
        "preset": f"{kinetics(one).name} {one.drug}",
        "events": [
            {"time_h": plain(e.time_h), "amount": plain(e.amount), "unit": e.unit, "over_h": plain(e.over_h)}
            | {"route": e.route}
            for e in events
        ],
        "end_h": plain(one.end_h),
    }


def _model(name: str, every: list[State]) -> dict[str, Any]:
    model = slow_model(name)
    values = {key: np.array([float(p.si)]) for key, p in model.parameters.items()}
    starts = {}
    for state in every:
        first, settled = begin(model, state, values)
        start = dict(zip(model.system.states, plain(first[0]), strict=True))
        starts[state.name] = {"states": start, "values": {key: plain(v[0]) for key, v in settled.items()}}
    own = {key: p for key, p in model.parameters.items() if key not in INPUTS}
    return {
        "states": list(model.system.states),
        "rates": function(list(model.system.derivatives.values())),
        "relief": function([model.system.subexpressions[RELIEF]]),
        "equations": model.equations,
        "references": list(model.references),
        "parameters": parameters(own),
        "starts": starts,
    }


def _link(one: Link) -> dict[str, float]:
    return {"arterial": plain(one.arterial), "micromolar": plain(one.micromolar)}


def _drive() -> dict[str, Any]:
    """Return the calcium that drives potentiation as knots and coefficients over s, free ketamine (µM), rate (Hz)."""
    table = circuit_table()
    spline = table._splines["drive"]
    ends = [(axis[0], axis[-1]) for axis in table._axes]
    return {"knots": [plain(t) for t in spline.t], "coefficients": plain(spline.c), "ends": plain(ends)}
