"""What is printed: whole in every locale, and without what a terminal or a spreadsheet would take for an order."""

from __future__ import annotations

import codecs
import io
import os
import sys

_SPELLED = {"µ": "u", "μ": "u", "·": "*", "–": "-", "−": "-", "—": "-", "…": "...", "→": "->", "×": "x", "²": "2"}
_SPELLED |= {"³": "3", "δ": "d", "ρ": "rho", "α": "alpha", "β": "beta", "τ": "tau", "∞": "inf", "•": "*", "°": "deg"}


def _spell(error: UnicodeError) -> tuple[str, int]:
    """Spell characters that an encoding lacks; others by their number."""
    if not isinstance(error, UnicodeEncodeError):
        raise error
    text = error.object[error.start : error.end]
    return "".join(_SPELLED.get(c, c.encode("ascii", "backslashreplace").decode()) for c in text), error.end


def prepare() -> None:
    """Have standard output and error print every character, in whatever encoding they have."""
    codecs.register_error("spelled", _spell)
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="spelled")


def plain(text: object) -> str:
    """Return text of a user's in one line, control characters shown by their number."""
    line = " ".join(str(text).split())
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in line)


def abandon() -> None:
    """Have whatever is still to be printed go nowhere: standard output takes no more."""
    try:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    except (OSError, ValueError):  # no file behind it
        sys.stdout = io.StringIO()
