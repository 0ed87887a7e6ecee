"""
Dose by rate of conditioning in the circuit
===========================================

A train of C-fibre volleys leaves ρ behind, the strength of the synapses on projection neurons. How fast must it be, and
how much ketamine holds it off? Each lane of this sweep is a whole dorsal-horn circuit of 50 neurons.

**Change and predict.** ``[0.1, 0.5, 1] * nm.Hz``. At 0.1 Hz ρ stays low at every dose: there is little for ketamine
to hold off.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

import shutil
from pathlib import Path

import nmdasim as nm
from nmdasim.protocols.sensory import Conditioning

# %%
# A network is swept like a cell. What the protocol varies, here the rate, is an axis, and so is the dose of any
# drug; ``final.rho`` is ρ at the end of the train, the mean over the projection neurons.

what = nm.Sweep(
    nm.circuits.dorsal_horn(),
    Conditioning(pulses=15),
    axes={"frequency": [0.5, 1, 2] * nm.Hz, "ketamine": [0, 0.3, 1, 3] * nm.uM, "seed": range(3)},
    readouts=("late", "index", "final.rho"),
    title="Conditioning of the dorsal horn over ketamine and rate",
)
store = Path("out/32_dose_by_rate_in_the_circuit.zarr")
shutil.rmtree(store, ignore_errors=True)
data = nm.sweep(what, store)

# %%
# The map of what the train leaves behind, and the spikes of a projection neuron that wind-up added.

axes = nm.plot.heatmap(data["final.rho"].load(), "ketamine", "frequency", of=data)
axes.figure.savefig("out/32_rho.png")
for name in ("final.rho", "index"):
    print(name)
    print(data[name].mean("seed").load().round(2).to_pandas())
