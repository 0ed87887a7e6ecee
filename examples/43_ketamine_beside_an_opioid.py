"""
Ketamine beside an opioid
=========================

An opioid takes from every C synapse, ketamine from NMDA receptors alone. So an opioid lowers the first response with
the rest, and ketamine lowers wind-up and spares the first. In animals wind-up survives an opioid until the
response is gone (recalled); in this model it goes early. That is a miss of the model.

**Change and predict.** ``nm.neurons.wdr().scaled(nmda=0)``. Ketamine then changes nothing; there is no wind-up to
take, and the opioid still takes the first response.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import nmdasim as nm
from nmdasim.studies.contrast import opioid_contrast

found = opioid_contrast(nm.neurons.wdr(), seed=range(5))
mean = found.mean("seed")
for name, one in (("opioid", mean.sel(ketamine=0)), ("ketamine", mean.sel(release_opioid=1))):
    first, slope = one["input"].values.round(1), one["slope"].values.round(2)
    print(f"{name}: first response {first} spikes, slope of wind-up {slope} spikes a pulse")

both = mean.sel(release_opioid=0.8, ketamine=1)
print(f"both, weak: first response {float(both['input']):.1f} spikes, slope {float(both['slope']):.2f} spikes a pulse")

Path("out").mkdir(exist_ok=True)
axes = nm.plot.treatment.contrast(found)
message = "Either drug takes wind-up first (of an opioid that is a miss of the model)"
axes[0].figure.suptitle(message, fontweight="bold", x=0.01, ha="left")
axes[0].figure.savefig("out/43_ketamine_beside_an_opioid.png")
