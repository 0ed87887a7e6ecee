"""Tables and sentences of docs/pore-block.md from the populations of models."""

from __future__ import annotations

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nmdasim.readout import populations
from nmdasim.studies.populations import Population, deciding

#: Upper edge of the analgesic band as free drug, µM; fall of acute experimental pain in people (Thompson 2019), %; and
#: how much of the first response may be lost for it to count as spared, %.
AT, HUMAN, SPARED = 0.37, 26.0, 10.0
LABELS = {
    "wdr": "wdr",
    "delrocq2023": "delrocq2023",
    "wdr-threshold": "wdr, 1.2 × threshold",
    "delrocq2023-threshold": "delrocq2023, 1.2 × threshold",
}
#: Why each range is what it is.
REASONS = {
    "strength": "assumed: factor on the published volley",
    "ampa_c": "assumed: half to twice",
    "nmda": "assumed: half to twice",
    "nk1": "assumed: half to twice",
    "gaba": "assumed: half to twice",
    "can": "assumed: two thirds to one and a half",
    "kca": "assumed: two thirds to one and a half",
    "cal": "assumed: two thirds to one and a half",
    "calcium_share": "assumed: calcium's share of the NMDA current, about 0.06 to 0.14",
    "nmda_decay": "assumed: two thirds to one and a half of every subtype's",
    "magnesium_affinity": "K_mg of every subtype: two thirds to one and a half",
    "mg": "assumed: magnesium outside cells",
    "affinity": "K of every subtype: S-ketamine (0.6) to four times weaker, as in spinal cord (Ebert 1997)",
    "k_on_ketamine": "measured to derived (Gilling 2009)",
    "g_tonic_nmda": "not measured: two powers of ten about the default",
    "glutamate_ambient": "not measured here: assumed, fifty-fold",
    "allosteric_max": "not known: from nothing to all of the tonic current",
}


def covering(found: xr.Dataset) -> xr.DataArray:
    """Return which kept draws lose as much as people do at the upper edge of the band, first response spared."""
    return populations.losing(found, HUMAN, {"input": SPARED}).sel(ketamine=AT)


def summary(found: xr.Dataset) -> dict[str, Any]:
    """Return the numbers of one population."""
    told: dict[str, Any] = {
        "draws": found.sizes["draw"],
        "kept": int(found["kept"].sum()),
        "lanes": int(found.attrs["lanes"]),
        "tests": json.loads(found.attrs["tests"].replace("-Infinity", "null")),
        "free_um": found["ketamine"].values.tolist(),
        "quantiles": list(populations.QUANTILES),
        "share_losing_26": rounded(populations.share_losing(found, HUMAN)),
        "share_losing_26_first_spared": rounded(populations.share_losing(found, HUMAN, {"input": SPARED})),
    }
    for answer in ("index", "input"):
        table = populations.quantiles(found, answer).transpose("ketamine", "quantile")
        told[f"loss_of_{answer}_percent"] = [rounded(row) for row in table]
    return told


def rounded(values: xr.DataArray) -> list[float]:
    """Return numbers as they are stored."""
    return [round(float(value), 4) for value in values]


# --- tables ----------------------------------------------------------------------------------------------------------


def tables(
    found: dict[str, xr.Dataset],
    asked: dict[str, Population],
    correlations: Callable[[xr.Dataset], xr.Dataset],
    folder: Path,
) -> None:
    """Write the tables of the page."""
    write(folder / "pore_block_losses.csv", losses(found))
    write(folder / "pore_block_ranges.csv", ranges(asked["wdr"]))
    write(folder / "pore_block_parts.csv", parts(found))
    write(folder / "pore_block_common.csv", common(found, correlations))


def write(path: Path, rows: Iterator[list[Any]]) -> None:
    """Write one table."""
    with path.open("w", newline="", encoding="utf-8") as stream:
        csv.writer(stream).writerows(rows)


def losses(found: dict[str, xr.Dataset]) -> Iterator[list[Any]]:
    """Yield the losses of every population at every dose."""
    yield [
        "models",
        "free, µM",
        "loss of index, %: median (5–95 %)",
        "loss of first response, %",
        "lose ≥ 26 %",
        "… first response spared",
    ]
    for name, one in found.items():
        label = f"{LABELS[name]}: {int(one.kept.sum()):,} of {one.sizes['draw']:,}"
        spans = {answer: populations.quantiles(one, answer) for answer in ("index", "input")}
        whole = populations.share_losing(one, HUMAN)
        spared = populations.share_losing(one, HUMAN, {"input": SPARED})
        for dose in one.ketamine.values:
            row = [span(spans[answer].sel(ketamine=dose)) for answer in ("index", "input")]
            shares = [percent(share.sel(ketamine=dose)) for share in (whole, spared)]
            yield [label, f"{dose:g}", *row, *shares]


def span(values: xr.DataArray) -> str:
    """Return a median with its interval."""
    low, middle, high = (float(values.sel(quantile=q)) for q in (0.05, 0.5, 0.95))
    return f"{middle:.0f} ({low:.0f} to {high:.0f})".replace("-", "−")


def percent(share: Any) -> str:
    """Return a share in per cent."""
    return f"{100 * float(share):.1f} %"


def ranges(asked: Population) -> Iterator[list[Any]]:
    """Yield what was drawn from, and why."""
    yield ["what", "from", "to", "scale", "why"]
    for name, pair in asked.ranges.items():
        scale = "logarithmic" if name in asked.log else "linear"
        yield [name, *map(str, pair), scale, REASONS[name]]
    shares = ", ".join(name.removeprefix("share_") for name in asked.shares)
    yield [f"shares of {shares}", "0", "1", "uniform, sum 1", "which subtypes the cell has is disputed: all mixtures"]


def parts(found: dict[str, xr.Dataset]) -> Iterator[list[Any]]:
    """Yield the loss at the upper edge of the band in parts of each population."""
    yield ["part of the models", *(LABELS[name] for name in found)]
    for label, belongs in PARTS.items():
        row = []
        for one in found.values():
            own = populations.kept(one)
            chosen = belongs(own)
            cell = "–"
            if chosen is not None and (number := int(chosen.sum())) >= FEWEST:
                loss = own.index_loss.sel(ketamine=AT).values[chosen]
                share = float(np.mean(covering(one).values[chosen]))
                cell = f"{np.nanmedian(loss):.0f} %; {100 * share:.1f} % ({number:,})".replace("-", "−")
            row.append(cell)
        yield [label, *row]


#: Fewer models than this are not told of.
FEWEST = 10
#: Parts of a population by what is held of the cell.
PARTS: dict[str, Callable[[xr.Dataset], Any]] = {
    "all": lambda d: np.full(d.sizes["draw"], True),
    "2A and 2B carry at least 0.9 (Tong & MacDermott)": lambda d: (d.share_2A + d.share_2B).values >= 0.9,
    "2B and 2D at least 0.9, each at least 0.3 (Hildebrand)": lambda d: (
        (((d.share_2B + d.share_2D) >= 0.9) & (d.share_2B >= 0.3) & (d.share_2D >= 0.3)).values
    ),
    "2C and 2D at least 0.7": lambda d: (d.share_2C + d.share_2D).values >= 0.7,
    "no allosteric action to speak of (maximum below 0.1)": lambda d: d.allosteric_max.values < 0.1,
    "allosteric maximum above 0.9": lambda d: d.allosteric_max.values > 0.9,
    "affinity as for the racemate in cortex or better (factor at most 1)": lambda d: d.affinity.values <= 1,
    "affinity factor above 2": lambda d: d.affinity.values > 2,
    "strength below 0.7": lambda d: d.strength.values < 0.7,
    "strength above 1": lambda d: d.strength.values > 1,
}


def common(found: dict[str, xr.Dataset], correlations: Callable[[xr.Dataset], xr.Dataset]) -> Iterator[list[Any]]:
    """Yield what decides the loss, and where the covering models lie."""
    names = [name for name in found if "-" not in name]
    head = ["rank correlation", "alone, share of variance", "covering: median place (quartiles)", "others"]
    yield ["parameter", *(f"{name}: {column}" for name in names for column in head)]
    columns: dict[str, list[str]] = {}
    for name in names:
        one = found[name]
        decides = correlations(one)
        loss = populations.loss(one, "index").sel(ketamine=AT)
        alone = deciding.given_data_indices(one, loss, resamples=20)
        chosen = covering(one)
        places = deciding.in_common(one, chosen) if 0 < int(chosen.sum()) < chosen.size else None
        for key in decides.parameter.values:
            row = [f"{float(decides.correlation.sel(parameter=key)):+.2f}".replace("-", "−")]
            row.append(f"{max(0.0, float(alone['first'].sel(parameter=key))):.2f}")
            if places is None:
                row += ["–", "–"]
            else:
                at = places.sel(parameter=key)
                row.append(f"{float(at.chosen):.2f} ({float(at.chosen_low):.2f}–{float(at.chosen_high):.2f})")
                row.append(f"{float(at.others):.2f}")
            columns.setdefault(str(key), []).extend(row)
    for key, row in sorted(columns.items(), key=lambda item: -abs(float(item[1][0].replace("−", "-")))):
        yield [key, *row]


def differing(found: xr.Dataset, chosen: xr.DataArray) -> str:
    """Name the parameters in which chosen models differ most from the others, and the distance between both."""
    table = deciding.in_common(found, chosen)
    order = np.argsort(-np.abs(table.distance.values))[:MOST]
    told = []
    for k in order:
        distance = float(table.distance[k])
        told.append(f"{'more' if distance > 0 else 'less'} `{table.parameter.values[k]}` ({abs(distance):.2f})")
    return ", ".join(told) + " (in brackets the largest distance between the cumulated distributions of both)"


#: So many parameters are named.
MOST = 5

# --- sentences -------------------------------------------------------------------------------------------------------


def findings(found: dict[str, xr.Dataset], told: dict[str, Any], asked: dict[str, Population]) -> str:
    """Return what the page says in numbers."""
    lines = []
    if short := [name for name, what in asked.items() if told[name]["draws"] < what.draws]:
        few = ", ".join(f"{told[name]['draws']:,} of {asked[name].draws:,} draws of {LABELS[name]}" for name in short)
        lines.append(f"*These numbers are of a shorter run: {few}.*\n")
    for name in found:
        number = told[name]
        at = number["free_um"].index(AT)
        low, middle, high = (number["loss_of_index_percent"][at][k] for k in (0, 2, 4))
        first = number["loss_of_input_percent"][at][2]
        lines.append(
            f"- **{LABELS[name]}**: {number['kept']:,} of {number['draws']:,} draws meet the data. At {AT} µM free "
            f"they lose {middle:.0f} % of the wind-up index in the median (5–95 %: {low:.0f} to {high:.0f} %) and "
            f"{first:.0f} % of the first response; {100 * number['share_losing_26'][at]:.1f} % lose at least "
            f"{HUMAN:.0f} %, {100 * number['share_losing_26_first_spared'][at]:.1f} % with the first response spared "
            f"(at most {SPARED:.0f} % lost)."
        )
    for name in ("wdr", "delrocq2023"):
        chosen = covering(found[name])
        if 0 < int(chosen.sum()) < chosen.size:
            lines.append(f"- **What the covering models of {name} have in common**: {differing(found[name], chosen)}.")
    again = told["checked"]
    for name, words in (("half_step", "at half the step"), ("double", "in double precision")):
        one = again[name]
        lines.append(
            f"- **{words[3:].capitalize()}**: of {again['draws']:,} draws of `wdr`, "
            f"{100 * one['same_verdict']:.1f} % get the same verdict {words}, and the median loss at {AT} µM is "
            f"{one['median']:.1f} % there against "
            f"{one['median_as_run']:.1f} %."
        )
    return "\n".join(lines).replace(" -", " −").replace("−  **", "- **") + "\n"
