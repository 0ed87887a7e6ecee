"""Make the figures of the README and of the page on the NMDA receptor: ``python docs/make_figures.py``."""

from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

import nmdasim as nm
from nmdasim import mV, uM
from nmdasim.plot import receptor as plot_receptor
from nmdasim.receptors import bench, block, blocker, dosed, inhibition, scheme

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


def drugs() -> None:
    """Draw wind-up under three blockers, each at concentrations of its own."""
    doses = {"ketamine": [0, 1, 3, 10], "memantine": [0, 3, 10, 30], "MK-801": [0, 0.03, 0.1, 0.3]}
    cell = dosed(nm.neurons.wdr(), ["memantine", "MK-801"])  # one model for all, so that one caption holds
    with plt.rc_context(STYLE | {"lines.linewidth": 2.6, "axes.titlelocation": "left", "font.size": 13}):
        figure, axes = plt.subplots(1, 3, figsize=(15, 6), layout="constrained", sharey=True)
        for ax, (drug, values) in zip(axes, doses.items(), strict=True):
            result = nm.simulate(cell, nm.WindUp(), drugs={drug: values * uM}, seed=range(20))
            nm.plot.counts(result, nm.measures.windup(result), ax)
            ax.set(title=drug, ylabel="spikes, 100 ms to next pulse" if ax is axes[0] else "")
            handles, labels = ax.get_legend_handles_labels()
            ax.legend(handles, [" ".join(label.split()[-2:]) for label in labels], frameon=False, loc="upper left")
        figure.suptitle("Three blockers of the NMDA pore, free concentration at the receptor (mean, 95 % of 20 draws)",
                        fontsize=17, fontweight="bold")  # fmt: skip
        nm.plot.caption(figure, result)
        figure.savefig(IMAGES / "drugs.png", dpi=100)
        plt.close(figure)


def receptor() -> Iterator[tuple[str, Axes]]:
    """Yield the figures of the receptor bench by name."""
    clements = scheme("clements1992")
    yield "receptor_pulse", plot_receptor.pulse([bench.pulse(clements, mg="0 mM")])
    yield "receptor_scheme", plot_receptor.scheme(clements)
    volts = np.linspace(-100, 60, 161) * mV
    yield "receptor_iv", plot_receptor.iv(bench.iv_curve(clements, volts, ["0 mM", "1 mM"]))
    drugs = {name: block(clements, blocker(name)) for name in ("ketamine", "memantine")}
    yield "receptor_blocked_scheme", plot_receptor.scheme(drugs["ketamine"])
    bath = {"v": "-40 mV", "mg": "1 mM"}
    trains = {f"10 µM free {name}": bench.train(s, name, **bath, **{name: "10 uM"}) for name, s in drugs.items()}
    yield "receptor_onset", plot_receptor.onset(trains)[0]
    gone = {
        f"{name}, {how} agonist": bench.recovery(s, name, "10 uM", agonist=how == "with", **bath)
        for name, s in drugs.items()
        for how in ("with", "without")
    }
    yield "receptor_recovery", plot_receptor.recovery(gone)
    baths = ["0 mM", "1 mM"]
    yield "receptor_voltage", plot_receptor.block_voltage(inhibition.against_voltage("ketamine", "1 uM", volts, baths))
    kinds = [inhibition.curve("ketamine", kind, mg=mg) for kind in ("2A", "2B", "2C", "2D") for mg in baths]
    yield "receptor_subtypes", plot_receptor.inhibition(kinds)


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    windup()
    drugs()
    for name, ax in receptor():
        ax.figure.savefig(IMAGES / f"{name}.png", dpi=100)  # type: ignore[union-attr]
        plt.close()
