"""What of a model determines generated code, as opposed to its numbers; and a cache of what is made from it.

Two models of one structure, such as one with another value of a parameter, share what is generated and compiled.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping
from functools import lru_cache, wraps
from typing import TYPE_CHECKING, Any, Concatenate, ParamSpec, TypeVar

from nmdasim import quantities

if TYPE_CHECKING:
    from nmdasim.model.model import Model

_P = ParamSpec("_P")
_R = TypeVar("_R")
_OfModel = Callable[Concatenate["Model", _P], _R]


def digest(model: Model) -> str:
    """Return a hash of what determines code.

    That is equations, names and units of parameters, regions, the shape of the tree, ports, spike rule, what starts are
    given for, and what the published method asks for; no value of a parameter.
    """
    shape = model.morphology
    content = {
        "equations": model.equations,
        "parameters": [(key, parameter.unit) for key, parameter in model.parameters.items()],
        "shape": [shape.parents, list(shape.regions.items())],
        "ports": [(name, port.effect, port.compartment) for name, port in model.ports.items()],
        "spike": [model.threshold, model.reset, _refractory(model.refractory), model.spike_site],
        "starts": [_texts(start) for start in (model.initial, *model.starts.values())],
        "method": [model.implicit, model.feeding, model.membrane],
    }
    return hashlib.sha256(json.dumps(content, default=str).encode()).hexdigest()[:20]


def _refractory(given: Any) -> str | float | None:
    """Return a refractory rule, a duration in seconds: how many steps it takes is part of the code."""
    if given is None or isinstance(given, str):
        return given
    return quantities.si(given, "ms", name="refractory").tolist()


def _texts(start: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the states that a start gives, and the expressions of those that are no plain numbers."""
    return [(state, value if isinstance(value, str) else "") for state, value in start.items()]


def by_structure(maxsize: int) -> Callable[[_OfModel[_P, _R]], _OfModel[_P, _R]]:
    """Keep what a function makes of a model's structure and of its other, hashable arguments: the last `maxsize`.

    What is made must not hold the model, which would then never be let go of.
    """

    def decorate(function: _OfModel[_P, _R]) -> _OfModel[_P, _R]:
        @lru_cache(maxsize)
        def kept(key: _Key, arguments: Any, options: Any) -> _R:
            return function(key.model, *arguments, **dict(options))

        @wraps(function)
        def cached(model: Model, /, *arguments: _P.args, **options: _P.kwargs) -> _R:
            key = _Key(model)
            try:
                return kept(key, arguments, tuple(sorted(options.items())))
            finally:
                del key.model

        return cached

    return decorate


class _Key:
    """A model's structure, with the model itself until the call is over."""

    def __init__(self, model: Model):
        self.model, self._structure = model, model.structure

    def __eq__(self, other: object) -> bool:
        return isinstance(other, _Key) and self._structure == other._structure

    def __hash__(self) -> int:
        return hash(self._structure)
