"""Equation text to SymPy: substituted, unit-free (SI), ready to be differentiated, printed or lambdified.

Brian2 checks the text and its units; this package only reads it. Everything an engine generates comes from the
:class:`System` built here, so no engine carries an equation of its own.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache

import sympy as sp
from brian2.equations import Equations
from brian2.equations.equations import DIFFERENTIAL_EQUATION, SUBEXPRESSION

from nmdasim.language.names import used
from nmdasim.language.noise import is_noise, parted
from nmdasim.language.reader import read, symbol
from nmdasim.language.regular import regular


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
    rewritten
        What is 0/0 somewhere as its equation is written, and here is not; see :mod:`nmdasim.language.regular`.
    noise
        Factors of white noise by name, of each state that has any; the derivatives are without it.
    """

    states: tuple[str, ...]
    derivatives: Mapping[str, sp.Expr]
    subexpressions: Mapping[str, sp.Expr]
    held: frozenset[str]
    rewritten: frozenset[str] = frozenset()
    noise: Mapping[str, Mapping[str, sp.Expr]] = field(default_factory=dict)

    @cached_property
    def _known(self) -> dict[sp.Symbol, sp.Expr]:
        return {symbol(name): value for name, value in self.subexpressions.items()}

    def substitute(self, expression: str, names: Iterable[str] = ()) -> sp.Expr:
        """Read an expression over states, parameters and subexpressions; the latter are substituted."""
        free = set(names) | set(self.states) | set(self.subexpressions)
        return regular(read(expression, free).xreplace(self._known))


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
    rewritten = set()
    for name in order:
        if text[name].type == SUBEXPRESSION:
            seen = substituted | {symbol(other): symbol(f"_frozen_{other}") for other in opaque}
            printed = raw[name].xreplace(seen)
            substituted[symbol(name)] = regular(printed)
            rewritten |= {name} if substituted[symbol(name)] != printed else set()
    printed_rates = {n: raw[n].xreplace(substituted) for n in raw if text[n].type == DIFFERENTIAL_EQUATION}
    derivatives = {name: regular(rate) for name, rate in printed_rates.items()}
    rewritten |= {name for name, rate in derivatives.items() if rate != printed_rates[name]}
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
        rewritten=frozenset(rewritten),
        noise={name: factors for name, (_, factors) in parts.items() if factors},
    )
