"""A sweep as a notebook shows it: what runs, along which axes, and what is kept."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from nmdasim import quantities
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.model import html
from nmdasim.run.axes import Axis, shown

if TYPE_CHECKING:
    from nmdasim.sweep.specification import Sweep


def sweep(one: Sweep) -> str:
    """Return a sweep: its model, every axis with its range and unit, read-outs and size, under the disclaimer."""
    size = f"{one.shown_size()} = {quantities.several(one.lanes, 'lane')}"
    told = html.table(
        ("", ""),
        (("model", one.model.name), ("protocol", repr(one.protocol)), ("read-outs", ", ".join(one.readouts))),
    )
    axes = html.table(("axis", "values", "from", "to", "unit"), map(_row, one.varied))
    return f"<div>{html.title(one.title or 'Sweep', size)}{axes}{told}{html.title('', DISCLAIMER)}</div>"


def _row(axis: Axis) -> tuple[object, ...]:
    values = axis.values if axis.named else np.sort(axis.values)
    first, last = shown(axis, values[[0, -1]]).tolist()
    return axis.name, f"{len(values):,}", first, last, quantities.pretty(axis.unit).removeprefix("1")
