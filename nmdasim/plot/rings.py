"""Lines that lie on one another: rings around the markers beneath show that each of them is there."""

from __future__ import annotations

import numpy as np
from matplotlib.axes import Axes
from matplotlib.lines import Line2D

from nmdasim.plot.look import look

#: Distance of two points, as a share of the height of the Axes, up to which one hides the other.
_NEAR = 0.015
#: Share of its points that a line hides of another, from which on its markers are rings.
_SHARE = 0.5
#: By how much of the smallest marker a ring is larger than what it surrounds, and the largest by how much of it in all.
_STEP, _MOST = 0.3, 1.8


def rings(ax: Axes) -> Axes:
    """Turn the markers of lines that lie on earlier ones into rings around the markers beneath.

    To be called when the lines are drawn and the limits of the y axis are set, before a legend is made.

    Parameters
    ----------
    ax
        Axes with lines that have a marker at every point.

    Returns
    -------
    matplotlib Axes
        The same.
    """
    low, high = ax.get_ylim()
    lines = [line for line in ax.lines if line.get_marker() not in ("None", "none", "", " ", None)]
    size = min((float(line.get_markersize()) for line in lines), default=0.0)
    step = size * min(_STEP, _MOST / max(len(lines) - 1, 1))
    for k, line in enumerate(lines):
        beneath = [other for other in lines[:k] if _hides(line, other, _NEAR * (high - low))]
        if beneath:
            around = max(float(other.get_markersize()) for other in beneath) + step
            line.set(markerfacecolor="none", markeredgewidth=0.6 * look().line, markersize=around)
    return ax


def _hides(line: Line2D, other: Line2D, near: float) -> bool:
    """Return whether half of the points of one of two lines, or more, lie where the other has points."""
    ours, theirs = (np.asarray(one.get_xydata(), dtype=float) for one in (line, other))
    same_x = np.isclose(ours[:, None, 0], theirs[None, :, 0])
    same = same_x & (np.abs(ours[:, None, 1] - theirs[None, :, 1]) <= near)
    seen = [np.isfinite(one).all(axis=1).sum() for one in (ours, theirs)]
    return bool(min(seen)) and bool(same.any(axis=1).sum() >= _SHARE * min(seen))
