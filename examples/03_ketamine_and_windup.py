"""
Ketamine: amplification falls first
===================================

Ketamine is trapped in the pore of the NMDA receptor. Five concentrations, twenty draws of the fibres' arrival times
each: wind-up falls steadily, while the answer to a single pulse is almost spared up to 1 µM of free drug. That is a
property of this reduced neuron, and 1 µM is three to six times what analgesia is reported at.

**Change and predict.** ``block="washin"``, a drug that has only just arrived. It enters open pores alone, so the
first answer stays whole, and wind-up falls too, but less: at 10 µM half of it is left where an equilibrated block
leaves a sixth.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import matplotlib.pyplot as plt

import nmdasim as nm
from nmdasim import uM

# %%
# One call runs all hundred lanes. "Equilibrated" means that the drug has been there long enough for the block to
# settle; every result says which start it had, since a drug that has only just arrived blocks far less.

result = nm.simulate(
    nm.neurons.wdr(), nm.WindUp(), ketamine=[0, 0.3, 1, 3, 10] * uM, block="equilibrated", seed=range(20)
)
measured = nm.measures.windup(result)
doses, draws = measured.ketamine.values, measured.sizes["seed"]

# %%
# The index of a single draw jitters by a few spikes, so a claim about a concentration is made over many draws.

nm.plot.style("paper")
figure, axes = plt.subplots(1, 2, figsize=nm.plot.look().scaled((13, 6.2)), layout="constrained", sharey=True)
titles = {"index": "Wind-up goes first", "input": "The first response stays longer"}
for ax, (name, title) in zip(axes, titles.items(), strict=True):
    share = 100 * measured[name] / measured[name].isel(ketamine=0).mean("seed")
    mean, low, high = share.mean("seed"), share.min("seed"), share.max("seed")
    for dose, a, b, c in zip(doses, mean.values, low.values, high.values, strict=True):
        print(f"{title}, {dose:4.1f} µM: {a:3.0f} % ({b:.0f} to {c:.0f})")
    places, shade = range(len(doses)), nm.plot.look().shades[1]
    ax.errorbar(places, mean, [mean - low, high - mean], fmt="o-", color=shade, markersize=9, capsize=5)
    ax.set(title=title, xlabel="free ketamine, µM", xticks=places, xticklabels=[f"{dose:g}" for dose in doses])
first = f"at {doses[0]:g} µM" if doses[0] else "without drug"
axes[0].set(
    ylabel=f"% of the mean {first}", ylim=(min(0, 1.1 * axes[0].dataLim.y0), max(120, 1.1 * axes[0].dataLim.y1))
)
axes[0].text(0, 5, "spikes that wind-up added", color=nm.plot.look().quiet)
axes[1].text(0, 5, "spikes after the first pulse", color=nm.plot.look().quiet)
spread = f"Dots: mean of {draws} draws; bars go from the lowest to the highest." if draws > 1 else "One draw."
nm.plot.caption(figure, result, notes=[spread])
Path("out").mkdir(exist_ok=True)
figure.savefig("out/03_ketamine_and_windup.png")
