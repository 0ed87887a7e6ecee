"""A plan as a card: one JSON-able value with every number of a run and the text of every module that it needs.

``runtime/run.js`` reads it, here through Node and in a page alike. Arrays are ``{"dtype", "shape", "base64"}``; steps
are numbered as in the plan, from the begin of the first of several runs that go on from each other.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from typing import Any

import numpy as np

from nmdasim.engines.javascript.numbers import names
from nmdasim.engines.javascript.rendered import Rendered, named
from nmdasim.engines.javascript.synapses import SynapseWriter
from nmdasim.engines.kernel.arriving import weighs
from nmdasim.engines.kernel.synaptic import seen
from nmdasim.model.model import Model
from nmdasim.plan.plan import Arrivals, Cells, Plan, Wire, nearest_steps, whole_steps

Card = dict[str, Any]
_KINDS = {"f": "f8", "i": "i4", "u": "u1", "b": "u1"}


def written(values: Any, kind: str = "") -> Card:
    """Return an array as it stands in a card."""
    array = np.asarray(values)
    kind = kind or _KINDS[array.dtype.kind]
    data = np.ascontiguousarray(array, dtype=f"<{kind}" if kind != "u1" else "u1")
    return {"dtype": kind, "shape": list(array.shape), "base64": base64.b64encode(data.tobytes()).decode()}


def read(card: Mapping[str, Any]) -> np.ndarray:
    """Return an array of a card."""
    return np.frombuffer(base64.b64decode(card["base64"]), dtype=f"<{card['dtype']}").reshape(card["shape"])


def modules(plan: Plan) -> list[Rendered]:
    """Return the module of each population."""
    return [Rendered.of(cells, states) for cells, states in zip(plan.cells, seen(plan), strict=True)]


def card(plan: Plan, *, texts: bool = True, name: str = "") -> Card:
    """Return the card of a plan.

    Parameters
    ----------
    plan
        The run.
    texts
        Whether the texts of the modules come with it; without, the caller has them.
    name
        What the whole is called.

    Raises
    ------
    ModelError
        If the engine cannot render a model.
    """
    made, first = modules(plan), plan.first
    known = {one.name: one.text for one in made}
    wires = [_wire(plan, wire, made, known) for wire in plan.wires]
    return {
        "format": 1,
        "model": name or first.model.name,
        "dt": first.dt,
        "begin": first.begin,
        "steps": first.steps,
        "resumed": first.held is not None,
        "instances": plan.instances,
        "pending_slots": _pending(plan),
        "populations": [_population(cells, one) for cells, one in zip(plan.cells, made, strict=True)],
        "inputs": [
            {
                "name": "",
                "lanes": volley.lanes,
                "step": written(first.begin + volley.step, "f8"),
                "lane": written(volley.lane, "i4"),
            }
            for volley in plan.inputs
        ],
        "wires": wires,
        "modules": known if texts else {},
    }


def _pending(plan: Plan) -> int:
    """Return the steps until the last spike arrives that an earlier run left on its way."""
    times = [cells.held.pending.time for cells in plan.cells if cells.held is not None]
    return max((int(whole_steps(np.array([part.max(initial=0.0)]), plan.first.dt)[0]) for part in times), default=0)


# --- populations -----------------------------------------------------------------------------------------------------


def _population(cells: Cells, made: Rendered) -> Card:
    model, held = cells.model, cells.held
    shape = model.morphology
    windows = cells.begin + nearest_steps(np.asarray(cells.recording.windows, dtype=float), cells.dt)
    return {
        "name": cells.name or model.name,
        "module": made.name,
        "lanes": cells.lanes,
        "size": cells.size,
        "parameters": {name: _table(cells.parameters[name]) for name in names(model)},
        "entries": entries(model),
        "conductances": written(shape.conductances, "f8"),
        "initial": {state: _table(values) for state, values in cells.initial.items()},
        "given": {name: _plain(model, own) for name, own in {"": {}, **model.starts}.items()},
        "weighs": weighs(model).tolist(),
        **_events(cells),
        "windows": written(windows, "f8"),
        "summaries": [[probe.variable, probe.compartment, kind] for probe, kind in cells.recording.summaries],
        "traces": [[probe.variable, probe.compartment] for probe in cells.recording.traces],
        "every": cells.sampled_steps,
        "held": None
        if held is None
        else {
            "ready": written(held.ready, "f8"),
            "wait": written(held.wait, "f8"),
            "pending": _pending_events(held.pending, cells),
        },
    }


def _table(values: np.ndarray) -> Card:
    """Return a table of (lanes or 1, compartments or 1)."""
    return written(np.atleast_2d(values), "f8")


def entries(model: Model) -> list[Card]:
    """Return what can be set of a model: its entries of parameters, each with its value (SI), unit and compartments."""
    regions, every = model.morphology.regions, list(range(len(model.morphology)))
    own = {key: list(regions[key.partition(".")[2]]) if "." in key else every for key in model.parameters}
    for key, where in own.items():  # one for a region stands before one for all
        if "." not in key:
            others = {c for k, v in own.items() if k != key and k.partition(".")[0] == key for c in v}
            own[key] = [c for c in where if c not in others]
    return [
        {
            "name": key,
            "base": key.partition(".")[0],
            "compartments": where,
            "value": float(model.parameters[key].si),
            "unit": model.parameters[key].unit,
        }
        for key, where in own.items()
    ]


def _plain(model: Model, own: Mapping[str, Any]) -> dict[str, float]:
    """Return the states that begin at a plain number."""
    texts = {**model.initial, **own}
    return {state: float(np.asarray(value)) for state, value in texts.items() if not isinstance(value, str)}


def _events(cells: Cells) -> Card:
    """Return a population's own events by table, and the table of each lane."""
    known, table = np.unique(cells.table, return_inverse=True)
    return {"table": written(table, "i4"), "tables": [_arrivals(cells.arrivals.of(int(k)), cells) for k in known]}


def _arrivals(own: Arrivals, cells: Cells) -> Card:
    step = cells.begin + whole_steps(own.time, cells.dt)
    order = np.argsort(step, kind="stable")
    return {
        "step": written(step[order], "f8"),
        "port": written(own.port[order], "i4"),
        "weight": written(own.weight[order], "f8"),
    }


def _pending_events(pending: Arrivals, cells: Cells) -> Card:
    step = cells.begin + whole_steps(pending.time, cells.dt)
    return {
        "step": written(step, "f8"),
        "port": written(pending.port, "i4"),
        "lane": written(pending.table, "i4"),
        "weight": written(pending.weight, "f8"),
    }


# --- synapses --------------------------------------------------------------------------------------------------------


def _wire(plan: Plan, wire: Wire, made: list[Rendered], texts: dict[str, str]) -> Card:
    sources, populations = plan.sources, plan.cells
    common = {
        "pre": wire.pre,
        "pre_name": populations[wire.pre].name if wire.pre < len(populations) else "",
        "pre_size": sources[wire.pre] // plan.instances,
        "post": wire.post,
        "post_name": populations[wire.post].name,
        "port": wire.port,
        "port_name": list(populations[wire.post].model.ports)[wire.port],
        "plastic": None,
    }
    if wire.plastic is not None:
        return common | {"plastic": _plastic(plan, wire, made, texts)}
    weighing = weighs(populations[wire.post].model)[wire.port]
    rows = np.searchsorted(wire.source, np.arange(sources[wire.pre] + 1))
    return common | {
        "rows": written(rows, "i4"),
        "target": written(wire.target, "i4"),
        "amount": written(wire.weight if weighing else np.ones(1), "f8"),
        "delay": written(whole_steps(wire.delay, plan.first.dt), "i4"),
    }


def _plastic(plan: Plan, wire: Wire, made: list[Rendered], texts: dict[str, str]) -> Card:
    """Return what synapses with a state hold, in the order of delay, then source."""
    rule, pre = wire.plastic, made[wire.pre] if wire.pre < len(made) else None
    assert rule is not None
    text = SynapseWriter(rule.attached, made[wire.post], pre).text
    texts[named(text)] = text
    lanes = plan.sources[wire.pre]
    steps = np.broadcast_to(whole_steps(wire.delay, plan.first.dt), len(wire.source))
    delay, which = np.unique(steps, return_inverse=True)
    order = np.argsort(which, kind="stable")
    keys = np.arange(lanes + 1) + np.arange(len(delay))[:, None] * lanes
    rows = np.searchsorted(which[order] * lanes + wire.source[order], keys)
    before = rule.attached.pre
    return {
        "module": named(text),
        "label": rule.label,
        "source": written(wire.source[order], "i4"),
        "target": written(wire.target[order], "i4"),
        "instance": written(rule.instance[order], "i4"),
        "order": written(order, "i4"),
        "delay": written(delay, "i4"),
        "rows": written(rows, "i4"),
        "initial": {name: written(values[order], "f8") for name, values in rule.initial.items()},
        "parameters": {name: written(values, "f8") for name, values in rule.parameters.items()},
        "compartment": rule.attached.compartment,
        "pre_compartment": before.spike_site if before is not None else 0,
        "last": None if rule.last is None else written(rule.last[order], "f8"),
        "flight": {"lane": written(rule.flight[0], "i4"), "age": written(rule.flight[1], "i4")}
        if rule.flight.size
        else None,
    }
