"""
Current against voltage: the coincidence detector
=================================================

Why an NMDA receptor needs both glutamate and an excited cell: its current, with and without magnesium.

Without magnesium the receptor is an ordinary hole: the current is a straight line. With magnesium the ion sits in the
pore while the cell is negative and leaves when it is depolarised, so the current *grows* as the driving force shrinks.

**Change and predict.** ``baths = [0, 0.1, 4] * mM``. The line bends later and less: its deepest point moves from -27 to
-20 mV and is less than half as deep.
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import nmdasim as nm
from nmdasim import mM, mV
from nmdasim.plot import caption
from nmdasim.plot import receptor as plot_receptor
from nmdasim.receptors import bench, magnesium_block, scheme

receptor = scheme("lester_jahr1992")
voltages = np.linspace(-100, 60, 161) * mV
baths = [0, 0.1, 1] * mM

curve = bench.iv_curve(receptor, voltages, baths, glutamate="1 mM")
for v in (-80, -65, -40, -20, 0):
    share = float(magnesium_block(v * mV, baths[-1]))
    print(f"{v:4d} mV: {100 * share:5.1f} % of the open receptors are free of magnesium, at {baths[-1] / mM:g} mM")

nm.plot.style("paper")
figure, (left, right) = plt.subplots(1, 2, figsize=nm.plot.look().scaled((15, 5.5)), constrained_layout=True)
plot_receptor.pulse([bench.pulse(receptor, mg="0 mM")], left)
plot_receptor.iv(curve, right)
caption(figure, curve)

Path("out").mkdir(exist_ok=True)
figure.savefig("out/04_iv_curve.png")
print("Look at out/04_iv_curve.png")
