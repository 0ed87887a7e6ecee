"""Linear differential equations in closed form."""

from __future__ import annotations

from collections.abc import Mapping

import sympy as sp

from nmdasim.errors import ExpressionError
from nmdasim.language.functions import exprel
from nmdasim.language.reader import symbol

#: The time that has passed.
ELAPSED = symbol("_elapsed")


def solved(rates: Mapping[str, sp.Expr]) -> dict[str, sp.Expr]:
    """Return each state after :data:`ELAPSED`, given d(state)/dt over the states and constants.

    Raises
    ------
    ExpressionError
        If the equations are not linear in the states, or have no closed form that SymPy finds.
    """
    states = [symbol(name) for name in rates]
    matrix = sp.Matrix([[rate.diff(s) for s in states] for rate in rates.values()])
    for name, row in zip(rates, matrix.tolist(), strict=True):
        if set().union(*(entry.free_symbols for entry in row)) & set(states):
            raise ExpressionError(f"d{name}/dt is event-driven and not linear in the states; make it (clock-driven)")
    constant = [rate.xreplace(dict.fromkeys(states, sp.Integer(0))) for rate in rates.values()]
    if matrix.is_diagonal():
        return {
            name: s * sp.exp(a * ELAPSED) + b * ELAPSED * exprel(a * ELAPSED)
            for name, s, a, b in zip(rates, states, matrix.diagonal(), constant, strict=True)
        }
    whole = matrix.row_join(sp.Matrix(constant)).col_join(sp.zeros(1, len(states) + 1))
    try:
        after = (whole * ELAPSED).exp() * sp.Matrix([*states, 1])
    except NotImplementedError:
        names = ", ".join(rates)
        raise ExpressionError(f"{names}: no closed form found; make these equations (clock-driven)") from None
    return dict(zip(rates, list(after)[:-1], strict=True))
