"""
One infusion in fibromyalgia
============================

Half a milligram per kilogram over half an hour. The acute part, read from the circuit, comes and goes with the drug;
the trial saw far more relief in the first hours than the circuit has to give, and none that lasted.

**Change and predict.** ``until="7 days"``. Nothing more happens: acute relief is gone with the drug within hours, and
none of the rivals has much that lasts after half an hour of infusion.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import nmdasim as nm
from nmdasim import pharmacology as ph

given = ph.schedule("fibromyalgia_s_ketamine")
result = nm.treatment.simulate("fibromyalgia", given, until="2 days", every="5 min")
acute = result.acute_relief
above = result.time_d[acute > acute.max() / 2]
print(f"most acute relief: {float(acute.max()):.2f}; above half of that until {float(above[-1]) * 1440:.0f} min")

# %%
# What the trial saw, and what each rival says of it. A miss is a miss.

print(nm.treatment.trial("noppers2011fm"))
found = nm.treatment.compare(["noppers2011fm"], patients=100)
for k, what in enumerate(found.what.values):
    said = ", ".join(f"{m} {float(p):.2f}" for m, p in zip(found.model.values, found.predicted[:, k], strict=True))
    print(f"day {float(found.day[k]):.2g}, {found.arm.values[k]}, {what}: seen {float(found.seen[k]):.2f}; {said}")

Path("out").mkdir(exist_ok=True)
axes = nm.plot.treatment.year(result, given)
axes[0].figure.savefig("out/41_one_infusion_in_fibromyalgia.png")
