"""What cannot be read of an NMODL file, by file, line and column; and what is read with a word of warning."""

from __future__ import annotations

import warnings
from dataclasses import dataclass

from nmdasim.errors import InputError


@dataclass(frozen=True)
class Place:
    """Where something stands in a file; lines and columns count from 1."""

    line: int = 0
    column: int = 0


class NmodlError(InputError):
    """An NMODL file that is not understood.

    Parameters
    ----------
    reason
        What is not understood, and what to do.
    place
        Where it stands.
    file
        Name of the file.
    """

    def __init__(self, reason: str, place: Place | None = None, file: str = ""):
        self.reason, self.place, self.file = reason, place or Place(), file
        where = f"line {self.place.line}, column {self.place.column}" if self.place.line else ""
        super().__init__(": ".join(filter(None, [", ".join(filter(None, [file, where])), reason])))

    def within(self, file: str) -> NmodlError:
        """Return this refusal with the name of its file."""
        return NmodlError(self.reason, self.place, file)


class NmodlWarning(UserWarning):
    """Something of an NMODL file that is left out, or read otherwise than it is written."""


def warn(message: str, stacklevel: int = 2) -> None:
    """Warn of something that is read otherwise than it is written."""
    warnings.warn(message, NmodlWarning, stacklevel=stacklevel + 1)
