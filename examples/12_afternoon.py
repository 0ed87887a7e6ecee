"""
One afternoon: from the dose to wind-up
=======================================

The whole chain in one figure: an infusion, its plasma concentration, the share of NMDA receptors that hold the drug,
and the wind-up of a neuron that is tested every half hour. Then the same infusion *during* one train of pulses.

**Change and predict.** ``regimen.scaled(2)``. Free drug doubles at every time, since the kinetics are linear; the
loss of wind-up need not double, because the curve of the block is bent.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import nmdasim as nm
from nmdasim import pharmacology as ph

# %%
# Plasma to free drug at the receptor, read every 30 min for 6 h. At each of these times a fresh neuron, with its block
# equilibrated, gets 15 pulses at 1 Hz, over 20 draws of latencies.

regimen = ph.schedule("infusion_40_minutes")
course = ph.time_course(regimen, every="1 min", until="6 h")
levels = ph.free_levels(regimen, every="30 min", until="6 h")
tests = nm.windup_time_course(levels, nm.neurons.wdr(), seeds=20)
left = 100 * tests["index"].mean("seed") / tests.index_control.mean()
spared = 100 * tests.input.mean("seed") / tests.input_control.mean()
for hour, level, index, first in zip(levels.time.values, levels.values, left.values, spared.values, strict=True):
    print(f"{hour:3.1f} h: {level:.2f} µM free, wind-up {index:3.0f} %, first response {first:3.0f} % of control")

axes = nm.plot.pharmacokinetics.chain(regimen, course, tests)
Path("out").mkdir(exist_ok=True)
axes[0].figure.savefig("out/12_afternoon.png")

# %%
# A concentration over time can also run along with the train. The drug is washing in: nothing is bound at the start,
# and what enters needs open receptors.

during = ph.free_levels(regimen, every="0.2 min", until="1 h")
train = nm.WindUp(pulses=15)
for name, ketamine in (("none", None), ("first minute of the infusion", during)):
    result = nm.simulate(nm.neurons.wdr(), train, ketamine=ketamine, block="washin")
    print(f"{name}: late spikes", *nm.measures.windup(result).late.values.astype(int))
