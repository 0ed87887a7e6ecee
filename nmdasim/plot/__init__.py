"""Figures of a result. Every function takes a result (and Axes, if you have some) and returns matplotlib Axes."""

from nmdasim.plot import pharmacokinetics, receptor, sensitization, sweep, treatment
from nmdasim.plot.receptor import scheme
from nmdasim.plot.style import caption
from nmdasim.plot.sweep import dose_response, heatmap, sensitivity
from nmdasim.plot.windup import calcium, counts, raster, trace, windup

__all__ = [
    "calcium",
    "caption",
    "counts",
    "dose_response",
    "heatmap",
    "pharmacokinetics",
    "raster",
    "receptor",
    "scheme",
    "sensitivity",
    "sensitization",
    "sweep",
    "trace",
    "treatment",
    "windup",
]
