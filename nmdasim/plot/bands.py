"""Reported concentrations along an axis of doses, on the scale of that axis: free or total, molar or by mass."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from nmdasim.pharmacology import bands
from nmdasim.plot.look import look
from nmdasim.plot.style import short

COLOUR = "#b9a3cc"
#: Share of the axis beyond which the words of a band stand on its left.
_LATE = 0.5


def _share(ax: Axes, value: float) -> float:
    """Return how far along the x axis a value lies."""
    return float(ax.transAxes.inverted().transform(ax.transData.transform((value, 1.0)))[0])


def across(ax: Axes, basis: str = "free", unit: str = "uM") -> Axes:
    """Mark along the foot of a figure what publications report of ketamine, each with its source, none as a target.

    Parameters
    ----------
    ax
        Axes whose x axis is a concentration of racemic ketamine.
    basis, unit
        What that axis shows: ``"free"`` or ``"total"``, and its unit. Reported are totals in plasma; on an axis of free
        drug they stand at their unbound share.
    """
    first, last = ax.get_xlim()
    foot = ax.get_xaxis_transform()
    ranges = {band: band.on(basis, unit) for band in bands()}
    shown = [band for band, (low, high) in ranges.items() if low < last and high > first]
    for k, band in enumerate(shown):
        low, high = ranges[band]
        height = 0.02 + 0.034 * k
        ax.plot([low, high], [height] * 2, "|-", transform=foot, color=COLOUR, linewidth=4, markersize=6, zorder=0.5)
        text = f"  {band.text}, {band.range} ({short(band.source)})"
        late = _share(ax, high) > _LATE
        at: dict[str, Any] = {"x": low if late else high, "ha": "right" if late else "left"}
        kind: dict[str, Any] = {"fontsize": 0.65 * look().font, "va": "center", "color": look().quiet, "clip_on": True}
        words = ax.text(y=height, s=f"{text}  " if late else text, transform=foot, **at, **kind)
        words.set_bbox({"facecolor": look().ground, "alpha": 0.75, "pad": 0.5, "linewidth": 0})
    ax.set_xlim(first, last)
    return ax
