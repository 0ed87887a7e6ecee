"""Mechanism: a few lines of equations and their parameters. One current, one receptor, one pump."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any, Self

from nmdasim.errors import ModelError, answering
from nmdasim.language import names as text
from nmdasim.model import html
from nmdasim.model.parameter import ParameterSet


@dataclass(frozen=True)
class Recipe:
    """How a mechanism was made, so that it can be made again with another choice.

    Parameters
    ----------
    make
        The function that returns it.
    options
        The function's arguments.
    edits
        What was done to it since, in order: the name of a method of :class:`Mechanism` and its argument.
    """

    make: Callable[..., Mechanism]
    options: Mapping[str, Any]
    edits: tuple[tuple[str, Mapping[str, str]], ...] = ()


@answering
@dataclass(frozen=True)
class Mechanism:
    """A fragment of a model.

    Parameters
    ----------
    name
        Short name, unique within a model.
    equations
        Lines in Brian2's language. Currents are positive inward.
    parameters
        The parameters that the equations use.
    densities
        Names of current densities (A/m²) that cross the membrane here.
    currents
        Names of currents (A) that enter at a synapse, to be divided by the compartment's area.
    calcium
        Terms, in A/m², that carry calcium into the cell.
    initial
        Initial values: quantities, or expressions over parameters, subexpressions and other initial values.
    ports
        What one arriving event adds: ``{"ampa": "s_ampa += w_ampa"}``.
    gains
        Names under which a whole group of its parameters is scaled, ``{"kca": ("g_kca",)}``.
    starts
        Named alternatives to `initial`.
    implicit
        States that the published code solves by backward Euler rather than by exponentials.
    references
        Keys in ``references.bib``.
    at
        Regions of the morphology in which it sits; empty: everywhere.
    recipe
        How it was made, where it can be made with another choice.
    """

    name: str
    equations: str
    parameters: ParameterSet = field(default_factory=ParameterSet)
    densities: tuple[str, ...] = ()
    currents: tuple[str, ...] = ()
    calcium: tuple[str, ...] = ()
    initial: Mapping[str, Any] = field(default_factory=dict)
    ports: Mapping[str, str] = field(default_factory=dict)
    gains: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    starts: Mapping[str, Mapping[str, Any]] = field(default_factory=dict)
    implicit: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
    at: tuple[str, ...] = ()
    recipe: Recipe | None = field(default=None, compare=False, repr=False)

    def __post_init__(self) -> None:
        if not isinstance(self.parameters, ParameterSet):
            object.__setattr__(self, "parameters", ParameterSet(self.parameters))

    def _repr_html_(self) -> str:
        return html.mechanism(self)

    def renamed(self, names: Mapping[str, str]) -> Self:
        """Return this mechanism with other names of variables and parameters, ``{"E_k": "E_k_dendrite"}``."""

        def new(words: str) -> str:
            return text.renamed(words, names)

        def listed(entries: tuple[str, ...]) -> tuple[str, ...]:
            return tuple(map(new, entries))

        def values(entries: Mapping[str, Any]) -> dict[str, Any]:
            return {new(key): new(value) if isinstance(value, str) else value for key, value in entries.items()}

        changed = self._edited(new, listed, values, "renamed", names)
        parameters = {
            new(base) + dot + region: p
            for key, p in self.parameters.items()
            for base, dot, region in [key.partition(".")]
        }
        return dataclasses.replace(
            changed,
            parameters=ParameterSet(parameters),
            gains={key: listed(members) for key, members in self.gains.items()},
            implicit=listed(self.implicit),
            densities=listed(self.densities),
            currents=listed(self.currents),
        )

    def substituted(self, expressions: Mapping[str, str]) -> Self:
        """Return this mechanism reading an expression wherever it used a name, ``{"K_mg": "K_mg*(1 + relief)"}``."""

        def new(words: str) -> str:
            return text.substituted(words, expressions)

        def values(entries: Mapping[str, Any]) -> dict[str, Any]:
            return {key: new(value) if isinstance(value, str) else value for key, value in entries.items()}

        return self._edited(new, lambda entries: tuple(map(new, entries)), values, "substituted", expressions)

    def _edited(
        self,
        new: Callable[[str], str],
        listed: Callable[[tuple[str, ...]], tuple[str, ...]],
        values: Callable[[Mapping[str, Any]], dict[str, Any]],
        method: str,
        argument: Mapping[str, str],
    ) -> Self:
        edits = (*self.recipe.edits, (method, dict(argument))) if self.recipe else ()
        return dataclasses.replace(
            self,
            equations=new(self.equations),
            calcium=listed(self.calcium),
            initial=values(self.initial),
            ports={port: new(effect) for port, effect in self.ports.items()},
            starts={name: values(start) for name, start in self.starts.items()},
            recipe=dataclasses.replace(self.recipe, edits=edits) if self.recipe else None,
        )

    def remade(self, **options: Any) -> Mechanism:
        """Return this mechanism made again with other choices; what was renamed or substituted in it since stays so.

        Parameters that both have keep the values that they have here.

        Raises
        ------
        ModelError
            If it does not say how it was made, or its equations have been rewritten since.
        """
        if self.recipe is None:
            raise ModelError(f"mechanism {self.name!r} does not say how it was made; build it anew")
        if self._made({}).equations != self.equations:
            raise ModelError(f"the equations of mechanism {self.name!r} were rewritten by hand; build it anew")
        made = self._made(options)
        kept = {key: p for key, p in self.parameters.items() if key in made.parameters}
        return dataclasses.replace(made, parameters=made.parameters | kept, at=self.at)

    def _made(self, options: Mapping[str, Any]) -> Mechanism:
        assert self.recipe is not None
        made = self.recipe.make(**(dict(self.recipe.options) | dict(options)))
        for method, argument in self.recipe.edits:
            made = getattr(made, method)(argument)
        return made
