"""
A year on one sheet
===================

Four hours every four weeks, 12 times: an illustration, of no trial. Beside relief stands what it asks of a patient,
as plain numbers; nothing here weighs one against the other.

**Change and predict.** ``every, times = "8 weeks", 6``: every other dose is left out. The burden is halved at once;
mean pain over the year rises by about 0.2 of 10, as most of it is pain that the course does not reach.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import nmdasim as nm
from nmdasim import pharmacology as ph

every, times = "4 weeks", 12
given = ph.dose("98 mg", over="4 h", every=every, times=times)
again = ph.Regimen((given,), "s-ketamine", f"4 h every {every}, {times} times (an illustration, of no trial)")
once = ph.schedule("crps_100_hours")
results = {one.name: nm.treatment.simulate("crps", one, until="1 year") for one in (again, once)}
for regimen in (again, once):
    result = results[regimen.name]
    print(regimen.name)
    print(f"  mean pain over the year: {float(result.pain.mean()):.2f} of 10")
    print(f"  {nm.treatment.burden(regimen)}")

Path("out").mkdir(exist_ok=True)
axes = nm.plot.treatment.year(results[again.name], again)
axes[0].figure.savefig("out/42_a_monthly_course.png")
