"""What an expression draws at random: white noise in equations, ``rand()`` and ``randn()`` in a reset."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping

import sympy as sp

from nmdasim.errors import ExpressionError

_DRAW = re.compile(r"\brand(n?)\(\s*\)")


def is_noise(name: str) -> bool:
    """Whether a name is that of white noise: ``xi``, and ``xi_1``, ``xi_exc``… for noises that are independent."""
    return name == "xi" or name.startswith("xi_")


def parted(name: str, rate: sp.Expr, states: Iterable[sp.Symbol]) -> tuple[sp.Expr, dict[str, sp.Expr]]:
    """Part a rate of change into what is certain, and the factor of each white noise in it.

    Raises
    ------
    ExpressionError
        If noise does not simply add to the rate with a factor that is free of states.
    """
    noises = sorted((s for s in rate.free_symbols if is_noise(s.name)), key=lambda s: s.name)
    factors = {s.name: rate.diff(s) for s in noises}
    moving = {*states, *noises}
    for noise, factor in factors.items():
        if changing := ", ".join(sorted(s.name for s in factor.free_symbols & moving)):
            raise ExpressionError(
                f"d{name}/dt: the factor of {noise} changes with {changing}"
                "; noise is added with a factor of parameters (and t), as in sigma*xi/tau**0.5"
            )
    return rate.xreplace(dict.fromkeys(noises, sp.Integer(0))), factors


def drawn(text: str, prefix: str) -> tuple[str, Mapping[str, str]]:
    """Replace each ``rand()`` and ``randn()`` in a text by a name of its own; return those, and which kind each is."""
    kinds: dict[str, str] = {}

    def named(match: re.Match[str]) -> str:
        name = f"{prefix}{len(kinds)}"
        kinds[name] = "normal" if match[1] else "uniform"
        return name

    return _DRAW.sub(named, text), kinds
