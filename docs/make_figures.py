"""Make the figures of the README: ``python docs/make_figures.py``."""

from pathlib import Path

import matplotlib.pyplot as plt

import nmdasim as nm
from nmdasim import uM

IMAGES = Path(__file__).parent / "images"
STYLE = {"font.size": 15, "axes.spines.top": False, "axes.spines.right": False, "axes.titleweight": "bold"}


def windup() -> None:
    """Draw wind-up under three concentrations of ketamine: counts over twenty draws, spikes of the first."""
    result = nm.simulate(nm.neurons.wdr(), nm.WindUp(), ketamine=[0, 1, 10] * uM, seed=range(20))
    with plt.rc_context(STYLE | {"lines.linewidth": 2.6, "axes.titlelocation": "left"}):
        figure, axes = plt.subplots(2, 1, figsize=(12, 9), layout="constrained", height_ratios=[1.6, 1])
        nm.plot.counts(result, nm.measures.windup(result), axes[0])
        nm.plot.raster(result, axes[1])
        figure.suptitle("The same pulse once a second: wind-up, and ketamine", fontsize=19, fontweight="bold")
        axes[0].set(title="Spikes after each pulse, mean and 95 % of 20 draws", ylabel="spikes, 100 ms to next pulse")
        axes[1].set(title="Every spike of one draw (grey lines: pulses)", xlim=(0.8, 16.1))
        for bars in axes[1].collections:
            bars.set_linewidth(1)
        nm.plot.caption(figure, result)
        figure.savefig(IMAGES / "windup.png", dpi=100)


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    windup()
