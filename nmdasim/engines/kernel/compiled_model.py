"""A compiled model and where the numbers of its batches lie."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np

from nmdasim.engines.form.methods import DEFAULT
from nmdasim.engines.kernel.machine import function
from nmdasim.engines.kernel.source import Source, write
from nmdasim.engines.layout import layout
from nmdasim.model import kept
from nmdasim.model.model import Model
from nmdasim.model.structure import by_structure
from nmdasim.plan.plan import Cells, Probe


@dataclass(frozen=True, eq=False)
class Kernel:
    """A compiled model and the geometry of its batches."""

    source: Source
    single: bool

    @classmethod
    def of(cls, plan: Cells, *, network: bool = False, seen: Iterable[tuple[str, int]] = ()) -> Kernel:
        """Return the kernel that a plan needs; in a `network`, one step of a population.

        `seen` are (state, compartment) pairs that are read from outside and so stay, as recorded ones do.
        """
        varied = frozenset(name for name, values in plan.parameters.items() if values.shape[0] > 1)
        probed = {(p.variable, p.compartment) for p in _probes(plan)} | set(seen)
        seen = frozenset(pair for pair in probed if pair[0] != plan.model.potential)
        start = plan.moving | set(plan.model.initial) | {s for begin in plan.model.starts.values() for s in begin}
        method, _, precision = plan.method.partition("/")
        single = precision == "float32"
        return kernel(plan.model, method or DEFAULT, varied, frozenset(start), seen, single, network)

    @cached_property
    def real(self) -> Any:
        """Floating-point type of a batch."""
        return np.float32 if self.single else np.float64

    @cached_property
    def row_offset(self) -> np.ndarray:
        """First row of each (group, position), in numbers of a batch."""
        sizes = [len(part.rows) for part in self.source.parts]
        members = [len(part.compartments) for part in self.source.parts]
        table = np.zeros((len(sizes), max(members)), dtype=np.int64)
        row = 0
        for g, (size, count) in enumerate(zip(sizes, members, strict=True)):
            table[g, :count] = (row + size * np.arange(count)) * self.source.width
            row += size * count
        return table

    @cached_property
    def spare(self) -> int:
        """Offset of the rows behind the records (one row for the refractory countdown lies before it)."""
        sizes = [len(p.rows) * len(p.compartments) for p in self.source.parts]
        return (sum(sizes) + 1) * self.source.width

    @cached_property
    def size(self) -> int:
        """Numbers in a batch."""
        return self.spare + self.source.spare * self.source.width

    @cached_property
    def slots(self) -> dict[tuple[str, int], tuple[int, int]]:
        """(state, compartment) → (group, position in the group)."""
        return {
            (state, compartment): (g, position)
            for g, part in enumerate(self.source.parts)
            for state in part.states
            for position, compartment in enumerate(part.compartments)
        }

    def batches_of(self, lanes: int) -> int:
        """Return how many batches hold so many lanes."""
        return -(-lanes // self.source.width)

    def offset(self, state: str, compartment: int) -> int:
        """Offset of a state's row."""
        group, position = self.slots[state, compartment]
        return int(self.row_offset[group, position]) + self.source.parts[group].rows.index(state) * self.source.width

    def halfway(self, model: Model, state: str) -> bool:
        """Whether the value at a whole step is the mean of two; of what noise moves, that has too little variance."""
        return state != model.potential and self.source.staggered and state not in model.system.noise

    @cached_property
    def geometry(self) -> tuple[np.ndarray, ...]:
        """Arrays that tell the compiled function where things are."""
        scalars = np.array([len(p.scalars.texts) * len(p.compartments) for p in self.source.parts])
        return (
            np.array([len(p.compartments) for p in self.source.parts]),
            np.ascontiguousarray(self.row_offset[:, 0]),
            np.cumsum(scalars) - scalars,
        )

    @cached_property
    def advance(self) -> Any:
        """The compiled function of a whole run."""
        return function(self.source.text, "advance", self.real)


@by_structure(maxsize=64)
def kernel(
    model: Model,
    method: str,
    varied: frozenset[str],
    start: frozenset[str],
    seen: frozenset[Any],
    single: bool,
    network: bool = False,
) -> Kernel:
    """Return the kernel of a model for what varies between lanes, starts and is seen from outside."""

    def written() -> str:
        return write(model, layout(model, start, seen), method, varied, single=single, network=network).to_json()

    what = [model.structure, model.name if network else "", method, varied, start, seen, single, network]
    return Kernel(Source.from_json(kept.text("form", what, written)), single)


def _probes(plan: Cells) -> list[Probe]:
    return [*plan.recording.traces, *(probe for probe, _ in plan.recording.summaries)]
