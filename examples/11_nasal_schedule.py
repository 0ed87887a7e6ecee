"""
Nasal esketamine, twice weekly and then weekly
==============================================

One, two or three devices of 28 mg as licensed for depression (not for pain, and given under observation for at least
2 h). The drug is gone within days: whatever lasts from one session to the next is not the drug at its receptor.

**Change and predict.** ``schedule("nasal_84")`` below. Three devices give 2.3 times the peak of one, and 2.5 times
its level before the next session: both less than three, and both tiny beside the session itself by then.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import matplotlib.pyplot as plt

import nmdasim as nm
from nmdasim import pharmacology as ph

# %%
# Published highest concentrations, to set beside the model's. A later device of a session is absorbed less than the
# first, so three devices do not give three times the concentration. Below, eight weeks: that axis is logarithmic, or
# nothing would be seen between the sessions. (One figure is drawn in one block: the gallery shows it after its block.)

PUBLISHED = {28: 43.8, 56: 72.5, 84: 101.0}
nm.plot.style("paper")
figure, (session, weeks) = plt.subplots(2, 1, figsize=nm.plot.look().scaled((12, 9)), constrained_layout=True)
for (amount, reported), line in zip(PUBLISHED.items(), nm.plot.look().cues(3), strict=True):
    course = ph.time_course(ph.schedule(f"nasal_{amount}"), every="1 min", until="12 h")
    people = ph.spread(ph.schedule(f"nasal_{amount}"), ph.every("1 min", "12 h"), ph.Cohort(500))
    session.plot(course.time, course.plasma, label=f"{amount} mg", **line.plain)
    session.fill_between(
        people.time, *people.plasma.sel(statistic=["low", "high"]), color=line.colour, alpha=0.15, lw=0
    )
    session.plot(course.tmax / 60, reported, line.marker, color=line.colour, markersize=9, clip_on=False)
    print(f"{amount} mg: {course.cmax.item():.1f} ng/ml at {course.tmax.item():.0f} min; published {reported} ng/ml")
session.set(
    title="One session: the model meets the height of published peaks (marks)",
    xlabel="time, h",
    ylabel="total esketamine, ng/ml",
)
session.legend(frameon=False, title=f"95 % of {people.attrs['subjects']} people shaded")

regimen = ph.schedule("nasal_56")
course = ph.time_course(regimen, every="5 min", until="1344 h")
weeks.semilogy(course.time / 24, course.plasma, color=nm.plot.look().shades[1], linewidth=1.2)
weeks.set(title=f"Between sessions little is left ({regimen.name})", xlabel="time, days", xlim=(0, 56))
weeks.set(ylabel="total esketamine, ng/ml", ylim=(1e-4, 200))
weeks.set_yticks([1e-4, 1e-3, 0.01, 0.1, 1, 10, 100])
weeks.yaxis.set_major_formatter("{x:.12g}")
print(f"Before the second session, 3.5 days on: {course.plasma.sel(time=83.9, method='nearest').item():.3f} ng/ml")
nm.plot.caption(figure, course, people)
Path("out").mkdir(exist_ok=True)
figure.savefig("out/11_nasal_schedule.png")
