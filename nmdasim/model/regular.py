"""Refuses equations that are 0/0 at a value that a state may have: there a run would stand still, or be no number."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nmdasim.errors import ExpressionError, ModelError
from nmdasim.language import singular
from nmdasim.model import kept
from nmdasim.model.sizes import SIZES
from nmdasim.model.structure import by_structure

if TYPE_CHECKING:
    from nmdasim.model.model import Model

#: What other states are while one is looked at: no round numbers, at which more than one thing may vanish.
_VOLT, _OTHER = -0.0537, 0.3137
#: Units of what is looked at in SI units as it is.
_WIDE = ("mV", "uM", "ms")


def check(given: Model) -> None:
    """Refuse a model one of whose equations is 0/0, with its own parameters, at a value that a state may have.

    What is written through ``exprel`` (see :mod:`nmdasim.language.regular`) is no longer 0/0.

    Raises
    ------
    ModelError
        With the equation, the value, and what to write instead.
    """
    found = _suspects(given)
    if not found:
        return
    volts = [state for state in given.system.states if given.unit_of(state) == "mV"]
    values = {base: given.values(base)[0, :1] for base in given.parameters.bases}
    values |= {state: np.array([_VOLT if state in volts else _OTHER]) for state in given.system.states}
    values = {"t": np.array([1e-3]), "area": np.array([1e-9])} | values
    others = {name: value * (1 + 0.1 * (0.618 * k % 1)) for k, (name, value) in enumerate(values.items())}
    for one in found:
        # Of concentrations and times the whole range is looked at; 10 pS or 1 amol would be nothing within it.
        unit = given.unit_of(one.state)
        size = 1.0 if unit in _WIDE else SIZES.get(unit, 1.0)
        grid = singular.VOLTS if one.state in volts else singular.OTHERS * size
        x = one.zero(grid, values, size)
        # The range of a potential is known; where another state is 0/0 for these values alone, it may never be.
        if x is not None and (one.state in volts or one.zero(grid, others, size) is not None):
            where = f"{x * 1e3:.6g} mV" if one.state in volts else f"{x:.6g}"
            left = f"d{one.equation}/dt" if one.equation in given.system.states else one.equation
            raise ModelError(
                f"{left} is 0/0 at {one.state} = {where}, where no engine could go on; write such a quotient of "
                "exponentials through exprel(x) = (exp(x) - 1)/x, which is 1 at x = 0, and any other so that what is "
                "below the line does not vanish"
            )


@by_structure(maxsize=256)
def _suspects(given: Model) -> tuple[singular.Suspect, ...]:
    """Return what may be 0/0; where nothing is, that is kept on disk."""
    named = kept.text("suspects", given.structure, lambda: " ".join(one.equation for one in _found(given)))
    return _found(given) if named else ()


def _found(given: Model) -> tuple[singular.Suspect, ...]:
    try:
        system = given.system
    except ExpressionError:  # it is refused by name where it is needed
        return ()
    return singular.suspects({**system.subexpressions, **system.derivatives}, system.states)
