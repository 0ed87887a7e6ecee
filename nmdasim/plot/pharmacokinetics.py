"""Figures of dosing and concentration. Every function takes results (and Axes) and returns Axes."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.text import Text

from nmdasim import quantities
from nmdasim.errors import plainly
from nmdasim.pharmacology import Band, Regimen, bands
from nmdasim.pharmacology.events import ROUTES
from nmdasim.plan.spread import bounds, inside
from nmdasim.plot.bands import COLOUR
from nmdasim.plot.look import cues, look
from nmdasim.plot.needed import Need, draws
from nmdasim.plot.style import (
    axes_of,
    caption,
    clear,
    drawn,
    from_zero,
    named_within,
    new_figure,
    persons,
    plain,
    short,
    span,
)

_REGIMEN = Need("nm.pharmacology.schedule(name) or Regimen.from_csv(path)", kind=Regimen)
_COURSE = Need("nm.pharmacology.time_course(regimen)", "time plasma effect_site")
_TESTS = Need("nm.windup_time_course(levels, neuron, train)", "time free index index_control")


#: Height in ng/ml, total, of a figure of reported concentrations alone.
_TOP = 300.0
#: Most subjects drawn one by one; more are drawn as thin grey lines with their mean and interval.
MOST = 8


@draws(_COURSE)
def pk(course: xr.Dataset, spread: xr.Dataset | None = None, regimen: Regimen | None = None) -> np.ndarray:
    """Draw a time course: the doses, the concentrations with their interval, and the bands that publications report.

    Parameters
    ----------
    course
        A result of :func:`nmdasim.pharmacology.time_course`.
    spread
        A result of :func:`nmdasim.pharmacology.spread`, for the mean and interval of a cohort.
    regimen
        What was given, for the strip of doses on top.

    Returns
    -------
    numpy.ndarray of matplotlib Axes
        Doses, concentration, bands.
    """
    with drawn():
        figure = new_figure(figsize=look().sized((13, 8)), layout="constrained")
        grid = figure.add_gridspec(2, 2, width_ratios=[2.1, 1], height_ratios=[1, 2.7])
        main = figure.add_subplot(grid[1, 0])
        doses = figure.add_subplot(grid[0, 0], sharex=main)
        side = figure.add_subplot(grid[1, 1], sharey=main)
        concentration(course, main, spread=spread)
        if regimen is None:
            doses.set_axis_off()
        else:
            dosing(regimen, doses, until_h=float(course.time[-1]))
            doses.tick_params(labelbottom=False)
            doses.set_xlabel("")
        caption(figure, *(given for given in (course, spread) if given is not None))
        clear(main)
        reported(side)  # at last: its words want to know the layout
    return np.array([doses, main, side])


@draws(_REGIMEN, _COURSE, _TESTS)
def chain(regimen: Regimen, course: xr.Dataset, tests: xr.Dataset) -> np.ndarray:
    """Draw what leads from a dose to wind-up, one panel a step: dose, plasma, block of the receptor, wind-up index.

    Parameters
    ----------
    regimen, course
        What was given, and its time course for one subject.
    tests
        A result of :func:`nmdasim.windup_time_course`; the panel of the block is left out where it has none.

    Returns
    -------
    numpy.ndarray of matplotlib Axes
        From top to bottom.
    """
    heights = [1, 2, 2, 2] if "blocked" in tests else [1, 2, 2]
    with drawn():
        figure = new_figure(figsize=(11, 3 * len(heights)), layout="constrained")
        axes = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        end = float(course.time[-1])
        factor, unit = _time_unit(end)
        dosing(regimen, axes[0], until_h=end)
        concentration(course, axes[1])
        seconds = quantities.si(tests.time.values * quantities.parse_unit(tests.time.units), "s", name="time")
        hours = seconds / 3600 * factor
        if "blocked" in tests:
            axes[2].plot(hours, 100 * tests.blocked, "o-", color=look().shades[1], clip_on=False)
            axes[2].set(title="NMDA receptors that hold the drug, at rest", ylabel="blocked, %")
        _index(tests, hours, axes[-1])
        for ax in axes[2:]:
            from_zero(ax)
        for ax in axes[:-1]:
            ax.set_xlabel("")
        axes[-1].set_xlabel(f"time, {unit}")
        less = "At analgesic concentrations the model takes less from wind-up than ketamine does in people."
        caption(figure, course, tests, notes=[str(tests.free.attrs.get("long_name", "")).capitalize() + ".", less])
        for ax in (axes[1], axes[-1]):
            clear(ax)
        named_within(*axes)
    return np.asarray(axes)


def _index(tests: xr.Dataset, hours: np.ndarray, ax: Axes) -> None:
    """Draw the wind-up index of every test, and that without drug."""
    low, high = bounds(tests["index"].transpose("seed", ...).values)
    ax.axhline(float(tests.index_control.mean()), color=look().quiet, linestyle=":", label="without drug")
    ax.fill_between(hours, low, high, color=look().shades[1], alpha=0.15, linewidth=0)
    ax.plot(hours, tests["index"].mean("seed"), "o-", color=look().shades[1], label="with drug", clip_on=False)
    draws = tests.sizes["seed"]
    spread = f", mean and {inside(draws, f'{draws} draws')}" if draws > 1 else ", one draw"
    ax.set(title=f"Wind-up of {tests.attrs['model']}{spread}", ylabel="index, spikes")
    ax.legend(frameon=False, loc="upper right", ncols=2)


@draws(_COURSE)
def concentration(course: xr.Dataset, ax: Axes | None = None, *, spread: xr.Dataset | None = None) -> Axes:
    """Draw total plasma (full) and effect site (dashed) of the typical person, and mean and interval of a cohort."""
    with drawn():
        own, ax = ax is None, axes_of(ax, (11, 6))
        factor, unit = _time_unit(float(course.time[-1]))
        hours = course.time.values * factor
        ids = course.subject.values.tolist() if "subject" in course.dims else [None]
        if len(ids) > MOST:
            _crowd(course, hours, ax)
        for k, one in enumerate(ids[: MOST if len(ids) <= MOST else 0]):
            label = "" if one is None else f" of {plain(one)}"
            lane = course if one is None else course.sel(subject=one)
            cue = cues(len(ids))[k]
            colour = cue.colour if len(ids) > 1 else look().shades[1]
            often: dict[str, Any] = {"color": colour}
            if len(ids) > 1:  # people differ by marks too
                often |= {"marker": cue.marker, "markevery": (0.02 * (k + 1), 0.1), "clip_on": False}
            ax.plot(hours, lane.plasma, "-", label=f"plasma{label}, typical person", **often)
            if len(ids) == 1:  # over weeks both lines run on each other: the colour shows what the dashes hide
                often["color"] = look().shades[3]
            ax.plot(hours, lane.effect_site, "--", label=f"effect site{label}", linewidth=0.7 * look().line, **often)
            if spread is not None:
                _shade(spread if one is None else spread.sel(subject=one), factor, ax, colour, k == 0)
        drug = course.attrs["drug"]
        ax.set(xlabel=f"time, {unit}", ylabel=f"total {drug}, ng/ml", title=_title(course), xlim=span(hours))
        top = ax.get_ylim()[1]
        ax.set_ylim(0, max(top, 10))
        long = {"handlelength": 3.2} if len(ids) > 1 else {}
        ax.legend(frameon=False, loc="upper right", fontsize=0.85 * look().font, **long)
        if own:
            caption(ax.figure, *(given for given in (course, spread) if given is not None))
            clear(ax)
    return ax


def _shade(spread: xr.Dataset, factor: float, ax: Axes, colour: str, named: bool) -> None:
    mean, low, high = (spread.plasma.sel(statistic=name) for name in ("mean", "low", "high"))
    hours = spread.time.values * factor
    subjects = int(spread.attrs["subjects"])
    what = inside(subjects, persons(subjects)) if named else None
    ax.fill_between(hours, low, high, color=colour, alpha=0.15, linewidth=0, label=what)
    # Above the typical curve, which it may follow closely.
    ax.plot(hours, mean, ":", color=look().ink, linewidth=1.6, zorder=3, label="their mean" if named else None)


def _crowd(course: xr.Dataset, hours: np.ndarray, ax: Axes) -> None:
    ax.plot(hours, course.plasma.values[:200].T, "-", color=look().faint, linewidth=0.5)
    low, high = bounds(course.plasma.transpose("subject", ...).values)
    text = inside(course.sizes["subject"], f"{course.sizes['subject']} subjects")
    ax.fill_between(hours, low, high, color=look().shades[1], alpha=0.2, linewidth=0, label=text)
    ax.plot(hours, course.plasma.mean("subject"), "-", color=look().shades[1], label="mean of plasma")


@plainly
def reported(ax: Axes | None = None, *, basis: str = "total", unit: str = "ng/ml") -> Axes:
    """Draw the concentrations that publications report, beside a curve: each with its source, none as a target.

    Parameters
    ----------
    ax
        Axes whose y axis is a concentration of racemic ketamine; a new figure by default.
    basis, unit
        What that axis shows: ``"total"`` or ``"free"``, and its unit.
    """
    with drawn():
        own, ax = ax is None, axes_of(ax, (9, 7))
        texts = {band: f"{band.text}\n{band.range},\n{short(band.source)}" for band in bands()}
        ranges = {band: band.on(basis, unit) for band in texts}
        top = Band("", _TOP, _TOP, "", False).on(basis, unit)[1] if own else ax.get_ylim()[1]
        shown = [band for band, (low, _) in ranges.items() if low < top]
        ax.set(title="Reported, racemate", xticks=[], xlim=(-0.35, max(len(shown), 3) - 0.2), ylim=(0, top))
        size, words = 0.65 * look().font, []
        for k, band in enumerate(shown):
            low, high = ranges[band]
            if high > top:  # it goes on above the axis, and says so
                high = max(0.94 * top, low)
                ax.fill([k - 0.2, k, k + 0.2], [high, top, high], color=COLOUR, linewidth=0)
            ax.bar(k, max(high - low, top / 200), bottom=low, width=0.26, color=COLOUR)
            words.append(ax.text(k + 0.22, low, texts[band], rotation=90, fontsize=size, va="bottom", in_layout=False))
        beyond = [f"above: {text}".replace(",\n", ", ") for band, text in texts.items() if band not in shown]
        kind: dict[str, Any] = {"fontsize": size, "va": "bottom", "color": look().quiet, "in_layout": False}
        foot = ax.text(0.03, 0.01, "\n".join(beyond), transform=ax.transAxes, **kind)
        ax.spines["bottom"].set_visible(False)
        if own:
            ax.set_ylabel(f"{basis} ketamine in plasma, {quantities.pretty(unit)}")
            caption(ax.figure)
        else:
            ax.tick_params(labelleft=False)
        _between(words, foot, ax)
    return ax


def _between(words: Sequence[Text], foot: Text, ax: Axes) -> None:
    """Move what is written upright between the foot and the top of the Axes, and make it as small as that needs."""
    figure = ax.get_figure(root=True)
    assert figure is not None
    figure.draw_without_rendering()  # the layout is found
    floor = max(foot.get_window_extent().y1, ax.bbox.y0) + 0.02 * ax.bbox.height
    boxes = [text.get_window_extent() for text in words]
    room = 0.97 * (ax.bbox.y1 - floor)
    slot = 0.54 * float(np.diff(ax.transData.transform([(0, 0), (1, 0)])[:, 0])[0])  # between two bars
    scale = min([1.0, *(room / box.height for box in boxes), *(slot / box.width for box in boxes)])
    for text, box in zip(words, boxes, strict=True):
        text.set_fontsize(scale * text.get_fontsize())
        start = max(floor, min(box.y0, ax.bbox.y1 - text.get_window_extent().height))
        text.set_y(ax.transData.inverted().transform((0, start))[1])


@draws(_REGIMEN)
def dosing(
    regimen: Regimen,
    ax: Axes | None = None,
    *,
    until_h: float | None = None,
    scale: tuple[float, str] | None = None,
) -> Axes:
    """Draw a regimen: infusions as their rate over their length, other doses as stems with their amount.

    Where a regimen has both, the stems have an axis of their own on the right.

    Parameters
    ----------
    regimen
        What is given.
    ax
        Where; a new figure by default.
    until_h
        Last hour that is drawn; the end of the regimen by default.
    scale
        What an hour is on the time axis, and the name of its unit; chosen for `until_h` by default.
    """
    with drawn():
        own, ax = ax is None, axes_of(ax, (11, 3.2))
        end = regimen.end_h if until_h is None else until_h
        factor, unit = scale or _time_unit(end)
        routes = list(ROUTES)
        events = [event for event in regimen.written_out().events if event.is_dose and event.time_h <= end]
        infused, whole = ([e for e in events if (e.over_h > 0) is long] for long in (True, False))
        per = "min" if unit == "min" else "h"
        for event in infused:
            rate = event.amount / (event.over_h * (60 if per == "min" else 1))
            colour = cues(len(routes))[routes.index(event.route)].colour
            ends = (event.time_h * factor, (event.time_h + event.over_h) * factor)
            ax.fill_between(ends, 0, rate, color=colour, alpha=0.55, linewidth=1)  # its edge shows what is short
        stems = ax.twinx() if infused and whole else ax
        for event in whole:
            cue = cues(len(routes))[routes.index(event.route)]
            start = event.time_h * factor
            stems.vlines(start, 0, event.amount, color=cue.colour, linewidth=1.2 * look().line, clip_on=False)
            stems.plot(start, event.amount, cue.marker, color=cue.colour, clip_on=False)
        kinds = ((ax, infused, "rate", f"/{per}"), (stems, whole, "dose", ""))
        for side, some, what, rated in kinds:
            if some:
                side.set_ylabel(f"{what},\n{', '.join(dict.fromkeys(f'{event.unit}{rated}' for event in some))}")
                side.set_ylim(0, side.get_ylim()[1])
        ax.set(title=regimen.name or f"Given, {', '.join(sorted({e.route for e in events}))}", xlabel=f"time, {unit}")
        if own:
            caption(ax.figure)
    return ax


def _time_unit(hours: float) -> tuple[float, str]:
    """Return the factor from hours and the name of a readable unit of time."""
    if hours <= 3:
        return 60.0, "min"
    return (1.0, "h") if hours <= 120 else (1 / 24, "days")


def _title(course: xr.Dataset) -> str:
    names, sites = np.atleast_1d(course.preset.values), np.atleast_1d(course.site.values)
    pairs = dict.fromkeys((str(name), str(site).partition(" (")[0]) for name, site in zip(names, sites, strict=True))
    return f"Concentration ({'; '.join(', '.join(pair) for pair in pairs)})"
