"""A generated kernel and how its numbers lie in memory.

Lanes go in batches of ``W``. All of a batch lives in one array of rows of W numbers: the records of the compartments
one after another, then the flags of the lanes and the constants of ports and spike rule. Time runs outside,
compartments inside it, lanes innermost and free of branches, so that LLVM turns the lane loops into SIMD. These run to
``width``, the lanes that are in use, in whole vectors: few lanes cost little, and LLVM unrolls no known count into
scalar code first.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import sympy as sp

from nmdasim.engines.form import form
from nmdasim.engines.form.methods import Method
from nmdasim.engines.form.passes import Record
from nmdasim.engines.kernel import writer
from nmdasim.engines.kernel.memory import Memory
from nmdasim.engines.layout import Layout
from nmdasim.model.model import Model


@dataclass(frozen=True)
class Source:
    """A generated kernel and what its caller must lay out for it.

    Parameters
    ----------
    text
        Python source.
    records
        One per group.
    width
        Lanes per batch.
    spare
        Rows at the end of a batch: ``ready`` (refractoriness), ``spike``, and the constants of ports and spike rule.
    events
        (compartment, constants) of ports, reset and threshold, one row each; they hold where the event does.
    method
        How it takes a step.
    draws
        Whether it draws at random; the last two rows of a batch then hold its lanes' keys.
    """

    text: str
    records: tuple[Record, ...]
    width: int
    spare: int
    events: tuple[tuple[int, tuple[sp.Expr, ...]], ...]
    method: Method
    draws: bool = False


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
    constants = tuple((where, tuple(e for _, e in named)) for where, named in made.events.constants)
    return Source(text, made.records, memory.width, memory.spare, constants, made.method, memory.draws)
