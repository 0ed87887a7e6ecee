"""One wind-up train as a film: the plug in the receptor, calcium, the CAN gate that fills, and spikes."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import xarray as xr
from matplotlib.animation import FFMpegWriter
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine
from PIL import Image

from nmdasim import quantities
from nmdasim.errors import InputError
from nmdasim.plot.conditions import what
from nmdasim.plot.look import look
from nmdasim.plot.memory import RECORD, check_recorded
from nmdasim.plot.needed import Need, draws
from nmdasim.plot.style import caption, drawn
from nmdasim.readout import measures
from nmdasim.receptors import magnesium_block

_RESULT = Need('nm.simulate(neuron, nm.WindUp(), record=nm.plot.MEMORY, sample="1 ms")')


if TYPE_CHECKING:
    from matplotlib.axes import Axes

#: Dots to an inch of a film: 13.33 inches make 800 dots.
_DPI = 60
#: Colours of a frame of a GIF.
_COLOURS = 24
#: Seconds of the train that are seen behind the present.
_TRAIL = 4.0
#: Traces are means of so many ms: single spikes would be a blur.
_SMOOTH_MS = 30.0


@draws(_RESULT)
def animate(result: xr.Dataset, path: str | Path, *, frames_per_second: int = 10, speed: float = 1.0) -> Path:
    """Write a film of one wind-up train.

    Parameters
    ----------
    result
        One lane, as :func:`nmdasim.plot.memory` wants it: ``record=nm.plot.MEMORY``, ``sample="1 ms"``.
    path
        ``….gif``, or ``….mp4`` where ffmpeg is installed.
    frames_per_second
        Frames in a second of the film.
    speed
        Seconds of the neuron in a second of the film.

    Returns
    -------
    pathlib.Path
        Where it lies.

    Raises
    ------
    InputError
        If something was not recorded, there are several lanes, or no writer is there for that kind of file.
    """
    target = Path(path)
    _check(target)
    check_recorded(result, "animate")
    one = result.isel(seed=0) if result.sizes.get("seed", 1) == 1 and "seed" in result.dims else result
    if others := [str(d) for d in one[RECORD[0]].dims if d != "time"]:
        raise InputError(f"several lanes along {', '.join(others)}; choose one, as in result.isel({others[0]}=0)")
    step = 1e3 * speed / frames_per_second
    times = np.arange(float(one.pulse_time[0]) - step, float(one.time[-1]) + step, step)
    with drawn():
        film = _Film(one)
        if target.suffix == ".gif":
            _gif(film, times, target, frames_per_second)
        else:
            writer = FFMpegWriter(fps=frames_per_second)
            with writer.saving(film.figure, str(target), _DPI):
                for now in times:
                    film.draw(float(now))
                    writer.grab_frame()
    return target


def _check(target: Path) -> None:
    if target.suffix not in (".gif", ".mp4"):
        raise InputError(f"{target.name}: a film ends in .gif or .mp4")
    if target.suffix == ".mp4" and not FFMpegWriter.isAvailable():
        raise InputError(f"{target.name}: ffmpeg, which writes MP4, is not installed; give a name that ends in .gif")


def _gif(film: _Film, times: np.ndarray, target: Path, rate: int) -> None:
    """Write frames of few colours: a film of lines and words needs no more, and has a fifth of the size."""
    canvas = FigureCanvasAgg(film.figure)
    frames = []
    for now in times:
        film.draw(float(now))
        canvas.draw()
        frames.append(Image.fromarray(np.asarray(canvas.buffer_rgba())[..., :3].copy()).quantize(_COLOURS))
    frames[0].save(target, save_all=True, append_images=frames[1:], duration=1000 // rate, loop=0, optimize=True)


def _smooth(values: np.ndarray, points: int) -> np.ndarray:
    """Return the mean of the last `points` values, at the start of as many as there are."""
    total = np.convolve(values, np.ones(points))[: len(values)]
    return np.asarray(total / np.minimum(np.arange(1, len(values) + 1), points))


class _Film:
    """The figure of a film, and how it looks at one moment."""

    def __init__(self, one: xr.Dataset):
        gate, v, ca = (one[name].values for name in RECORD)
        self.time = one.time.values
        points = max(int(_SMOOTH_MS / (self.time[1] - self.time[0])), 1)
        free = 100 * np.asarray(magnesium_block(v * quantities.unit("mV"), _magnesium(one)))
        self.free, self.ca = _smooth(free, points), _smooth(ca, points)
        self.gate = 100 * gate
        self.spikes = measures.spikes(one).time_ms.values
        self.pulses = one.pulse_time.values
        self.top = 1.05 * float(self.free.max())
        room = ConstrainedLayoutEngine(h_pad=0.12, rect=(0, 0, 0.98, 1))  # on the right the last number of an axis
        self.figure = Figure(figsize=(13.33, 7.5), layout=room, dpi=_DPI)
        panels: list[Any] = [["plug", "trace"], ["gate", "calcium"], ["gate", "spikes"]]
        axes = self.figure.subplot_mosaic(panels, width_ratios=[1, 2.4])
        self.axes: dict[str, Axes] = axes
        caption(self.figure, one, notes=[f"Pores and calcium are means of the last {_SMOOTH_MS:g} ms."])
        shades = look().shades
        self.bars = {
            name: axes[name].bar([0], [0], width=0.5, color=shade)[0]
            for name, shade in (("plug", shades[4]), ("gate", shades[2]))
        }
        axes["plug"].set(title="NMDA pores without plug", ylabel="% free of Mg", ylim=(0, self.top), xticks=[])
        axes["gate"].set(title="Memory: CAN channels", ylabel="% open", xticks=[])
        axes["gate"].set(ylim=(0, 1.15 * max(float(self.gate.max()), 1.0)), xlim=(-0.6, 0.6))
        axes["plug"].set_xlim(-0.6, 0.6)
        self.lines = {
            "trace": axes["trace"].plot([], [], "-", color=shades[4], linewidth=2)[0],
            "calcium": axes["calcium"].plot([], [], "-", color=shades[1], linewidth=2)[0],
        }
        axes["trace"].set(title="The plug leaves while the dendrite is excited", ylabel="% free", ylim=(0, self.top))
        axes["calcium"].set(title="Calcium in the dendrite", ylabel=f"Ca, {one[RECORD[2]].units}")
        axes["calcium"].set_ylim(0, 1.05 * float(self.ca.max()))
        axes["spikes"].set(title="Spikes", ylim=(0, 1), yticks=[], xlabel="time, s")
        self.what = what(one)
        self.drawn: list[Any] = []
        self.draw(float(self.pulses[0]))
        self.figure.draw_without_rendering()  # room for every word is found once, and then kept
        self.figure.set_layout_engine("none")

    def draw(self, now: float) -> None:
        """Draw the moment `now`, in ms."""
        seen = (self.time <= now) & (self.time > now - 1e3 * _TRAIL)
        last = max(int(np.searchsorted(self.time, now, side="right")) - 1, 0)
        self.bars["plug"].set_height(float(self.free[last]))
        self.bars["gate"].set_height(float(self.gate[last]))
        for name, values in (("trace", self.free), ("calcium", self.ca)):
            self.lines[name].set_data(self.time[seen] / 1e3, values[seen])
        while self.drawn:
            self.drawn.pop().remove()
        spikes = self.spikes[(self.spikes <= now) & (self.spikes > now - 1e3 * _TRAIL)] / 1e3
        self.drawn.append(self.axes["spikes"].vlines(spikes, 0.1, 0.8, color=look().ink, linewidth=1.2))
        begin = max(now / 1e3 - _TRAIL, float(self.time[0]) / 1e3)  # before the run there is nothing to see
        given = self.pulses[(self.pulses <= now) & (self.pulses > now - 1e3 * _TRAIL)] / 1e3
        for name in ("trace", "calcium", "spikes"):
            self.axes[name].set_xlim(begin, begin + _TRAIL)
            self.drawn.append(self.axes[name].vlines(given, *self.axes[name].get_ylim(), color=look().faint, zorder=0))
        number = int(np.sum(self.pulses <= now))
        title = f"Pulse {number} of {len(self.pulses)} ({self.what})"
        self.figure.suptitle(title, fontweight="bold", fontsize=20, x=0.01, ha="left", wrap=True)


def _magnesium(one: xr.Dataset) -> Any:
    """Return the magnesium outside, as the run had it; 1 mM where the model does not say."""
    return json.loads(one.attrs.get("parameters", "{}")).get("mg", "1 mM")
