"""What a read-out takes along of the result that it is of, so that a figure of it can say what it stands on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_KEPT = ("disclaimer", "unverified_parameters", "drugs", "block", "preset", "site", "source", "warnings")


def standing(attrs: Mapping[Any, Any]) -> dict[str, Any]:
    """Return what a figure says of a result: disclaimer, origin of a concentration, start, unverified numbers."""
    return {key: attrs[key] for key in _KEPT if key in attrs}
