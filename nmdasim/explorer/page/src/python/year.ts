// The script that makes the same figure in Python and prints the same numbers.

import type { Settings } from "../parts/state";

export function yearScript(s: Settings): string {
  const regimen =
    s.regimen === "own"
      ? `ph.Regimen((ph.dose("${Number(s.rate) * Number(s.length)} mg", over="${s.length} h", every="${s.interval} day", times=${s.times}),), "s-ketamine")`
      : `"${s.regimen}"`;
  return `import matplotlib.pyplot as plt

import nmdasim.pharmacology as ph
from nmdasim import treatment
from nmdasim.treatment.slow import slow_model

dahan = slow_model("dahan2011").replace(C50="${s.c50} ng/ml", half_life="${s.half_life} day")
regimen = ${regimen}
for model in (dahan, "maintained", "reset"):
    found = treatment.simulate(
        "${s.state}", regimen, model, "${s.until} day", every="${Number(s.until) <= 100 ? 2 : 6} h", patients=1, weight="${s.weight} kg"
    )
    print(found.attrs["model"], float(found.slow_relief.max()), float(found.slow_relief[-1]))
    found.slow_relief.plot(label=found.attrs["model"])
plt.legend()
plt.savefig("year.png")
`;
}
