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
from nmdasim.engines.layout import Layout, layout
from nmdasim.language.evaluation import evaluator
from nmdasim.model.model import Model
from nmdasim.model.structure import by_structure
from nmdasim.plan.plan import Cells, Probe


@dataclass(frozen=True, eq=False)
class Kernel:
    """A compiled model and the geometry of its batches."""

    folded: Layout
    source: Source
    single: bool

    @classmethod
    def of(cls, plan: Cells, *, network: bool = False, seen: Iterable[tuple[str, int]] = ()) -> Kernel:
        """Return the kernel that a plan needs; in a `network`, one step of a population.

        `seen` are (state, compartment) pairs that are read from outside and so stay, as recorded ones do.
        """
        varied = frozenset(name for name, values in plan.parameters.items() if values.shape[0] > 1)
        probed = {(p.variable, p.compartment) for p in _probes(plan)} | set(seen)
        kept = frozenset(pair for pair in probed if pair[0] != plan.model.potential)
        start = plan.moving | set(plan.model.initial) | {s for begin in plan.model.starts.values() for s in begin}
        method, _, precision = plan.method.partition("/")
        single = precision == "float32"
        return kernel(plan.model, method or DEFAULT, varied, frozenset(start), kept, single, network)

    @cached_property
    def real(self) -> Any:
        """Floating-point type of a batch."""
        return np.float32 if self.single else np.float64

    @cached_property
    def row_offset(self) -> np.ndarray:
        """First row of each (group, position), in numbers of a batch."""
        sizes = [len(record.rows) for record in self.source.records]
        members = [len(record.group.compartments) for record in self.source.records]
        table = np.zeros((len(sizes), max(members)), dtype=np.int64)
        row = 0
        for g, (size, count) in enumerate(zip(sizes, members, strict=True)):
            table[g, :count] = (row + size * np.arange(count)) * self.source.width
            row += size * count
        return table

    @cached_property
    def spare(self) -> int:
        """Offset of the rows behind the records (one row for the refractory countdown lies before it)."""
        sizes = [len(r.rows) * len(r.group.compartments) for r in self.source.records]
        return (sum(sizes) + 1) * self.source.width

    @cached_property
    def size(self) -> int:
        """Numbers in a batch."""
        return self.spare + self.source.spare * self.source.width

    def batches_of(self, lanes: int) -> int:
        """Return how many batches hold so many lanes."""
        return -(-lanes // self.source.width)

    def offset(self, state: str, compartment: int) -> int:
        """Offset of a state's row."""
        group, position = self.folded.slots[state, compartment]
        return int(self.row_offset[group, position]) + self.source.records[group].rows.index(state) * self.source.width

    def halfway(self, model: Model, state: str) -> bool:
        """Whether the value at a whole step is the mean of two; of what noise moves, that has too little variance."""
        return state != model.potential and self.source.method.staggered and state not in model.system.noise

    @cached_property
    def geometry(self) -> tuple[np.ndarray, ...]:
        """Arrays that tell the compiled function where things are."""
        scalars = np.array([len(r.scalars) * len(r.group.compartments) for r in self.source.records])
        return (
            np.array([len(r.group.compartments) for r in self.source.records]),
            np.ascontiguousarray(self.row_offset[:, 0]),
            np.cumsum(scalars) - scalars,
        )

    @cached_property
    def evaluators(self) -> tuple[Any, ...]:
        """For each group, functions of the shared and of the varied constants."""
        pairs = [[e for _, e in part] for r in self.source.records for part in (r.scalars, r.varied)]
        return tuple(evaluator(part) for part in pairs)

    @cached_property
    def event_evaluators(self) -> tuple[tuple[int, Any], ...]:
        """For each compartment with events, a function of their constants."""
        return tuple((compartment, evaluator(part)) for compartment, part in self.source.events)

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
    kept: frozenset[Any],
    single: bool,
    network: bool = False,
) -> Kernel:
    """Return the kernel of a model for what varies between lanes, starts and is kept."""
    folded = layout(model, start, kept)
    return Kernel(folded, write(model, folded, method, varied, single=single, network=network), single)


def _probes(plan: Cells) -> list[Probe]:
    return [*plan.recording.traces, *(probe for probe, _ in plan.recording.summaries)]
