// The train that winds a neuron up, without drug and with it.

import { cards, type Written } from "../cards";
import { S } from "../strings";
import type { Chart } from "../parts/chart";
import type { Control } from "../parts/control";
import { h, shown } from "../parts/dom";
import type { Outcome, Panel, Stage, Work } from "../parts/panel";
import { Player } from "../parts/player";
import type { Settings } from "../parts/state";
import { windupScript } from "../python/windup";
import { newest } from "../work/client";
import type { CellAnswer, CellJob } from "../work/jobs";

const own = cards.windup as NonNullable<typeof cards.windup>;
const T = S.windup;
const p = own?.parameters;

const racemate = (s: Settings): boolean => s.drug === "ketamine";
/** The drug beside the naive neuron, and how much of it. */
export const given = (s: Settings): { drug: string; um: number } => ({ drug: String(s.drug), um: Number(racemate(s) ? s.ketamine : s.concentration) });

const controls: Control[] = own && [
  { kind: "choice", key: "drug", label: T.chosen, value: "ketamine", options: Object.keys(own.drugs).map((value) => ({ value, label: value })) },
  { kind: "slider", key: "concentration", label: T.concentration, unit: "µM", value: 1, from: 0, to: 30, low: 0, high: p.ketamine.bounds?.[1] ?? 100, scale: "log", least: 0.001, applies: (s) => !racemate(s) },
  { kind: "slider", key: "ketamine", label: T.ketamine, unit: "µM", value: 3, from: 0, to: 30, low: 0, high: p.ketamine.bounds?.[1] ?? 100, scale: "log", least: 0.03, source: p.K_ketamine.source, others: { "ng/ml total": 1 / own.total_ng_ml_per_um }, applies: racemate },
  { kind: "slider", key: "total", label: T.total, about: T.totalAbout, unit: "ng/ml", value: 0, of: { key: "ketamine", factor: own.total_ng_ml_per_um }, from: 0, to: 30 * own.total_ng_ml_per_um, low: 0, high: (p.ketamine.bounds?.[1] ?? 100) * own.total_ng_ml_per_um, scale: "log", least: 0.03 * own.total_ng_ml_per_um, applies: racemate },
  { kind: "slider", key: "frequency", label: T.frequency, unit: "Hz", value: 1, from: 0.1, to: 3, low: 0.05, high: 9, scale: "log" },
  { kind: "choice", key: "pulses", label: T.pulses, value: "15", options: Object.keys(own.trains).map((value) => ({ value, label: value })) },
  { kind: "slider", key: "nmda", label: T.nmda, unit: "×", value: p.gain_nmda.number, from: p.gain_nmda.bounds?.[0] ?? 0, to: p.gain_nmda.bounds?.[1] ?? 3, low: 0, high: 20, step: 0.05, source: p.gain_nmda.source },
  { kind: "slider", key: "magnesium", label: T.magnesium, unit: "mM", value: p.mg.number, from: 0, to: 3, low: 0, high: p.mg.bounds?.[1] ?? 10, step: 0.05, source: p.mg.source },
  { kind: "slider", key: "strength", label: T.strength, about: T.strengthAbout, unit: "×", value: 1, from: 0, to: 3, low: 0, high: p.strength.bounds?.[1] ?? 100, step: 0.05 },
  { kind: "choice", key: "start", label: T.start, value: "equilibrated", options: Object.entries(T.starts).map(([value, label]) => ({ value, label })) },
  { kind: "choice", key: "view", label: T.view, value: "last", options: Object.entries(T.views).map(([value, label]) => ({ value, label })) },
  ...Object.keys(own.gains).map((name): Control => ({ kind: "switch", key: `part_${name}`, label: T.parts[name] ?? name, value: true })),
];

function numbers(written: Written): Float64Array {
  const text = atob(written.base64);
  const bytes = Uint8Array.from(text, (c) => c.charCodeAt(0));
  return new Float64Array(bytes.buffer);
}

/** When what arrives where: every pulse's volley, with the latencies that Python drew. */
function arrivals(pulses: string, times: number[]): CellJob["events"] {
  const train = own.trains[pulses];
  const found: CellJob["events"] = { time: [], port: [] };
  const tables = train.tables.map(numbers);
  for (const [port, table] of train.ports) {
    const synapses = train.tables[table].shape[1];
    times.forEach((at, k) => {
      for (let s = 0; s < synapses; s++) {
        found.time.push(at + tables[table][k * synapses + s]);
        found.port.push(port);
      }
    });
  }
  return found;
}

const EARLY_S = 0.1;

export function job(s: Settings): { job: CellJob; pulses: number[] } {
  const period = 1 / Number(s.frequency);
  const count = Number(s.pulses);
  const pulses = Array.from({ length: count }, (_, k) => own.first_s + k * period);
  const seconds = own.first_s + count * period;
  const off = Object.entries(own.gains).filter(([name]) => !s[`part_${name}`]);
  const { drug, um } = given(s);
  const way = own.drugs[drug];
  const made: CellJob = {
    kind: "cell",
    card: way.engine,
    set: [
      ...Object.entries(way.set),
      [way.concentration, 0, 0],
      [way.concentration, um * 1e-3, 1],
      ["gain_nmda", Number(s.nmda)],
      ["mg", Number(s.magnesium)],
      ["strength", Number(s.strength)],
    ],
    scale: [],
    events: arrivals(String(s.pulses), pulses),
    seconds,
    edges: [...pulses.flatMap((at) => [at, Math.min(at + EARLY_S, at + period)]), seconds],
    record: [["v", 0], ["ca", 1], ...way.held.map((state): [string, number] => [state, 1])],
    interval: 1e-3,
    start: String(s.start),
  };
  for (const [, names] of off) for (const name of names) made.set = [...made.set.filter(([one]) => one !== name), [name, 0]];
  return { job: made, pulses };
}

interface Measured {
  early: number[];
  late: number[];
  input: number;
  index: number;
  ratio: number;
}

export function measure(counts: number[]): Measured {
  const early = counts.filter((_, k) => k % 2 === 0);
  const late = counts.filter((_, k) => k % 2 === 1);
  const sum = late.reduce((a, b) => a + b, 0);
  const last = late.slice(-3);
  return { early, late, input: late[0], index: sum - late.length * late[0], ratio: late[0] ? last.reduce((a, b) => a + b, 0) / last.length / late[0] : NaN };
}

async function compute(s: Settings, work: Work): Promise<Outcome> {
  const asked = job(s);
  const found = await newest<CellAnswer>(asked.job, (share) => work.progress(share), work.cancelled);
  const measured = found.counts.map(measure);
  return outcome(s, asked, found, measured);
}

function outcome(s: Settings, asked: ReturnType<typeof job>, found: CellAnswer, measured: Measured[]): Outcome {
  const { pulses } = asked;
  const names = [T.naive, T.drug(given(s).drug, Number(given(s).um.toPrecision(3)))];
  const [v, ca, ...held] = found.traces;
  const axis = v.lanes[0].map((_, k) => k * v.interval);
  const period = 1 / Number(s.frequency);
  const around = (at: number): [number, number] => [Math.max(0, at - 0.1), Math.min(asked.job.seconds, at + Math.min(period, 1))];
  const [from, to] = s.view === "first" ? around(pulses[0]) : s.view === "last" ? around(pulses[pulses.length - 1]) : [0, asked.job.seconds];
  const [first, last] = [Math.floor(from / v.interval), Math.ceil(to / v.interval)];
  const ordinal = pulses.map((_, k) => k + 1);
  const x = { label: T.time, min: from, max: to };
  const marks = pulses.filter((at) => at >= from && at <= to).map((at) => ({ x: at }));
  const traced = (trace: typeof v, factor: number): Chart["series"] =>
    [1, 0].map((lane) => ({ label: names[lane], x: axis.subarray(first, last), y: trace.lanes[lane].subarray(first, last).map((y) => y * factor), colour: lane + 1, dash: lane === 1 })).reverse();
  const raster = found.spikes.map((times, lane) => ({ label: names[lane], x: times, y: times.map(() => 1 - lane), colour: lane + 1, kind: "ticks" as const }));
  const share = (row: Float64Array, at: number): number => row[Math.min(Math.round(at / v.interval), row.length - 1)];
  // places of a drug in the pore, such as deep and shallow ones, together
  const blocked = v.lanes.map((_, lane) => pulses.map((at) => held.reduce((sum, one) => sum + share(one.lanes[lane], at), 0)));
  const charts: Chart[] = [
    { id: "windup-spikes", title: T.perPulse, x: { label: T.pulse, min: 0.5, max: pulses.length + 0.5 }, y: { label: T.spikes, min: 0 }, series: measured.map((m, lane) => ({ label: names[lane], x: ordinal, y: m.late, colour: lane + 1, kind: "points", dash: lane === 1 })), height: 18 },
    { id: "windup-raster", title: T.raster, x: { label: T.time, min: 0, max: asked.job.seconds }, y: { label: "", min: -0.6, max: 1.6 }, rows: [names[1], names[0]], series: raster, marks: pulses.map((at) => ({ x: at })), height: 8 },
    { id: "windup-potential", title: T.potential, x, y: { label: T.millivolt }, series: traced(v, 1e3), marks, height: 14 },
    { id: "windup-calcium", title: T.calcium, x, y: { label: T.micromolar, min: 0 }, series: traced(ca, 1e3), marks, height: 12 },
  ];
  const [naive, drug] = measured;
  return {
    charts,
    numbers: [
      { label: T.index, value: String(naive.index) },
      { label: T.indexDrug, value: String(drug.index) },
      { label: T.ratio, value: `× ${shown(naive.ratio)}` },
      { label: T.ratioDrug, value: `× ${shown(drug.ratio)}` },
      { label: T.blockedStart, value: `${shown(100 * blocked[1][0])} %` },
      { label: T.blockedEnd, value: `${shown(100 * blocked[1][pulses.length - 1])} %` },
    ],
    values: {
      early: measured.map((m) => m.early),
      late: measured.map((m) => m.late),
      index: measured.map((m) => m.index),
      ratio: measured.map((m) => m.ratio),
      spikes: found.spikes.map((times) => times.length),
      blocked,
      broken: found.broken,
    },
    play: { spikes: found.spikes, seconds: asked.job.seconds, pulses, names },
  };
}

interface Played {
  spikes: number[][];
  seconds: number;
  pulses: number[];
  names: string[];
}

/** Two neurons that light up as they fire, and count since the last pulse. */
function stage(): Stage {
  const lamps = [0, 1].map((lane) => ({ light: h("span", { class: `lamp l${lane + 1}` }), name: h("span", {}), count: h("output", {}, "0") }));
  let told: Played | null = null;
  let counts = [0, 0];
  const dark = (): void => lamps.forEach((lamp) => lamp.light.classList.remove("on"));
  let timers = [0, 0];
  const player = new Player("windup", {
    beat: ({ row }) => {
      counts[row]++;
      lamps[row].light.classList.add("on");
      clearTimeout(timers[row]);
      timers[row] = setTimeout(() => lamps[row].light.classList.remove("on"), 70) as unknown as number;
    },
    at: (time, jumped) => {
      if (jumped) dark();
      const pulse = told?.pulses.filter((at) => at <= time).pop() ?? 0;
      counts = (told?.spikes ?? [[], []]).map((times) => times.filter((t) => t >= pulse && t <= time).length);
      lamps.forEach((lamp, lane) => (lamp.count.textContent = String(counts[lane])));
    },
  });
  const element = h("div", { class: "stage" }, h("div", { class: "lamps", role: "group", "aria-label": T.lamp }, lamps.map((one) => h("div", { class: "lamp-row" }, one.light, one.name, one.count))), player.element);
  return {
    element,
    update: (outcome) => {
      told = (outcome?.play as Played) ?? null;
      element.hidden = !told;
      if (!told) return;
      told.names.forEach((name, lane) => (lamps[lane].name.textContent = name));
      player.load(told.spikes.flatMap((times, row) => times.map((time, index) => ({ time, row, index }))), told.seconds);
    },
  };
}

const all = own ? Object.fromEntries(Object.keys(own.gains).map((name) => [`part_${name}`, true])) : {};

export const windup: Panel = {
  id: "windup",
  title: T.title,
  idea: T.idea,
  controls,
  presets: [
    { label: T.presets.classic, settings: { ...all, drug: "ketamine", ketamine: 3, frequency: 1, pulses: "15", nmda: 1, magnesium: 1, strength: 1 } },
    { label: T.presets.slow, settings: { frequency: 0.1, pulses: "10" } },
    { label: T.presets.noNmda, settings: { part_nmda: false } },
    { label: T.presets.noCan, settings: { part_can: false } },
    { label: T.presets.ketamine, settings: { drug: "ketamine", ketamine: 10 } },
    { label: T.presets.plasma, settings: { drug: "ketamine", ketamine: own ? Number((100 / own.total_ng_ml_per_um).toPrecision(4)) : 0 } },
    { label: T.presets.memantine, settings: { drug: "memantine", concentration: 3 } },
    { label: T.presets.noMg, settings: { magnesium: 0 } },
  ],
  compute,
  python: windupScript,
  equations: cards.equations.windup ?? [],
  sources: own ? [...new Set(Object.values(p).map((one) => one.source))] : [],
  needsWorker: true,
  stage,
};
