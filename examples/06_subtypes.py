"""
Four NMDA receptors: 2A, 2B, 2C and 2D
======================================

They differ in how long they stay open and in what ketamine does to them.

Without magnesium ketamine hardly distinguishes them. At 1 mM magnesium, which competes for the same pore, it prefers
2C and 2D, because magnesium holds those less firmly.

**Change and predict.** ``held = "-20 mV"``. Without magnesium every IC50 rises about fourfold, since
ketamine itself is driven out; with it those of 2A and 2B *fall* to a half, since magnesium is driven out too, and the
subtypes come together.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import matplotlib.pyplot as plt

import nmdasim as nm
from nmdasim.plot import caption
from nmdasim.plot import receptor as plot_receptor
from nmdasim.receptors import bench, ic50, inhibition, subtype

names = ("2A", "2B", "2C", "2D")
held = "-66 mV"
pulses = [bench.pulse(subtype(name).scheme(), mg="0 mM", tail="10 second", sample="1 ms") for name in names]
curves = [inhibition.curve("ketamine", name, v=held, mg=mg) for name in names for mg in ("0 mM", "1 mM")]

print(f"subtype   deactivation     IC50 of free ketamine at 0 and 1 mM Mg, {held}")
for name, pulse in zip(names, pulses, strict=True):
    free, magnesium = (1e3 * float(ic50("ketamine", name, held, mg)) for mg in ("0 mM", "1 mM"))
    print(f"GluN{name}    {float(pulse.decay_1e):7.0f} ms      {free:5.2f} µM  {magnesium:5.2f} µM")

nm.plot.style("paper")
figure, (left, right) = plt.subplots(
    2, 1, figsize=nm.plot.look().scaled((12, 11)), constrained_layout=True, height_ratios=[1, 1.5]
)
plot_receptor.pulse(pulses, left, labels=[f"GluN{name}" for name in names], relative=True)
plot_receptor.inhibition(curves, right)
right.get_legend().set(loc="upper left", bbox_to_anchor=(1, 1))
caption(figure, *pulses, *curves)

Path("out").mkdir(exist_ok=True)
figure.savefig("out/06_subtypes.png")
print("Look at out/06_subtypes.png")
