"""How tables look on a terminal."""

from __future__ import annotations

from typing import Any

from rich import box

#: Tables without frames: a terminal of 80 columns shows them whole.
NARROW: dict[str, Any] = {"box": box.SIMPLE_HEAD, "show_edge": False, "pad_edge": False, "padding": (0, 0)}


def signed(number: float, digits: int, *, plus: bool = False) -> str:
    """Return a number that people read, with so many decimals and a minus in place of a hyphen.

    `plus` has one above 0 stand behind a plus. What rounds to 0 has neither.
    """
    shown = round(number, digits) + 0.0  # no minus zero
    return f"{shown:{'+' * (plus and shown != 0)}.{digits}f}".replace("-", "−")
