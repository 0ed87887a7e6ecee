"""Figures of a result. Every function takes a result (and Axes, if you have some) and returns matplotlib Axes."""

from nmdasim.plot import backend, pharmacokinetics, populations, receptor, sensitization, sweep
from nmdasim.plot.receptor import scheme
from nmdasim.plot.style import caption
from nmdasim.plot.sweep import dose_response, heatmap, sensitivity
from nmdasim.plot.windup import counts, raster, summary, trace, windup

__all__ = [
    "backend",
    "caption",
    "counts",
    "dose_response",
    "heatmap",
    "pharmacokinetics",
    "populations",
    "raster",
    "receptor",
    "scheme",
    "sensitivity",
    "sensitization",
    "summary",
    "sweep",
    "trace",
    "windup",
]
