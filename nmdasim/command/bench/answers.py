"""How far an answer is from a converged run, and at which step it is near enough."""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np

#: Share of spikes by which an answer may differ from the converged one and still count as the same.
NEAR = 0.002
#: The converged run is the kernel's at the step of the work divided by this.
CONVERGED = 16
#: Divisors of the step that are tried until an answer is near.
FINER = (1, 2, 4, 8)


def distance(counts: np.ndarray, converged: np.ndarray) -> float:
    """Return the spikes that a lane has too many or too few, summed over lanes, as a share of the converged ones.

    NaN where the converged run has no spike.
    """
    total = float(np.sum(converged))
    return float(np.sum(np.abs(counts - converged))) / total if total else float("nan")


def finer(answer: Callable[[int], np.ndarray], converged: np.ndarray, divisors: Sequence[int] = FINER) -> int | None:
    """Return the least divisor of the step at which an answer is near the converged one; None if none is.

    Parameters
    ----------
    answer
        Gives the counts at the step of the work divided by its argument.
    converged
        Counts of the converged run in the same lanes and seconds.
    divisors
        Those that are tried, in order.
    """
    if not np.sum(converged):
        return None
    return next((divisor for divisor in divisors if distance(answer(divisor), converged) <= NEAR), None)


def equal_answer(ratio: float, own: int | None, peer: int | None) -> float | None:
    """Return how many times the kernel is faster where both are near, given the ratio at equal step.

    A step costs the same whatever its length. None where one of them is nowhere near.
    """
    return ratio * peer / own if own and peer else None
