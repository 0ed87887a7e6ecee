// A year: plasma and effect site exactly, a slow model by a Runge-Kutta of fourth order whose steps are short after
// every change of a dose and grow from there.

import { formula, type Names } from "./formula";
import { Flow, inputs, reduce, system, type Dose, type Preset } from "./kinetics";
import { matrix, type Matrix } from "./linear";

export interface SlowModel {
  states: string[];
  rates: string;
  relief: string;
  parameters: Record<string, { si: number }>;
  starts: Record<string, { states: Names; values: Names }>;
}

export interface PainState {
  rate_hz: number;
  healing_h: number;
  pain: number;
  acute: { um: number[]; pieces: number[][] };
}

export interface Drive {
  knots: number[][];
  coefficients: number[][][];
  ends: number[][];
}

export interface Asked {
  state: string;
  pain: PainState;
  models: Record<string, SlowModel>;
  preset: Preset;
  doses: Dose[];
  weight: number;
  reference: number;
  link: { arterial: number; micromolar: number };
  pain_site_per_h: number;
  drive: Drive;
  hours: number[];
  changed: Names; // by model.parameter, SI
}

export interface Answer {
  plasma: number[];
  free: number[];
  acute: number[];
  natural: number[];
  slow: Record<string, number[]>;
}

/** Plasma with the effect site of pain relief as one more state, and their read-outs. */
function joined(asked: Asked): { matrix: Matrix; readout: number[][]; size: number } {
  const own = system(asked.preset, asked.weight, asked.reference);
  const n = own.matrix.n;
  const both = matrix(n + 1);
  for (let i = 0; i < n; i++) for (let j = 0; j < n; j++) both.a[i * (n + 1) + j] = own.matrix.a[i * n + j];
  both.a[n * (n + 1)] = asked.pain_site_per_h;
  both.a[n * (n + 1) + n] = -asked.pain_site_per_h;
  const plasma = [...own.readout[0], 0];
  const site = plasma.map((_, i) => (i === n ? own.readout[0][0] : 0));
  return { matrix: both, readout: [plasma, site], size: n + 1 };
}

interface Point {
  hour: number;
  levels: [number, number]; // plasma and effect site, ng/ml
}

/** Steps between two edges: they begin with half a minute and double up to a quarter of an hour. */
function* steps(from: number, to: number): Generator<[number, number]> {
  const [first, longest] = [1 / 120, 0.25];
  let length = first;
  let at = from;
  for (let k = 1; at < to - 1e-9; k++) {
    const step = Math.min(length, to - at);
    yield [at, step];
    at += step;
    if (k % 24 === 0) length = Math.min(2 * length, longest);
  }
}

export function treat(asked: Asked, report: (share: number) => void = () => undefined): Answer {
  const whole = joined(asked);
  const put = inputs(asked.preset, asked.doses, asked.weight);
  const wider = (row: Float64Array): Float64Array => Float64Array.from({ length: whole.size }, (_, i) => row[i] ?? 0);
  const given = { times: put.times, jumps: put.jumps.map(wider), rates: put.rates.map(wider) };
  const body = reduce(whole, given);
  const flow = new Flow(body.matrix);
  const runs = Object.entries(asked.models).map(([name, model]) => new Slow(name, model, asked));
  const found: Answer = { plasma: [], free: [], acute: [], natural: [], slow: {} };
  for (const run of runs) found.slow[run.name] = [];
  const last = asked.hours[asked.hours.length - 1];
  const read = (x: Float64Array): [number, number] => {
    const at = body.readout.map((row) => Math.max(0, row.reduce((sum, w, i) => sum + w * x[i], 0)));
    return [at[0], at[1]];
  };
  let x: Float64Array = new Float64Array(body.matrix.n);
  let next = 0;
  const note = (hour: number, levels: [number, number], slow: Names[]): void => {
    const free = levels[1] * asked.link.micromolar;
    found.plasma.push(levels[0]);
    found.free.push(free);
    found.acute.push(piecewise(asked.pain.acute, free));
    found.natural.push(natural(asked.pain, hour));
    runs.forEach((run, k) => found.slow[run.name].push(run.relief(slow[k], hour, levels)));
  };
  given.times.forEach((edge, k) => {
    if (edge >= last + 1e-9) return;
    x = x.map((value, i) => value + body.jumps[k][i]);
    const rate = body.rates[k];
    const end = Math.min(given.times[k + 1] ?? last, last);
    const closing = end === last;
    for (const [at, step] of steps(edge, end)) {
      const middle = flow.after(x, rate, step / 2);
      const after = flow.after(middle, rate, step / 2);
      const [a, b, c] = [x, middle, after].map(read);
      const points: Point[] = [
        { hour: at, levels: a },
        { hour: at + step / 2, levels: b },
        { hour: at + step, levels: c },
      ];
      const before = runs.map((run) => ({ ...run.values }));
      const slopes = runs.map((run) => run.step(points, step));
      while (next < asked.hours.length && (asked.hours[next] < at + step - 1e-9 || (closing && asked.hours[next] <= end))) {
        if (asked.hours[next] > at + step + 1e-9) break;
        const share = Math.min(Math.max((asked.hours[next] - at) / step, 0), 1);
        const levels = read(flow.after(x, rate, share * step));
        const inside = runs.map((run, r) => hermite(before[r], run.values, slopes[r], step, share));
        note(asked.hours[next++], levels, inside);
      }
      x = after;
    }
    report(end / last);
  });
  return found;
}

/** A state between two ends of a step, from the values and slopes there. */
function hermite(a: Names, b: Names, slopes: [Names, Names], step: number, t: number): Names {
  const found: Names = {};
  for (const name of Object.keys(a)) {
    const [m0, m1] = [slopes[0][name] * step, slopes[1][name] * step];
    const [t2, t3] = [t * t, t * t * t];
    found[name] = (2 * t3 - 3 * t2 + 1) * a[name] + (t3 - 2 * t2 + t) * m0 + (3 * t2 - 2 * t3) * b[name] + (t3 - t2) * m1;
  }
  return found;
}

export function natural(state: PainState, hour: number): number {
  return state.healing_h ? 2 ** (-hour / state.healing_h) : 1;
}

function piecewise(curve: { um: number[]; pieces: number[][] }, at: number): number {
  const { um, pieces } = curve;
  const x = Math.min(Math.max(at, um[0]), um[um.length - 1]);
  let k = 0;
  while (k < um.length - 2 && x >= um[k + 1]) k++;
  return pieces.reduce((sum, row) => sum * (x - um[k]) + row[k], 0);
}

class Slow {
  values: Names;
  private readonly known: Names;
  private readonly rates;
  private readonly says;

  constructor(
    readonly name: string,
    private readonly model: SlowModel,
    private readonly asked: Asked,
  ) {
    const start = model.starts[asked.state];
    const numbers = Object.fromEntries(Object.entries(model.parameters).map(([key, p]) => [key, p.si]));
    const own = Object.fromEntries(
      Object.keys(numbers).flatMap((key) => (`${name}.${key}` in asked.changed ? [[key, asked.changed[`${name}.${key}`]]] : [])),
    );
    this.known = { ...numbers, ...own, ...start.values };
    this.values = { ...start.states };
    this.rates = formula(model.rates);
    this.says = formula(model.relief);
  }

  private read(values: Names, hour: number, levels: [number, number]): Names {
    const free = levels[1] * this.asked.link.micromolar;
    const rate = this.asked.pain.rate_hz * natural(this.asked.pain, hour);
    const given = { C: levels[0] * this.asked.link.arterial * 1e-6, ketamine: free * 1e-3, rate };
    const drive = "s" in values ? spline(this.asked.drive, [values.s, free, rate]) * 1e-3 : 0;
    return { ...this.known, ...values, ...given, drive };
  }

  relief(values: Names, hour: number, levels: [number, number]): number {
    return this.says(this.read(values, hour, levels))[0];
  }

  private slope(values: Names, point: Point): Names {
    const found = this.rates(this.read(values, point.hour, point.levels));
    return Object.fromEntries(this.model.states.map((name, k) => [name, found[k] * 3600]));
  }

  /** One step; returns the slopes at its ends. */
  step(points: Point[], hours: number): [Names, Names] {
    const moved = (slope: Names, share: number): Names =>
      Object.fromEntries(this.model.states.map((name) => [name, this.values[name] + share * hours * slope[name]]));
    const k1 = this.slope(this.values, points[0]);
    const k2 = this.slope(moved(k1, 0.5), points[1]);
    const k3 = this.slope(moved(k2, 0.5), points[1]);
    const k4 = this.slope(moved(k3, 1), points[2]);
    const mean = Object.fromEntries(
      this.model.states.map((name) => [name, (k1[name] + 2 * k2[name] + 2 * k3[name] + k4[name]) / 6]),
    );
    this.values = moved(mean, 1);
    return [k1, this.slope(this.values, points[2])];
  }
}

/** A tensor product of cubic B-splines; beyond the ends of the grid, the value there. */
export function spline(table: Drive, at: [number, number, number]): number {
  const parts = table.knots.map((knots, axis) => {
    const [low, high] = table.ends[axis];
    return basis(knots, Math.min(Math.max(at[axis], low), high));
  });
  let sum = 0;
  const [[i, u], [j, v], [k, w]] = parts;
  for (let a = 0; a < 4; a++) {
    for (let b = 0; b < 4; b++) {
      const row = table.coefficients[i + a][j + b];
      const weight = u[a] * v[b];
      for (let c = 0; c < 4; c++) sum += weight * w[c] * row[k + c];
    }
  }
  return sum;
}

/** The four cubic B-splines that are not 0 at x, and the index of the first (de Boor). */
function basis(knots: number[], x: number): [number, number[]] {
  let k = 3;
  while (k < knots.length - 5 && x >= knots[k + 1]) k++;
  const found = [1, 0, 0, 0];
  for (let degree = 1; degree <= 3; degree++) {
    let saved = 0;
    for (let r = 0; r < degree; r++) {
      const [right, left] = [knots[k + r + 1], knots[k + 1 - degree + r]];
      const part = found[r] / (right - left);
      found[r] = saved + (right - x) * part;
      saved = (x - left) * part;
    }
    found[degree] = saved;
  }
  return [k - 3, found];
}

