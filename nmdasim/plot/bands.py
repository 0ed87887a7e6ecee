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
#: Share of the height of the Axes that a row of the foot takes.
_ROW = 0.046


def _share(ax: Axes, value: float) -> float:
    """Return how far along the x axis a value lies."""
    return float(ax.transAxes.inverted().transform(ax.transData.transform((value, 1.0)))[0])


def across(ax: Axes, basis: str = "free", unit: str = "uM", after: float = 0.0) -> Axes:
    """Mark in a strip at the foot of a figure what publications report of ketamine, with sources, none as a target.

    The strip lies below all that is drawn: the axis is made longer for it.

    Parameters
    ----------
    ax
        Axes whose x axis is a concentration of racemic ketamine.
    basis, unit
        What that axis shows: ``"free"`` or ``"total"``, and its unit. Reported are totals in plasma; on an axis of free
        drug they stand at their unbound share.
    after
        Where that axis begins, if it is broken: what is reported below is not drawn.
    """
    first, last = ax.get_xlim()
    ranges = {band: band.on(basis, unit) for band in bands()}
    shown = [band for band, (low, high) in ranges.items() if low < last and high > max(first, after)]
    if not shown:
        return ax
    _strip(ax, _ROW * (len(shown) + 1.5))
    foot = ax.get_xaxis_transform()
    kind: dict[str, Any] = {"fontsize": 0.68 * look().font, "va": "center", "color": look().quiet}
    heading = "Reported, ng/ml total in plasma:"
    ax.text(0.01, _ROW * (len(shown) + 0.7), heading, transform=ax.transAxes, fontstyle="italic", **kind)
    for k, band in enumerate(shown):
        low, high = max(ranges[band][0], after), ranges[band][1]
        height = _ROW * (k + 0.5)
        ax.plot([low, high], [height] * 2, "|-", transform=foot, color=COLOUR, linewidth=4, markersize=6, zorder=0.5)
        text = f"{band.text}, {band.range.removesuffix(' ng/ml total')} ({short(band.source)})"
        late = _share(ax, high) > _LATE
        at: dict[str, Any] = {"x": low if late else high, "ha": "right" if late else "left"}
        ax.text(y=height, s=f"{text}  " if late else f"  {text}", transform=foot, **at, **kind)
    ax.set_xlim(first, last)
    return ax


def _strip(ax: Axes, share: float) -> None:
    """Make the y axis longer downwards, by a strip of this share of its new height that has no ticks."""
    low, high = ax.get_ylim()
    ticks = [tick for tick in ax.get_yticks() if low <= tick <= high]
    beneath = ax.transAxes.transform((0.0, -share / (1 - share)))
    ax.set_ylim(ax.transData.inverted().transform(beneath)[1], high)
    ax.set_yticks(ticks)
    ax.plot([0, 1], [share] * 2, transform=ax.transAxes, color=look().faint, linewidth=1, linestyle="-", zorder=0)
