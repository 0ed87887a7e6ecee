"""
Use-dependent block and trapping: ketamine against memantine
============================================================

Both enter only open channels, so a train of glutamate pulses at 1 Hz lets them in pulse by pulse. Then the drug is
removed. Ketamine is trapped: without glutamate it stays. A sixth of memantine leaves even shut channels.

**Change and predict.** ``"v": "-80 mV"``. Magnesium then holds the pores that ketamine would enter: after 15 pulses
an eighth is blocked where it was three fifths. With ``"mg": "0 mM"`` it is nine tenths.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import matplotlib.pyplot as plt

import nmdasim as nm
from nmdasim.plot import caption
from nmdasim.plot import receptor as plot_receptor
from nmdasim.receptors import bench, block, blocker, scheme

receptor = scheme("clements1992")
bath = {"v": "-40 mV", "mg": "1 mM"}
drugs = {"ketamine": block(receptor, blocker("ketamine")), "memantine": block(receptor, blocker("memantine"))}

dose, pulses = 10, 15  # µM, free; 1 Hz

given = {name: {name: f"{dose} uM"} for name in drugs}
trains = {f"{dose} µM free {n}": bench.train(s, n, pulses=pulses, **bath, **given[n]) for n, s in drugs.items()}
recoveries = {
    f"{name}, {how} agonist": bench.recovery(s, name, f"{dose} uM", agonist=how == "with", **bath)
    for name, s in drugs.items()
    for how in ("with", "without")
}
for label, run in trains.items():
    print(f"{label}: {100 * float(run.blocked[-1]):.0f} % blocked after {pulses} pulses, none before the first")
for label, run in recoveries.items():
    print(f"{label}: {100 * float(run.blocked[-1] / run.blocked[0]):.0f} % of the block is left after a minute")

nm.plot.style("paper")
figure = plt.figure(figsize=nm.plot.look().scaled((15, 7.5)), constrained_layout=True)
grid = figure.subplot_mosaic([["open", "left"], ["blocked", "left"]])
plot_receptor.onset(trains, [grid["open"], grid["blocked"]])
plot_receptor.recovery(recoveries, grid["left"])
caption(figure, *trains.values())

Path("out").mkdir(exist_ok=True)
figure.savefig("out/05_use_dependent_block.png")
print("Look at out/05_use_dependent_block.png")
