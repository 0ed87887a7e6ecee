"""What a user can do wrong, by class: everything else that is raised is a fault of the library."""

from __future__ import annotations

import difflib
from collections.abc import Iterable


class NmdasimError(ValueError):
    """A request that does not make sense; the message says what was given, what is allowed and what to do."""


class InputError(NmdasimError):
    """An argument, an option or a file that is out of range or of the wrong form."""


class UnitError(NmdasimError):
    """A quantity that cannot be read, or that has the wrong dimension."""


class ModelError(NmdasimError):
    """A model, or a request to it, that does not make sense."""


class ExpressionError(ModelError):
    """An expression that the equations' language does not contain."""


class OverflowedError(ModelError):
    """A run of which no lane is left."""


class PluginError(NmdasimError):
    """Something of another package that cannot be loaded; the message names the package."""


def nearest(name: str, known: Iterable[str]) -> str:
    """Return ``"; did you mean …?"`` or the list of what there is."""
    names = list(known)
    lower = {known.lower(): known for known in reversed(names)}  # what differs in case alone is nearest
    close = difflib.get_close_matches(name, names, n=1, cutoff=0.6)
    close = [lower[name.lower()]] if name.lower() in lower else close
    return f"; did you mean {close[0]!r}?" if close else f"; there are {', '.join(names)}"
