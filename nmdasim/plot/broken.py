"""A logarithmic axis of doses with room for none: 0 stands left of a break."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FixedLocator, FuncFormatter, NullFormatter

from nmdasim.plot.look import look

#: Width of the gap before the least dose, as a share of the decades that the doses span, and at least so many decades.
_GAP, _LEAST = 0.16, 0.1


def log_with_zero(ax: Axes, doses: np.ndarray) -> tuple[float, float]:
    """Make the x axis logarithmic over the doses above 0, and break it to put 0 on its left.

    Parameters
    ----------
    ax
        Axes whose x axis is a dose.
    doses
        Doses above 0, in the unit of the axis.

    Returns
    -------
    :
        Where on the axis a dose of 0 is drawn, and where the axis is broken.
    """
    least, most = np.log10([doses.min(), doses.max()])
    gap = max(_GAP * (most - least), _LEAST)
    zero, cut = 10.0 ** (least - gap), 10.0 ** (least - gap / 2)
    ax.set_xscale("log")
    ax.set_xlim(10.0 ** (least - 1.4 * gap), 10.0 ** (most + 0.4 * gap))
    grid = np.outer(10.0 ** np.arange(np.floor(least), np.ceil(most) + 1), np.arange(1, 10)).ravel()
    inside = grid[(grid > cut) & (grid < ax.get_xlim()[1])]
    decades = inside[np.isclose(np.log10(inside), np.round(np.log10(inside)))]
    written = decades if len(decades) > 1 else np.unique(doses)[[0, -1]]
    ax.xaxis.set_major_locator(FixedLocator([zero, *written]))
    ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: "0" if value == zero else f"{value:,.12g}"))
    ax.xaxis.set_minor_locator(FixedLocator(inside))
    ax.xaxis.set_minor_formatter(NullFormatter())
    mark = {"facecolor": look().ground, "edgecolor": "none", "pad": 1.0}
    where = ax.get_xaxis_transform()
    ax.text(cut, 0, "//", transform=where, ha="center", va="center", bbox=mark, fontsize=0.8 * look().font)
    return zero, cut
