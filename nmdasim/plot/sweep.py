"""Figures of a sweep: a map of two axes, dose–response curves, and which parameter matters."""

from __future__ import annotations

import textwrap
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes

from nmdasim.plan.spread import bounds, held
from nmdasim.plot import bands
from nmdasim.plot.broken import log_with_zero
from nmdasim.plot.look import Cue, cues, look
from nmdasim.plot.needed import Need, draws
from nmdasim.plot.style import Told, axes_of, caption, check_known, drawn, named_within, plain_log, told
from nmdasim.quantities import brief
from nmdasim.receptors.hill import hill

_READ_OUT = Need("one read-out, such as nm.measures.windup(result).index,", kind=xr.DataArray)
_FIT = Need("nm.measures.dose_response(values)", "ic50 sigmoid")
_SOBOL = Need("nm.measures.sensitivity(data, read_out)", "parameter first total")


#: Letters of a legend on an inch, times their size in points.
_LETTERS = 100.0


@draws(_READ_OUT)
def heatmap(values: xr.DataArray, x: str, y: str, ax: Axes | None = None, *, of: xr.Dataset | None = None) -> Axes:
    """Draw a read-out over two axes; every other dimension is averaged over, lanes that failed left out.

    Parameters
    ----------
    values
        A read-out.
    x, y
        Dimensions of the two sides.
    ax
        Axes to draw into; a new figure by default.
    of
        The result or store that the read-out is of, for the caption; what the read-out says itself by default.

    Raises
    ------
    InputError
        If the read-out has no such dimension.
    """
    for name in (x, y):
        _check_dimension(values, name)
    table = values.astype(float).mean([dim for dim in values.dims if dim not in (x, y)]).transpose(y, x).compute()
    with drawn():
        own, ax = ax is None, axes_of(ax, (8.5, 6))
        image = ax.imshow(table, origin="lower", aspect="auto", cmap="magma")
        bar = ax.figure.colorbar(image, ax=ax)
        bar.set_label(_read_out(values))
        for axis, name in ((ax.xaxis, x), (ax.yaxis, y)):
            every = max(1, values.sizes[name] // 10)
            axis.set_ticks(range(0, values.sizes[name], every), [brief(v, 3) for v in values[name].values[::every]])
        ax.set(xlabel=_label(values, x), ylabel=_label(values, y))
        if own:
            ax.set_title(_highest(table))
            caption(ax.figure, *_standing(of, values), notes=_missing(values))
        named_within(ax, bar.ax)
    return ax


def _check_dimension(values: xr.DataArray, name: str) -> None:
    check_known(name, values.dims, "dimension", f"{values.name} is one number")


def _highest(table: xr.DataArray) -> str:
    """Return where a map is highest, in words."""
    if not bool(table.notnull().any()):
        return "No value"
    place = table.isel(table.argmax(list(table.dims)))
    where = (
        f"{_label(table, str(dim)).partition(',')[0]} {brief(float(place[dim]), 3)} {table[dim].attrs.get('units', '')}"
        for dim in reversed(table.dims)
    )
    return f"Highest at {', '.join(text.removesuffix(' 1').strip() for text in where)}"


def _missing(values: xr.DataArray) -> list[str]:
    """Say how many lanes are not in a figure."""
    missing = int(values.isnull().sum())
    return [f"{missing:,} of {values.size:,} values failed or are missing, and are left out."] if missing else []


@draws(_READ_OUT)
def dose_response(
    values: xr.DataArray,
    fit: xr.Dataset,
    dose: str = "ketamine",
    ax: Axes | None = None,
    *,
    of: xr.Dataset | None = None,
) -> Axes:
    """Draw the means over doses, the Hill curves fitted to them, and each IC50 with its interval.

    The axis is logarithmic; a dose of 0 stands left of a break in it.

    Parameters
    ----------
    values
        The read-out that was fitted; drawn are the mean over seeds, and a bar with 95 % of them, or all where they are
        fewer than 20.
    fit
        What :func:`nmdasim.readout.measures.dose_response` made of it.
    dose
        Name of the dimension of doses.
    ax
        Axes to draw into; a new figure by default.
    of
        The result or store that the read-out is of, for the caption; what the read-out says itself by default.

    Raises
    ------
    InputError
        If the read-out has no such dimension.
    """
    _check_dimension(values, dose)
    _FIT.check(fit, "dose_response")
    others = [str(dim) for dim in fit.ic50.dims]
    with drawn():
        own, ax = ax is None, axes_of(ax, (8.5, 6))
        doses = values[dose].values
        positive = doses[doses > 0]
        smooth = np.geomspace(positive.min(), positive.max(), 200)
        lines = cues(max(fit.ic50.size, 1))
        zero, cut = log_with_zero(ax, positive) if np.any(doses == 0) else (0.0, 0.0)
        if not zero:
            ax.set_xscale("log")
            plain_log(ax.xaxis)
        for k, index in enumerate(np.ndindex(fit.ic50.shape)):
            where: Any = dict(zip(others, index, strict=True))
            one = values.isel(where).assign_coords({dose: np.where(doses == 0, zero, doses)})
            _one_curve(ax, one, fit.isel(where), dose, smooth, lines[k], others)
        ax.set(xlabel=_label(values, dose), ylabel=_read_out(values))
        if own:
            ax.figure.legend(loc="outside upper left", frameon=False)
            ax.set_title(_halved(fit))
        else:
            ax.legend(frameon=False)
        if dose == "ketamine" and (unit := values[dose].attrs.get("units")):
            bands.across(ax, unit=unit, after=cut)
            ax.set_xlabel(f"free ketamine, {unit}")  # what the reported levels were turned into
        if own:
            seeds = values.sizes.get("seed", 1)
            notes = [f"Means; bars {held(seeds)}."] * (seeds > 1) + [_BRACKETS] * bool(fit.sigmoid.any())
            caption(ax.figure, *_standing(of, values, fit), notes=notes)
        named_within(ax)
    return ax


_BRACKETS = "In brackets: the 95 % interval of the IC50, from the fit or, of 5 draws or more, from resampling them."


def _halved(fit: xr.Dataset) -> str:
    """Return at which doses half of the effect is there, in words."""
    some = fit.ic50.values[fit.sigmoid.values.astype(bool)]
    if not some.size:
        return "No IC50 can be told"
    ends = dict.fromkeys(brief(end, 2) for end in (some.min(), some.max()))
    return f"Half of the effect at {' to '.join(ends)} {fit.ic50.attrs['units']}"


def _one_curve(
    ax: Axes, values: xr.DataArray, fit: xr.Dataset, dose: str, smooth: np.ndarray, cue: Cue, others: list[str]
) -> None:
    values = values.isel({dose: values[dose].values > 0}).dropna(dose, how="all")
    mean = values.mean("seed") if "seed" in values.dims else values
    label = ", ".join(_value(fit, name) for name in others)
    if bool(fit.sigmoid):
        unit = fit.ic50.attrs["units"]
        ic50, *ends = (brief(float(fit[name]), 3) for name in ("ic50", "ic50_low", "ic50_high"))
        numbers = f"IC50 {ic50} {unit} ({'–'.join(ends).replace('inf', 'not bounded by these doses')})"
        curve = hill(smooth, *(float(fit[name]) for name in ("top", "bottom", "ic50", "slope")))
        ax.plot(smooth, curve, label=_folded(ax, f"{label}  {numbers}"), **cue.plain)
    else:
        ax.plot([], [], cue.marker, color=cue.colour, label=_folded(ax, f"{label}  {fit.reason.values!s}"))
    ax.plot(values[dose].values, mean.values, cue.marker, color=cue.colour)
    if "seed" in values.dims and values.sizes["seed"] > 1:
        ax.vlines(
            values[dose].values,
            *bounds(values.transpose("seed", ...).values),
            color=cue.colour,
            alpha=0.4,
            linewidth=1.2,
        )


def _folded(ax: Axes, text: str) -> str:
    """Return the words of a line in rows that are no wider than the figure."""
    return textwrap.fill(text.strip(), int(_LETTERS / look().font * ax.figure.bbox.width / ax.figure.dpi))


@draws(_SOBOL)
def sensitivity(indices: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Draw first-order and total Sobol indices with their intervals.

    Parameters
    ----------
    indices
        From :func:`nmdasim.readout.measures.sensitivity`.
    ax
        Axes to draw into; a new figure by default.
    """
    with drawn():
        own, ax = ax is None, axes_of(ax, (8.5, 1.6 + 0.7 * indices.sizes["parameter"]))
        place = np.arange(indices.sizes["parameter"])
        for name, shift, colour, hatch, label in (
            ("first", -0.2, look().shades[1], "", "alone"),
            ("total", 0.2, look().shades[3], "//", "in all"),
        ):
            spread = np.abs([indices[name] - indices[f"{name}_low"], indices[f"{name}_high"] - indices[name]])
            often: dict[str, Any] = {"color": colour, "hatch": hatch, "ecolor": look().quiet}
            ax.barh(place + shift, indices[name], 0.36, xerr=spread, label=label, **often)
        ax.set_yticks(place, list(indices.parameter.values))
        ax.invert_yaxis()
        ax.set(
            xlabel=f"share of the variance of {indices.attrs['readout']} (Sobol index)",
            xlim=(min(0, ax.get_xlim()[0]), None),
        )
        ax.legend(frameon=False)
        if own:
            caption(ax.figure, indices)
    return ax


def _standing(of: xr.Dataset | None, *values: Told) -> tuple[Told, ...]:
    return values if of is None else (of, *values)


def _label(values: xr.DataArray, name: str) -> str:
    unit = values[name].attrs.get("units", "1")
    called = told(name, values[name].attrs)
    return called if unit in ("1", "") else f"{called}, {unit}"


def _read_out(values: xr.DataArray) -> str:
    """Return what a read-out is, with its unit."""
    unit = str(values.attrs.get("units", "1"))
    return str(values.attrs.get("long_name", values.name or "read-out")) + (
        f", {unit}" if unit not in ("1", "") else ""
    )


def _value(fit: xr.Dataset, name: str) -> str:
    return f"{name} {brief(float(fit[name]), 3)} {fit[name].attrs.get('units', '')}".strip()
