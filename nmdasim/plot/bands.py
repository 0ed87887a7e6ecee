"""Reported concentrations along an axis of doses, on the scale of that axis: free or total, molar or by mass."""

from __future__ import annotations

from typing import Any

from matplotlib.axes import Axes

from nmdasim.pharmacology import bands
from nmdasim.plot.look import look
from nmdasim.plot.style import short

COLOUR = "#b9a3cc"
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
    shown = {
        band: (max(low, first, after), min(high, last))
        for band, (low, high) in ranges.items()
        if low < last and high > max(first, after)
    }
    if not shown:
        return ax
    kind: dict[str, Any] = {"fontsize": 0.68 * look().font, "va": "center", "color": look().quiet}
    texts = {
        band: f"  {band.text}, {band.range.removesuffix(' ng/ml total')} ({short(band.source)})  " for band in shown
    }
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # the layout is found: how wide the Axes are beside the words
    begin = _share(ax, max(first, after))
    where = {band: _beside(ax, texts[band], *ends, begin, kind["fontsize"]) for band, ends in shown.items()}
    rows = len(shown) + sum(above for *_, above in where.values())
    _strip(ax, _ROW * (rows + 1.5))
    foot = ax.get_xaxis_transform()
    heading = "Reported, ng/ml total in plasma:"
    ax.text(0.01, _ROW * (rows + 0.7), heading, transform=ax.transAxes, fontstyle="italic", **kind)
    height = 0.5 * _ROW
    for band, ends in shown.items():
        line: dict[str, Any] = {"transform": foot, "color": COLOUR, "zorder": 0.5, "markersize": 6}
        whole = [k for k in (0, 1) if ends[k] == ranges[band][k]]
        ax.plot(ends, [height] * 2, "|-", linewidth=4, markevery=whole, **line)
        for k in {0, 1} - {*whole}:  # it goes on beyond the axis
            ax.plot(ends[k], height, "<>"[k], clip_on=False, **line)
        x, side, above = where[band]
        height += _ROW * above
        ax.text(x, height, texts[band], transform=ax.transAxes, ha=side, **kind)
        height += _ROW
    ax.set_xlim(first, last)
    return ax


def _beside(ax: Axes, text: str, low: float, high: float, begin: float, fontsize: float) -> tuple[float, str, bool]:
    """Return where the words of a band stand along the axis, to which side, and whether in a row of their own above.

    They are on its right, or its left; above it where neither side has room from `begin` of the axis to its end.
    """
    words = ax.text(0, 0, text, fontsize=fontsize)
    box = words.get_window_extent().transformed(ax.transAxes.inverted())
    words.remove()
    left, right = _share(ax, low), _share(ax, high)
    if right + box.width <= 1:
        return right, "left", False
    if left - box.width >= begin:
        return left, "right", False
    return min(left, 1 - box.width), "left", True


def _strip(ax: Axes, share: float) -> None:
    """Make the y axis longer downwards, by a strip of this share of its new height that has no ticks."""
    low, high = ax.get_ylim()
    ticks = [tick for tick in ax.get_yticks() if low <= tick <= high]
    beneath = ax.transAxes.transform((0.0, -share / (1 - share)))
    ax.set_ylim(ax.transData.inverted().transform(beneath)[1], high)
    ax.set_yticks(ticks)
    ax.plot([0, 1], [share] * 2, transform=ax.transAxes, color=look().faint, linewidth=1, linestyle="-", zorder=0)
