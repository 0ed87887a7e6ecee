"""What a result varies: its conditions in order, each with a cue and a name; and the legend, which lies on no line."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from nmdasim.plot.look import Cue, cues, look
from nmdasim.plot.style import clear, in_rows, told
from nmdasim.quantities import brief

#: Changes of a model that a title names one by one.
_MOST = 4
_OWN = {"pulse", "seed", "spike", "time", "population"}


def conditions(data: xr.Dataset) -> Iterator[tuple[str, Cue, xr.Dataset]]:
    """Yield (label, cue, data) for every combination of what varies but the seed, numbers from the smallest up."""
    data = asked(data)
    dims = varied(data)
    if not dims:
        yield "", cues(1)[0], data
        return
    stacked = data.sortby([d for d in dims if np.issubdtype(data[d].dtype, np.number)]).stack(condition=dims)
    for k, cue in enumerate(cues(stacked.sizes["condition"])):
        lane = stacked.isel(condition=k)
        yield ", ".join(f"{_name(d, lane)} {_value(d, lane)}" for d in dims), cue, lane


def asked(data: xr.Dataset) -> xr.Dataset:
    """Return a result without the dimensions of drugs of which there is none anywhere: nobody asked for them."""
    none = [d for d in varied(data) if data.sizes[d] == 1 and is_drug(data, d) and not data[d].any()]
    return data.isel(dict.fromkeys(none, 0), drop=True)


def alone(result: xr.Dataset) -> xr.Dataset:
    """Return a result without dimensions of one value, which becomes one that all lanes share."""
    return result.squeeze([d for d in varied(result) if result.sizes[d] == 1])


def what(result: xr.Dataset) -> str:
    """Return what all lanes of a result share: the model, what was changed in it, what it was given, and the rate."""
    changed = [text for text in str(result.attrs.get("changed", "")).split("; ") if text]
    if len(changed) > _MOST:
        changed[_MOST - 1 :] = [f"{len(changed) - _MOST + 1} more changes"]
    start = result["pulse_time"].values if "pulse_time" in result else np.empty(0)
    rate = "" if start.ndim > 1 or len(start) < 2 else f"{brief(1e3 / (start[1] - start[0]))} Hz"
    parts = [str(result.attrs["model"]), str(result.attrs.get("state", "")), *changed, *_held(result), rate]
    text = ", ".join(part for part in parts if part).replace(" -", " −")
    return re.sub(r"(?<=\d) (?=\w)", "\N{NO-BREAK SPACE}", text)  # a number stays with its unit


def _held(result: xr.Dataset) -> list[str]:
    """Return what every lane was given alike, but a drug at 0: a coordinate without a dimension each, or a course."""
    moving = _courses(result)
    same = [str(d) for d, values in result.coords.items() if not values.ndim and d not in {*_OWN, "frequency"}]
    given = [d for d in same if d in moving or not is_drug(result, d) or float(result[d]) != 0]
    values = {d: moving.get(d) or _value(d, result) for d in given}
    return [f"{values[d]} Mg" if d in ("mg", "mg_start") else f"{_given(d, result)} {values[d]}" for d in given]


def _courses(result: xr.Dataset) -> dict[str, str]:
    """Return from where to where each course goes, by the name of the coordinate of its start."""
    told = (one.partition(": ") for one in str(result.attrs.get("courses", "")).split("; "))
    spans = {f"{name}_start": text.partition(", ")[0] for name, _, text in told}
    return {start: span for start, span in spans.items() if " to " in span}


def _given(dim: str, result: xr.Dataset) -> str:
    """Return the name of what was given: of a course, not that of its start."""
    name = _name(dim, result)
    return re.sub("[-_]start$", "", name) if dim in _courses(result) else name


def is_drug(data: xr.Dataset, dim: str) -> bool:
    """Return whether a coordinate is the concentration of a drug."""
    return told(dim, data[dim].attrs) != dim


def varied(data: xr.Dataset) -> list[str]:
    """Return the names of what varies from condition to condition."""
    return [str(d) for d in (data["late"] if "late" in data else data["spike_count"]).dims if d not in _OWN]


def key(data: xr.Dataset) -> tuple[str, list[str]]:
    """Return what varies, and the values of each condition: ``"free ketamine"`` and ``["0 µM", "1 µM"]``."""
    data = asked(data)
    dims = varied(data)
    values = [", ".join(_value(d, lane) for d in dims) for _, _, lane in conditions(data)]
    return ", ".join(_name(d, data) for d in dims), values


def legend(ax: Axes, data: xr.Dataset) -> None:
    """Name the lines of several conditions in rows above them, for which the y axis becomes longer.

    Parameters
    ----------
    ax
        Axes with one labelled line a condition, and with the limits that the lines want.
    data
        What is drawn.
    """
    words = _words(ax, data)
    if len(words["labels"]) < 2:
        return
    _root(ax).draw_without_rendering()  # the layout is found: how wide the Axes are, and how high
    entries = {name: words.pop(name) for name in ("handles", "labels")}
    for columns in range(len(entries["labels"]), 0, -1):
        rows = {name: in_rows(each, columns) for name, each in entries.items()}
        drawn = ax.legend(**rows, **words, ncols=columns, columnspacing=1.2, loc="upper left", borderaxespad=0)
        if drawn.get_window_extent().width <= ax.bbox.width:
            break
    clear(ax)


def beside(ax: Axes, data: xr.Dataset) -> None:
    """Name the lines of several conditions on the right of all panels of a figure that has one layout."""
    words = _words(ax, data)
    if len(words["labels"]) > 1:
        words["title"] = words["title"].replace(", ", ",\n")
        _root(ax).legend(**words, loc="outside right center")


def _words(ax: Axes, data: xr.Dataset) -> dict[str, Any]:
    """Return what a legend says of the labelled lines of Axes, and how it is set."""
    heading, values = key(data)
    size = 0.85 * look().font
    set_as: dict[str, Any] = {"fontsize": size, "title_fontsize": size, "frameon": False, "handlelength": 3.2}
    return {
        "handles": ax.get_legend_handles_labels()[0][-len(values) :],  # Axes may have lines of before
        "labels": values,
        "title": heading,
        "alignment": "left",
    } | set_as


def _root(ax: Axes) -> Figure:
    figure = ax.get_figure(root=True)
    assert figure is not None
    return figure


def _name(dim: str, data: xr.Dataset) -> str:
    return told(dim, data[dim].attrs)


def _value(dim: str, lane: xr.Dataset) -> str:
    """Return the value of a varied quantity with its unit."""
    value = lane[dim]
    if not np.issubdtype(value.dtype, np.number):
        return str(value.item())
    return f"{brief(float(value))} {value.attrs.get('units', '')}".removesuffix(" 1").strip()
