"""
Other receptors, the same charge
================================

A subtype, or a mixture of them, takes the place of the published NMDA receptor. One volley then brings the charge that
it brought before, at -60 mV and 1 mM magnesium; what differs is when, at which voltage, and what ketamine does to it.

**Change and predict.** One more scenario, ``"2A, 0.1 mM Mg": {"subtype": "2A", "mg": "0.1 mM"}``. With less magnesium
in the pore at rest wind-up without drug more than doubles; 1 µM, which took a third of it, takes less than a tenth.

Educational and research model. Not medical advice. Not for dosing decisions.
"""

from pathlib import Path

import matplotlib.pyplot as plt

import nmdasim as nm
from nmdasim import uM

scenarios = {
    "as published": {},
    "2B/2D: lamina I (Hildebrand 2014)": {"subtype": "lamina_i_2b2d"},
    "2A/2B: NK1R+ cells (Tong & MacDermott 2014)": {"subtype": "lamina_i_2a2b"},
    "half 2A, half 2C": {"subtype": {"2A": 0.5, "2C": 0.5}},
}
doses = [0, 0.1, 0.3, 1, 3, 10]
nm.plot.style("paper")
fig, ax = plt.subplots(figsize=(10, 6), layout="constrained")
results = []
for (label, options), cue in zip(scenarios.items(), nm.plot.look().cues(len(scenarios)), strict=True):
    result = nm.simulate(nm.neurons.wdr(**options), nm.WindUp(), ketamine=doses * uM, seed=range(10))
    index = nm.measures.windup(result)["index"].mean("seed")
    results.append(result)
    print(f"{label:45s} index {float(index[0]):4.0f}, at 1 µM {float(index.sel(ketamine=1)):4.0f}")
    ax.plot(doses[1:], 100 * index[1:] / index[0], label=label, **cue.dotted)
ax.set(xscale="log", xlabel="free ketamine at the receptor, µM", ylabel="wind-up index left, %", ylim=(0, None))
ax.set_title("GluN2C gives way first; up to 1 µM the others hardly differ")
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
