"""What an expression measures, as far as the units that a file declares say it."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeAlias

from nmdasim.exchange.nmodl.nodes import Choice, Expression, Name, Number, Operation

#: Powers of metre, kilogram, second, ampere, kelvin; None where the file does not say.
Powers: TypeAlias = tuple[float, ...] | None

_NUMBER: Powers = (0, 0, 0, 0, 0)


def powers(e: Expression, of_name: Callable[[str], Powers]) -> Powers:
    """Return what an expression measures; None where its units are not known, or do not fit each other.

    Parameters
    ----------
    e
        The expression.
    of_name
        Returns what a name measures.
    """
    match e:
        case Number():
            return _NUMBER
        case Name(name=name):
            return of_name(name)
        case Choice(then=a, otherwise=b) | Operation(operator="+" | "-", operands=(a, b)):
            return _both(powers(a, of_name), powers(b, of_name))
        case Operation(operator="-", operands=(a,)):
            return powers(a, of_name)
        case Operation(operator="*" | "/" as o, operands=(a, b)):
            x, y = powers(a, of_name), powers(b, of_name)
            sign = 1 if o == "*" else -1
            return None if x is None or y is None else tuple(p + sign * q for p, q in zip(x, y, strict=True))
        case Operation(operator="^", operands=(a, Number(value=n))):
            x = powers(a, of_name)
            return None if x is None else tuple(p * n for p in x)
        case Operation(operator="^"):
            return None
    return _NUMBER  # a function, or a comparison


def _both(a: Powers, b: Powers) -> Powers:
    """Return what a sum measures: what both terms do."""
    return a if a == b else None
