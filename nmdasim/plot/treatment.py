"""Figures of treatments: weeks to years on one sheet, and what rivals say beside a trial."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from matplotlib.axes import Axes
from matplotlib.ticker import MaxNLocator

from nmdasim.pharmacology import Regimen, bands
from nmdasim.plan.spread import inside
from nmdasim.plot.bands import COLOUR
from nmdasim.plot.look import cues, look
from nmdasim.plot.needed import Need, draws
from nmdasim.plot.pharmacokinetics import dosing
from nmdasim.plot.style import axes_of, caption, clear, headline, named_within, new_figure, short, span
from nmdasim.quantities import brief

_TREATED = Need("nm.treatment.simulate(state, regimen)", "time_d plasma slow_relief pain pain_low pain_high")
_TRIED = Need("nm.treatment.compare()", "measure model error met")
_OPPOSED = Need("nm.studies.contrast.opioid_contrast(neuron, …)", "release_opioid ketamine seed input slope")


#: Growth a pulse below which there is no wind-up, as a share of the first response.
_LEAST_SLOPE = 0.01
#: Distance of two shares up to which they are called alike.
_ALIKE = 0.05
#: Days beyond which an axis is in weeks.
_WEEKS_AFTER = 21


@draws(_TREATED)
def year(result: xr.Dataset, regimen: Regimen | None = None) -> np.ndarray:
    """Draw a treatment on one sheet: doses, plasma with the band of dissociation, both reliefs, pain with interval.

    Parameters
    ----------
    result
        A result of :func:`nmdasim.treatment.simulate`.
    regimen
        What was given, for a panel of its doses above.

    Returns
    -------
    numpy.ndarray of matplotlib Axes
        Plasma, relief, pain.
    """
    with plt.rc_context(look().rc):
        heights = [0.55] * (regimen is not None) + [1, 1, 1]
        figure = new_figure(figsize=(12, 3 * (len(heights) + 1)), layout="constrained")
        panels = figure.subplots(len(heights), 1, sharex=True, height_ratios=heights)
        axes = panels[-3:]
        factor, unit = _unit(result)
        time = result.time_d.values * factor
        slow, acute = look().shades[2:4]
        _plasma(result, time, axes[0])
        if regimen is not None:
            dosing(regimen, panels[0], until_h=24 * float(result.time_d[-1]), scale=(factor / 24, unit))
            panels[0].set(title=result.attrs["regimen"] or "Doses", xlabel="")
            axes[0].set_title("Plasma")
        axes[1].plot(time, result.slow_relief, "-", color=slow, label=f"slow, {result.attrs['model']}")
        axes[1].plot(time, result.acute_relief, "--", color=acute, label="acute, from the circuit", linewidth=1.4)
        most, end = float(result.slow_relief.max()), float(result.slow_relief[-1])
        told = f"Slow relief of the typical patient: {100 * most:.0f} % at most, {100 * end:.0f} % at the end"
        axes[1].set(title=told, ylabel="share of the pain gone", ylim=(0, 1))
        axes[1].legend(frameon=False, loc="upper right", ncols=2)
        _pain(result, time, axes[2])
        axes[2].set(xlabel=f"time, {unit}", xlim=span(time))
        caption(figure, result, notes=["Pain is a read-out of this model. Bands are as reported, and no target."])
        for ax in axes:
            clear(ax)
        named_within(*panels)
    return np.asarray(axes)


@draws(_TREATED)
def pain(result: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Draw the read-out of pain with its interval, alone.

    Parameters
    ----------
    result
        A result of :func:`nmdasim.treatment.simulate`.
    ax
        Where; a new figure by default.
    """
    with plt.rc_context(look().rc):
        own, ax = ax is None, axes_of(ax, (11, 6.5))
        factor, unit = _unit(result)
        time = result.time_d.values * factor
        _pain(result, time, ax)
        ax.set(xlabel=f"time, {unit}", xlim=(time[0], time[-1]))
        if own:
            caption(ax.figure, result, notes=["Pain is a read-out of this model."])
        clear(ax)
    return ax


def _unit(result: xr.Dataset) -> tuple[float, str]:
    """Return what a day is in the unit of the time axis, and that unit."""
    return (1 / 7, "weeks") if float(result.time_d[-1]) > _WEEKS_AFTER else (1.0, "days")


def _plasma(result: xr.Dataset, time: np.ndarray, ax: Axes) -> None:
    ax.plot(time, result.plasma, "-", color=look().shades[1], linewidth=1.6, label="plasma, typical patient")
    top = 1.05 * max(float(result.plasma.max()), 250.0)
    for band in bands():
        if band.text.startswith("dissociation"):
            text = f"{band.text} ({short(band.source)}, reported for ketamine)"
            ax.axhspan(band.low_ng_ml, band.high_ng_ml, color=COLOUR, alpha=0.35, linewidth=0, label=text)
    drug, site = result.attrs["drug"], result.attrs["site"].partition(" (")[0]
    named = f"{drug[0].upper()}{drug[1:]}" if drug.startswith(("s-", "r-")) else drug
    ax.set(title=result.attrs["regimen"] or "Plasma", ylabel=f"total {named},\n{site}, ng/ml", ylim=(0, top))
    ax.legend(frameon=False, loc="upper right", fontsize=0.85 * look().font)


def _pain(result: xr.Dataset, time: np.ndarray, ax: Axes) -> None:
    patients = int(result.attrs["subjects"])
    label = inside(patients, f"{patients} virtual patients")
    ax.fill_between(
        time, result.pain_low, result.pain_high, color=look().shades[0], alpha=0.12, linewidth=0, label=label
    )
    ax.plot(time, result.pain, "-", color=look().shades[0], label="their mean")
    least, before = float(result.pain.min()), float(result.pain[0])
    told = f"Mean pain, a read-out: {before:.1f} before, {least:.1f} at best (state: {result.attrs['state']})"
    ax.set(title=told, ylabel="pain, 0 to 10", ylim=(0, 10))
    ax.legend(frameon=False, loc="upper right", ncols=2)


@dataclass(frozen=True)
class _Form:
    """How the rows of trials look: inches of a row, and what stands in it.

    Rivals are `apart` by a share of the row; markers and their edges are in points, `type` of the names and `key` of
    the legend in shares of the type of the style.
    """

    row: float
    apart: float
    marker: float
    edge: float
    type: float
    key: float
    columns: int
    then: str
    names: Mapping[str, str]


#: Names of two lines on a page; of one on a slide, where all rows have room beside type that is read from afar.
_ON_PAGE = _Form(0.75, 0.22, 8, 2.2, 0.73, 0.85, 1, "\n", {})
_BRIEF = {
    "mean pain, relative to before": "pain, 1 as before",
    "share with more than half of the pain gone": "share with pain halved",
    "share with little or no change": "share with little change",
    "area of pain, relative to placebo": "area of pain, 1 as placebo",
}
_ON_SLIDE = _Form(0.32, 0.3, 6, 1.6, 0.64, 0.64, 2, " ", _BRIEF)


@draws(_TRIED)
def trials(found: xr.Dataset, ax: Axes | None = None) -> Axes:
    """Draw what was seen in trials, and what each rival says of it; misses are open, hits full.

    A slide of its own has one line a row, with measures named in brief.

    Parameters
    ----------
    found
        A result of :func:`nmdasim.treatment.compare`.
    ax
        Where; a new figure by default.
    """
    with plt.rc_context(look().rc):
        rows, models = found.sizes["measure"], found.model.values.tolist()
        own, slide = ax is None, ax is None and look().size is not None
        form = _ON_SLIDE if slide else _ON_PAGE
        if ax is None:
            ax = new_figure(figsize=(13, 3 + form.row * rows), layout="constrained").subplots()
        place = np.arange(rows)[::-1]
        ax.barh(place, 4, left=-2, color=look().faint, height=0.8, label="seen, ± 2 standard errors")
        ax.vlines(0 * place, place - 0.4, place + 0.4, color=look().quiet, linewidth=2)
        for k, (model, cue) in enumerate(zip(models, cues(len(models) + 1)[1:], strict=True)):
            one = found.sel(model=model)
            distance = one.error.values
            at, met = place + form.apart * ((len(models) - 1) / 2 - k), one.met.values
            often: dict[str, Any] = {"marker": cue.marker, "linestyle": "", "color": cue.colour}
            often["markersize"] = form.marker
            ax.plot(distance[met], at[met], label=f"{model} ({int(one.free_parameters)} fitted)", **often)
            ax.plot(distance[~met], at[~met], markerfacecolor=look().ground, markeredgewidth=form.edge, **often)
        ax.set_yticks(place, _names(found, form), fontsize=form.type * look().font)
        ax.xaxis.set_major_locator(MaxNLocator(integer=True))
        ax.set(xlabel="predicted less seen, standard errors", ylim=(-0.6, rows - 0.4))
        if slide:
            headline(ax.figure, _missed(found))
        else:
            ax.set_title(_missed(found), wrap=True)
        ax.legend(frameon=False, loc="upper left", fontsize=form.key * look().font, ncols=form.columns)
        if own:
            starred = "* Rivals were fitted to the CRPS curve; all else is prediction."
            plain = "Rivals were fitted to the CRPS curve; all of this is prediction."
            caption(ax.figure, found, notes=[starred if found.fitted.any() else plain])
        clear(ax)
    return ax


def _names(found: xr.Dataset, form: _Form) -> list[str]:
    """Return what each row shows: trial, measure, arm, time, and what was seen."""
    keys = (found[key].values for key in ("trial", "what", "arm", "day", "seen", "fitted"))
    return [
        f"{short(str(trial))}{' *' if fitted else ''}: {form.names.get(what, what)},{form.then}"
        f"{arm}, {moment(day)}; seen {seen:.2f}"
        for trial, what, arm, day, seen, fitted in zip(*keys, strict=True)
    ]


def _missed(found: xr.Dataset) -> str:
    """Return how many measures every rival misses, of a single one how many meet it."""
    rows, rivals, met = found.sizes["measure"], found.sizes["model"], found.met
    which = "" if met.all() else " (open: a miss)"
    if rows == 1:
        hits = int(met.sum())
        every = "met by every rival" if hits else "missed by every rival"
        return f"The one measure is {f'met by {hits} of {rivals} rivals' if 0 < hits < rivals else every}{which}"
    missed = int((~met).all("model").sum())
    return f"{missed or 'None'} of {rows} measures {'is' if missed < 2 else 'are'} missed by every rival{which}"


def moment(day: float) -> str:
    """Return a time after the start as a reader says it."""
    if day >= 1:
        return f"day {brief(day, 3)}"
    return f"{brief(24 * day, 2)} h" if day >= 1 / 24 else f"{1440 * day:.0f} min"


@draws(_OPPOSED)
def contrast(found: xr.Dataset) -> np.ndarray:
    """Draw first response and wind-up, each as a share of that without drug: an opioid alone, ketamine alone.

    Parameters
    ----------
    found
        A result of :func:`nmdasim.studies.contrast.opioid_contrast`.

    Returns
    -------
    numpy.ndarray of matplotlib Axes
        Opioid, ketamine.
    """
    with plt.rc_context(look().rc):
        figure = new_figure(figsize=look().sized((12, 5.5)), layout="constrained")
        axes = figure.subplots(1, 2, sharey=True)
        mean = found.mean("seed")
        none = mean.sel(release_opioid=1, ketamine=0)
        opioid = mean.sel(ketamine=0)
        winds_up = float(none["slope"]) > _LEAST_SLOPE * float(none["input"])
        drawn = [
            (axes[0], opioid, 1 - opioid.release_opioid.values, "An opioid", "share of release gone"),
            (axes[1], mean.sel(release_opioid=1), mean.ketamine.values, "Ketamine", "free ketamine, µM"),
        ]
        for ax, one, x, title, label in drawn:
            first, slope = one["input"] / none["input"], one["slope"] / none["slope"]
            ax.plot(x, first, "o-", color=look().shades[0], label="first response")
            if winds_up:
                ax.plot(x, slope, "s--", color=look().shades[1], label="slope of wind-up")
            takes = _takes(first.values, slope.values) if winds_up else ""
            ax.set(title=f"{title} {takes}".strip(), xlabel=label)
        low, high = (edge(*(getattr(ax.dataLim, end) for ax in axes)) for edge, end in ((min, "y0"), (max, "y1")))
        axes[0].set_ylim(min(low, 0) - 0.06, max(high, 1) + 0.1)  # every marker stays clear of the edges
        axes[0].set_ylabel("share of that without drug")
        axes[0].legend(frameon=False, handlelength=3.2)
        lacking = ["Without drug there is no wind-up: no slope is drawn."] * (not winds_up)
        caption(
            figure, found, notes=[*lacking, "Opioids depress respiration, ketamine far less; neither is weighed here."]
        )
    return np.asarray(axes)


def _takes(first: np.ndarray, slope: np.ndarray) -> str:
    """Return which of both goes first as the dose rises, and whether the other overtakes it."""
    apart = [float(d) for d in first - slope if abs(d) >= _ALIKE]
    if not apart:
        return "takes both alike"
    names = "wind-up", "the first response"
    sooner, later = names if apart[0] > 0 else names[::-1]
    overtaken = any(d * apart[0] < 0 for d in apart)
    return f"takes {sooner},\nthen {later}" if overtaken else f"takes {sooner} first"


@draws(_TREATED)
def rivals(results: Mapping[str, xr.Dataset], ax: Axes | None = None) -> Axes:
    """Draw the slow relief of several models on one regimen: the typical patient full, the mean of patients dashed.

    Parameters
    ----------
    results
        Results of :func:`nmdasim.treatment.simulate` by what they are called.
    ax
        Where; a new figure by default.
    """
    with plt.rc_context(look().rc):
        own, ax = ax is None, axes_of(ax, (11, 6.5))
        for k, (cue, (name, result)) in enumerate(zip(cues(len(results) + 1)[1:], results.items(), strict=True)):
            time = result.time_d / 7
            often: dict[str, Any] = {
                "color": cue.colour,
                "marker": cue.marker,
                "markevery": (0.04 + 0.02 * k, 0.1),
                "clip_on": False,
            }
            ax.plot(time, result.slow_relief, "-", label=f"{name}, typical patient", **often)
            mean = result.patient_slow_relief.mean("patient")
            ax.plot(time, mean, "--", linewidth=1.5, label=f"{name}, mean of patients", **often)
        first = next(iter(results.values()))
        ax.set(title=f"Slow relief: {first.attrs['regimen']}", xlabel="time, weeks", ylabel="share of the pain gone")
        ax.set(ylim=(-0.03, 1), xlim=(0, None))
        ax.legend(frameon=False, handlelength=3.2)
        if own:
            drawn_from = f"Mean of {first.attrs['subjects']} virtual patients, seed {first.attrs['seed']}."
            plain = (xr.Dataset(attrs={k: v for k, v in r.attrs.items() if k != "interval"}) for r in results.values())
            caption(ax.figure, *plain, notes=[drawn_from])  # no interval is drawn
    return ax
