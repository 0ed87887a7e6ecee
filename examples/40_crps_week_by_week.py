"""
CRPS, week by week
==================

A hundred hours of S-ketamine, as one trial gave it. The drug is gone after a day; what relief outlasts it has to be
carried by something slow. Here that is the one published fit; nobody knows what stands behind it.

**Change and predict.** ``weeks = 24``. The slow compartment empties with a half-life of eleven days: of what
relief is left at week 12, less than a hundredth is left at week 24.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import nmdasim as nm
from nmdasim import pharmacology as ph

course = ph.schedule("crps_100_hours")
weeks = 12
print(nm.treatment.states("crps"))
result = nm.treatment.simulate("crps", course, "dahan2011", until=f"{weeks} weeks", every="6 h", patients=200, seed=0)

# %%
# Week by week: plasma is gone after the first, relief fades over the others.

for week in range(0, weeks + 1, 2):
    at = result.sel(time_d=7.0 * week)
    print(
        f"week {week:2d}: plasma {float(at.plasma):5.1f} ng/ml, slow relief {float(at.slow_relief):.4f}, "
        f"pain {float(at.pain):.1f} ({float(at.pain_low):.1f} to {float(at.pain_high):.1f})"
    )

# %%
# Stopping and going on is the same: the result says where it stopped.

first = nm.treatment.simulate("crps", course, until="4 weeks")
rest = nm.treatment.simulate("crps", course, until=f"{weeks} weeks", start=first)
print(f"week {weeks} in one run and in two: {float(result.pain[-1]):.6f}, {float(rest.pain[-1]):.6f}")

Path("out").mkdir(exist_ok=True)
axes = nm.plot.treatment.year(result, course)
axes[0].figure.savefig("out/40_crps_week_by_week.png")
