// From a dose to the cord: plasma, effect site, block.

import { cards } from "../cards";
import { S } from "../strings";
import type { Control } from "../parts/control";
import { shown } from "../parts/dom";
import type { Chart } from "../parts/chart";
import type { Outcome, Panel, Work } from "../parts/panel";
import type { Settings } from "../parts/state";
import { afternoonScript } from "../python/afternoon";
import { formula } from "../science/formula";
import { course, inputs, system, type Dose } from "../science/kinetics";
import { Cancelled, newest } from "../work/client";
import type { CellAnswer } from "../work/jobs";
import { job as train, measure, windup } from "./windup";

const own = cards.kinetics;
const T = S.afternoon;
const byNose = (s: Settings): boolean => s.route === "nasal";
const device = Object.values(own.presets).find((one) => one.device_mg)?.device_mg ?? 28;

const controls: Control[] = [
  {
    kind: "choice",
    key: "preset",
    label: T.preset,
    about: T.presetAbout,
    value: "clements2 ketamine",
    options: Object.entries(own.presets).map(([value, one]) => ({ value, label: `${one.drug}: ${one.name}, ${one.site.split(" (")[0]}` })),
  },
  {
    kind: "choice",
    key: "route",
    label: T.route,
    value: "iv",
    options: Object.entries(T.routes).map(([value, label]) => ({ value, label })),
    allowed: (s) => Object.keys(own.presets[String(s.preset)].routes),
  },
  { kind: "slider", key: "dose", label: T.dose, unit: "mg/kg", value: 0.5, from: 0, to: 1, low: 0, high: 10, step: 0.01, source: "zanos2018", applies: (s) => !byNose(s) },
  {
    kind: "choice",
    key: "devices",
    label: T.devices,
    about: T.devicesAbout,
    value: "2",
    options: [1, 2, 3, 4].filter((k) => k * device <= own.nasal_most_mg).map((k) => ({ value: String(k), label: `${k * device} mg` })),
    applies: byNose,
  },
  { kind: "slider", key: "over", label: T.over, unit: "min", value: 40, from: 0, to: 120, low: 0, high: 1440, step: 1, source: "zanos2018", applies: (s) => s.route === "iv" },
  { kind: "slider", key: "weight", label: T.weight, unit: "kg", value: own.weight.number, from: own.weight.bounds?.[0] ?? 50, to: own.weight.bounds?.[1] ?? 100, low: 1, high: 300, step: 1, source: own.weight.source },
  { kind: "slider", key: "hours", label: T.hours, unit: "h", value: 6, from: 1, to: 24, low: 0.5, high: 72, step: 0.5 },
  { kind: "switch", key: "windup", label: T.test, value: true },
  { kind: "slider", key: "voltage", label: T.voltage, unit: "mV", value: -60, from: -90, to: 40, low: -200, high: 200, step: 1 },
  { kind: "slider", key: "magnesium", label: T.magnesium, unit: "mM", value: own.blocked.mg.number, from: 0, to: 3, low: 0, high: 100, step: 0.05, source: own.blocked.mg.source },
];

export function doses(s: Settings): Dose[] {
  if (byNose(s)) return [{ time_h: 0, amount: Number(s.devices) * device, unit: "mg", over_h: 0, route: "nasal" }];
  return [{ time_h: 0, amount: Number(s.dose), unit: "mg/kg", over_h: s.route === "iv" ? Number(s.over) / 60 : 0, route: String(s.route) }];
}

export function axis(hours: number): number[] {
  const step = hours <= 12 ? 1 / 60 : 1 / 12;
  return Array.from({ length: Math.round(hours / step) + 1 }, (_, k) => k * step);
}

export function blocked(drug: string, freeUm: number, millivolt: number, mg: number): number {
  const one = own.drugs[drug];
  const names = { ...one.block, drug: freeUm * 1e-3, v: millivolt * 1e-3, mg, slope_mg: own.blocked.slope_mg };
  return formula(own.blocked.formula)(names)[0];
}

function levels(s: Settings): Outcome {
  const preset = own.presets[String(s.preset)];
  const found = course(system(preset, Number(s.weight), own.reference_kg), inputs(preset, doses(s), Number(s.weight)), axis(Number(s.hours)));
  const [plasma, effect] = found.values;
  const free = effect.map((x) => x * own.drugs[preset.drug].free_um_per_ng_ml);
  const block = free.map((x) => blocked(preset.drug, x, Number(s.voltage), Number(s.magnesium)));
  const most = Math.max(...block);
  const top = 1.15 * Math.max(...plasma, 1);
  const bands = own.bands.map((b) => ({ low: b.low, high: b.high, label: T.reported(b.text, b.low, b.high, b.source) }));
  return {
    charts: [
      {
        id: "afternoon-levels",
        title: T.levels,
        x: { label: T.time, min: 0, max: Number(s.hours) },
        y: { label: T.level, min: 0, max: top },
        bands: bands.filter((b) => b.low < top),
        series: [
          { label: T.plasma, x: found.times, y: plasma, colour: 1 },
          { label: T.effect, x: found.times, y: effect, colour: 2, dash: true },
        ],
        height: 19,
      },
      {
        id: "afternoon-block",
        title: T.blocks,
        x: { label: T.time, min: 0, max: Number(s.hours) },
        y: { label: T.block, min: 0, max: Math.max(0.1, Math.min(1, 1.2 * most)) },
        series: [{ label: T.block, x: found.times, y: block, colour: 3 }],
        height: 13,
      },
    ],
    numbers: [
      { label: T.cmax, value: `${shown(found.cmax)} ng/ml` },
      { label: T.tmax, value: `${shown(found.tmax_h * 60)} min` },
      { label: T.auc, value: `${shown(found.auc)} ng·h/ml` },
      { label: T.free, value: `${shown(Math.max(...free))} µM` },
      { label: T.blocked, value: `${shown(100 * most)} %` },
    ],
    notes: [`${preset.summary}; ${preset.site}. ${preset.note}`.trim(), T.bandNote],
    values: {
      time_h: found.times,
      plasma_ng_ml: plasma,
      effect_site_ng_ml: effect,
      free_um: free,
      blocked: block,
      cmax_ng_ml: found.cmax,
      tmax_min: found.tmax_h * 60,
      auc_inf_ng_h_ml: found.auc,
    },
  };
}

/** Wind-up of the neuron at chosen times, two concentrations a run: each test sees one, with its block in balance. */
async function tested(s: Settings, first: Outcome, work: Work): Promise<Outcome> {
  const { potency } = own.drugs[own.presets[String(s.preset)].drug];
  const free = first.values.free_um as number[];
  const places = Array.from({ length: TESTS }, (_, k) => Math.round((k * (free.length - 1)) / (TESTS - 1)));
  const asked = [0, ...places.map((place) => free[place] * potency)];
  const index: number[] = [];
  for (let k = 0; k < asked.length; k += 2) {
    const { job } = train({ ...untouched, ketamine: asked[k] });
    job.set = [...job.set.filter(([name]) => name !== "ketamine"), ["ketamine", asked[k] * 1e-3, 0], ["ketamine", (asked[k + 1] ?? 0) * 1e-3, 1]];
    job.record = [];
    const found = await newest<CellAnswer>(job, (share) => work.progress((k + 2 * share) / asked.length, T.testing), work.cancelled);
    index.push(...found.counts.map((counts) => measure(counts).index));
    if (work.cancelled()) throw new Cancelled();
  }
  const hours = places.map((place) => (first.values.time_h as number[])[place]);
  const chart: Chart = {
    id: "afternoon-windup",
    title: T.windup,
    x: { label: T.time, min: 0, max: Number(s.hours) },
    y: { label: T.index, min: 0 },
    series: [
      { label: T.withDrug, x: hours, y: index.slice(1, TESTS + 1), colour: 2, kind: "points" },
      { label: T.without, x: [0, Number(s.hours)], y: [index[0], index[0]], colour: 6, dash: true },
    ],
    height: 14,
  };
  const values = { ...first.values, windup_time_h: hours, windup_index: index.slice(1, TESTS + 1), windup_index_control: index[0] };
  return { ...first, charts: [...first.charts, chart], values };
}

const TESTS = 13;
const untouched: Settings = Object.fromEntries(windup.controls.map((one) => [one.key, one.value]));

async function compute(s: Settings, work: Work): Promise<Outcome> {
  const first = levels(s);
  if (!s.windup || !cards.windup || typeof Worker === "undefined") return first;
  work.show(first);
  return tested(s, first, work);
}

export const afternoon: Panel = {
  id: "afternoon",
  title: T.title,
  idea: T.idea,
  controls,
  presets: [
    { label: T.presets.infusion, settings: { preset: "clements2 ketamine", route: "iv", dose: 0.5, over: 40, weight: 70, hours: 6 } },
    { label: T.presets.nasal, settings: { preset: "janssen s-ketamine", route: "nasal", devices: "2", hours: 6 } },
    { label: T.presets.bolus, settings: { preset: "clements2 ketamine", route: "iv", dose: 0.3, over: 0, hours: 3 } },
    { label: T.presets.light, settings: { weight: 50 } },
    { label: T.presets.heavy, settings: { weight: 100 } },
  ],
  compute,
  python: afternoonScript,
  equations: cards.equations.afternoon ?? [],
  sources: [...new Set([...Object.values(own.presets).map((p) => p.source), ...own.bands.map((b) => b.source)])],
};
