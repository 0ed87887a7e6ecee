"""Equation text to SymPy: substituted, unit-free (SI), ready to be differentiated, printed or lambdified.

Brian2 checks the text and its units; this package only reads it. Everything an engine generates comes from the
:class:`System` built here, so no engine carries an equation of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import lru_cache

import sympy as sp
from brian2 import Equations
from brian2.equations.equations import DIFFERENTIAL_EQUATION, SUBEXPRESSION

from nmdasim.language.names import used
from nmdasim.language.noise import is_noise, parted
from nmdasim.language.reader import read, symbol


@dataclass(frozen=True)
class System:
    """The differential equations of a model as SymPy expressions in SI units.

    Parameters
    ----------
    states
        Names of the state variables, in the order of the text; a membrane given by ``Im`` puts ``v`` first.
    derivatives
        d(state)/dt with every subexpression substituted. Axial current is not part of it.
    subexpressions
        Every subexpression, substituted likewise.
    held
        States whose equation holds only outside the refractory period.
    noise
        Factors of white noise by name, of each state that has any; the derivatives are without it.
    """

    states: tuple[str, ...]
    derivatives: Mapping[str, sp.Expr]
    subexpressions: Mapping[str, sp.Expr]
    held: frozenset[str]
    noise: Mapping[str, Mapping[str, sp.Expr]] = field(default_factory=dict)

    def substitute(self, expression: str, names: Iterable[str] = ()) -> sp.Expr:
        """Read an expression over states, parameters and subexpressions; the latter are substituted."""
        known = {symbol(name): value for name, value in self.subexpressions.items()}
        free = set(names) | set(self.states) | set(self.subexpressions)
        return read(expression, free).xreplace(known)


@lru_cache(256)
def system(equations: str, parameters: tuple[str, ...], opaque: tuple[str, ...] = ()) -> System:
    """Read equation text into a :class:`System`.

    Parameters
    ----------
    equations
        Brian2-language text.
    parameters
        Names that are parameters (``area`` and ``Cm`` included where the text uses them).
    opaque
        Subexpressions that stay symbols ``_frozen_<name>`` where other equations use them.
    """
    text = Equations(equations)
    names = set(text.names) | set(parameters) | {"v", "t", "area"} | set(filter(is_noise, used(equations)))
    raw = {name: read(eq.expr.code, names) for name, eq in text.items() if eq.expr is not None}
    order = [eq.varname for eq in text.ordered]
    substituted: dict[sp.Symbol, sp.Expr] = {}
    for name in order:
        if text[name].type == SUBEXPRESSION:
            seen = substituted | {symbol(other): symbol(f"_frozen_{other}") for other in opaque}
            substituted[symbol(name)] = raw[name].xreplace(seen)
    derivatives = {name: raw[name].xreplace(substituted) for name in raw if text[name].type == DIFFERENTIAL_EQUATION}
    if "Im" in text:
        derivatives = {"v": substituted[symbol("Im")] / symbol("Cm")} | derivatives
    moving = [symbol(name) for name in derivatives]
    parts = {name: parted(name, rate, moving) for name, rate in derivatives.items()}
    derivatives = {name: certain for name, (certain, _) in parts.items()}
    return System(
        states=tuple(derivatives),
        derivatives=derivatives,
        subexpressions={s.name: e for s, e in substituted.items()},
        held=frozenset(n for n, eq in text.items() if "unless refractory" in eq.flags),
        noise={name: factors for name, (_, factors) in parts.items() if factors},
    )
