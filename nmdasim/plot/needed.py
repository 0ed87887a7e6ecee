"""What a figure needs of what it is drawn of: anything else is refused in one line that says what makes it."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ParamSpec, TypeVar

import xarray as xr

from nmdasim.errors import ArgumentError, InputError, plainly

_P = ParamSpec("_P")
_R = TypeVar("_R")


@dataclass(frozen=True)
class Need:
    """What one argument of a figure has to be.

    Parameters
    ----------
    made
        What makes it, as a user types it.
    names
        Variables, coordinates and dimensions that it has.
    kind
        Its type.
    """

    made: str
    names: str = ""
    kind: type = xr.Dataset

    def check(self, given: Any, figure: str) -> None:
        """Refuse anything else; of several by label or in a list, each."""
        every = list(_each(given))
        if not every:
            raise InputError(f"{figure} has nothing to draw; give it what {self.made} makes")
        for one in every:
            if not isinstance(one, self.kind):
                raise InputError(f"{figure} draws what {self.made} makes; a {type(one).__name__} is none")
            there = {*one.variables, *one.dims} if isinstance(one, xr.Dataset) else {}
            if missing := [name for name in self.names.split() if name not in there]:
                raise InputError(f"{figure} draws what {self.made} makes; what was given has no {', '.join(missing)}")


def _each(given: Any) -> Iterator[Any]:
    if isinstance(given, Mapping) and not isinstance(given, xr.Dataset):
        yield from given.values()
    elif isinstance(given, list | tuple):
        yield from given
    else:
        yield given


def draws(*needs: Need) -> Callable[[Callable[_P, _R]], Callable[_P, _R]]:
    """Return a decorator of a figure that checks its first arguments; those that are not given are not looked at."""

    def decorate(function: Callable[_P, _R]) -> Callable[_P, _R]:
        signature = inspect.signature(function)

        @functools.wraps(function)
        def call(*args: _P.args, **kwargs: _P.kwargs) -> _R:
            try:
                given = signature.bind(*args, **kwargs).arguments
            except TypeError as error:
                raise ArgumentError(f"{function.__name__}: {error}") from None
            for name, need in zip(signature.parameters, needs, strict=False):
                if given.get(name) is not None:
                    need.check(given[name], function.__name__)
            return function(*args, **kwargs)

        return plainly(call)

    return decorate
