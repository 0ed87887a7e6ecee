// A user's own model: ports become buttons, parameters sliders.

import { cards } from "../cards";
import { S } from "../strings";
import type { Control, Slider } from "../parts/control";
import { h, shown } from "../parts/dom";
import type { Outcome, Panel, Stage, Work } from "../parts/panel";
import type { Settings } from "../parts/state";
import { ownScript } from "../python/own";
import { newest } from "../work/client";
import type { CellAnswer } from "../work/jobs";

const own = cards.own;
const T = S.own;

function slider(name: string): Slider {
  const one = (own as NonNullable<typeof own>).parameters[name];
  const value = one.number;
  const [from, to] = one.bounds ?? (value === 0 ? [-1, 1] : [Math.min(0, 2 * value), Math.max(0, 2 * value)]);
  return { kind: "slider", key: `p_${name}`, label: name, about: one.about, unit: one.unit || "×", value, from, to, low: -1e12, high: 1e12, source: one.source, others: { [one.written]: 1 } };
}

const places = own ? Object.values(own.regions).flat() : [];
const probes = own ? own.states.flatMap((state) => places.map((c) => [`${state}@${c}`, places.length > 1 ? `${state} (${regionOf(c)})` : state])) : [];

function regionOf(c: number): string {
  return Object.entries(own?.regions ?? {}).find(([, where]) => where.includes(c))?.[0] ?? String(c);
}

/** Events are written as port@milliseconds; one after the other: they stand in the link like everything else. */
const EVENTS = /^(?:\w+@[\d.]+;)*$/;
const weighing = own?.ports.filter((port) => port.factor !== undefined) ?? [];

const controls: Control[] = own
  ? [
      { kind: "choice", key: "state", label: T.state, value: probes[0]?.[0] ?? "", options: probes.map(([value, label]) => ({ value, label })) },
      { kind: "slider", key: "duration", label: T.duration, unit: "ms", value: 200, from: 10, to: 2000, low: 1, high: 60000, scale: "log" },
      { kind: "slider", key: "at", label: T.at, unit: "ms", value: 10, from: 0, to: 1000, low: 0, high: 60000, step: 1 },
      ...weighing.map((port): Slider => ({ kind: "slider", key: `w_${port.name}`, label: T.weight(port.name), about: port.effect, unit: port.unit ?? "SI", value: 1, from: 0.01, to: 100, low: -1e9, high: 1e9, scale: "log" })),
      { kind: "text", key: "events", label: T.events, value: "", pattern: EVENTS },
      ...Object.keys(own.parameters).map(slider),
    ]
  : [];

function sent(s: Settings): { port: string; ms: number }[] {
  return String(s.events).split(";").filter(Boolean).map((word) => {
    const [port, ms] = word.split("@");
    return { port, ms: Number(ms) };
  });
}

async function compute(s: Settings, work: Work): Promise<Outcome> {
  if (!own) throw new Error("no model");
  const events = sent(s).filter((one) => own.ports.some((port) => port.name === one.port) && Number.isFinite(one.ms));
  const [state, place] = String(s.state).split("@");
  const seconds = Number(s.duration) * 1e-3;
  const set = Object.entries(own.parameters).map(([name, one]): [string, number] => [name, Number(s[`p_${name}`]) * one.factor]);
  const found = await newest<CellAnswer>(
    { kind: "cell", card: "own", set, scale: [], events: { time: events.map((e) => e.ms * 1e-3), port: events.map((e) => e.port), weight: events.map((e) => weight(s, e.port)) }, seconds, edges: [0, seconds], record: [[state, Number(place)]], interval: seconds / 2000, start: "" },
    (share) => work.progress(share),
    work.cancelled,
  );
  const [trace] = found.traces;
  const y = trace.lanes[0];
  const x = y.map((_, k) => k * trace.interval * 1e3);
  const spikes = found.spikes[0];
  return {
    charts: [{ id: "own-trace", title: `${own.name}: ${T.trace}`, x: { label: T.time, min: 0 }, y: { label: `${state}, SI` }, series: [{ label: String(s.state).replace("@0", ""), x, y, colour: 1 }], marks: events.map((e) => ({ x: e.ms, label: e.port })), height: 20 }],
    numbers: [
      { label: T.fired, value: String(spikes.length) },
      { label: T.events, value: events.map((e) => `${e.port} ${shown(e.ms)} ms`).join(", ") || "–" },
    ],
    notes: found.broken.length ? [T.broken] : [],
    values: { spikes_ms: spikes.map((t) => t * 1e3), last: y[y.length - 1], trace: [...y], time_ms: [...x] },
  };
}

function weight(s: Settings, name: string): number {
  const port = own?.ports.find((one) => one.name === name);
  return port?.factor === undefined ? 1 : Number(s[`w_${name}`]) * port.factor;
}

function stage(set: (settings: Settings) => void): Stage {
  let now: Settings = {};
  const press = (port: string): void => set({ events: `${now.events}${port}@${now.at};`, at: Math.min(Number(now.at) + 10, Number(now.duration)) });
  const buttons = own?.ports.map(({ name, effect }) => h("button", { type: "button", class: "strong", "data-port": name, title: effect, onclick: () => press(name) }, name)) ?? [];
  const element = h("div", { class: "stage presses", role: "group", "aria-label": T.send }, h("span", {}, T.send), buttons, h("button", { type: "button", onclick: () => set({ events: "" }) }, T.clear));
  return {
    element,
    update: (_, settings) => {
      now = settings;
    },
  };
}

export const ownModel: Panel = {
  id: "own",
  title: own?.name ?? T.title,
  idea: own?.about || T.idea,
  controls,
  presets: [],
  compute,
  python: (s) => ownScript(own?.name ?? "model", own?.parameters ?? {}, s, sent(s), Object.fromEntries(weighing.map((port) => [port.name, `${s[`w_${port.name}`]} ${port.unit}`]))),
  equations: cards.equations.own ?? [],
  sources: own?.references ?? [],
  needsWorker: true,
  stage,
};
