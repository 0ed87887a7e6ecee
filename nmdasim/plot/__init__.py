"""Figures of a result. Every function takes a result (and Axes, if you have some) and returns matplotlib Axes."""

from nmdasim.plot import backend, pharmacokinetics, populations, receptor, reflex, sensitization, sweep, treatment
from nmdasim.plot.animation import animate
from nmdasim.plot.look import look, style
from nmdasim.plot.memory import RECORD as MEMORY
from nmdasim.plot.memory import memory
from nmdasim.plot.receptor import scheme
from nmdasim.plot.rings import rings
from nmdasim.plot.style import caption
from nmdasim.plot.sweep import dose_response, heatmap, sensitivity
from nmdasim.plot.windup import counts, raster, slide, summary, trace, windup

__all__ = [
    "MEMORY",
    "animate",
    "backend",
    "caption",
    "counts",
    "dose_response",
    "heatmap",
    "look",
    "memory",
    "pharmacokinetics",
    "populations",
    "raster",
    "receptor",
    "reflex",
    "rings",
    "scheme",
    "sensitivity",
    "sensitization",
    "slide",
    "style",
    "summary",
    "sweep",
    "trace",
    "treatment",
    "windup",
]
