"""
A reflex test: threshold first, then a train
============================================

People are not stimulated at a fixed strength but at a multiple of their own threshold. Guirimand et al. 2000 recorded
the recruitment curve of a reflex, then gave 15 stimuli, one a second, at 1.2 × its threshold, before and after a dose.
A neuron can be tested the same way; how many of its spikes make a reflex is not known, so several criteria are tried.

**Change and predict.** ``"0.2 Hz"`` in the train. Five seconds are longer than most of what the neuron remembers: at a
threshold of 8 spikes the train adds some 5 of them, with the drug or without, where it added 22 and 18.

Educational and research model. Not medical advice. Not for dosing decisions.
"""

from pathlib import Path

import matplotlib.pyplot as plt

import nmdasim as nm
from nmdasim import uM
from nmdasim.protocols import TemporalSummation
from nmdasim.studies import reflex

neuron, doses = nm.neurons.wdr(), (0, 1)
found = reflex.threshold(neuron, ketamine=doses * uM)
for dose, least in zip(doses, found.threshold.median("seed").values, strict=True):
    print(f"threshold at {dose} µM free ketamine: {least:.3f} (1: the published volley)")

# %%
# Recruitment beside two trains; how many spikes count as an answer decides what is seen.
nm.plot.style("paper")
lines = nm.plot.look().cues(len(doses))
fig, axes = plt.subplots(1, 3, figsize=nm.plot.look().scaled((14, 5.5)), layout="constrained")
for dose, line in zip(doses, lines, strict=True):
    axes[0].plot(found.strength, found.spikes.sel(ketamine=dose).mean("seed"), label=f"{dose} µM", **line.dotted)
axes[0].set(xscale="log", xlabel="strength (1: the published volley)", ylabel="spikes after one stimulus")
axes[0].set_title("Recruitment")
axes[0].set_xticks([0.1, 1], ["0.1", "1"])
nm.plot.rings(axes[0])
axes[0].legend(frameon=False, title="free ketamine", handlelength=3.2)

# The train, at a multiple of the threshold without drug; lines that coincide stand a little beside one another.
given, added = TemporalSummation(1.2, "1 Hz", 15), {}
for ax, criterion in zip(axes[1:], (1, 8), strict=True):
    train = reflex.temporal_summation(neuron, given, ketamine=doses * uM, seeds=range(10), criterion=criterion)
    for k, line in enumerate(lines):
        late = train.late.isel(ketamine=k).mean("seed")
        ax.plot(train.pulse + 0.3 * k, late, clip_on=False, **line.dotted)
    ax.set(
        xlabel="stimulus", ylabel="spikes", xticks=[1, 5, 10, 15], ylim=(0, 1.1 * float(train.late.mean("seed").max()))
    )
    answer = f"{criterion} spike{'s' * (criterion > 1)}"
    ax.set_title(f"{given.times_threshold:g} × threshold of {answer}")
    index = train["index"].mean("seed").values
    added[criterion] = index[0]
    print(f"threshold of {answer}: strength {float(train.strength.mean()):.2f}, index {index}")

told = ", ".join(f"{spikes:.0f} spikes at a threshold of {criterion}" for criterion, spikes in added.items())
fig.suptitle(f"Without drug a train adds {told}", fontweight="bold", x=0.01, ha="left")
nm.plot.caption(fig, train, notes=[f"Means of {train.sizes['seed']} draws."])
Path("out").mkdir(exist_ok=True)
fig.savefig("out/13_temporal_summation.png")
