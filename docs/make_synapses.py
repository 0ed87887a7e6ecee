"""Make the figures and tables on subtypes, tonic current and temporal summation: ``python docs/make_synapses.py``."""

import csv
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
import xarray as xr

import nmdasim as nm
from nmdasim import uM
from nmdasim.plot.look import cues, look
from nmdasim.plot.rings import rings
from nmdasim.plot.style import drawn, plain_log
from nmdasim.protocols import Conditioning, graded
from nmdasim.quantities import several
from nmdasim.receptors import with_tonic
from nmdasim.studies import reflex

DOCS = Path(__file__).parent
TITLE = {"fontsize": 16, "fontweight": "bold", "x": 0.01, "ha": "left"}
DOSES = np.array([0, 0.1, 0.3, 1, 3, 10])
NEURONS = {
    "as published": "",
    "GluN2A": "2A",
    "GluN2B": "2B",
    "GluN2C": "2C",
    "GluN2D": "2D",
    "2B/2D, lamina I": "lamina_i_2b2d",
    "2A/2B, lamina I": "lamina_i_2a2b",
}
CIRCUITS = {"circuit": "", "circuit, 2C/2D on inhibitory cells": "inhibitory_2c2d"}


def write(name: str, rows: list[list[str]]) -> None:
    with (DOCS / "tables" / f"{name}.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)


def spread(values: xr.DataArray) -> str:
    low, high = values.quantile([0.025, 0.975], "seed").values
    return f"{float(values.mean('seed')):.3g} ({low:.3g}–{high:.3g})"


def measured() -> dict[str, xr.Dataset]:
    """Return wind-up of every scenario over concentrations and draws."""
    found = {}
    for label, name in NEURONS.items():
        run = nm.simulate(nm.neurons.wdr(subtype=name), nm.WindUp(), ketamine=DOSES * uM, seed=range(40))
        found[label] = nm.measures.windup(run)
    for label, name in CIRCUITS.items():
        run = nm.simulate(nm.circuits.dorsal_horn(name), Conditioning("1 Hz", 15), ketamine=DOSES * uM, seed=range(10))
        found[label] = nm.measures.windup(run)
    return found


def mixtures() -> None:
    """Draw index, first response and ketamine curve of each scenario, and write them as a table."""
    found = measured()
    rows = [["", "index without drug", "first response", *(f"index left at {d:g} µM" for d in DOSES[1:])]]
    for label, data in found.items():
        start = data.isel(ketamine=0)
        left = (data["index"].mean("seed") / start["index"].mean("seed")).values
        rows.append([label, spread(start["index"]), spread(start.input), *(f"{100 * x:.0f} %" for x in left[1:])])
    write("mixtures", rows)
    with drawn():
        figure, axes = plt.subplots(1, 3, figsize=(15, 7), layout="constrained", sharey=True)
        for ax, name, title in zip(axes, ("index", "input"), ("Wind-up index", "First response"), strict=False):
            values = [data[name].isel(ketamine=0) for data in found.values()]
            middle = [float(v.mean("seed")) for v in values]
            ends = np.array([v.quantile([0.025, 0.975], "seed").values for v in values]).T
            ax.barh(list(found), middle, color=look().shades[4])
            ax.errorbar(middle, range(len(found)), xerr=np.abs(ends - middle), fmt="none", ecolor="0.25", capsize=3)
            ax.set(title=f"{title}, no drug", xlabel="spikes")
        left = np.array([100 * data["index"].mean("seed") / data["index"][0].mean("seed") for data in found.values()])
        for dose, cue in zip((0.3, 1, 3), cues(3), strict=True):
            share = left[:, dose == DOSES].ravel()
            axes[2].plot(share, list(found), cue.marker, color=cue.colour, markersize=10, label=f"{dose:g} µM")
        axes[2].hlines(list(found), 0, 100, color=look().faint, linewidth=1, zorder=0)
        axes[2].set(title="Left under free ketamine", xlabel="index, % of that without drug", xlim=(0, 100))
        axes[2].legend(frameon=False, loc="upper left", bbox_to_anchor=(0, -0.12), ncols=3, handletextpad=0.1)
        axes[0].invert_yaxis()
        message = "The same charge through other receptors: GluN2B raises wind-up, 2C and 2D yield most to ketamine"
        figure.suptitle(message, **TITLE)
        nm.plot.caption(figure, *found.values(), notes=["15 pulses at 1 Hz; bars: mean, lines: 95 % of draws."])
        figure.savefig(DOCS / "images" / "mixtures.png", dpi=90)


def tonic() -> None:
    """Draw the index against ketamine for some maxima of the allosteric action and sizes of the tonic current."""
    sizes, most = np.array([0, 1, 3, 10]), [0, 0.5, 1]
    run = nm.simulate(
        with_tonic(nm.neurons.wdr()),
        nm.WindUp(),
        ketamine=DOSES * uM,
        parameters={"g_tonic_nmda": sizes * 1e-4 * nm.siemens / nm.cm**2, "allosteric_max": most},
        seed=range(20),
    )
    data = nm.measures.windup(run)
    index = data["index"].mean("seed").transpose("g_tonic_nmda", "allosteric_max", "ketamine").values
    first = data.input.mean("seed").transpose("g_tonic_nmda", "allosteric_max", "ketamine").values
    rows = [["g_tonic_nmda, S/cm²", "allosteric_max", "index", "first response",
             *(f"index left at {d:g} µM" for d in DOSES[1:4]), "first response left at 0.3 µM"]]  # fmt: skip
    for k, size in enumerate(sizes):
        for m, share in enumerate(most if size else most[:1]):
            left = [f"{100 * x:.0f} %" for x in index[k, m, 1:4] / index[k, m, 0]]
            rows.append([f"{size:g}e-4" if size else "0", f"{share:g}", f"{index[k, m, 0]:.0f}",
                         f"{first[k, m, 0]:.1f}", *left, f"{100 * first[k, m, 2] / first[k, m, 0]:.0f} %"])  # fmt: skip
    write("tonic", rows)
    with drawn():
        figure, axes = plt.subplots(1, len(sizes), figsize=(16, 5), layout="constrained", sharey=True)
        for ax, size, curves in zip(axes, sizes, index, strict=True):
            for share, curve, cue in zip(most, curves, cues(len(most)), strict=True):
                ax.plot(DOSES[1:], 100 * curve[1:] / curve[0], label=f"maximum {share:g}", **cue.dotted)
            ax.set(
                xscale="log",
                xlabel="free ketamine, µM",
                title=f"tonic {size / 10:g} mS/cm²" if size else "no tonic current",
            )
            plain_log(ax.xaxis)
        axes[0].set(ylabel="wind-up index left, %", ylim=(0, None))
        axes[0].text(0.1, 55, "three lines that coincide", fontsize=11)
        axes[0].legend(frameon=False, title="allosteric action", handlelength=3.4)
        figure.suptitle(
            "If ketamine also acts on a large tonic current, a little takes more (both sizes unknown: assumed)", **TITLE
        )
        nm.plot.caption(figure, run)
        figure.savefig(DOCS / "images" / "tonic.png", dpi=90)


def summation() -> None:
    """Draw recruitment and the train at 1.2 × threshold, with and without drug, for some criteria of a response."""
    doses = np.array([0, 0.3, 1])
    rows = [["criterion", "threshold", "ketamine, µM free", "threshold with it", "first", "last three", "index"]]
    with drawn():
        figure, axes = plt.subplots(1, 4, figsize=(18, 5), layout="constrained")
        for ax, spikes in zip(axes[1:], (1, 4, 8), strict=True):
            found = reflex.temporal_summation(
                nm.neurons.wdr(), ketamine=doses * uM, seeds=range(20), criterion=spikes, threads=0
            )
            for k, dose in enumerate(doses):
                one = found.isel(ketamine=k)
                ax.plot(one.pulse, one.late.mean("seed"), label=f"{dose:g} µM", **cues(len(doses))[k].dotted)
                rows.append([several(spikes, "spike"), spread(found.threshold.isel(ketamine=0)), f"{dose:g}",
                             spread(one.threshold), spread(one.input),
                             spread(one.late[:, -3:].mean("pulse")), spread(one["index"])])  # fmt: skip
                if spikes == 1:
                    curve = one.spikes.mean("seed")
                    axes[0].plot(one.strength_of_one, curve, label=f"{dose:g} µM", **cues(len(doses))[k].dotted)
            criterion = f"{spikes} spikes or more" if spikes > 1 else "any spike"
            ax.set(title=f"1.2 × threshold of\n{criterion}", xlabel="stimulus, one a second", ylabel="spikes")
            ax.set_xticks([1, 5, 10, 15])
            ax.set(ylim=(0, 1.1 * float(found.late.mean("seed").max())))
            rings(ax)
        axes[0].set(
            xscale="log",
            xlabel="strength (1: the published volley)",
            ylabel="spikes",
            title="Recruitment:\nmore with strength",
        )
        plain_log(axes[0].xaxis)
        rings(axes[0])
        axes[0].legend(frameon=False, title="free ketamine", handlelength=3.4)
        figure.suptitle("Just above threshold the answer hardly grows (wdr, in the design of Guirimand 2000)", **TITLE)
        nm.plot.caption(figure, found)
        figure.savefig(DOCS / "images" / "temporal_summation.png", dpi=90)
    write("temporal_summation", rows)


def losses() -> None:
    """Write what free ketamine takes from wind-up with C fibres at full and at reduced strength."""
    doses = np.array([0, 0.12, 0.25, 0.37, 0.6, 1, 3])
    rows = [["", "strength of C", "index", *(f"loss at {d:g} µM" for d in doses[1:]), "first response, 0 and 1 µM"]]
    for cell, strengths in ((nm.neurons.wdr(), [1, 0.8]), (nm.neurons.delrocq2023(), [1, 0.7])):
        run = nm.simulate(
            graded(cell, ["c"]), nm.WindUp(), ketamine=doses * uM, parameters={"strength": strengths}, seed=range(20)
        )
        data = nm.measures.windup(run)
        for k, strength in enumerate(strengths):
            one = data.isel(strength=k)
            mean, first = one["index"].mean("seed").values, one.input.mean("seed").values
            lost = [f"{100 * (1 - x):.0f} %" for x in mean[1:] / mean[0]]
            rows.append([cell.name, f"{strength:g}", spread(one["index"].isel(ketamine=0)), *lost,
                         f"{first[0]:.1f}, {first[-2]:.1f}"])  # fmt: skip
    write("strength", rows)


if __name__ == "__main__":
    losses()
    summation()
    tonic()
    mixtures()
