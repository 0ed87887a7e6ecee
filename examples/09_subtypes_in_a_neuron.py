"""
Other receptors, the same charge
================================

A subtype, or a mixture of them, takes the place of the published NMDA receptor. One volley then brings the charge that
it brought before, at -60 mV and 1 mM magnesium; what differs is when, at which voltage, and what ketamine does to it.

**Change and predict.** One more neuron, ``"2A, 0.1 mM Mg": nm.neurons.wdr(subtype="2A").replace(mg="0.1 mM")``. With
so little magnesium in the pore its first answer is twice as large, and its wind-up nearly so. Ketamine takes from that
first answer first: up to 1 µM more is added to it than without drug, and the curve rises before it falls.

Educational and research model. Not medical advice. Not for dosing decisions.
"""

from pathlib import Path

import matplotlib.pyplot as plt

import nmdasim as nm
from nmdasim import uM

neurons = {
    "as published": nm.neurons.wdr(),
    "2B/2D: lamina I (Hildebrand 2014)": nm.neurons.wdr(subtype="lamina_i_2b2d"),
    "2A/2B: NK1R+ cells (Tong & MacDermott 2014)": nm.neurons.wdr(subtype="lamina_i_2a2b"),
    "half 2A, half 2C": nm.neurons.wdr(subtype={"2A": 0.5, "2C": 0.5}),
}
doses = [0, 0.1, 0.3, 1, 3, 10]
told = min(doses[1:], key=lambda dose: abs(dose - 1))  # of which the title tells
nm.plot.style("paper")
fig, ax = plt.subplots(figsize=nm.plot.look().scaled((10, 6)), layout="constrained")
results, left = [], {}
for (label, neuron), cue in zip(neurons.items(), nm.plot.look().cues(len(neurons)), strict=True):
    result = nm.simulate(neuron, nm.WindUp(), ketamine=doses * uM, seed=range(10))
    index = nm.measures.windup(result)["index"].mean("seed")
    results.append(result)
    left[label] = 100 * float(index.sel(ketamine=told) / index[0])
    print(f"{label:45s} index {float(index[0]):4.0f}, at {told:g} µM {float(index.sel(ketamine=told)):4.0f}")
    ax.plot(doses[1:], 100 * index[1:] / index[0], label=label, **cue.dotted)
ax.set(xscale="log", xlabel="free ketamine at the receptor, µM", ylabel="wind-up index left, %", ylim=(0, None))
least = min(left, key=left.get)
ax.set_title(f"At {told:g} µM least is left with {least}: {left[least]:.0f} %")
ax.set_xticks(doses[1:], [f"{dose:g}" for dose in doses[1:]])
ax.legend(frameon=False, loc="lower left", handlelength=3.2)
nm.plot.caption(fig, *results)
Path("out").mkdir(exist_ok=True)
fig.savefig("out/09_subtypes_in_a_neuron.png")

# %%
# Shares are parameters: lanes can vary them, and nothing is compiled anew. They count relative to their sum.
cell = nm.neurons.wdr(subtype={"2A": 0.5, "2D": 0.5})
swept = nm.simulate(cell, nm.WindUp(), parameters={"share_2D": [0, 0.1, 0.5, 2]})
print("2D to 2A:", dict(zip([0, 0.2, 1, 4], nm.measures.windup(swept)["index"].values.tolist(), strict=True)))
