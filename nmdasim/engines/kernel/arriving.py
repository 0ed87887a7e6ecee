"""What arrives at the populations of a circuit: through synapses, from inputs, and from events of their own."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from nmdasim.engines.kernel import loop
from nmdasim.engines.kernel.storage import Joined, Storage
from nmdasim.language.reader import symbol
from nmdasim.model.model import Model
from nmdasim.plan.plan import Plan, whole_steps


def weighs(model: Model) -> np.ndarray:
    """Return for each port whether its effect depends on the weight of an event; those that do not count events."""
    names, weight = (*model.parameters.bases, "weight", "t", "area"), symbol("weight")
    effects = [[model.system.substitute(text, names) for _, text in port.increments()] for port in model.ports.values()]
    return np.array([any(weight in effect.free_symbols for effect in of_port) for of_port in effects], dtype=bool)


def synapses(
    plan: Plan, storage: Storage, inputs: np.ndarray, weighing: Sequence[np.ndarray], part: range
) -> tuple[np.ndarray, tuple[np.ndarray, ...]]:
    """Return the synapses of some instances, and write where those of each population and input begin.

    Parameters
    ----------
    plan
        The circuit.
    storage, inputs
        Populations and inputs over these instances.
    weighing
        For each population, which of its ports weigh events.
    part
        The instances.

    Returns
    -------
    wires
        The loop's table of projections, those of one source after those of another.
    arrays
        Rows, targets, amounts and delays: the synapses of source i are ``row[i]`` to ``row[i + 1]``.
    """
    ordered = sorted((wire for wire in plan.wires if wire.plastic is None), key=lambda wire: wire.pre)
    wires = np.zeros(len(ordered), loop.WIRE)
    real = storage.state.dtype
    rows, targets, amounts, delays = Joined(np.int64), Joined(np.int32), Joined(real), Joined(np.int32)
    for row, wire in zip(wires, ordered, strict=True):
        post = storage.kept[wire.post]
        weight = wire.weight if weighing[wire.post][wire.port] else np.ones(1)
        sources = plan.instance_lanes(plan.sources[wire.pre], part)
        ends = np.searchsorted(wire.source, np.append(sources, sources[-1] + 1))
        own = slice(ends[0], ends[-1])
        delay = wire.delay[own] if len(wire.delay) > 1 else wire.delay
        row["post"], row["port"] = wire.post, wire.port
        row["each_amount"], row["each_delay"] = len(weight) > 1, len(wire.delay) > 1
        row["rows"] = rows.add(ends - ends[0])
        row["targets"] = targets.add(wire.target[own] - post.lanes[0])
        row["amounts"] = amounts.add(weight[own] if len(weight) > 1 else weight)
        row["delays"] = delays.add(whole_steps(delay, plan.first.dt))
    bounds = np.searchsorted([wire.pre for wire in ordered], np.arange(len(plan.sources) + 1))
    for k, source in enumerate([*storage.populations, *inputs]):
        source["first_wire"], source["last_wire"] = bounds[k], bounds[k + 1]
    return wires, (rows.whole, targets.whole, amounts.whole, delays.whole)


def fired(plan: Plan, inputs: np.ndarray, part: range) -> tuple[np.ndarray, np.ndarray]:
    """Return what the inputs fire in some instances, steps and fibres, and write where each begins and ends."""
    steps, fibres = Joined(np.int64), Joined(np.int64)
    for row, volley in zip(inputs, plan.inputs, strict=True):
        lanes = plan.instance_lanes(volley.lanes, part)
        own = (volley.lane >= lanes[0]) & (volley.lane <= lanes[-1])
        row["begin"] = steps.add(plan.first.begin + volley.step[own])
        fibres.add(volley.lane[own] - lanes[0])
        row["end"] = steps.length
    return steps.whole, fibres.whole


def events(storage: Storage, weighing: Sequence[np.ndarray]) -> tuple[np.ndarray, ...]:
    """Return the populations' own events in order of time, and which lanes take those of each table.

    Returns
    -------
    step, port, table, weight
        One entry an event; the population's ``events`` to ``end`` are its own.
    row, lane
        The lanes of table i of a population are ``row[tables + i]`` to ``row[tables + i + 1]``.
    """
    step, port, table = (Joined(np.int64) for _ in range(3))
    weight, rows, lanes = Joined(storage.state.dtype), Joined(np.int64), Joined(np.int64)
    for row, one, weighs_port in zip(storage.populations, storage.kept, weighing, strict=True):
        tables, arrivals = one.cells.table[one.lanes], one.cells.arrivals
        known = np.unique(tables)
        own = np.flatnonzero(np.isin(arrivals.table, known))
        own = own[np.argsort(arrivals.time[own], kind="stable")]
        row["events"] = step.add(one.cells.begin + arrivals.steps(one.cells.dt)[own])
        row["end"] = step.length
        port.add(arrivals.port[own])
        table.add(np.searchsorted(known, arrivals.table[own]))
        weight.add(np.where(weighs_port[arrivals.port[own]], arrivals.weight[own], 1.0))
        by_table = np.argsort(tables, kind="stable")
        ends = np.searchsorted(tables[by_table], np.append(known, known[-1] + 1))
        row["tables"] = rows.add(lanes.add(by_table) + ends)
    return step.whole, port.whole, table.whole, weight.whole, rows.whole, lanes.whole
