"""Packages of the extras, loaded on first use."""

from __future__ import annotations

from importlib import import_module
from typing import Any

from nmdasim.errors import InputError


def need(name: str, extra: str) -> Any:
    """Return a module of an extra, or say how to install it.

    Raises
    ------
    InputError
        If it is not installed.
    """
    try:
        return import_module(name)
    except ImportError:
        raise InputError(f"{name} is not installed; it comes with the extra: pip install 'nmdasim[{extra}]'") from None
