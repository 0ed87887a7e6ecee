"""Bands of data that a model has to meet, and which draws meet them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError, UnitError

Bands = Mapping[str, tuple[float, float]]


def bands(given: Mapping[str, Any], where: str = "accept") -> dict[str, tuple[float, float]]:
    """Return bands as numbers, ``{read-out: (low, high)}`` in the unit of the read-out; ``"inf"`` leaves one open.

    Raises
    ------
    InputError
        If one is no pair of numbers that rises.
    """
    return {name: _band(name, pair, where) for name, pair in given.items()}


def _band(name: str, pair: Any, where: str) -> tuple[float, float]:
    if isinstance(pair, str) or np.ndim(pair) != 1 or len(pair) != len(("low", "high")):
        raise InputError(f"{where}: {name} = {pair!r}; a band is (low, high), as in ratio = [1.5, 4]")
    low, high = (_edge(name, edge, where) for edge in pair)
    if not low <= high:
        raise InputError(f"{where}: {name} = {low:g} to {high:g}; a band rises from low to high")
    return low, high


def _edge(name: str, edge: Any, where: str) -> float:
    if edge in ("inf", "-inf"):
        return float(edge)
    try:
        return float(quantities.si(edge, "1", name=f"{where}: {name}", finite=False))
    except UnitError:
        raise InputError(
            f"{where}: {name} = {edge!r}; an edge of a band is a number in the unit of the read-out, or 'inf'"
        ) from None


def met(wanted: Bands, values: Mapping[str, np.ndarray]) -> np.ndarray:
    """Return which draws meet all bands, shape (draws,); what is not a number meets none."""
    parts = [within(values[name], band) for name, band in wanted.items()]
    return np.logical_and.reduce(parts)


def within(values: np.ndarray, band: tuple[float, float]) -> np.ndarray:
    """Return which values lie in a band."""
    return (values >= band[0]) & (values <= band[1])


def refusal(wanted: Bands, values: Mapping[str, np.ndarray], of: str, condition: str) -> str:
    """Say how far the read-outs of some draws lie from bands that none of them meets."""
    told = []
    for name, band in wanted.items():
        known = values[name][np.isfinite(values[name])]
        reach = (
            f"from {quantities.brief(known.min(), 3)} to {quantities.brief(known.max(), 3)}"
            if known.size
            else "undefined throughout"
        )
        share = 100 * float(np.mean(within(values[name], band)))
        told.append(f"{name} in {band[0]:g} to {band[1]:g} by {quantities.brief(share, 3)} % ({reach})")
    number = len(next(iter(values.values())))
    return (
        f"none of {number} {of} meets the bands{condition}: {'; '.join(told)}; "
        "widen the bands or the ranges, or give a larger pilot"
    )
