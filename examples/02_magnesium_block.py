"""
Magnesium: the plug in the NMDA receptor
========================================

An NMDA receptor opens when glutamate binds, yet at rest almost nothing flows: magnesium sits in the pore. Depolarise
the cell and the plug is driven out. This voltage-dependent block is why the receptor answers only to a cell that is
already excited, and so why wind-up needs a train.

**Change and predict.** ``baths = (0, 0.1, 4)``: four times the magnesium shifts the curve of free pores to the right by
22 mV, whatever it was before, and the deepest point of the current from -27 to -20 mV, at less than half its depth.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import nmdasim as nm
from nmdasim import mM, mV

# %%
# The share of pores free of magnesium, B(V), was measured by Jahr and Stevens in 1990.

voltage = np.linspace(-100, 40, 281) * mV
baths = (0, 0.1, 1)
print(f"pores free at {baths[-1]:g} mM Mg:")
for v in (-80, -65, -40, -20, 0):
    print(f"  {v:4d} mV: {float(nm.receptors.magnesium_block(v * mV, mg=baths[-1] * mM)):.3f}")

# %%
# Current is driving force times conductance: without magnesium a straight line through 0 mV; with magnesium the line
# bends back: from rest up to about -30 mV, depolarising the cell lets *more* current in, which depolarises it further.

nm.plot.style("paper")
figure, (free, current) = plt.subplots(1, 2, figsize=nm.plot.look().scaled((13, 6)), layout="constrained")
for mg, line in zip(baths, nm.plot.look().cues(len(baths)), strict=True):
    block = nm.receptors.magnesium_block(voltage, mg=mg * mM)
    free.plot(voltage / mV, 100 * block, label=f"{mg:g} mM Mg", **line.plain)
    current.plot(voltage / mV, block * (voltage / mV) / 100, label=f"{mg:g} mM Mg", **line.plain)
free.set(
    title="Magnesium plugs the pores of a cell at rest",
    xlabel="membrane potential, mV",
    ylabel="pores free of magnesium, %",
    ylim=(0, 104),
)
current.set(title="So excitation lets more current in", xlabel="membrane potential, mV", ylabel="current, relative")
current.axhline(0, color=nm.plot.look().faint, linewidth=1, zorder=0)
for ax in (free, current):
    ax.axvspan(-70, -60, color=nm.plot.look().faint, alpha=0.5, zorder=0)
free.text(-65, 80, "rest", rotation=90, ha="center", va="center", color=nm.plot.look().quiet)
current.legend(frameon=False)
nm.plot.caption(figure)
Path("out").mkdir(exist_ok=True)
figure.savefig("out/02_magnesium_block.png")
