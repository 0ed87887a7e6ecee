// What is typed into a field: a number and a unit, read once, refused in one line.

import { S } from "../strings";
import { shown } from "./dom";

/** How many of the first unit one of each other unit is. */
const FAMILIES: Record<string, Record<string, number>> = {
  µM: { nM: 1e-3, uM: 1, µM: 1, μM: 1, mM: 1e3 },
  mM: { nM: 1e-6, uM: 1e-3, µM: 1e-3, μM: 1e-3, mM: 1 },
  mV: { mV: 1, V: 1e3 },
  Hz: { Hz: 1, kHz: 1e3 },
  ms: { us: 1e-3, µs: 1e-3, ms: 1, s: 1e3, second: 1e3, min: 6e4 },
  s: { ms: 1e-3, s: 1, second: 1, min: 60 },
  min: { s: 1 / 60, min: 1, minute: 1, h: 60, hour: 60 },
  h: { min: 1 / 60, h: 1, hour: 1, d: 24, day: 24 },
  day: { h: 1 / 24, hour: 1 / 24, day: 1, days: 1, week: 7, weeks: 7 },
  kg: { g: 1e-3, kg: 1 },
  mg: { ug: 1e-3, µg: 1e-3, mg: 1, g: 1e3 },
  "mg/kg": { "ug/kg": 1e-3, "µg/kg": 1e-3, "mg/kg": 1, "g/kg": 1e3 },
  "ng/ml": { "ng/ml": 1, "ug/ml": 1e3, "ug/l": 1 },
  "×": { "": 1, "×": 1, x: 1 },
  "%": { "%": 1 },
};

export interface Limits {
  unit: string;
  low: number;
  high: number;
  whole?: boolean;
  others?: Record<string, number>;
}

/** The number in the unit of the field, or what is wrong with the text. */
export function read(text: string, limits: Limits): number | string {
  const match = /^\s*([+−-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?)\s*(.*?)\s*$/i.exec(text.replace(/(\d),(\d)/, "$1.$2"));
  const example = S.field.example(limits.low, limits.high, limits.unit);
  if (!match) return S.field.noNumber(text, example);
  const known: Record<string, number> = { "": 1, [limits.unit]: 1, ...FAMILIES[limits.unit], ...limits.others };
  const factor = known[match[2]];
  if (factor === undefined) return S.field.wrongUnit(text, Object.keys(known).filter((unit) => unit && !/[μu]/.test(unit)).join(", "));
  const value = Number(match[1].replace("−", "-")) * factor;
  if (!(value >= limits.low && value <= limits.high)) return S.field.outside(shown(value), limits.unit, limits.low, limits.high);
  if (limits.whole && !Number.isInteger(value)) return S.field.notWhole(text);
  return value;
}
