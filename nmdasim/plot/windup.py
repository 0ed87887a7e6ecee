"""Figures of a result. Every function takes a result (and Axes, if you have some) and returns matplotlib Axes."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.typing import ColorType

from nmdasim.plot.style import SHADES, STYLE, axes_of, caption, new_figure, told
from nmdasim.readout import measures


def windup(result: xr.Dataset, axes: Any = None) -> np.ndarray:
    """Draw a wind-up run: spikes per pulse, the raster of each lane and each summary of the model that has a unit.

    Parameters
    ----------
    result
        A result of :func:`nmdasim.run.simulate` under any protocol with windows, of a cell, a chain or a network.
    axes
        Axes to draw into, one a panel; a new figure by default.

    Returns
    -------
    numpy.ndarray of matplotlib Axes
        Spikes per pulse, raster, summaries.
    """
    measured = measures.windup(result) if axes is not None else measures.measured(result)  # else the caption warns
    kept = _summaries(result)
    panels = 2 + len(kept)
    with plt.rc_context(STYLE):
        if axes is None:
            size, heights = (9, 3.0 + 2.5 * panels), [1.3] + [1] * (panels - 1)
            figure = new_figure(figsize=size, layout="constrained")
            axes = figure.subplots(panels, 1, height_ratios=heights)
            figure.suptitle(_title(result), fontsize=16, fontweight="bold")
            caption(figure, measured)
        counts(result, measured, axes[0])
        raster(result, axes[1])
        for name, ax in zip(kept, axes[2:], strict=False):
            summary(result, name, ax)
    return np.asarray(axes)


def counts(result: xr.Dataset, measured: xr.Dataset, ax: Axes) -> Axes:
    """Draw late spikes per pulse, one line per condition, mean and spread over seeds."""
    for label, colour, lane in _conditions(measured):
        late = lane.late if "seed" in lane.late.dims else lane.late.expand_dims("seed")
        mean = late.mean("seed")
        ax.plot(lane.pulse, mean, "o-", color=colour, label=label, clip_on=False)
        if late.sizes["seed"] > 1:
            low, high = late.quantile(0.025, "seed"), late.quantile(0.975, "seed")
            ax.fill_between(lane.pulse, low, high, color=colour, alpha=0.15, linewidth=0)
    spread = ", mean and 95 % of latency draws" if "seed" in measured.late.dims else ""
    ax.set(title=f"Spikes after each pulse{spread}", xlabel="pulse", ylabel="spikes, 100 ms to next pulse")
    ax.set_ylim(bottom=0)
    if measured.sizes["pulse"] <= 20:
        ax.set_xticks(measured.pulse)
    if len(ax.lines) > 1:
        ax.legend(frameon=False, ncols=2)
    return ax


def raster(result: xr.Dataset, ax: Axes) -> Axes:
    """Draw every spike, one row per condition (the first seed), in it one line a neuron of the output."""
    dims = {dim: n for dim, n in result.spike_count.sizes.items() if dim != "population"}
    lanes = np.arange(np.prod([*dims.values()], dtype=int)).reshape([*dims.values()])
    rows = list(_conditions(result.assign(lane=([*dims], lanes))))
    spikes = measures.spikes(result)
    size = int(result["size"].sel(population=result.attrs["output"])) if "size" in result else 1
    for y, (_, colour, lane) in enumerate(rows):
        own = spikes[spikes.lane == int(lane.lane.isel(seed=0) if "seed" in lane.lane.dims else lane.lane)]
        ax.eventplot(
            [own.time_ms.values[own.neuron.values == neuron] / 1e3 for neuron in range(size)],
            lineoffsets=[y - 0.4 + 0.8 * (neuron + 0.5) / size for neuron in range(size)],
            linelengths=0.8 / size,
            linewidths=1,
            colors=colour,
        )
    for pulse in np.unique(result.pulse_time.values[np.isfinite(result.pulse_time.values)]) / 1e3:
        ax.axvline(pulse, color="0.85", linewidth=1, zorder=0)
    ax.set(title="Spikes (grey lines: pulses)", xlabel="time, s")
    ax.set_yticks(range(len(rows)), [label or "control" for label, _, _ in rows])
    ax.invert_yaxis()
    return ax


def _summaries(result: xr.Dataset) -> list[str]:
    """Return the names of what the model keeps of every pulse in a unit."""
    kept = {str(name): values for name, values in result.data_vars.items() if "pulse" in values.dims}
    return [name for name, v in kept.items() if name not in _EDGES and v.attrs.get("units", "1") != "1"]


def summary(result: xr.Dataset, name: str, ax: Axes) -> Axes:
    """Draw what the model keeps of every pulse, such as the peak of dendritic calcium, with its own name and unit."""
    told = result[name].attrs.get("long_name") or name
    for label, colour, lane in _conditions(result):
        values = lane[name].mean("seed") if "seed" in lane[name].dims else lane[name]
        ax.plot(lane.pulse, values, "o-", color=colour, label=label, clip_on=False)
    title = f"{told[:1].upper()}{told[1:]} after each pulse"
    ax.set(title=title, xlabel="pulse", ylabel=f"{told}, {result[name].units}")
    ax.set_ylim(bottom=min(0, ax.get_ylim()[0]))  # what is below 0, as a potential, stays in sight
    if result.sizes["pulse"] <= 20:
        ax.set_xticks(result.pulse)
    return ax


def trace(result: xr.Dataset, variable: str, ax: Axes | None = None) -> Axes:
    """Draw a recorded variable against time, one line per condition (the first seed)."""
    with plt.rc_context(STYLE):
        own, ax = ax is None, axes_of(ax, (9, 4.5))
        for label, colour, lane in _conditions(result):
            values = lane[variable].isel(seed=0) if "seed" in lane[variable].dims else lane[variable]
            ax.plot(lane.time / 1e3, values, color=colour, label=label, linewidth=1)
        ax.set(xlabel="time, s", ylabel=f"{variable}, {result[variable].units}".removesuffix(", 1"))
        if len(ax.lines) > 1:
            ax.legend(frameon=False)
        if own:
            caption(ax.figure, result)
    return ax


def _title(result: xr.Dataset) -> str:
    start = result.pulse_time.values
    rate = "" if start.ndim > 1 or len(start) < 2 else f", {1e3 / (start[1] - start[0]):g} Hz"
    return f"Wind-up of {result.attrs['model']}{rate}"


def _conditions(data: xr.Dataset) -> Iterator[tuple[str, ColorType, xr.Dataset]]:
    """Yield (label, colour, data) for every combination of varied quantities but the seed."""
    dims = [d for d in (data["late"] if "late" in data else data["spike_count"]).dims if d not in _OWN]
    if not dims:
        yield "", SHADES[0], data
        return
    stacked = data.stack(condition=dims)
    total = stacked.sizes["condition"]
    for k in range(total):
        lane = stacked.isel(condition=k)
        label = ", ".join(_told(str(dim), lane[dim]) for dim in dims)
        shade = SHADES[k] if total <= len(SHADES) else plt.get_cmap("plasma")(0.9 * k / (total - 1))
        yield label, shade, lane


def _told(name: str, value: xr.DataArray) -> str:
    """Return the value of a varied quantity with its name and unit."""
    if not np.issubdtype(value.dtype, np.number):
        return f"{name} {value.item()}"
    return f"{told(name, value.attrs)} {float(value):g} {value.attrs.get('units', '')}".removesuffix(" 1").strip()


#: Edges of the windows, which are no summaries.
_EDGES = {"pulse_time", "window_end"}
_OWN = {"pulse", "seed", "spike", "time", "population"}
