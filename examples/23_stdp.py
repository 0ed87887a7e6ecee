"""
A synapse that learns
=====================

Spike-timing-dependent plasticity, as Brian2's documentation prints it: a synapse grows when its fibre fires just before
the neuron, and shrinks when it fires just after (Song, Miller & Abbott 2000). The rule is text on a projection; after
a hundred seconds the weights of a thousand fibres that fire at random part towards either end of their range.

**Change and predict.** ``dApost`` of half its size. What a pair of spikes takes away is then less than what it gives:
more weights end at the top, and the neuron fires more.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import nmdasim as nm
from nmdasim import Hz, ms, mV

stdp = nm.Synapse(
    name="stdp",
    equations="""
        w : 1
        dApre/dt = -Apre/taupre : 1 (event-driven)
        dApost/dt = -Apost/taupost : 1 (event-driven)
    """,
    parameters={"taupre": 20 * ms, "taupost": 20 * ms, "gmax": 0.01, "dApre": 1e-4, "dApost": -1.05e-4},
    initial={"w": "rand()*gmax"},
    on_pre="ge += w; Apre += dApre; w = clip(w + Apost, 0, gmax)",
    on_post="Apost += dApost; w = clip(w + Apre, 0, gmax)",
)
neuron = nm.Model(
    name="neuron",
    equations="dv/dt = (ge*(Ee - v) + El - v)/taum : volt\ndge/dt = -ge/taue : 1",
    parameters={"taum": 10 * ms, "taue": 5 * ms, "Ee": 0 * mV, "El": -74 * mV, "vt": -54 * mV, "vr": -60 * mV},
    initial={"v": "vr"},
    threshold="v > vt",
    reset="v = vr",
)
net = nm.Circuit(
    populations={"neuron": nm.Population(neuron, 1)},
    projections=(nm.Projection("fibres", "neuron", synapse=stdp, probability=1.0, name="S"),),
    inputs={"fibres": nm.Poisson(15 * Hz, 1000)},
)
seconds = 100
result = nm.simulate(net, duration=f"{seconds} second", record=["S.w"], seed=0)
share = result["S.w"].values.ravel() / stdp.parameters["gmax"].number
low, high = 100 * np.mean(share < 0.2), 100 * np.mean(share > 0.8)
print(f"{int(result.spike_count.sum())} spikes; weights in the lowest fifth {low:.0f} %, in the highest {high:.0f} %")

Path("out").mkdir(exist_ok=True)
nm.plot.style("paper")
fig, ax = plt.subplots(figsize=nm.plot.look().scaled((9, 5.5)), layout="constrained")
ax.hist(share, bins=np.linspace(0, 1, 21), color=nm.plot.look().shades[1])
ax.set(xlabel="weight, share of its largest", ylabel="synapses", xlim=(0, 1))
ax.set_title(f"After {seconds} s of chance {low:.0f} % of the weights are low, {high:.0f} % high")
nm.plot.caption(fig, result)
fig.savefig("out/23_stdp.png")
