"""
Stopped and resumed
===================

A long sweep will be interrupted: by Ctrl-C, a power cut, a cluster that wants its node back. What was finished is in
the store, and the rest runs later, with the same numbers to the bit.

**Change and predict.** ``chunk=10``, or ``stop_at = 250``. The numbers are the same to the bit: what a lane
draws depends on its seed, and not on who ran it or when.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

import dataclasses
import shutil
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import nmdasim as nm

what = nm.Sweep(
    nm.neurons.wdr(),
    nm.WindUp(pulses=5),
    axes={"ketamine": np.linspace(0, 10, 40) * nm.uM, "seed": np.arange(10)},
    readouts=("index", "late"),
    chunk=50,
)
for name in ("whole", "stopped"):
    shutil.rmtree(f"out/31_{name}.zarr", ignore_errors=True)
whole = nm.sweep(what, "out/31_whole.zarr")

# %%
# Here the interruption is made up. A real one is no different.

stop_at = 150  # lanes


def stop(done, lanes):
    """Interrupt the sweep, as Ctrl-C would."""
    print(f"{done} of {lanes} lanes")
    if done == stop_at:
        raise KeyboardInterrupt


try:
    nm.sweep(what, "out/31_stopped.zarr", progress=stop)
except KeyboardInterrupt:
    print("interrupted")

# %%
# A damaged file is found by its checksum and made again; so is one that somebody deleted.

Path("out/31_stopped.zarr/index/0.0").unlink()
resumed = nm.sweep(what, "out/31_stopped.zarr", resume=True, progress=lambda done, lanes: print(done, "of", lanes))
print("the same numbers:", all(np.array_equal(whole[name], resumed[name]) for name in ("index", "late")))

# %%
# Both draw the same curve: the whole run as a line, the resumed one as rings, filled where its lanes were done before
# the interruption (those of the deleted file twice).

nm.plot.style("paper")
figure, ax = plt.subplots(figsize=nm.plot.look().scaled((9, 5.5)), layout="constrained")
first, second = nm.plot.look().cues(2)
curves = [run["index"].mean("seed").load() for run in (whole, resumed)]
ax.plot(curves[0].ketamine, curves[0], label="in one go", **first.plain)
before = np.arange(resumed.sizes["ketamine"]) < stop_at // resumed.sizes["seed"]
for some, filled, label in ((before, second.colour, "before it stopped"), (~before, "none", "resumed")):
    ax.plot(curves[1].ketamine[some], curves[1][some], "o", color=second.colour, markerfacecolor=filled, label=label)
ax.set(title="Stopped and resumed: the same numbers", xlabel="free ketamine, µM", ylabel="wind-up index, spikes")
ax.set_ylim(bottom=0)
ax.legend(frameon=False)
nm.plot.caption(figure, resumed, notes=[f"Means of {resumed.sizes['seed']} draws."])
figure.savefig("out/31_resume_a_sweep.png")

# %%
# A store belongs to its specification. Another one is refused, and told what differs.

other = dataclasses.replace(what, model=nm.neurons.wdr().replace(K_mg="3 mM"))
try:
    nm.sweep(other, "out/31_stopped.zarr", resume=True)
except ValueError as error:
    print(error)
