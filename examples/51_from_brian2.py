"""
A Brian2 script, moved in three lines
=====================================

A neuron of a Brian2 script becomes a model of this library and back. Once it is one, its parameters are dimensions, it
runs in the fast kernel, and spikes leave for other tools.

**Change and predict.** ``0.02 * nA`` as the last of ``tau_w, a, b``. Each spike then leaves a quarter of the current
that slows the next ones: from the same threshold the curve rises more steeply.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import brian2 as b2
import matplotlib.pyplot as plt
from brian2 import ms, mV, nA, nS, pF

import nmdasim as nm

b2.prefs.codegen.target = "numpy"  # a run this short is over before anything is compiled

# %%
# The script, as it was: an adaptive exponential neuron (Brette & Gerstner 2005).

C, g_l, E_l, v_t, d_t = 281 * pF, 30 * nS, -70.6 * mV, -50.4 * mV, 2 * mV
tau_w, a, b = 144 * ms, 4 * nS, 0.0805 * nA
group = b2.NeuronGroup(
    1,
    """
    dv/dt = (g_l*(E_l - v) + g_l*d_t*exp((v - v_t)/d_t) + I - w)/C : volt
    dw/dt = (a*(v - E_l) - w)/tau_w : amp
    I : amp
    """,
    threshold="v > -40*mV",
    reset="v = E_l; w += b",
    method="euler",
)
group.v, group.I = E_l, 1 * nA
monitor = b2.SpikeMonitor(group)

# %%
# The three lines: take the neuron, run it, read the spikes. The group is taken before it runs, for its values are the
# start. The same method gives the same spikes; a spike has the time of the end of its step, in Brian2 of its begin.

model = nm.Model.from_brian2(group)
moved = nm.simulate(model, duration="200 ms", engine="brian2", method="euler")
print("moved, ms:", moved.spike_time.values.round(1))

b2.Network(group, monitor).run(200 * ms)
print("plain, ms:", (monitor.t / ms).round(1))

# %%
# What it gains: a list is a dimension, and 25 neurons run at once.

curve = nm.simulate(model, duration="1 s", parameters={"I": [0.1 * k for k in range(25)] * nA})
Path("out").mkdir(exist_ok=True)
nm.plot.style("paper")
figure, ax = plt.subplots(figsize=nm.plot.look().scaled((9, 5.5)), layout="constrained")
ax.plot(curve.I, curve.spike_count, "o-", color=nm.plot.look().shades[1])
ax.set(
    title="Beyond a threshold, spikes rise with the current",
    xlabel=f"current, {curve.I.units}",
    ylabel="spikes in 1 s",
)
nm.plot.caption(figure, curve)
figure.savefig("out/51_from_brian2.png")

# %%
# And back: a plain group, its parameters with their units as variables that a script sets.

again = model.to_brian2(3, method="euler")
again.I = [0.6, 0.8, 1] * nA
counter = b2.SpikeMonitor(again)
b2.Network(again, counter).run(200 * ms, namespace={})
print("spikes at 0.6, 0.8 and 1 nA, in Brian2:", counter.count[:].tolist())
