// The script that makes the same figure in Python and prints the same numbers.

import type { Settings } from "../parts/state";

export function touchScript(s: Settings): string {
  const circuit = `circuit = dorsal_horn().replace(E_gaba="${s.inhibition} mV")`;
  const test =
    s.before === "train"
      ? `train = study.condition(circuit, "${s.frequency} Hz", ketamine="${s.ketamine_train} uM", seed=[0])
rested = study.wait(circuit, "${s.wait} s", after=train, ketamine="${s.ketamine_train} uM")
now = study.stimulus_response(circuit, after=rested, ketamine="${s.ketamine} uM")`
      : `now = study.stimulus_response(circuit, rho=${s.before === "potentiated" ? 1 : 0}, ketamine="${s.ketamine} uM", seed=[0])`;
  return `import matplotlib.pyplot as plt

from nmdasim.circuits import dorsal_horn
from nmdasim.readout import measures
from nmdasim.studies import sensitization as study

naive = study.stimulus_response(dorsal_horn(), seed=[0])
${circuit}
${test}
for kind in ("touch", "noxious"):
    print(kind, now.spikes.sel(kind=kind).mean("seed").values.tolist())
print("allodynia", float(measures.allodynia_index(naive.mean("seed"), now.mean("seed"))))
print("hyperalgesia", float(measures.hyperalgesia_index(naive.mean("seed"), now.mean("seed"))))

now.spikes.mean("seed").plot.line(x="intensity")
plt.savefig("touch.png")
`;
}
