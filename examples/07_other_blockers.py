"""
Memantine, MK-801 and two drugs at once
=======================================

Every blocker of the table works in every neuron and circuit: ``drugs={name: concentration}``. Two drugs compete for one
pore, so together they block more than either, and less than if they did not know of each other.

**Change and predict.** ``neuron = nm.neurons.wdr().scaled(nmda=0)``. All these drugs act on NMDA receptors alone here,
so the answer no longer depends on the dose of any of them: both lines on the left are flat.

Educational and research model. Not medical advice. Not for dosing decisions.
"""

from pathlib import Path

import matplotlib.pyplot as plt

import nmdasim as nm
from nmdasim import uM

# %%
# One drug: wind-up against concentration, and what is left of it at the last pulse.
neuron = nm.neurons.wdr()
one = {}
for drug, doses in {"memantine": [0, 3, 10, 30], "MK-801": [0, 0.03, 0.1, 0.3]}.items():
    one[drug] = nm.simulate(neuron, nm.WindUp(), drugs={drug: doses * uM})
    late = nm.measures.windup(one[drug]).late.isel(pulse=-1).values
    print("free", drug, "µM:", dict(zip(doses, late.tolist(), strict=True)), "spikes after the last pulse")

# %%
# Two drugs: each a dimension of the result.
both = nm.simulate(neuron, nm.WindUp(), drugs={"memantine": [0, 10] * uM, "ketamine": [0, 10] * uM})
blocked = both.blocked.isel(pulse=0)
alone = [float(blocked.isel(memantine=m, ketamine=k)) for m, k in ((-1, 0), (0, -1))]
print(f"blocked by memantine {alone[0]:.2f}, by ketamine {alone[1]:.2f}, "
      f"by both {float(blocked.isel(memantine=-1, ketamine=-1)):.2f}; "
      f"independent drugs would block {1 - (1 - alone[0]) * (1 - alone[1]):.2f}")  # fmt: skip

# %%
# A neuron is its mechanisms: one is taken out, another is put in.
brake = nm.Mechanism(
    "km",
    "I_km = g_km*n_km*(E_km - v) : amp/meter**2\ndn_km/dt = (1/(1 + exp(-(v + 35*mV)/(10*mV))) - n_km)/tau_km : 1",
    {"g_km": "0.5 mS/cm**2", "E_km": "-80 mV", "tau_km": "60 ms"},
    densities=("I_km",),
)
cells = {
    "wdr": neuron,
    "without its CAN channel": neuron.without("can"),
    "with a slow potassium channel in the soma": neuron.with_(brake, at="soma"),
}
nm.plot.style("paper")
fig, (dosed, ax) = plt.subplots(1, 2, figsize=nm.plot.look().scaled((15, 6)), layout="constrained")
for result, cue in zip(one.values(), nm.plot.look().cues(2), strict=True):
    (dim,) = result.blocked.dims[:1]
    last = nm.measures.windup(result).late.isel(pulse=-1)
    dosed.plot(last[dim][1:], last[1:], label=last[dim].long_name, **cue.dotted)
    dosed.axhline(float(last[0]), color=nm.plot.look().quiet, linestyle=":", zorder=0)
dosed.text(0.03, float(last[0]) + 0.5, "no drug", va="bottom", color=nm.plot.look().quiet)
dosed.set(
    title="One drug: the answer to the last pulse",
    xlabel="free drug, µM",
    ylabel="spikes after the last pulse",
    xscale="log",
    ylim=(0, 34),
)
dosed.set_xticks([0.03, 0.1, 0.3, 1, 3, 10, 30], ["0.03", "0.1", "0.3", "1", "3", "10", "30"])
dosed.legend(frameon=False, handlelength=3.2, loc="best")
for (name, cell), cue in zip(cells.items(), nm.plot.look().cues(3), strict=True):
    result = nm.simulate(cell, nm.WindUp())
    measured = nm.measures.windup(result)
    ax.plot(measured.pulse, measured.late, label=name, **cue.dotted)
ax.set(title="One mechanism more or less", xlabel="pulse", ylabel="spikes, 100 ms to next pulse")
ax.set(ylim=(0, 34), xticks=measured.pulse[:: 1 + len(measured.pulse) // 16])
nm.plot.rings(ax).legend(frameon=False, handlelength=3.2, loc="best")
nm.plot.caption(fig, *one.values(), result)
Path("out").mkdir(exist_ok=True)
fig.savefig("out/07_other_blockers.png")
