"""What the populations of a circuit keep while some instances run: states, constants, delay buffers.

Everything of one kind lies end to end in one array, as :mod:`nmdasim.engines.kernel.loop` reads it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cached_property

import numpy as np
from numpy.typing import DTypeLike

from nmdasim.engines.kernel import loop, machine
from nmdasim.engines.kernel.batches import axial_rates, fill_constants, fill_states
from nmdasim.engines.kernel.compiled_model import Kernel
from nmdasim.plan.plan import Arrivals, Cells, Held, Plan


def entry(kernel: Kernel) -> int:
    """Return the address of a population's compiled step; kernels of one source share it."""
    return machine.functions(kernel.source.text)["step"]


@dataclass(eq=False)
class Joined:
    """Arrays end to end."""

    dtype: DTypeLike
    parts: list[np.ndarray] = field(default_factory=list)
    length: int = 0

    def add(self, values: np.ndarray) -> int:
        """Append an array; return where it begins."""
        begin = self.length
        self.parts.append(np.asarray(values, dtype=self.dtype).ravel())
        self.length += values.size
        return begin

    @cached_property
    def whole(self) -> np.ndarray:
        """All of them."""
        return np.concatenate([*self.parts, np.empty(0, self.dtype)], dtype=self.dtype)


@dataclass(frozen=True, eq=False)
class Kept:
    """One population over some instances.

    Parameters
    ----------
    cells, kernel
        The population and its kernel.
    lanes
        Its lanes in these instances.
    row
        Its row in the loop's table.
    batches
        States and constants, shape (batches, numbers).
    ring, arrived
        Sums of what arrives, shape (slots, ports, lanes that fill the batches), and whether anything does, (slots,
        ports).
    """

    cells: Cells
    kernel: Kernel
    lanes: np.ndarray
    row: np.void
    batches: np.ndarray
    ring: np.ndarray
    arrived: np.ndarray

    @property
    def filled(self) -> np.ndarray:
        """Lanes of the batches; those beyond the last repeat it."""
        return self.lanes[np.minimum(np.arange(self.row["padded"]), len(self.lanes) - 1)]

    def values(self, offset: int) -> np.ndarray:
        """Return what stands at an offset of the batches, one number for each lane."""
        return self.batches[:, offset : offset + self.row["width"]].reshape(-1)[: len(self.lanes)].astype(float)

    def broken(self) -> np.ndarray:
        """Return the lanes whose numbers are not finite."""
        states = np.isfinite(self.batches[:, : self.kernel.spare]).reshape(len(self.batches), -1, self.row["width"])
        return self.lanes[~states.all(axis=1).reshape(-1)[: len(self.lanes)]]

    def resume(self) -> None:
        """Put what an earlier run left on its way into the delay buffer."""
        if self.cells.held is None:
            return
        sent = self.cells.held.pending
        own = (sent.table >= self.lanes[0]) & (sent.table <= self.lanes[-1])
        slot = (self.cells.begin + sent.steps(self.cells.dt)[own]) % len(self.ring)
        port, lane = sent.port[own], sent.table[own] - self.lanes[0]
        np.add.at(self.ring, (slot, port, lane), sent.weight[own])
        self.arrived[slot, port] = True

    def held(self) -> Held:
        """Return what it holds besides the states: refractory periods, and what is on its way."""
        slot, port = np.nonzero(self.arrived)
        ahead = self.ring[slot, port, : len(self.lanes)]
        row, lane = np.nonzero(ahead)
        step = (slot[row] - self.cells.begin - self.cells.steps) % len(self.ring)
        pending = Arrivals.sorted(step * self.cells.dt, port[row], self.lanes[lane], ahead[row, lane])
        return Held(self.values(self.kernel.spare), self.values(self.kernel.spare - self.row["width"]), pending)


@dataclass(frozen=True, eq=False)
class Storage:
    """All populations over some instances, and their rows in the loop's table."""

    kept: tuple[Kept, ...]
    populations: np.ndarray
    slots: int
    state: np.ndarray
    shapes: tuple[np.ndarray, ...]
    rings: tuple[np.ndarray, np.ndarray]

    @classmethod
    def of(cls, plan: Plan, kernels: Sequence[Kernel], part: range, slots: int) -> Storage:
        """Lay out the populations for some instances and write their initial values."""
        table = np.zeros(len(kernels), loop.POPULATION)
        lanes = [plan.instance_lanes(cells.lanes, part) for cells in plan.cells]
        for row, kernel, cells, own in zip(table, kernels, plan.cells, lanes, strict=True):
            row["step"], row["batches"], row["size"] = entry(kernel), kernel.batches_of(len(own)), kernel.size
            row["width"], row["lanes"], row["ports"] = kernel.source.width, len(own), max(len(cells.model.ports), 1)
            row["padded"] = row["batches"] * row["width"]
        sizes = {
            "state": table["batches"] * table["size"],
            "ring": slots * table["ports"] * table["padded"],
            "arrived": slots * table["ports"],
        }
        for name, size in sizes.items():
            table[name] = np.cumsum(size) - size
        state, ring = (np.zeros(sizes[name].sum(), kernels[0].real) for name in ("state", "ring"))
        arrived = np.zeros(sizes["arrived"].sum(), np.bool_)
        shapes = _shapes(table, kernels, plan)
        kept = [
            _kept(*each, slots, state, ring, arrived) for each in zip(table, kernels, plan.cells, lanes, strict=True)
        ]
        return cls(tuple(kept), table, slots, state, shapes, (ring, arrived))

    def prepare(self, h: float) -> tuple[np.ndarray, ...]:
        """Write the constants of a state step `h`; return what the loop takes as its storage."""
        constants = Joined(self.state.dtype)
        for row, one in zip(self.populations, self.kept, strict=True):
            shared = fill_constants(one.kernel, one.cells, one.filled, one.batches, h)
            row["constants"], row["shared"] = constants.add(shared), len(shared)
        return (self.state, constants.whole, *self.shapes)


def _shapes(table: np.ndarray, kernels: Sequence[Kernel], plan: Plan) -> tuple[np.ndarray, ...]:
    """Return the geometry of every population's batches and its axial rates."""
    groups, records, scalars = Joined(np.int64), Joined(np.int64), Joined(np.int64)
    rates = [Joined(kernels[0].real) for _ in range(3)]
    for row, kernel, cells in zip(table, kernels, plan.cells, strict=True):
        compartments, record_offset, scalar_offset = kernel.geometry
        row["geometry"], row["groups"] = groups.add(compartments), len(compartments)
        records.add(record_offset)
        scalars.add(scalar_offset)
        for joined, values in zip(rates, axial_rates(cells, kernel), strict=True):
            row["rates"], row["compartments"] = joined.add(values), len(values)
    return groups.whole, records.whole, scalars.whole, *(joined.whole for joined in rates)


def _kept(
    row: np.void,
    kernel: Kernel,
    cells: Cells,
    lanes: np.ndarray,
    slots: int,
    state: np.ndarray,
    ring: np.ndarray,
    arrived: np.ndarray,
) -> Kept:
    """Return a population with its initial values, and what an earlier run left, written."""

    def cut(values: np.ndarray, name: str, *shape: int) -> np.ndarray:
        return values[row[name] : row[name] + np.prod(shape)].reshape(shape)

    batches = cut(state, "state", row["batches"], row["size"])
    arriving = cut(ring, "ring", slots, row["ports"], row["padded"]), cut(arrived, "arrived", slots, row["ports"])
    kept = Kept(cells, kernel, lanes, row, batches, *arriving)
    fill_states(kernel, cells, kept.filled, batches)
    kept.resume()
    return kept
