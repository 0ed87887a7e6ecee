"""Plain vectorized NumPy: the same equations, linearised exponential Euler, every lane in one array."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import sympy as sp

from nmdasim import quantities
from nmdasim.language.evaluation import evaluator
from nmdasim.language.functions import exprel
from nmdasim.language.reader import symbol
from nmdasim.model.model import Model
from nmdasim.plan.plan import Cells


def program(made: Cells) -> Callable[[], np.ndarray]:
    """Return what runs a plan and counts the spikes of each lane."""
    step = _step(made.model)
    values = {name: v[:, 0] for name, v in made.parameters.items()}

    def run() -> np.ndarray:
        states = made.model.system.states
        y = {s: np.broadcast_to(made.initial[s][:, 0], made.lanes).astype(float).copy() for s in states}
        return _run(made, step, values, y)

    return run


def _step(model: Model) -> Callable[[Any], list[np.ndarray]]:
    dt = symbol("dt")
    updates = [
        symbol(s) + dt * rate * exprel(dt * rate.diff(symbol(s))) for s, rate in model.system.derivatives.items()
    ]
    return evaluator([sp.sympify(u) for u in updates])


def _run(made: Cells, step: Any, values: dict[str, np.ndarray], y: dict[str, np.ndarray]) -> np.ndarray:
    model = made.model
    scope: dict[str, Any] = {**values, "dt": made.dt}
    threshold = evaluator([model.system.substitute(str(model.threshold), model.parameters.bases)])
    reset = _reset(model)
    hold = 0 if not isinstance(model.refractory, str) else -1
    refractory = round(float(_seconds(model.refractory)) / made.dt) if hold == 0 and model.refractory is not None else 0
    counts, ready = np.zeros(made.lanes, int), np.ones(made.lanes, bool)
    wait = np.zeros(made.lanes, int)
    events = np.ceil(made.arrivals.time / made.dt - 0.5 - 1e-9).astype(int)
    increments = [port.increments() for port in model.ports.values()]
    for n in range(made.steps):
        for e in np.flatnonzero(events == n) if n in set(events) else ():
            for state, amount in increments[made.arrivals.port[e]]:
                y[state] = y[state] + float(amount)
        new = dict(zip(model.system.derivatives, step({**scope, **y, "t": n * made.dt}), strict=True))
        free = wait <= 0
        y = {s: np.where(free, v, y[s]) if s in model.system.held else v for s, v in new.items()}
        above = threshold({**scope, **y})[0].astype(bool)
        fires = above & (ready if hold else free)
        ready = ~above
        counts += fires
        wait = np.where(fires, refractory, wait) - 1
        if fires.any() and reset:
            for state, evaluate in reset:
                y[state] = np.where(fires, evaluate({**scope, **y})[0], y[state])
    return counts


def _reset(model: Model) -> list[tuple[str, Any]]:
    parts = [p.strip() for p in (model.reset or "").split(";") if p.strip()]
    found = []
    for part in parts:
        left, _, right = part.partition("=")
        state = left.strip(" +")
        text = f"{state} + ({right})" if left.strip().endswith("+") else right
        found.append((state, evaluator([model.system.substitute(text, model.parameters.bases)])))
    return found


def _seconds(value: Any) -> float:
    return float(quantities.si(value, "ms", name="refractory"))
