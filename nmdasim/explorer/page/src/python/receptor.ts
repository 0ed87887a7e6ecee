// The script that makes the same figures in Python and prints the same numbers.

import type { Settings } from "../parts/state";

export function receptorScript(s: Settings): string {
  const scheme = String(s.scheme);
  const subtype = scheme.startsWith("GluN");
  const made = subtype ? `subtypes.subtype("${scheme.slice(4)}").scheme()` : `schemes.scheme("${scheme}")`;
  const bath = `v="${s.voltage} mV", mg="${s.magnesium} mM"`;
  const drug = s.drug === "none" ? "" : String(s.drug);
  const period = 1 / Number(s.frequency);
  const width = Math.min(Number(s.duration) * 1e-3, period / 2);
  const lines = [
    "import matplotlib.pyplot as plt",
    "import numpy as np",
    "",
    "from nmdasim import mV",
    `from nmdasim.receptors import bench, blockers, ${subtype ? "subtypes" : "schemes"}`,
    ...(drug ? ["from nmdasim.receptors.exact import Step, blocked, respond"] : []),
    "",
    `scheme = ${made}`,
    `pulse = bench.pulse(scheme, glutamate="${s.glutamate} mM", duration="${s.duration} ms", ${bath})`,
    `print("peak", float(pulse.peak_open), "decay", float(pulse.decay_1e), "ms")`,
    `iv = bench.iv_curve(scheme, np.arange(-100, 42, 2) * mV, mg="${s.magnesium} mM")`,
    "",
    "fig, axes = plt.subplots(2)",
    "iv.current.plot(ax=axes[0])",
    "pulse.open.plot(ax=axes[1])",
    'fig.savefig("receptor.png")',
  ];
  if (!drug) return `${lines.join("\n")}\n`;
  const at = subtype ? `, "${scheme.slice(4)}"` : "";
  lines.push(
    "",
    `drug = blockers.blocker("${drug}"${at})`,
    "plugged = blockers.block(scheme, drug)",
    `hit = Step("${width} second", {"glutamate": "${s.glutamate} mM"})`,
    `train = [Step("1 second"), *[hit, Step("${period - width} second")] * ${s.pulses}]`,
    `washed = plugged.steady(${bath})`,
    `bath = {drug.key: "${s.concentration} uM"}`,
    `course = respond(plugged, train, start=washed, sample="10 ms", ${bath}, **bath)`,
    'print("held after the train", float(blocked(course, plugged, drug.key)[-1]))',
  );
  return `${lines.join("\n")}\n`;
}
