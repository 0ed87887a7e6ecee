"""Draw the house and the road through it: ``python docs/make_house.py``, from the import contract and docs/house.md."""

import re
import tomllib
from pathlib import Path

import matplotlib.pyplot as plt
from matplotlib.axes import Axes
from matplotlib.patches import FancyBboxPatch

DOCS = Path(__file__).parent
#: The number at each step of the road, short enough for a drawing; the page says it in full.
NUMBERS = (
    "1 µM",
    "drug of\nthe table",
    "1 µM",
    "stands still",
    "0.001 mol/m³",
    "place 1\non an axis",
    "lane 1 of 2",
    "0.001\nin an array",
    "a symbol",
    "a column of\na batch",
    "160,000\nsteps",
    "341 spikes\nat 1.0 µM",
    "identity",
)
TINTS = ("#f3efe6", "#e8edf2")
ROAD, DARK = "#b3541e", "#7a3510"
#: Width of a step.
STEP = 1.32


def floors() -> list[list[str]]:
    """Return the rooms of each floor, lowest first, as the import contract has them."""
    contracts = tomllib.loads((DOCS.parent / "pyproject.toml").read_text("utf-8"))["tool"]["importlinter"]["contracts"]
    layers = next(one["layers"] for one in contracts if one.get("containers") == ["nmdasim"])
    return [layer.split(" | ") for layer in reversed(layers)]


def road() -> list[tuple[str, str]]:
    """Return (function, room) of every step, as the page has them."""
    page = (DOCS / "house.md").read_text("utf-8")
    rows = re.findall(r"^\| \d+ \| `(\w+)` \| `(\w+)[\w/]*\.py` \|", page, flags=re.MULTILINE)
    return [(function, room) for function, room in rows]


def house(ax: Axes) -> None:
    """Draw floors from below, and the road from left to right."""
    stories, steps = floors(), road()
    left, right, top = -4.2, STEP * len(steps) + 0.8, len(stories)
    for k, rooms in enumerate(stories):
        shape = "round,pad=0,rounding_size=0.12"
        box = FancyBboxPatch((left, k - 0.44), right - left, 0.88, shape, fc=TINTS[k % 2], ec="#9aa3ad", lw=0.8)
        ax.add_patch(box)
        ax.text(left + 0.2, k, "  ·  ".join(rooms), va="center", fontsize=12, fontweight="bold", color="#2b3440")
    ax.plot([left, (left + right) / 2, right], [top - 0.35, top + 0.7, top - 0.35], color="#9aa3ad", lw=2)
    place = {room: k for k, rooms in enumerate(stories) for room in rooms}
    xs, ys = [STEP * (k + 1) for k in range(len(steps))], [place[room] for _, room in steps]
    ax.plot(xs, ys, color=ROAD, lw=2, alpha=0.55)
    ax.plot(xs, ys, "o", color=ROAD, markersize=19)
    said = {"ha": "center", "fontsize": 9.5, "bbox": {"fc": "white", "ec": "none", "alpha": 0.75, "pad": 0.8}}
    for k, (x, y, (function, _), number) in enumerate(zip(xs, ys, steps, NUMBERS, strict=True), 1):
        ax.text(x, y, str(k), color="white", ha="center", va="center", fontsize=11, fontweight="bold")
        ax.text(x, y + 0.5, function, va="bottom", family="monospace", **said)
        ax.text(x, y - 0.5, number, va="top", color=DARK, linespacing=1.05, **said)
    told = {"fontsize": 11, "style": "italic", "va": "top"}
    ax.text(left + 0.2, -0.62, "↓ imports point downward", color="#55606b", **told)
    road_of = "the road of ketamine = 1 µM, from simulate() to the labelled result"
    ax.text(right - 0.2, -0.62, road_of, color=DARK, ha="right", **told)
    ax.set(xlim=(left - 0.2, right + 0.2), ylim=(-1.1, top + 0.8))
    ax.axis("off")


if __name__ == "__main__":
    figure, ax = plt.subplots(figsize=(16, 10), layout="constrained")
    house(ax)
    figure.savefig(DOCS / "images" / "house.png", dpi=80)
