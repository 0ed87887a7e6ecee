"""What a run in Brian2 needs of the whole process: set for its time, and put back."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager

import brian2 as b2
import numpy as np

from nmdasim.plan.plan import Plan


@contextmanager
def seeded(plan: Plan) -> Iterator[None]:
    """Have Brian2 draw what follows from the lanes' keys; the user's own numbers of NumPy go on as they were."""
    keys = np.concatenate([cells.keys for cells in plan.cells])
    if not keys.size:
        yield
        return
    known = np.random.get_state()  # noqa: NPY002 (Brian2 draws from NumPy's global numbers)
    b2.seed(int(np.random.SeedSequence([plan.first.begin, *map(int, keys)]).generate_state(1)[0]))
    try:
        yield
    finally:
        np.random.set_state(known)  # noqa: NPY002


@contextmanager
def unsearched() -> Iterator[None]:
    """Leave what lives already out of the search for garbage with which Brian2 begins every run.

    With SymPy's caches in the process that search takes longer than many a run. What the user has frozen stays so.
    """
    if gc.get_freeze_count():
        yield
        return
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
