"""What synapses with a state hold while some instances run, and what is read from them at the end.

Synapses of a wire lie in the order of delay, then source, in rows that fill whole vectors; what belongs to several
wires lies end to end in one array of whole numbers and one of real ones, with a table that says where.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np

from nmdasim.engines.kernel import loop
from nmdasim.engines.kernel.compiled_model import Kernel
from nmdasim.engines.kernel.plastic import Writer, split
from nmdasim.engines.kernel.storage import Joined, Kept, Storage
from nmdasim.model.attached import Attached
from nmdasim.plan.plan import Cells, Outcome, Plan, Wire, whole_steps
from nmdasim.plan.plastic import Plastic


def seen(plan: Plan) -> list[frozenset[tuple[str, int]]]:
    """Return for each population the states, with their compartments, that synapses read."""
    found: list[set[tuple[str, int]]] = [set() for _ in plan.cells]
    for wire in plan.wires:
        if wire.plastic is None:
            continue
        attached = wire.plastic.attached
        found[wire.post] |= {(name, attached.compartment) for name in split(attached, "_post")[0]}
        if attached.pre is not None:
            found[wire.pre] |= {(name, attached.pre.spike_site) for name in split(attached, "_pre")[0]}
    return [frozenset(states) for states in found]


def writers(plan: Plan, kernels: Sequence[Kernel]) -> dict[int, Writer]:
    """Return the writer of each wire whose synapses have a state."""
    return {
        k: Writer(
            wire.plastic.attached,
            kernels[wire.post],
            kernels[wire.pre] if wire.pre < len(kernels) else None,
            wire.plastic.varied,
        )
        for k, wire in enumerate(plan.wires)
        if wire.plastic is not None
    }


@dataclass(frozen=True, eq=False)
class Held:
    """The synapses of some instances.

    Parameters
    ----------
    table, whole, numbers
        The loop's table of their wires, and its two arrays.
    wires, orders
        For each row of the table, the wire, and the place of each synapse in its order.
    """

    table: np.ndarray
    whole: np.ndarray
    numbers: np.ndarray
    wires: tuple[int, ...]
    orders: tuple[np.ndarray, ...]

    @classmethod
    def of(cls, plan: Plan, found: Mapping[int, Writer], storage: Storage, inputs: np.ndarray, part: range) -> Held:
        """Lay out the synapses and write what they hold at the start.

        `found` are the writers of their wires, and `inputs` says where each input's spikes begin.
        """
        table, whole, numbers = np.zeros(len(found), loop.SYNAPSES), Joined(np.int64), Joined(np.float64)
        orders = []
        for row, (k, writer) in zip(table, found.items(), strict=True):
            wire = plan.wires[k]
            row["act"] = writer.entry
            row["population"] = wire.pre if wire.pre < len(plan.cells) else -1
            begin, end = (
                inputs[wire.pre - len(plan.cells)][name] if row["population"] < 0 else 0 for name in ("begin", "end")
            )
            row["cursor"], row["end"] = whole.add(np.array([begin])), end
            rule = writer.attached.rule
            row["steps"], row["answers"] = bool(rule.continuous), bool(rule.statements("post"))
            orders.append(_lay_out(row, plan, wire, storage, part, whole, numbers))
            row["near"] = numbers.add(np.zeros((writer.scattered, row["vectors"] * loop.VECTOR)))
        return cls(table, whole.whole, numbers.whole, tuple(found), tuple(orders))

    def kept(self, which: int, plastic: Plastic) -> dict[str, np.ndarray]:
        """Return what the synapses of a row hold, in the order of the wire."""
        row, order = self.table[which], self.orders[which]
        count, stride = len(order), row["vectors"] * loop.VECTOR
        columns = self.numbers[row["value"] : row["value"] + len(plastic.initial) * stride].reshape(-1, stride)
        found = dict(zip(plastic.initial, columns[:, :count], strict=True))
        if plastic.attached.rule.event_driven:
            found["lastupdate"] = self.numbers[row["last"] : row["last"] + count]
        back = np.empty(count, np.int64)
        back[order] = np.arange(count)
        return {name: values[back] for name, values in found.items()}


def _lay_out(
    row: np.void, plan: Plan, wire: Wire, storage: Storage, part: range, whole: Joined, numbers: Joined
) -> np.ndarray:
    """Add the arrays of one wire and write into its row where they begin; return the order of its synapses."""
    rule, post = wire.plastic, storage.kept[wire.post]
    assert rule is not None
    pre = storage.kept[wire.pre] if wire.pre < len(storage.kept) else None
    lanes = plan.instance_lanes(plan.sources[wire.pre], part)
    ends = np.searchsorted(wire.source, [lanes[0], lanes[-1] + 1])
    steps = np.broadcast_to(whole_steps(wire.delay, plan.first.dt), len(wire.source))[slice(*ends)]
    delay, which = np.unique(steps, return_inverse=True)
    order = np.argsort(which, kind="stable")
    chosen = np.arange(*ends)[order]
    source, target = wire.source[chosen] - lanes[0], wire.target[chosen] - post.lanes[0]
    keys = np.arange(len(lanes) + 1) + np.arange(len(delay))[:, None] * len(lanes)
    back = np.argsort(target, kind="stable")
    slots, room = int(delay.max(initial=0)) + 1, 2 * len(lanes)  # an input's spikes of steps 0 and 1 act together
    sizes = {
        "synapses": len(chosen),
        "vectors": -(-len(chosen) // loop.VECTOR),
        "sources": len(lanes),
        "lanes": len(post.lanes),
        "delays": len(delay),
        "slots": slots,
        "room": room,
        "post": wire.post,
        "sets": _instances(rule),
    }
    sizes |= {name: int(post.row[name]) for name in ("ports", "padded", "ring", "arrived")}
    fired, fired_count = _in_flight(rule.flight, lanes, plan.first.begin, slots, room)
    whole_numbers = {
        "rows": np.searchsorted(which[order] * len(lanes) + source, keys),
        "delay": delay,
        "source": source,
        "target": target,
        "pre_at": _places(pre, source),
        "post_at": _places(post, target),
        "back_row": np.searchsorted(target[back], np.arange(len(post.lanes) + 1)),
        "back": back,
        "instance": rule.instance[chosen] if rule.varied else np.zeros_like(chosen),
        "fired": fired,
        "fired_count": fired_count,
        "flight": fired_count.sum(keepdims=True),
    }
    reals = {
        "value": _filled([values[chosen] for values in rule.initial.values()]),
        "last": np.full(len(chosen), plan.first.origin - plan.first.dt) if rule.last is None else rule.last[chosen],
        "constant": np.array([np.broadcast_to(v, sizes["sets"]) for v in rule.parameters.values()]).T,
        "pre_constant": _filled(
            _parameters(rule.attached, "_pre", None if pre is None else pre.cells, wire.source[chosen])
        ),
        "post_constant": _filled(_parameters(rule.attached, "_post", post.cells, wire.target[chosen])),
    }
    begins = {name: whole.add(values) for name, values in whole_numbers.items()}
    begins |= {name: numbers.add(values) for name, values in reals.items()}
    for name, number in {**sizes, **begins}.items():
        row[name] = number
    return order


def _filled(rows: Sequence[np.ndarray] | np.ndarray) -> np.ndarray:
    """Return rows over synapses that fill whole vectors; what fills them repeats the last synapse."""
    found = np.atleast_2d(np.array(rows))
    return np.pad(found, ((0, 0), (0, -found.shape[1] % loop.VECTOR)), mode="edge") if found.size else found


def _in_flight(
    flight: np.ndarray, lanes: np.ndarray, begin: int, slots: int, room: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return the ring of sources that fired, with those of an earlier run whose spikes are on their way."""
    fired, count = np.zeros((slots, room), np.int64), np.zeros(slots, np.int64)
    for lane, age in flight[:, (flight[0] >= lanes[0]) & (flight[0] <= lanes[-1])].T:
        slot = (begin - age) % slots
        fired[slot, count[slot]] = lane - lanes[0]
        count[slot] += 1
    return fired, count


def _instances(rule: Plastic) -> int:
    """Return how many sets of parameters there are."""
    return max((len(values) for values in rule.parameters.values()), default=1)


def _places(kept: Kept | None, lanes: np.ndarray) -> np.ndarray:
    """Return where the rows of some neurons begin in the numbers of all populations."""
    if kept is None:
        return np.zeros_like(lanes)
    batch, lane = np.divmod(lanes, int(kept.row["width"]))
    return np.asarray(kept.row["state"] + batch * kept.row["size"] + lane)


def _parameters(attached: Attached, side: str, cells: Cells | None, lanes: np.ndarray) -> np.ndarray:
    """Return the neuron's parameters that equations read, (parameters, synapses)."""
    if cells is None:
        return np.empty(0)
    where = attached.compartment if side == "_post" else cells.model.spike_site
    found = []
    for name in split(attached, side)[1]:
        column = cells.parameters[name][:, where if cells.parameters[name].shape[1] > 1 else 0]
        found.append(np.broadcast_to(column[lanes] if len(column) > 1 else column, len(lanes)))
    return np.array(found)


def with_synapses(outcomes: Sequence[Outcome], plan: Plan, held: Held, part: range) -> list[Outcome]:
    """Add to the outcome of each population what the synapses onto it hold, and its lanes where that overflowed."""
    made = list(outcomes)
    for which, k in enumerate(held.wires):
        wire = plan.wires[k]
        assert wire.plastic is not None
        kept, outcome = held.kept(which, wire.plastic), made[wire.post]
        own = (wire.plastic.instance >= part.start) & (wire.plastic.instance < part.stop)
        finite = np.all([np.isfinite(values) for values in kept.values()] or [own[own]], axis=0)
        broken = np.union1d(outcome.broken, wire.target[own][~finite]).astype(np.int64)
        made[wire.post] = replace(outcome, broken=broken, synapses={**outcome.synapses, k: kept})
    return made


def joined(parts: Sequence[Outcome]) -> dict[int, dict[str, np.ndarray]]:
    """Put together what the synapses of a population's instances hold."""
    return {
        k: {name: np.concatenate([part.synapses[k][name] for part in parts]) for name in values}
        for k, values in parts[0].synapses.items()
    }
