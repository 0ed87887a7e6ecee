"""How every figure looks, and what stands under it."""

from __future__ import annotations

import textwrap
from typing import Any

import xarray as xr
from matplotlib.figure import Figure

from nmdasim.parameters.drugs import entries

STYLE: dict[Any, Any] = {
    "font.size": 13,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.titlelocation": "left",
    "axes.titleweight": "bold",
    "lines.linewidth": 2.2,
    "figure.dpi": 110,
    "savefig.bbox": "tight",
}
SHADES = ("#1b1b1b", "#7b3fa0", "#c0549d", "#e8853d", "#f0b429", "#8aa63f", "#3f8f8a")

#: Letters of a caption in an inch.
_LETTERS = 14


def caption(figure: Figure, result: xr.Dataset) -> None:
    """Write under a figure what it stands on: the disclaimer, and the parameters whose source is not verified."""
    names = str(result.attrs.get("unverified_parameters", "")).split()
    drugs = str(result.attrs.get("drugs", "")).split()
    given = {*drugs, *(f"{drug}_start" for drug in drugs)}  # a concentration is the user's, and needs no source
    unverified = dict.fromkeys(n.partition(".")[0] for n in names if n not in given)
    notes = str(result.attrs["disclaimer"])
    if "preset" in result.attrs:
        notes += f"\nPreset {result.attrs['preset']}; sampling site: {result.attrs['site']}."
    if unverified:
        notes += f"\nUnverified or assumed parameters: {', '.join(unverified)}."
    if result.attrs.get("block", "none") != "none":
        table = entries()
        named = ", ".join(table[drug].name if drug in table else drug for drug in drugs) or "drug"
        notes += f" {named[0].upper()}{named[1:]} block at the start: {result.attrs['block']}."
    width = max(int(_LETTERS * figure.get_figwidth()), 90)
    lines = [textwrap.fill(line, width, break_long_words=False, break_on_hyphens=False) for line in notes.splitlines()]
    figure.supxlabel("\n".join(lines), fontsize=9, color="0.35", x=0.01, ha="left")
