// A regimen, and the relief that three rival models make of it.

import { cards } from "../cards";
import { S } from "../strings";
import type { Chart } from "../parts/chart";
import type { Control } from "../parts/control";
import { shown } from "../parts/dom";
import type { Outcome, Panel, Work } from "../parts/panel";
import type { Settings } from "../parts/state";
import { yearScript } from "../python/year";
import type { Dose } from "../science/kinetics";
import { treat, type Answer, type Asked } from "../science/slow";
import { newest } from "../work/client";

const own = cards.treatment;
const T = S.year;
const mine = (s: Settings): boolean => s.regimen === "own";
const dahan = own.models.dahan2011.parameters;

const controls: Control[] = [
  { kind: "choice", key: "state", label: T.state, value: "crps", options: Object.entries(own.states).map(([value, one]) => ({ value, label: one.title })) },
  {
    kind: "choice",
    key: "regimen",
    label: T.regimen,
    value: "crps_100_hours",
    options: [...Object.entries(own.regimens).map(([value, one]) => ({ value, label: one.title })), { value: "own", label: T.own }],
  },
  { kind: "slider", key: "rate", label: T.rate, unit: "mg/h", value: 20, from: 0, to: 40, low: 0, high: 200, step: 0.5, applies: mine, source: "sigtermans2009" },
  { kind: "slider", key: "length", label: T.length, unit: "h", value: 4, from: 0.5, to: 100, low: 0.1, high: 400, scale: "log", applies: mine },
  { kind: "slider", key: "times", label: T.times, unit: "×", value: 4, from: 1, to: 20, low: 1, high: 100, whole: true, applies: mine },
  { kind: "slider", key: "interval", label: T.interval, unit: "day", value: 7, from: 1, to: 60, low: 0.5, high: 365, scale: "log", applies: mine },
  { kind: "slider", key: "until", label: T.until, unit: "day", value: 84, from: 7, to: 365, low: 1, high: 730, step: 7 },
  { kind: "slider", key: "weight", label: T.weight, unit: "kg", value: 70, from: 50, to: 100, low: 1, high: 300, step: 1 },
  { kind: "slider", key: "c50", label: T.half, about: T.halfAbout, unit: "ng/ml", value: dahan.C50.number, from: 4.4, to: 21.2, low: 0.1, high: 1000, step: 0.1, source: "dahan2011" },
  { kind: "slider", key: "half_life", label: T.lasting, about: T.lastingAbout, unit: "day", value: dahan.half_life.number, from: 5.3, to: 20.5, low: 0.1, high: 365, step: 0.1, source: "dahan2011" },
];

function given(s: Settings): { preset: string; drug: string; doses: Dose[] } {
  if (!mine(s)) {
    const one = own.regimens[String(s.regimen)];
    return { preset: one.preset, drug: one.drug, doses: one.events };
  }
  const hours = Number(s.length);
  const doses = Array.from({ length: Number(s.times) }, (_, k) => ({
    time_h: k * Number(s.interval) * 24,
    amount: Number(s.rate) * hours,
    unit: "mg",
    over_h: hours,
    route: "iv",
  }));
  return { preset: "leiden3 s-ketamine", drug: "s-ketamine", doses };
}

/** Days at which the course is shown: more of them than the figure has columns of pixels is wasted. */
export function days(until: number): number[] {
  const step = until <= 100 ? 1 / 12 : 1 / 4;
  return Array.from({ length: Math.floor(until / step + 1e-9) + 1 }, (_, k) => k * step);
}

const COLOURS: Record<string, number> = { dahan2011: 1, maintained: 2, reset: 3 };

async function compute(s: Settings, work: Work): Promise<Outcome> {
  const pain = own.states[String(s.state)];
  const regimen = given(s);
  const at = days(Number(s.until));
  const asked: Asked = {
    state: String(s.state),
    pain,
    models: own.models,
    preset: cards.kinetics.presets[regimen.preset],
    doses: regimen.doses,
    weight: Number(s.weight),
    reference: cards.kinetics.reference_kg,
    link: own.links[regimen.drug],
    pain_site_per_h: own.pain_site_per_h,
    drive: own.drive,
    hours: at.map((d) => 24 * d),
    changed: { "dahan2011.C50": Number(s.c50) * 1e-6, "dahan2011.half_life": Number(s.half_life) * 86400 },
  };
  const away = typeof Worker !== "undefined";
  const found = away ? await newest<Answer>({ kind: "year", asked }, (share) => work.progress(share), work.cancelled) : treat(asked);
  const names = Object.keys(own.models);
  const rating = (name: string): number[] => found.slow[name].map((slow, k) => pain.pain * found.natural[k] * (1 - slow) * (1 - found.acute[k]));
  const lasts = (name: string): number => found.slow[name].filter((x) => x >= 0.5).length * (at[1] - at[0]);
  const series = (pick: (name: string) => number[]): Chart["series"] =>
    names.map((name) => ({ label: T.models[name] ?? name, x: at, y: pick(name), colour: COLOURS[name] ?? 4, dash: name !== "dahan2011" }));
  const x = { label: T.day, min: 0, max: Number(s.until) };
  return {
    charts: [
      { id: "year-relief", title: T.reliefs, x, y: { label: T.relief, min: 0, max: 1 }, series: series((name) => found.slow[name]), height: 17 },
      {
        id: "year-pain",
        title: T.pains,
        x,
        y: { label: T.pain, min: 0, max: 10 },
        series: [{ label: T.untreated, x: at, y: found.natural.map((n) => n * pain.pain), colour: 6 }, ...series(rating)],
        height: 15,
      },
      { id: "year-plasma", title: T.plasmas, x, y: { label: T.plasma, min: 0 }, series: [{ label: T.plasma, x: at, y: found.plasma, colour: 4 }], height: 11 },
    ],
    numbers: [
      { label: T.acute, value: `${shown(100 * Math.max(...found.acute))} %` },
      ...names.map((name) => ({ label: T.best(name), value: `${shown(100 * Math.max(...found.slow[name]))} %` })),
      ...names.map((name) => ({ label: T.lasts(name), value: `${shown(lasts(name))} d` })),
    ],
    notes: [...(s.state === "crps" ? [] : [T.extrapolated(String(s.state))]), T.note, ...pain.assumed.map((line) => `assumed: ${line}`)],
    values: { time_d: at, plasma_ng_ml: found.plasma, free_um: found.free, acute_relief: found.acute, slow_relief: found.slow },
  };
}

export const year: Panel = {
  id: "year",
  title: T.title,
  idea: T.idea,
  controls,
  presets: [
    { label: T.presets.crps, settings: { state: "crps", regimen: "crps_100_hours", until: 84 } },
    { label: T.presets.monthly, settings: { regimen: "monthly", until: 364 } },
    { label: T.presets.outpatient, settings: { regimen: "crps_outpatient_10_days", until: 84 } },
    { label: T.presets.healing, settings: { state: "acute", regimen: "infusion_40_minutes", until: 28 } },
    { label: T.presets.nasal, settings: { regimen: "nasal_56", until: 84 } },
  ],
  compute,
  python: yearScript,
  equations: cards.equations.year ?? [],
  sources: [...new Set([...Object.values(own.models).flatMap((m) => m.references), ...Object.values(own.states).flatMap((p) => p.sources), ...Object.values(own.regimens).map((r) => r.source)])],
};
