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
# A store belongs to its specification. Another one is refused, and told what differs.

other = dataclasses.replace(what, model=nm.neurons.wdr().replace(K_mg="3 mM"))
try:
    nm.sweep(other, "out/31_stopped.zarr", resume=True)
except ValueError as error:
    print(error)
