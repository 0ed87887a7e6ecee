"""
What would have to be true
==========================

Suppose that sensitization keeps itself up, and that ketamine only has to push it over an edge. At clinical levels it
takes a tenth of the drive. So a patient has to stand at the edge: a little further in and relief is gone within weeks,
or never comes; a little further out and it never ends.

**Change and predict.** ``np.linspace(-0.5, 0.02, 33)``. Far from the edge the same course does nothing at all: every
curve is flat at 0.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import nmdasim as nm
from nmdasim.treatment.fit import WEEKS, relief_of
from nmdasim.treatment.table import circuit_table

table = circuit_table()
drive = table.read("drive", 1.0, np.array([0.0, 0.84]), 1.0)
print(f"a sensitized circuit: drive {drive[0]:.3f} µM, with 220 ng/ml S-ketamine {drive[1]:.3f} µM")

# %%
# Theta, the drive that keeps up half of the sensitization, moved a little: relief at weeks 1 to 12 after the 100 h.
# Beyond a shift of 1.3 % the circuit is not sensitized even without drug, and there is nothing to relieve.

parameters = nm.treatment.slow_model("maintained").parameters
theta = float(parameters["theta"].si)
shifts = np.linspace(-0.06, 0.02, 33)
relief = relief_of("maintained", {"theta": theta * (1 + shifts)})
for k in range(0, len(shifts), 4):
    print(f"theta {100 * shifts[k]:+.1f} %: relief at weeks {WEEKS}: {relief[k].round(2)}")

nm.plot.style("paper")
fig, ax = plt.subplots(figsize=nm.plot.look().scaled((10, 6.5)), layout="constrained")
for week, one, cue in zip(WEEKS, relief.T, nm.plot.look().cues(len(WEEKS)), strict=True):
    ax.plot(100 * shifts, one, label=f"week {week}", clip_on=False, **cue.dotted)
nm.plot.rings(ax)
ax.set(xlabel="shift of theta, %", ylabel="relief (1: all of the pain gone)", ylim=(-0.03, 1))
ax.set_title("Relief lasts at the edge alone: further in it fades or never comes")
ax.legend(frameon=False, handlelength=3.2)
assumed = ", ".join(name for name, parameter in parameters.items() if not parameter.verified)
nm.plot.caption(fig, notes=[f"Unverified or assumed parameters: {assumed}, and those of the circuit."])
Path("out").mkdir(exist_ok=True)
fig.savefig("out/44_what_would_have_to_be_true.png")
