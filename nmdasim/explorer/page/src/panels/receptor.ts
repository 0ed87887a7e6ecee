// The receptor bench: current against voltage, a pulse, and a drug that enters open channels.

import { cards } from "../cards";
import { S } from "../strings";
import type { Chart } from "../parts/chart";
import type { Control } from "../parts/control";
import { shown } from "../parts/dom";
import type { Outcome, Panel } from "../parts/panel";
import type { Settings } from "../parts/state";
import { receptorScript } from "../python/receptor";
import type { Names } from "../science/formula";
import { held, open, pulse, respond, steady, type Step, type Variant } from "../science/receptor";

const own = cards.receptors;
const T = S.receptor;
const drugged = (s: Settings): boolean => s.drug !== "none";
const mg = own.magnesium.mg;

const controls: Control[] = [
  { kind: "choice", key: "scheme", label: T.scheme, about: T.schemeAbout, value: "GluN2A", options: Object.keys(own.schemes).map((value) => ({ value, label: value })) },
  { kind: "slider", key: "voltage", label: T.voltage, unit: "mV", value: -40, from: -90, to: 40, low: -200, high: 200, step: 1 },
  { kind: "slider", key: "magnesium", label: T.magnesium, unit: "mM", value: mg.number, from: 0, to: 3, low: 0, high: 100, step: 0.05, source: mg.source },
  { kind: "choice", key: "drug", label: T.drug, value: "ketamine", options: ["none", ...Object.keys(own.drugs)].map((value) => ({ value, label: value === "none" ? T.noDrug : value })) },
  { kind: "slider", key: "concentration", label: T.concentration, unit: "µM", value: 3, from: 0, to: 30, low: 0, high: 1000, scale: "log", least: 0.01, applies: drugged },
  { kind: "slider", key: "glutamate", label: T.glutamate, unit: "mM", value: 1, from: 0.001, to: 3, low: 0, high: 100, scale: "log", source: "clements1992" },
  { kind: "slider", key: "duration", label: T.duration, unit: "ms", value: 1, from: 0.1, to: 100, low: 0.01, high: 10000, scale: "log", source: "clements1992" },
  { kind: "slider", key: "pulses", label: T.pulses, unit: "×", value: 15, from: 1, to: 30, low: 1, high: 100, whole: true, applies: drugged },
  { kind: "slider", key: "frequency", label: T.frequency, unit: "Hz", value: 1, from: 0.1, to: 5, low: 0.02, high: 50, scale: "log", applies: drugged },
];

interface Patch {
  plain: Variant;
  blocked: Variant | null;
  names: Names;
  drugKey: string;
}

/** The chosen receptor and its numbers in SI; with a drug also the scheme in whose pore it may sit. */
function patch(s: Settings): Patch {
  const scheme = own.schemes[String(s.scheme)];
  const names: Names = { v: Number(s.voltage) * 1e-3, glutamate: 0 };
  for (const [key, p] of Object.entries(scheme.parameters)) names[key] = p.si;
  names.mg = Number(s.magnesium);
  const drug = drugged(s) ? own.drugs[String(s.drug)] : null;
  if (!drug) return { plain: scheme.variants.none, blocked: null, names, drugKey: "" };
  const block = { ...(drug.at[scheme.subtype] ?? drug.at["2A"]) };
  delete block.K_mg;
  Object.assign(names, block, { open_max: scheme.open_max, drug: Number(s.concentration) * 1e-3 });
  return { plain: scheme.variants.none, blocked: scheme.variants[drug.kind], names, drugKey: drug.key };
}

const VOLTS = Array.from({ length: 71 }, (_, k) => -100 + 2 * k);

function current(one: Variant, names: Names, extra: Names): number[] {
  return VOLTS.map((mv) => {
    const p: Names = { ...names, glutamate: 1, v: mv * 1e-3, ...extra };
    return open(one, steady(one, p), p) * (p.v - p.E_nmda) * 1e3; // pA for 1 nS
  });
}

function ivChart(s: Settings, p: Patch): Chart {
  const bath = String(s.magnesium);
  const series: Chart["series"] = [
    { label: T.withMg(bath), x: VOLTS, y: current(p.plain, p.names, {}), colour: 1 },
    { label: T.withoutMg, x: VOLTS, y: current(p.plain, p.names, { mg: 0 }), colour: 6, dash: true },
  ];
  if (p.blocked) series.push({ label: T.withDrug(bath, Number(s.concentration), String(s.drug)), x: VOLTS, y: current(p.blocked, p.names, {}), colour: 2, dash: true });
  return { id: "receptor-iv", title: T.iv, x: { label: T.millivolt, min: -100, max: 40 }, y: { label: T.current }, series, marks: [{ x: Number(s.voltage) }], height: 17 };
}

function trainChart(s: Settings, p: Patch): { chart: Chart; held: number[]; peaks: number[] } | null {
  if (!p.blocked) return null;
  const one = p.blocked;
  const period = 1 / Number(s.frequency);
  const width = Math.min(Number(s.duration) * 1e-3, period / 2);
  const steps: Step[] = [{ seconds: 1, conditions: {} }];
  for (let k = 0; k < Number(s.pulses); k++) {
    steps.push({ seconds: width, conditions: { glutamate: Number(s.glutamate) } }, { seconds: period - width, conditions: {} });
  }
  const washed = steady(one, { ...p.names, drug: 0 });
  const found = respond(one, steps, p.names, washed, period / 40);
  const edges = Array.from({ length: Number(s.pulses) }, (_, k) => 1 + k * period);
  const before = edges.map((edge) => found.held[found.times.findIndex((t) => t >= edge - 1e-9)]);
  const peaks = edges.map((edge) => Math.max(...found.open.filter((_, i) => found.times[i] >= edge - 1e-9 && found.times[i] < edge + period - 1e-9)));
  const chart: Chart = {
    id: "receptor-train",
    title: T.train,
    x: { label: T.seconds, min: 0 },
    y: { label: T.held, min: 0 },
    series: [{ label: T.held, x: found.times, y: found.held, colour: 3 }],
    height: 15,
  };
  return { chart, held: [...before, held(one, found.end)], peaks };
}

/** The free drug (µM) that halves the steady current, by sections: the scheme itself is asked. */
function ic50(p: Patch): number {
  const one = p.blocked;
  if (!one) return NaN;
  const at = (um: number): number => {
    const set = { ...p.names, glutamate: 1, drug: um * 1e-3 };
    return open(one, steady(one, set), set);
  };
  const control = at(0);
  let [low, high] = [-4, 5];
  for (let k = 0; k < 50; k++) {
    const middle = (low + high) / 2;
    if (at(10 ** middle) > control / 2) low = middle;
    else high = middle;
  }
  return 10 ** ((low + high) / 2);
}

function compute(s: Settings): Outcome {
  const p = patch(s);
  const seconds = Number(s.duration) * 1e-3;
  const first = pulse(p.plain, p.names, Number(s.glutamate), seconds, 2, 0.5e-3);
  const tail = Math.min(2, Math.max(0.1, 6 * (Number.isFinite(first.decay) ? first.decay : 0.2)));
  const upto = first.trace.times.findIndex((t) => t > tail + seconds);
  const cut = upto < 0 ? first.trace.times.length : upto;
  const milli = first.trace.times.slice(0, cut).map((t) => t * 1e3);
  const series: Chart["series"] = [{ label: T.control, x: milli, y: first.trace.open.slice(0, cut), colour: 1 }];
  if (p.blocked) {
    const start = steady(p.blocked, { ...p.names, glutamate: 1e-6 });
    const steps: Step[] = [{ seconds, conditions: { glutamate: Number(s.glutamate) } }, { seconds: tail, conditions: {} }];
    const found = respond(p.blocked, steps, p.names, start, tail / 400);
    series.push({ label: T.drugged, x: found.times.map((t) => t * 1e3), y: found.open, colour: 2, dash: true });
  }
  const train = trainChart(s, p);
  const fixed = { ...p.names, glutamate: 1 };
  const opened = open(p.plain, steady(p.plain, fixed), fixed);
  const bare = open(p.plain, steady(p.plain, { ...fixed, mg: 0 }), { ...fixed, mg: 0 });
  const half = ic50(p);
  const charts: Chart[] = [
    ivChart(s, p),
    { id: "receptor-pulse", title: T.pulse, x: { label: T.ms, min: 0 }, y: { label: T.open, min: 0 }, series, height: 15 },
  ];
  if (train) charts.push(train.chart);
  const numbers = [
    { label: T.ratio, value: `${shown((100 * opened) / bare)} %` },
    { label: T.peak, value: shown(first.peak) },
    { label: T.rise, value: `${shown(first.time_to_peak * 1e3)} ms` },
    { label: T.decay, value: `${shown(first.decay * 1e3)} ms` },
  ];
  if (train) numbers.push({ label: T.ic50, value: `${shown(half)} µM` }, { label: T.caughtAfter, value: `${shown(100 * train.held[train.held.length - 1])} %` });
  const kind = own.schemes[String(s.scheme)].subtype;
  const unknown = drugged(s) && !own.drugs[String(s.drug)].at[kind];
  return {
    charts,
    numbers,
    notes: [own.schemes[String(s.scheme)].about, ...(unknown ? [T.unknown(String(s.drug), kind)] : [])],
    values: {
      iv_mv: VOLTS,
      iv_pa: charts[0].series[0].y,
      open: opened,
      open_without_mg: bare,
      ratio: opened / bare,
      peak_open: first.peak,
      time_to_peak_ms: first.time_to_peak * 1e3,
      decay_1e_ms: first.decay * 1e3,
      ic50_um: half,
      held: train?.held ?? [],
      train_peaks: train?.peaks ?? [],
    },
  };
}

export const receptor: Panel = {
  id: "receptor",
  title: T.title,
  idea: T.idea,
  controls,
  presets: [
    { label: T.presets.rest, settings: { voltage: -70, magnesium: 1 } },
    { label: T.presets.excited, settings: { voltage: -20, magnesium: 1 } },
    { label: T.presets.free, settings: { magnesium: 0 } },
    { label: T.presets.drug, settings: { drug: "ketamine", concentration: 3, voltage: -40 } },
    { label: T.presets.slow, settings: { scheme: "GluN2D" } },
    { label: T.presets.trap, settings: { drug: "memantine", concentration: 3, scheme: "GluN2A" } },
  ],
  compute,
  python: receptorScript,
  equations: cards.equations.receptor ?? [],
  sources: [...new Set(Object.values(own.schemes).flatMap((one) => one.references))],
};
