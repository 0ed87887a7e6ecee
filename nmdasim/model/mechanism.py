"""Mechanism: a few lines of equations and their parameters. One current, one receptor, one pump."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from nmdasim.model.parameter import ParameterSet


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
    implicit
        States that the published code solves by backward Euler rather than by exponentials.
    references
        Keys in ``references.bib``.
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
    implicit: tuple[str, ...] = ()
    references: tuple[str, ...] = ()
