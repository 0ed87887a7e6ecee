// The dorsal horn as a picture: condition, wait, test; what touch and pain become.

import { cards } from "../cards";
import { S } from "../strings";
import type { Chart } from "../parts/chart";
import type { Control } from "../parts/control";
import { shown } from "../parts/dom";
import type { Outcome, Panel, Work } from "../parts/panel";
import type { Settings } from "../parts/state";
import { touchScript } from "../python/touch";
import { ask } from "../work/client";
import type { CircuitAnswer, CircuitJob, Fired } from "../work/jobs";
import { allodynia, hyperalgesia, threshold } from "../science/indices";
import { horn } from "./horn";

const own = cards.circuit as NonNullable<typeof cards.circuit>;
const T = S.touch;
const trained = (s: Settings): boolean => s.before === "train";
/** As in the picture of the circuit. */
const COLOURS: Record<string, number> = { projection: 1, inhibitory: 2, excitatory: 3 };
const KINDS = ["touch", "noxious"];
const anion = own?.parameters.E_gaba;

const controls: Control[] = own && [
  { kind: "choice", key: "before", label: T.before, value: "rest", options: Object.entries(T.befores).map(([value, label]) => ({ value, label })) },
  { kind: "slider", key: "inhibition", label: T.inhibition, about: T.inhibitionAbout, unit: "mV", value: anion.number, from: -80, to: -40, low: anion.bounds?.[0] ?? -90, high: anion.bounds?.[1] ?? -30, step: 1, source: anion.source },
  { kind: "choice", key: "stimulus", label: T.stimulus, value: "touch", options: KINDS.map((value) => ({ value, label: T.stimuli[value] })) },
  { kind: "choice", key: "intensity", label: T.intensity, value: "1", options: own.intensities.map((value) => ({ value: String(value), label: `${100 * value} %` })) },
  { kind: "slider", key: "ketamine", label: T.ketamine, unit: "µM", value: 0, from: 0, to: 30, low: 0, high: 100, scale: "log", least: 0.03 },
  { kind: "slider", key: "ketamine_train", label: T.ketamineTrain, unit: "µM", value: 0, from: 0, to: 30, low: 0, high: 100, scale: "log", least: 0.03, applies: trained },
  { kind: "slider", key: "frequency", label: T.frequency, unit: "Hz", value: 1, from: 0.1, to: 2, low: 0.1, high: 2, scale: "log", applies: trained },
  { kind: "slider", key: "wait", label: T.wait, unit: "s", value: 5, from: 1, to: 30, low: 1, high: 120, step: 1, applies: trained },
  { kind: "switch", key: "measure", label: T.measure, value: false },
];

type Stimuli = CircuitJob["stimuli"];
const every: Stimuli = own ? KINDS.flatMap((kind) => own.intensities.map((intensity) => ({ kind, intensity }))) : [];

export function job(s: Settings, stimuli: Stimuli, shownAsRuns: boolean): CircuitJob {
  const times = own.train.delays.map((_, k) => own.train.first_s + k / Number(s.frequency));
  return {
    kind: "circuit",
    set: { E_gaba: Number(s.inhibition) * 1e-3 },
    rho: s.before === "potentiated" ? 1 : 0,
    loss: 0,
    train: trained(s) ? { times, ketamine: Number(s.ketamine_train) * 1e-3, wait: Number(s.wait) } : null,
    ketamine: Number(s.ketamine) * 1e-3,
    stimuli,
    shown: shownAsRuns,
  };
}

/** Spikes of the naive circuit to each stimulus, once a session: everything is compared with them. */
const naive: number[] = [];
const plain: Settings = { before: "rest", inhibition: anion?.number ?? -70, ketamine: 0 };

/** Answers to every stimulus, one job each: a new setting is answered between two of them. */
async function answers(s: Settings, known: number[], work: Work, from: number): Promise<number[]> {
  for (let k = known.length; k < every.length; k++) {
    const one = await ask<CircuitAnswer>(job(s, [every[k]], false), () => undefined, work.cancelled);
    known[k] = one.spikes[0];
    work.progress(from + (0.5 * (k + 1)) / every.length, T.testing);
  }
  return known;
}

async function compute(s: Settings, work: Work): Promise<Outcome> {
  const asked = { kind: String(s.stimulus), intensity: Number(s.intensity) };
  const one = await ask<CircuitAnswer>(
    job(s, [asked], true),
    (share, part) => {
      work.progress(share, part ? T.training : T.testing);
      if (part) running?.(part as Running);
    },
    work.cancelled,
  );
  const first = outcome(s, one, null, null);
  if (!s.measure) return first;
  work.show(first);
  const before = await answers(plain, naive, work, 0);
  const after = await answers(s, [], work, 0.5);
  return outcome(s, one, before, after);
}

export interface Running {
  fired: Fired[];
  time: number;
  rho: number;
  loss: number;
}

/** What draws a train as it runs, while this panel is open. */
let running: ((part: Running) => void) | null = null;

function outcome(s: Settings, one: CircuitAnswer, before: number[] | null, after: number[] | null): Outcome {
  const rows = [...Object.keys(own.populations).reverse(), ...own.inputs.slice().reverse()];
  const raster: Chart["series"] = one.fired.map((part) => ({ label: T.names[part.population] ?? part.population, x: part.time, y: part.neuron.map((n) => spread(rows, part.population, n)), colour: COLOURS[part.population] ?? 4, kind: "ticks", tall: 0.13 }));
  one.inputs.forEach(({ name, volley }) => raster.push({ label: T.names[name] ?? name, x: volley.time, y: volley.fibre.map((n) => spread(rows, name, n)), colour: 6, kind: "ticks", tall: 0.13 }));
  const charts: Chart[] = [
    { id: "touch-raster", title: T.raster, x: { label: T.time, min: own.at_s - 0.02, max: lastSpike(one) + 0.02 }, y: { label: "", min: -0.6, max: rows.length - 0.4 }, rows: rows.map((name) => T.names[name] ?? name), series: raster, marks: [{ x: own.at_s }], height: 17 },
  ];
  const numbers = [
    { label: T.answer, value: shown(one.spikes[0]) },
    { label: T.rho, value: shown(one.rho) },
  ];
  const values: Record<string, unknown> = { answer: one.spikes[0], rho: one.rho, loss: one.loss, fired: Object.fromEntries(one.fired.map((part) => [part.population, part.time.length])) };
  if (before && after) {
    const part = (spikes: number[], k: number): number[] => spikes.slice(k * own.intensities.length, (k + 1) * own.intensities.length);
    const series = KINDS.flatMap((kind, k): Chart["series"] => [
      { label: T.naive(T.stimuli[kind]), x: own.intensities, y: part(before, k), colour: k + 1, dash: true },
      { label: T.now(T.stimuli[kind]), x: own.intensities, y: part(after, k), colour: k + 1, kind: "points" },
    ]);
    charts.push({ id: "touch-response", title: T.measured, x: { label: T.share, min: 0, max: 1 }, y: { label: T.spikes, min: 0 }, series, height: 18 });
    const least = threshold(own.intensities, part(after, 0));
    const [a, hyper] = [allodynia(own.intensities, part(before, 0), part(after, 0)), hyperalgesia(part(before, 1), part(after, 1))];
    numbers.push({ label: T.allodynia, value: shown(a) }, { label: T.hyperalgesia, value: shown(hyper) }, { label: T.threshold, value: least === null ? T.none : `${100 * least} %` });
    Object.assign(values, { touch: part(after, 0), noxious: part(after, 1), naive_touch: part(before, 0), naive_noxious: part(before, 1), allodynia_index: a, hyperalgesia_index: hyper, threshold: least });
  }
  return { charts, numbers, notes: s.measure ? [T.bands] : [], values, play: one };
}

/** Until when something fires; a tenth of a second after the stimulus at least. */
function lastSpike(one: CircuitAnswer): number {
  const times = [...one.fired.flatMap((part) => part.time), ...one.inputs.flatMap((input) => input.volley.time)];
  return times.reduce((a, b) => Math.max(a, b), own.at_s + 0.1);
}

/** Neurons of a row lie side by side within it. */
function spread(rows: string[], name: string, neuron: number): number {
  const size = own.populations[name] ?? own.fibres[name];
  return rows.indexOf(name) + 0.7 * (neuron / size - 0.5);
}

const rest = { before: "rest", inhibition: anion?.number ?? -70, ketamine: 0, ketamine_train: 0 };

export const touch: Panel = {
  id: "touch",
  title: T.title,
  idea: T.idea,
  controls,
  presets: [
    { label: T.presets.naive, settings: { ...rest } },
    { label: T.presets.potentiated, settings: { ...rest, before: "potentiated" } },
    { label: T.presets.disinhibited, settings: { ...rest, inhibition: -50 } },
    { label: T.presets.sensitized, settings: { ...rest, before: "potentiated", inhibition: -50 } },
    { label: T.presets.train, settings: { ...rest, before: "train" } },
    { label: T.presets.treated, settings: { ...rest, before: "train", ketamine_train: 10 } },
  ],
  compute,
  python: touchScript,
  equations: cards.equations.touch ?? [],
  sources: own ? ["delrocq2023", "aguiar2010", "graupner2012", "medlock2022"] : [],
  needsWorker: true,
  stage: (set) => {
    const made = horn(set);
    running = made.running;
    return made;
  },
};
