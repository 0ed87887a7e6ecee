// The script that makes the same figure in Python and prints the same numbers.

import { cards } from "../cards";
import type { Settings } from "../parts/state";

/** Ketamine is the drug that the neuron knows by itself; every other one comes to it by name. */
function bath(s: Settings): string {
  return s.drug === "ketamine" ? `ketamine=[0, ${s.ketamine}] * uM` : `drugs={"${s.drug}": [0, ${s.concentration}] * uM}`;
}

export function windupScript(s: Settings): string {
  const off = Object.keys(cards.windup?.gains ?? {}).filter((name) => !s[`part_${name}`]);
  const scaled = off.length ? `.scaled(${off.map((name) => `${name}=0`).join(", ")})` : "";
  const gain = s.part_nmda ? `gain_nmda=${s.nmda}, ` : "";
  return `import nmdasim as nm
from nmdasim import Hz, uM
from nmdasim.protocols.strength import graded

neuron = graded(nm.neurons.wdr()).replace(${gain}mg="${s.magnesium} mM", strength=${s.strength})${scaled}
train = nm.WindUp(frequency=${s.frequency} * Hz, pulses=${s.pulses})
result = nm.simulate(neuron, train, ${bath(s)}, block="${s.start}", seed=0)
measured = nm.measures.windup(result)
print(measured.late.values.astype(int).tolist())
print("index", measured["index"].values.tolist())

axes = nm.plot.windup(result)
axes[0].figure.savefig("windup.png")
`;
}
