"""
Wind-up: the same pulse, a growing answer
=========================================

Fifteen identical pulses reach a wide-dynamic-range neuron of the dorsal horn, one a second. The pulse stays the same;
the answer grows. That is wind-up: the spinal cord turns up its own gain.
"""

from pathlib import Path

import matplotlib.pyplot as plt

import nmdasim as nm
from nmdasim import Hz

# %%
# The neuron has a soma that fires and a dendrite that listens. Each pulse sends an early volley (Aδ fibres, after
# 30 ms) and a late one (C fibres, after 200 ms), whose arrival times jitter from pulse to pulse as the seed decides.

neuron = nm.neurons.wdr()
train = nm.WindUp(frequency=1 * Hz, pulses=15)
result = nm.simulate(neuron, train, seed=0)

# %%
# The C-fibre answer is what fires from 100 ms after a pulse until the next one.

measured = nm.measures.windup(result)
if bool(measured["input"].isnull()):
    raise SystemExit("The next pulse comes before the C fibres answer: nothing can be counted; take a lower rate.")
print("spikes after each pulse:", *measured.late.values.astype(int))
print(f"first pulse {int(measured.input)}, added over the train {int(measured['index'])}")

# %%
# Left, every spike, one row a pulse: each burst outlasts the one before. Right, the same spikes counted.
#
# Change one thing, and predict before you run: ``frequency=0.1 * Hz`` (ten seconds between pulses: what is left of
# the memory?), ``frequency=3 * Hz, pulses=40`` (does it grow for ever?), ``neuron.scaled(nmda=0)`` (no NMDA receptors).

nm.plot.style("paper")  # or "slide", "dark"
figure, (rows, counts) = plt.subplots(
    1, 2, figsize=nm.plot.look().scaled((13, 6)), layout="constrained", width_ratios=[1.5, 1]
)
time, start = nm.spikes(result).time_ms.values, result.pulse_time.values
period = float(result.window_end[0] - result.pulse_time[0])
shown = min(period, 1000)
answers = [time[(time >= t) & (time < t + period)] - t for t in start]
rows.eventplot(answers, lineoffsets=result.pulse.values, linelengths=0.7, linewidths=2, colors=nm.plot.look().shades[1])
for fibres, arrival in (("Aδ", 30), ("C fibres", 200)):
    rows.text(arrival, 0, fibres, color=nm.plot.look().quiet)
last = len(start)
rows.set(title="Every spike", xlabel="time after the pulse, ms", ylabel="pulse")
rows.set(ylim=(last + 0.6, -last / 25), xlim=(0, shown))
nm.plot.counts(result, measured, counts)
some = range(1, last + 1, 2 * max(last // 15, 1))
rows.set_yticks(some)
counts.set(xticks=some, ylabel="spikes, from 100 ms to the next pulse")
figure.suptitle("The same pulse, again and again", fontweight="bold", x=0.01, ha="left")
nm.plot.caption(figure, result)
Path("out").mkdir(exist_ok=True)
figure.savefig("out/01_windup.png")
