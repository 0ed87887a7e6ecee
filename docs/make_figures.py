"""Make the figures of the README and of the pages on wind-up and the receptor: ``python docs/make_figures.py``."""

from collections.abc import Iterator
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np
from matplotlib.axes import Axes

import nmdasim as nm
from nmdasim import mV, uM
from nmdasim.plot import receptor as plot_receptor
from nmdasim.plot.animation import animate
from nmdasim.plot.style import drawn, new_figure
from nmdasim.receptors import bench, block, blocker, dosed, inhibition, scheme

IMAGES = Path(__file__).parent / "images"
DRAWS = range(20)


def windup() -> None:
    """Draw wind-up under three concentrations of ketamine: counts over twenty draws, spikes of the first."""
    result = nm.simulate(nm.neurons.wdr(), nm.WindUp(), ketamine=[0, 1, 10] * uM, seed=DRAWS)
    axes = nm.plot.windup(result)
    message = "The same pulse, a growing answer; under ketamine it grows less"
    axes[0].figure.suptitle(message, fontsize=17, fontweight="bold", x=0.01, ha="left")
    axes[1].set_xlim(0.8, 16.1)
    axes[0].figure.savefig(IMAGES / "windup.png", dpi=100)


def memory() -> None:
    """Draw what the neuron remembers between pulses at two rates, and write a film of the train at 1 Hz."""
    cell, kept = nm.neurons.wdr(), {"record": list(nm.plot.MEMORY), "sample": "1 ms"}
    train = nm.simulate(cell, nm.WindUp(), ketamine=[0, 3] * uM, **kept)
    axes = nm.plot.memory(train)
    axes[0].figure.savefig(IMAGES / "memory.png", dpi=100)
    animate(train.isel(ketamine=0), IMAGES / "windup.gif", frames_per_second=5)


def drugs() -> None:
    """Draw wind-up under three blockers, each at concentrations of its own."""
    doses = {"ketamine": [0, 1, 3, 10], "memantine": [0, 3, 10, 30], "MK-801": [0, 0.03, 0.1, 0.3]}
    cell = dosed(nm.neurons.wdr(), ["memantine", "MK-801"])
    with drawn():
        figure = new_figure(figsize=(15, 6.4), layout="constrained")
        results = []
        for ax, (drug, values) in zip(figure.subplots(1, 3, sharey=True), doses.items(), strict=True):
            result = nm.simulate(cell, nm.WindUp(), drugs={drug: values * uM}, seed=DRAWS)
            nm.plot.counts(result, nm.measures.windup(result), ax)
            ax.set(title=drug, ylabel=ax.get_ylabel() if drug == "ketamine" else "")
            ax.set(ylim=(0, 48), yticks=range(0, 41, 10))
            results.append(result)
        title = "Three blockers of the NMDA pore take wind-up away (mean; bars hold 95 % of 20 draws)"
        figure.suptitle(title, fontsize=16, fontweight="bold", x=0.01, ha="left")
        nm.plot.caption(figure, *results)
        figure.savefig(IMAGES / "drugs.png", dpi=100)


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
    subtypes = plot_receptor.inhibition(kinds)
    message = "Magnesium makes ketamine weaker, on GluN2A and 2B most (held at −66 mV)"
    subtypes.set_title(message)
    yield "receptor_subtypes", subtypes


if __name__ == "__main__":
    IMAGES.mkdir(exist_ok=True)
    nm.plot.style("paper")
    windup()
    memory()
    drugs()
    for name, ax in receptor():
        ax.figure.savefig(IMAGES / f"{name}.png", dpi=100)  # type: ignore[union-attr]
        plt.close()
