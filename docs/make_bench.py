"""Draw the speed of the kernel and of its peers from docs/tables/bench.csv: ``python docs/make_bench.py``."""

import csv
from pathlib import Path

import numpy as np

import nmdasim as nm
from nmdasim.plot.look import look
from nmdasim.plot.style import drawn, new_figure

DOCS = Path(__file__).parent
#: The pieces of work in words.
WORKS = {
    "W0": "Squid axon,\n256 conductances",
    "W1": "Dorsal-horn neuron,\n256 concentrations",
    "W2": "Wind-up (Delrocq 2023),\n256 concentrations",
    "W3": "Integrate-and-fire,\n10,000 currents",
}


def bench(docs: Path = DOCS) -> None:
    """Draw million lane-steps per CPU second as dots on a logarithmic axis: there bars would start nowhere."""
    with (docs / "tables" / "bench.csv").open(encoding="utf-8") as stream:
        rows = list(csv.DictReader(stream))
    rates = "M lane-steps / CPU s"
    engines = list(dict.fromkeys(row["engine"] for row in rows))
    with drawn():
        figure = new_figure(figsize=(16, 1.6 + 0.42 * len(engines)), layout="constrained")
        axes = figure.subplots(1, len(WORKS), sharex=True, sharey=True)
        for ax, (work, words) in zip(axes, WORKS.items(), strict=True):
            for row in (row for row in rows if row["work"] == work):
                own, rate, y = row["engine"].startswith("kernel"), float(row[rates]), engines.index(row["engine"])
                ax.plot(rate, y, "D" if own else "o", color=look().shades[1 if own else 0], markersize=11 if own else 8)
                ax.annotate(f"{rate:.3g}", (rate, y), (9, 0), textcoords="offset points", va="center", fontsize=11)
            ax.set(title=words, xscale="log", xlim=(0.001, 20_000), xticks=10.0 ** np.arange(-2, 5, 2))
            ax.grid(color=look().faint, linewidth=0.8)
            ax.set_axisbelow(True)
        axes[0].set_yticks(range(len(engines)), engines)
        axes[0].invert_yaxis()
        figure.supxlabel(
            "million lane-steps per CPU second, one thread: further right is faster (no dot: not compared)"
        )
        figure.savefig(docs / "images" / "bench.png", dpi=100)


if __name__ == "__main__":
    with nm.plot.style("paper"):
        bench()
