"""
Half a milligram per kilogram in forty minutes
==============================================

An infusion as published, followed in plasma and at the effect site, drawn beside the concentrations at which
publications report an effect, and then turned into free drug at the receptor.

**Change and predict.** ``over = "5 min"``. The peak rises by half; the area under the curve, to infinity, does not
move at all. It is dose over clearance, however fast the dose is given.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import nmdasim as nm
from nmdasim import pharmacology as ph

# %%
# A published schedule is an ordinary regimen, as is one of your own: it prints as a table and goes to CSV. The exact
# solution needs no time step, so every output may be asked for.

published = ph.schedule("infusion_40_minutes")
amount, over = "0.5 mg/kg", "40 min"
regimen = ph.Regimen((ph.dose(amount, over=over),), published.drug, f"{amount} over {over}")
print(regimen, "\nas published:", regimen.events == published.events)
course = ph.time_course(regimen, every="1 min", until="6 h")
people = ph.spread(regimen, ph.every("1 min", "6 h"), ph.Cohort(500, seed=1))
low, high = people.cmax.sel(statistic=["low", "high"]).values
print(f"Highest plasma, {course.preset.item()}, {course.site.item()}: {course.cmax.item():.0f} ng/ml")
print(f"Area under the curve, to infinity: {course.auc_inf.item():.0f} ng·h/ml")
print(f"95 % of {people.attrs['subjects']} people drawn about it: {low:.0f} to {high:.0f} ng/ml")
(reported,) = (band for band in ph.bands() if band.text == published.name)
print(f"Reported for {reported.text}, racemate: {reported.range}")

# %%
# The same dose in the arterial model, which was fitted to S-ketamine: the preset and its sampling site matter.

arterial = ph.Regimen(regimen.events, drug="s-ketamine")
other = ph.time_course(arterial, every="1 min", until="6 h", preset="leiden3")
print(f"Highest plasma, {other.preset.item()}, {other.site.item()}: {other.cmax.item():.0f} ng/ml")

# %%
# What reaches the receptor: the free part of the effect-site concentration, here every 30 min for 6 h. These are the
# concentrations at which to test wind-up.

levels = ph.free_levels(regimen, every="30 min", until="6 h")
for hour, level in zip(levels.time.values, levels.values, strict=True):
    print(f"{hour:3.1f} h: {level:.2f} µM free ketamine")

axes = nm.plot.pharmacokinetics.pk(course, people, regimen)
Path("out").mkdir(exist_ok=True)
axes[0].figure.savefig("out/10_infusion_40_minutes.png")
