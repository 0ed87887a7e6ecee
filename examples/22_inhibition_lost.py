"""
Inhibition lost
===============

When neurons extrude less chloride, the anion reversal moves from -70 towards -50 mV. No synapse changes its strength;
inhibition merely stops inhibiting, and touch gets through. Weaker inhibitory synapses do the same under pressure that
lasts, when touch fibres keep the gate shut.

**Change and predict.** ``share`` of 0.25. Less inhibition, more spikes under pressure. And a ``reversal`` of -80 mV:
touch is as silent as at -70, and the noxious response falls by a tenth.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import numpy as np

import nmdasim as nm
from nmdasim import mV
from nmdasim.studies import sensitization as sensory

circuit = nm.circuits.dorsal_horn()
responses = {
    f"anion reversal −{-reversal} mV": sensory.stimulus_response(circuit.replace(E_gaba=reversal * mV), seed=range(5))
    for reversal in (-70, -65, -60, -50)
}
for name, response in responses.items():
    least = float(nm.measures.threshold(response.mean("seed"), "touch"))
    told = "none" if np.isnan(least) else f"{least:g}"
    print(f"{name}: touch threshold {told}, noxious response {float(response.spikes.sel(kind='noxious').mean()):.1f}")

Path("out").mkdir(exist_ok=True)
axes = nm.plot.sensitization.stimulus_response(responses, message="Without inhibition touch gets through")
axes[0].figure.savefig("out/22_inhibition_lost.png")

# %%
# Five seconds of pressure: touch, Aδ and C fibres fire at random, at the rates that a published network is given.

rates = {
    f"inhibition × {share}": sensory.sustained(circuit.weighted(inhibitory=share), seed=range(5))
    for share in (1, 0.75, 0.5)
}
for name, rate in rates.items():
    print(f"{name}: {float(rate.rate.sel(population='projection').mean()):.1f} Hz")

ax = nm.plot.sensitization.pressure(rates, message="Less inhibition, more spikes under pressure")
ax.figure.savefig("out/22_pressure.png")
