// How the same run is asked for in Python, with the model that was given.

import type { Settings } from "../parts/state";

interface Shown {
  number: number;
  written: string;
}

export function ownScript(name: string, parameters: Record<string, Shown>, s: Settings, events: { port: string; ms: number }[], weights: Record<string, string>): string {
  const changed = Object.entries(parameters).filter(([key, one]) => Number(s[`p_${key}`]) !== one.number);
  const values = changed.map(([key, one]) => `"${key}": "${s[`p_${key}`]}${one.written ? ` ${one.written}` : ""}"`);
  const given = changed.length ? `model = model.replace(**{${values.join(", ")}})\n` : "";
  const ports = [...new Set(events.map((one) => one.port))];
  const list = ports.map((port) => `nm.Events(port="${port}", times=[${events.filter((e) => e.port === port).map((e) => e.ms).join(", ")}] * ms${weights[port] ? `, weight="${weights[port]}"` : ""})`);
  return `import nmdasim as nm
from nmdasim import ms

# model = … : ${name}, as it was given to nm.explore
${given}result = nm.simulate(model, ${list.length ? `[${list.join(", ")}], ` : ""}duration=${s.duration} * ms, record=["${String(s.state).split("@")[0]}"])
print(result.spike_time.values)
`;
}
