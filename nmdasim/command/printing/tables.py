"""How tables look on a terminal."""

from __future__ import annotations

from typing import Any

from rich import box

#: Tables without frames: a terminal of 80 columns shows them whole.
NARROW: dict[str, Any] = {"box": box.SIMPLE_HEAD, "show_edge": False, "pad_edge": False, "padding": (0, 0)}


def signed(number: float, digits: int, *, plus: bool = False) -> str:
    """Return a number that people read, with so many decimals and a minus in place of a hyphen.

    `plus` has one above 0 stand behind a plus.
    """
    return f"{number:{'+' * plus}.{digits}f}".replace("-", "−")
