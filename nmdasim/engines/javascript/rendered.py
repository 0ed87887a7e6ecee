"""A model as JavaScript, and what its caller must know of it."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from nmdasim.engines.form import form
from nmdasim.engines.form.methods import DEFAULT
from nmdasim.engines.javascript.lane import Lane
from nmdasim.engines.javascript.writer import write
from nmdasim.engines.layout import layout
from nmdasim.model.model import Model
from nmdasim.model.structure import by_structure
from nmdasim.plan.plan import Cells


@dataclass(frozen=True, eq=False)
class Rendered:
    """A module.

    Parameters
    ----------
    text
        JavaScript.
    lane
        Where the numbers of a lane lie.
    """

    text: str
    lane: Lane

    @classmethod
    def of(cls, cells: Cells, seen: Iterable[tuple[str, int]] = ()) -> Rendered:
        """Return the module of a population; `seen` are (state, compartment) pairs that synapses read."""
        probes = [*cells.recording.traces, *(probe for probe, _ in cells.recording.summaries)]
        probed = {(p.variable, p.compartment) for p in probes} | set(seen)
        kept = frozenset(pair for pair in probed if pair[0] != cells.model.potential)
        return module(cells.model, cells.method or DEFAULT, moving(cells.model) | cells.moving, kept)

    @property
    def name(self) -> str:
        """Name of the module: it changes with its text."""
        return named(self.text)

    def halfway(self, model: Model, state: str) -> bool:
        """Whether the value at a whole step is the mean of two."""
        return state != model.potential and self.lane.form.method.staggered


def named(text: str) -> str:
    """Return the name of a module."""
    found = re.search(r'^export const name = "(.*)";$', text, re.MULTILINE)
    return f"{found[1] if found else 'module'}-{hashlib.sha256(text.encode()).hexdigest()[:12]}"


def moving(model: Model) -> frozenset[str]:
    """Return the states that a start of the model gives."""
    return frozenset(model.initial) | {state for begin in model.starts.values() for state in begin}


@by_structure(maxsize=64)
def module(model: Model, method: str, start: frozenset[str], kept: frozenset[tuple[str, int]]) -> Rendered:
    """Return the module of a model for its starts and what is recorded."""
    made = form(model, layout(model, start, kept), method, ())
    return Rendered(write(model, made, method), Lane(made))
