"""A generated kernel and how its numbers lie in memory.

Lanes go in batches of ``W``. All of a batch lives in one array of rows of W numbers: the records of the compartments
one after another, then the flags of the lanes and the constants of ports and spike rule. Time runs outside,
compartments inside it, lanes innermost and free of branches, so that LLVM turns the lane loops into SIMD. These run to
``width``, the lanes that are in use, in whole vectors: few lanes cost little, and LLVM unrolls no known count into
scalar code first.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import numpy as np
import sympy as sp

from nmdasim.engines.form import form
from nmdasim.engines.form.passes import Record
from nmdasim.engines.kernel import writer
from nmdasim.engines.kernel.memory import Memory
from nmdasim.engines.layout import Layout
from nmdasim.language.evaluation import NAMESPACE, spelled
from nmdasim.model.model import Model


@dataclass(frozen=True)
class Constants:
    """Expressions over parameters as text, and the names that they read."""

    names: tuple[str, ...]
    texts: tuple[str, ...]

    @classmethod
    def of(cls, expressions: Iterable[sp.Expr]) -> Constants:
        """Spell expressions."""
        names, texts = spelled(tuple(expressions))
        return cls(tuple(names), tuple(texts))

    @cached_property
    def _code(self) -> Any:
        return compile(f"[{', '.join(self.texts)}]", "<constants>", "eval")

    def at(self, values: Mapping[str, np.ndarray]) -> list[np.ndarray]:
        """Return their values, given those of all names."""
        read = {name: values[name] for name in self.names}
        return [np.asarray(found, dtype=float) for found in eval(self._code, NAMESPACE, read)]


@dataclass(frozen=True)
class Part:
    """What there is of each compartment of a group.

    Parameters
    ----------
    compartments
        Indices, ascending.
    states
        Those that live there.
    rows
        Numbers of a lane, by name: states, what the solver works on, and constants that differ between lanes.
    scalars, varied
        Constants that all lanes share, and those that differ, in the order of their places.
    """

    compartments: tuple[int, ...]
    states: tuple[str, ...]
    rows: tuple[str, ...]
    scalars: Constants
    varied: Constants

    @classmethod
    def of(cls, record: Record) -> Part:
        """Take from a record of the form what a caller needs."""
        constants = (Constants.of(e for _, e in some) for some in (record.scalars, record.varied))
        return cls(record.group.compartments, record.group.states, record.rows, *constants)


@dataclass(frozen=True)
class Source:
    """A generated kernel and what its caller must lay out for it.

    Parameters
    ----------
    text
        Python source.
    parts
        One per group.
    width
        Lanes per batch.
    spare
        Rows at the end of a batch: ``ready`` (refractoriness), ``spike``, and the constants of ports and spike rule.
    events
        (compartment, constants) of ports, reset and threshold, one row each; they hold where the event does.
    staggered
        Whether states but the potential live at half steps.
    draws
        Whether it draws at random; the last two rows of a batch then hold its lanes' keys.
    """

    text: str
    parts: tuple[Part, ...]
    width: int
    spare: int
    events: tuple[tuple[int, Constants], ...]
    staggered: bool
    draws: bool = False

    def to_json(self) -> str:
        """Return all of it as text."""
        return json.dumps(asdict(self))

    @classmethod
    def from_json(cls, text: str) -> Source:
        """Read what :meth:`to_json` returned."""
        found = json.loads(text)
        parts = tuple(Part(**{name: _tuples(value) for name, value in part.items()}) for part in found.pop("parts"))
        events = tuple((where, _tuples(part)) for where, part in found.pop("events"))
        return cls(parts=parts, events=events, **found)


def _tuples(found: Any) -> Any:
    """Return what JSON holds of constants, or of a tuple."""
    return Constants(**{name: tuple(part) for name, part in found.items()}) if isinstance(found, dict) else tuple(found)


def write(
    model: Model,
    folded: Layout,
    method: str,
    varied: Iterable[str],
    *,
    single: bool = False,
    network: bool = False,
) -> Source:
    """Write the kernel of a model.

    Parameters
    ----------
    model, folded
        The model and its layout.
    method
        Name of the integration method.
    varied
        Parameters that differ between lanes; every other is a scalar argument.
    single
        Single precision.
    network
        Write one step of every batch of a population, fed by delay buffers, in place of a whole run of one batch.
    """
    made = form(model, folded, method, varied)
    memory = Memory(made, network)
    text = writer.write(memory, method=method, single=single, network=model.name if network else "")
    parts = tuple(map(Part.of, made.records))
    events = tuple((where, Constants.of(e for _, e in named)) for where, named in made.events.constants)
    return Source(text, parts, memory.width, memory.spare, events, made.method.staggered, memory.draws)
