"""
Dose by rate: a sweep with its figures
======================================

Eight concentrations of ketamine, eight rates of stimulation, twenty draws of latencies: 1,280 neurons in a store that
xarray opens. Where does the drug act, and does that depend on how the fibre is driven?

**Change and predict.** ``np.geomspace(0.1, 0.3, 4)``. Between pulses so far apart little is remembered: wind-up adds
at most 0.3 spikes per second, where it added 17. (Colours stretch over what there is: read their scale.) What ketamine
then takes is the plain answer to each pulse, with the same IC50 at every rate.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

import shutil
from pathlib import Path

import numpy as np

import nmdasim as nm

# %%
# A sweep is a value. Every combination of its axes is a lane; the first axis is the first dimension.

what = nm.Sweep(
    nm.neurons.wdr(),
    nm.WindUp(pulses=15),
    axes={
        "frequency": np.geomspace(0.3, 3, 8) * nm.Hz,
        "ketamine": np.geomspace(0.1, 30, 8) * nm.uM,
        "seed": np.arange(20),
    },
    readouts=("index", "index_rate", "input", "area"),
    title="Wind-up over ketamine and rate",
)
store = Path("out/30_dose_by_rate.zarr")
shutil.rmtree(store, ignore_errors=True)
data = nm.sweep(what, store)
print(data)

# %%
# The map, and the dose–response curve of three of the rates. The window after a pulse is shorter at a higher rate, so
# the map shows spikes per second. A curve that is no sigmoid gets no IC50, and says why.

axes = nm.plot.heatmap(data["index_rate"].load(), "ketamine", "frequency")
axes.figure.savefig("out/30_map.png")

rates = data.sizes["frequency"]
some = data.area.isel(frequency=[0, rates // 2, rates - 1]).load()
curves = nm.measures.dose_response(some)
axes = nm.plot.dose_response(some, curves)
axes.figure.savefig("out/30_dose_response.png")
for rate in range(3):
    one = curves.isel(frequency=rate)
    half = f"{float(one.ic50):.2f} µM ({float(one.ic50_low):.2f} to {float(one.ic50_high):.2f})"
    print(f"{float(one.frequency):.2f} Hz: IC50 {half if bool(one.sigmoid) else str(one.reason.values)}")

# %%
# What both do together, beyond the sum of what each does: far from 0 where the effect of one depends on the other.

together = nm.measures.interaction(data["index_rate"].load(), "frequency", "ketamine")
print(together.interaction.round(1).to_pandas())
nm.export(data, "out/30_dose_by_rate.csv")
