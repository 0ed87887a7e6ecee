"""
Ketamine beside an opioid
=========================

An opioid takes from every C synapse, ketamine from NMDA receptors alone. So an opioid lowers the first response with
the rest, and ketamine lowers wind-up and spares the first. In rats only the highest doses of an opioid altered wind-up
much (Dickenson & Sullivan 1986); in this neuron it goes early. That is a miss of a model whose conductances are all
proportional to release. Where NMDA receptors saturate in a volley, wind-up stays.

**Change and predict.** ``nm.neurons.wdr().scaled(nmda=0)``. There is then no wind-up, no slope to take and none drawn;
ketamine changes nothing at all, and the opioid still takes the first response. Then take ``saturating()`` of the same
module as ``opioid_contrast`` for the neuron.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import nmdasim as nm
from nmdasim.studies.contrast import opioid_contrast

found = opioid_contrast(nm.neurons.wdr(), seed=range(5))
mean = found.mean("seed")
for name, one in (("opioid", mean.sel(ketamine=0)), ("ketamine", mean.sel(release_opioid=1))):
    none = one.isel({next(iter(one.sizes)): 0})
    print(f"{name}: first response {(one['input'] / none['input']).values.round(2)} of that without drug")
    print(f"{name}: slope of wind-up {one.slope.values.round(2)} spikes a pulse")

both = mean.sel(release_opioid=0.8, ketamine=1)
print(f"both, weak: first response {float(both['input']):.1f} spikes, slope {float(both['slope']):.2f} spikes a pulse")

Path("out").mkdir(exist_ok=True)
axes = nm.plot.treatment.contrast(found)
axes[0].figure.savefig("out/43_ketamine_beside_an_opioid.png")
