"""The membrane of a tree: solve (1 - γ dt J) k = F by elimination from the leaves, then move v.

Written out compartment by compartment for one lane. Every product is spelled as it is to be computed, two factors at a
time, so that all renderings round alike. Of compartment i, ``_v``, ``_f`` and ``_d`` are potential, right-hand side and
diagonal, ``_r`` is 1/d, and ``_m`` the share of its row that elimination adds to its parent's.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property, reduce

import sympy as sp

from nmdasim.engines.form.methods import DT, Method
from nmdasim.engines.form.statements import Code, Let, Load, Place, Put, Rate, Row, Statement
from nmdasim.language.reader import symbol

#: γ dt, which all lanes share, and the difference of two potentials.
_G, _DIFFERENCE = symbol("_g"), symbol("_d")


@dataclass(frozen=True)
class Solve:
    """The step of a tree's membrane.

    Parameters
    ----------
    step
        What all lanes share: ``_g``, the share of dt in the matrix.
    second
        Whether the matrix is solved a second time.
    potential
        Name of the state that moves.
    parents
        Index of each compartment's parent, -1 for the root.
    capacities
        For each compartment, the row of its factor 1/Cm where lanes differ in it, else empty.
    """

    step: Let
    second: bool
    potential: str
    parents: tuple[int, ...]
    capacities: tuple[str, ...]

    @cached_property
    def code(self) -> Code:
        """What each lane does, written out; a writer may loop over the compartments instead."""
        places: dict[str, Place] = {}
        for i, capacity in enumerate(self.capacities):
            places |= {f"_v{i}": Row(self.potential, i), f"_f{i}": Row("_F", i), f"_J{i}": Row("_D", i)}
            places |= {f"_{direction}{i}": Rate(direction, i) for direction in ("up", "down", "axial")}
            places |= {f"_c{i}": Row(capacity, i)} if capacity else {}
        elimination = _Elimination(self.second, self.potential, self.parents, [bool(c) for c in self.capacities])
        return Code.over(elimination.statements(), places)


def product(*factors: sp.Expr) -> sp.Expr:
    """Return a product that is computed from left to right, as it stands."""
    return reduce(lambda a, b: sp.Mul(a, b, evaluate=False), factors)


def solve(method: Method, potential: str, parents: Sequence[int], capacities: Sequence[str]) -> Solve:
    """Return the step of a tree's membrane by a method, which gives γ and the number of solves; see :class:`Solve`."""
    step = Let("_g", sp.Float(method.gamma) * DT)
    return Solve(step, method.second_solve, potential, tuple(parents), tuple(capacities))


@dataclass(frozen=True)
class _Elimination:
    second: bool
    potential: str
    parents: Sequence[int]
    scaled: Sequence[bool]

    def statements(self) -> Iterator[Statement]:
        count = range(len(self.parents))
        for i in count:
            yield from (Load(f"_v{i}"), Load(f"_f{i}"))
        for i in count[1:]:
            yield from self._couple(i, self.parents[i])
        for i in count:
            around = product(*self._rate("axial", i, i)) - symbol(f"_J{i}")
            yield Let(f"_d{i}", 1 + product(_G, around))
        for i in reversed(count[1:]):
            yield from self._eliminate(i, self.parents[i])
        yield Let("_r0", 1 / symbol("_d0"))
        yield from self._substitute()
        if self.second:
            yield from (Let(f"_v{i}", product(_G, symbol(f"_f{i}")), "+=") for i in count)
            for i in reversed(count[1:]):
                yield Let(f"_f{self.parents[i]}", product(symbol(f"_m{i}"), symbol(f"_f{i}")), "+=")
            yield from self._substitute()
        left = DT - _G if self.second else DT
        yield from (Put(Row(self.potential, i), symbol(f"_v{i}") + product(left, symbol(f"_f{i}"))) for i in count)

    def _rate(self, direction: str, i: int, membrane: int) -> list[sp.Symbol]:
        """Return the factors of an axial rate: divided, where lanes differ in it, by the Cm of a `membrane`."""
        rate = symbol(f"_{direction}{i}")
        return [rate, symbol(f"_c{membrane}")] if self.scaled[membrane] else [rate]

    def _couple(self, i: int, p: int) -> Iterator[Statement]:
        """Add the axial current between a compartment and its parent."""
        yield Let(_DIFFERENCE.name, symbol(f"_v{p}") - symbol(f"_v{i}"))
        yield Let(f"_f{i}", product(*self._rate("up", i, i), _DIFFERENCE), "+=")
        yield Let(f"_f{p}", product(*self._rate("down", i, p), _DIFFERENCE), "-=")

    def _eliminate(self, i: int, p: int) -> Iterator[Statement]:
        """Take a compartment out of its parent's row."""
        share = symbol(f"_m{i}")
        yield Let(f"_r{i}", 1 / symbol(f"_d{i}"))
        yield Let(share.name, product(_G, *self._rate("down", i, p), symbol(f"_r{i}")))
        yield Let(f"_d{p}", product(share, product(_G, *self._rate("up", i, i))), "-=")
        yield Let(f"_f{p}", product(share, symbol(f"_f{i}")), "+=")

    def _substitute(self) -> Iterator[Statement]:
        """Substitute back from the root to the leaves."""
        yield Let("_f0", product(symbol("_f0"), symbol("_r0")))
        for i, p in enumerate(self.parents):
            if i:
                moved = symbol(f"_f{i}") + product(_G, *self._rate("up", i, i), symbol(f"_f{p}"))
                yield Let(f"_f{i}", product(moved, symbol(f"_r{i}")))
