"""The equations of a group of compartments with their subexpressions by name, as the author wrote them.

An NMODL file is read by people: ``alpha_m_na`` stays ``alpha_m_na``. The slope of an equation follows by the chain rule
through these names, so that nothing is expanded.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from functools import cached_property

import sympy as sp
from brian2.equations import Equations

from nmdasim.engines.layout import Group, absent
from nmdasim.language.reader import read, symbol
from nmdasim.model.model import Model


@dataclass(frozen=True)
class Named:
    """Equations of one group; what is zero there is left out.

    Parameters
    ----------
    definitions
        Subexpressions in the order in which they are computed.
    rates
        d(state)/dt of each live state; of the potential of a tree, ``Im``, the membrane current density inward.
    known
        What is a plain number here, most of it 0.
    """

    definitions: Mapping[str, sp.Expr]
    rates: Mapping[str, sp.Expr]
    known: Mapping[sp.Symbol, sp.Expr]
    _slopes: dict[tuple[sp.Symbol, sp.Symbol], sp.Expr] = field(default_factory=dict)

    @classmethod
    def of(cls, model: Model, group: Group) -> Named:
        """Read the equations of a model, without what is zero in a group."""
        text, system = Equations(model.equations), model.system
        names = {*text.names, *model.parameters.bases, "Cm", "area", "v", "t"}
        silent = [*absent(model, group.compartments[0]), *(s for s in system.states if s not in group.states)]
        known: dict[sp.Symbol, sp.Expr] = {symbol(name): sp.Integer(0) for name in silent}
        definitions: dict[str, sp.Expr] = {}
        rates: dict[str, sp.Expr] = {}
        for eq in text.ordered:
            name = eq.varname
            if eq.expr is None or name in silent:
                continue
            whole = {**system.subexpressions, **system.derivatives}[name]
            found = _without(whole if name in system.rewritten else read(eq.expr.code, names), known)
            if found is None:  # 0/0 on the way, as the occupancy of receptors that are not there
                found = {**group.subexpressions, **group.derivatives}[name]
            if name in system.derivatives:
                rates[name] = found
            elif found.is_number:
                known[symbol(name)] = found
            else:
                definitions[name] = found
        if not model.is_point:
            rates[model.potential] = definitions.pop("Im", known.get(symbol("Im"), sp.Integer(0)))
        return cls(definitions, {state: rates[state] for state in group.states}, known)

    @cached_property
    def _defined(self) -> dict[sp.Symbol, sp.Expr]:
        return {symbol(name): value for name, value in self.definitions.items()}

    def read(self, text: str, names: Iterable[str]) -> sp.Expr:
        """Read an expression over these names and others."""
        return read(text, {*names, *self.definitions, *(s.name for s in self.known)}).xreplace(dict(self.known))

    def needed(self, expressions: Iterable[sp.Expr]) -> dict[str, sp.Expr]:
        """Return the definitions on which expressions depend, in order."""
        wanted: set[sp.Symbol] = set()
        left = [s for e in expressions for s in e.free_symbols]
        while left:
            one = left.pop()
            if one in self._defined and one not in wanted:
                wanted.add(one)
                left += self._defined[one].free_symbols
        return {name: value for name, value in self.definitions.items() if symbol(name) in wanted}

    def slope(self, expression: sp.Expr, state: str) -> sp.Expr:
        """Return the derivative of an expression with respect to a state, by the chain rule."""
        by = symbol(state)
        through = [s for s in sorted(expression.free_symbols, key=str) if s in self._defined]
        return expression.diff(by) + sum((expression.diff(s) * self._inner(s, by) for s in through), sp.Integer(0))

    def _inner(self, name: sp.Symbol, by: sp.Symbol) -> sp.Expr:
        if (name, by) not in self._slopes:
            self._slopes[name, by] = self.slope(self._defined[name], by.name)
        return self._slopes[name, by]


def _without(expression: sp.Expr, known: Mapping[sp.Symbol, sp.Expr]) -> sp.Expr | None:
    """Return an expression with names replaced by numbers; None where it is no number then."""
    try:
        found = expression.xreplace(dict(known))
    except TypeError:  # SymPy compares no NaN
        return None
    return None if found.has(sp.nan, sp.zoo) else found
