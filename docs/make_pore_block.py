"""Run the study of docs/pore-block.md and write its numbers, tables and figures: ``python docs/make_pore_block.py``.

Populations that are in the folder of stores (``--stores DIR``) already are read or finished, not run again;
``--draws N`` runs at most N draws of each, for a look. What is not a figure is written to ``tables/pore_block*``; the
page holds no number of a result that does not come from there.
"""

import argparse
import dataclasses
import json
from pathlib import Path
from typing import Any

import matplotlib as mpl
import matplotlib.pyplot as plt
import numpy as np
import xarray as xr
from pore_block import writing

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.plot import populations as drawn
from nmdasim.plot.look import look
from nmdasim.plot.style import caption
from nmdasim.readout import populations
from nmdasim.studies.populations import Multiple, Population, deciding, reading, stages

DOCS = Path(__file__).parent
MODELS = ("wdr", "delrocq2023")
#: Draws of the populations that are stimulated at a multiple of their own threshold.
AT_THRESHOLD = {"wdr": 8_000, "delrocq2023": 2_000}
#: The multiple that Guirimand et al. 2000 used, of the threshold of a reflex; and the spikes after one stimulus that
#: count as its response here, which nobody measured: a single one is too few, for then nothing winds up.
TIMES, SPIKES = 1.2, 5
#: Draws that are run again at half the step and in double precision.
HALVED = 512


def asked(name: str, draws: int = 0) -> Population:
    """Return a population: ``"wdr"``, or ``"wdr-threshold"`` with the strength at a multiple of the threshold."""
    model, _, kind = name.partition("-")
    what = reading.read(DOCS / "pore_block" / f"{model}.toml")
    if kind:
        ranges = {key: pair for key, pair in what.ranges.items() if key != "strength"}
        accept = what.accept | {"input": (1, what.accept["input"][1])}
        what = dataclasses.replace(
            what,
            ranges=ranges,
            accept=accept,
            draws=AT_THRESHOLD[model],
            multiple=Multiple(TIMES, criterion=SPIKES),
        )
    return dataclasses.replace(what, draws=min(draws, what.draws)) if draws else what


def population(name: str, folder: Path, draws: int = 0) -> xr.Dataset:
    """Return a population from its store, run if it is not there or not finished."""
    store = folder / name
    kept = store / "population.nc"
    if not kept.exists():
        found = stages.run(asked(name, draws), store, resume=store.exists())
        found.to_netcdf(kept, engine="netcdf4")
    return xr.load_dataset(kept, engine="netcdf4")


def checked(folder: Path) -> dict[str, Any]:
    """Return what half the step and double precision change: the median loss, and the share of draws judged alike."""
    what = dataclasses.replace(asked("wdr", HALVED), checks=())
    asked_for = {
        "as_run": what,
        "half_step": dataclasses.replace(what, dt="0.125 ms"),
        "double": dataclasses.replace(what, method="staggered"),
    }
    found = {}
    for name, one in asked_for.items():
        store = folder / f"checked-{name}"
        kept = store / "population.nc"
        if not kept.exists():
            stages.run(one, store, resume=store.exists()).to_netcdf(kept)
        found[name] = xr.load_dataset(kept)
    told: dict[str, Any] = {"draws": HALVED}
    for name in ("half_step", "double"):
        pair = found["as_run"], found[name]
        both = np.all([one.kept.values for one in pair], axis=0)
        losses = [one.index_loss.sel(ketamine=writing.AT).values[both] for one in pair]
        told[name] = {
            "same_verdict": float(np.mean(pair[0].kept.values == pair[1].kept.values)),
            "median_as_run": float(np.nanmedian(losses[0])),
            "median": float(np.nanmedian(losses[1])),
        }
    return told


# --- figures ---------------------------------------------------------------------------------------------------------


def figures(found: dict[str, xr.Dataset]) -> None:
    """Draw losses, ranges, parallel coordinates and what decides."""
    plain = {name: found[name] for name in MODELS}
    fans(found)
    first = plain["wdr"]
    save(drawn.accepted_ranges(first, writing.covering(first)), "pore_block_ranges")
    loss = populations.loss(first, "index").sel(ketamine=writing.AT)
    save(drawn.parallel(first, loss), "pore_block_parallel")
    tables = {name: correlations(one) for name, one in plain.items()}
    save(drawn.deciding(tables), "pore_block_deciding")


def correlations(found: xr.Dataset) -> xr.Dataset:
    """Return what decides the loss of wind-up at the upper edge of the analgesic band."""
    return deciding.rank_correlations(found, populations.loss(found, "index").sel(ketamine=writing.AT))


def fans(found: dict[str, xr.Dataset]) -> None:
    """Draw losses of wind-up and of the first response over the dose, a column a population."""
    with plt.rc_context(look().rc):
        figure, axes = plt.subplots(2, len(found), figsize=(4 * len(found), 8), layout="constrained", sharey="row")
        for column, (name, one) in zip(axes.T, found.items(), strict=True):
            for ax, answer, colour in zip(column, ("index", "input"), look().shades[1:], strict=False):
                beside = {"acute pain in people": writing.HUMAN} if answer == "index" else {}
                drawn.fan(one, answer, ax, beside=beside, colour=colour)
                if ax not in axes[:, 0]:
                    ax.get_legend().remove()  # the first column says it for all
                label = "loss of wind-up index, %" if answer == "index" else "loss of the first response, %"
                ax.set(ylabel=label if ax in axes[:, 0] else "", ylim=(-30, 105))
            column[0].set_title(writing.LABELS[name])
        figure.suptitle(says(found), fontsize=1.3 * look().font, fontweight="bold", x=0.01, ha="left")
        caption(figure, *found.values())
        figure.savefig(DOCS / "images" / "pore_block_losses.png", dpi=90)
        plt.close(figure)


def says(found: dict[str, xr.Dataset]) -> str:
    """Return what the largest dose takes, in the median model of each population."""
    first = next(iter(found.values()))
    dose = first[first.attrs["dose"]]
    spans = []
    for answer, words in (("index", "of wind-up"), ("input", "of the first response")):
        ends = [float(populations.loss(one, answer).isel({dose.name: -1}).median()) for one in found.values()]
        spans.append(f"{min(ends):.0f} to {max(ends):.0f} % {words}")
    return f"{float(dose[-1]):g} {dose.units} {dose.long_name} takes {' and '.join(spans)} in the median models"


def save(ax, name: str) -> None:
    """Write a figure."""
    ax.figure.savefig(DOCS / "images" / f"{name}.png", dpi=90)
    plt.close(ax.figure)


def main() -> None:
    """Run what is not there, then write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=Path, default=Path("pore-block"))
    parser.add_argument("--draws", type=int, default=0)
    given = parser.parse_args()
    mpl.use("Agg")
    names = [*MODELS, *(f"{model}-threshold" for model in MODELS)]
    found = {name: population(name, given.stores, given.draws) for name in names}
    summary = {name: writing.summary(one) for name, one in found.items()}
    summary |= {"checked": checked(given.stores), "disclaimer": DISCLAIMER}
    (DOCS / "tables" / "pore_block.json").write_text(json.dumps(summary, indent=1) + "\n", "utf-8")
    writing.tables(found, {name: asked(name) for name in MODELS}, correlations, DOCS / "tables")
    (DOCS / "tables" / "pore_block.md").write_text(
        writing.findings(found, summary, {name: asked(name) for name in names}), "utf-8"
    )
    figures(found)


if __name__ == "__main__":
    main()
