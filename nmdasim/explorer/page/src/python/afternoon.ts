// The script that makes the same figure in Python and prints the same numbers.

import { cards } from "../cards";
import type { Settings } from "../parts/state";

export function afternoonScript(s: Settings): string {
  const [preset, drug] = String(s.preset).split(" ");
  const given =
    s.route === "nasal"
      ? `ph.dose("${Number(s.devices) * (cards.kinetics.presets[String(s.preset)].device_mg ?? 0)} mg", "nasal")`
      : `ph.dose("${s.dose} mg/kg", "${s.route}"${s.route === "iv" && Number(s.over) > 0 ? `, over="${s.over} min"` : ""})`;
  return `import matplotlib.pyplot as plt

import nmdasim.pharmacology as ph
from nmdasim import mV, uM
from nmdasim.receptors import inhibition

regimen = ph.Regimen((${given},), "${drug}")
times = dict(every="${Number(s.hours) <= 12 ? 1 : 5} min", until="${s.hours} h")
course = ph.time_course(regimen, **times, preset="${preset}", weight="${s.weight} kg")
free = ph.free_levels(regimen, **times, preset="${preset}", weight="${s.weight} kg")
bath = dict(v=[${s.voltage}] * mV, mg="${s.magnesium} mM")
half = float(inhibition.against_voltage("${drug}", "1 uM", **bath).ic50.item())
blocked = free.values / (free.values + half)

print("cmax", float(course.cmax), "ng/ml")
print("tmax", float(course.tmax), "min")
print("auc", float(course.auc_inf), "ng*h/ml")
print("blocked", float(blocked.max()))

fig, (above, below) = plt.subplots(2, sharex=True)
course.plasma.plot(ax=above, label="plasma")
course.effect_site.plot(ax=above, label="effect site", linestyle="--")
above.legend()
below.plot(course.time, blocked)
below.set(xlabel="time, h", ylabel="share blocked")
fig.savefig("afternoon.png")${s.windup ? tests(s) : ""}
`;
}

function tests(s: Settings): string {
  const [preset] = String(s.preset).split(" ");
  return `

import nmdasim as nm

tested = ph.free_levels(
    regimen, every="${Number(s.hours) * 5} min", until="${s.hours} h", preset="${preset}", weight="${s.weight} kg", racemate_equivalent=True
)
windup = nm.windup_time_course(tested, nm.neurons.wdr(), seeds=1)
print("windup", windup["index"].values.ravel().tolist(), "without", float(windup.index_control[0]))`;
}
