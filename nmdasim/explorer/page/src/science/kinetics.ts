// Concentrations after doses: dx/dt = A x + r between events, exactly, by matrix exponentials.

import { exponential, matrix, solve, times, type Matrix } from "./linear";

export interface Uptake {
  state: number;
  share: number;
  over_h: number;
}

export interface Preset {
  name: string;
  drug: string;
  site: string;
  source: string;
  summary: string;
  note: string;
  scales: boolean;
  states: string[];
  fixed: number[][];
  scaled: number[][];
  power: number;
  readout: number[][];
  volume_power: number;
  routes: Record<string, Uptake[][]>;
  device_mg?: number;
  session_h?: number;
}

export interface Dose {
  time_h: number;
  amount: number;
  unit: string;
  over_h: number;
  route: string;
}

/** Matrix (per hour) and weights of the read-outs of a preset at a body weight. */
export interface System {
  matrix: Matrix;
  readout: number[][];
}

export function system(preset: Preset, weight: number, reference: number): System {
  const n = preset.states.length;
  const factor = preset.scales ? (weight / reference) ** preset.power : 1;
  const volume = preset.scales ? (weight / reference) ** preset.volume_power : 1;
  const found = matrix(n);
  for (let i = 0; i < n; i++) {
    for (let j = 0; j < n; j++) found.a[i * n + j] = preset.fixed[i][j] + factor * preset.scaled[i][j];
  }
  return { matrix: found, readout: preset.readout.map((row) => row.map((x) => x * volume)) };
}

/** What is put in: at each time a jump (mg), then a constant rate (mg/h) until the next. */
export interface Inputs {
  times: number[];
  jumps: Float64Array[];
  rates: Float64Array[];
}

export function inputs(preset: Preset, doses: Dose[], weight: number): Inputs {
  const n = preset.states.length;
  const jumps: [number, number, number][] = [];
  const stretches: [number, number, number, number][] = [];
  let began = -Infinity;
  let used = 0;
  for (const dose of [...doses].sort((a, b) => a.time_h - b.time_h)) {
    let mg = dose.unit === "mg/kg" ? dose.amount * weight : dose.amount;
    const ways = preset.routes[dose.route];
    let places = [0];
    if (preset.device_mg && preset.session_h && dose.route === "nasal") {
      if (dose.time_h - began >= preset.session_h) [began, used] = [dose.time_h, 0];
      const count = Math.round(dose.amount / preset.device_mg);
      places = Array.from({ length: count }, (_, k) => Math.min(used + k, ways.length - 1));
      used += count;
    }
    mg /= places.length;
    for (const place of places) {
      for (const uptake of ways[place]) {
        const over = uptake.over_h || dose.over_h;
        if (over > 0) stretches.push([dose.time_h, dose.time_h + over, uptake.state, (mg * uptake.share) / over]);
        else jumps.push([dose.time_h, uptake.state, mg * uptake.share]);
      }
    }
  }
  const edges = new Set([0, ...jumps.map((j) => j[0]), ...stretches.flatMap((s) => [s[0], s[1]])]);
  const found = [...edges].sort((a, b) => a - b);
  const result = { times: found, jumps: found.map(() => new Float64Array(n)), rates: found.map(() => new Float64Array(n)) };
  for (const [time, state, mg] of jumps) result.jumps[found.indexOf(time)][state] += mg;
  for (const [from, to, state, rate] of stretches) {
    found.forEach((time, k) => {
      if (time >= from && time < to) result.rates[k][state] += rate;
    });
  }
  return result;
}

/** Moves states on under constant rates; steps that come again are solved once. */
export class Flow {
  private readonly kept = new Map<string, [Matrix, Matrix]>();

  constructor(private readonly a: Matrix) {}

  private moves(hours: number): [Matrix, Matrix] {
    const key = hours.toPrecision(12);
    const known = this.kept.get(key);
    if (known) return known;
    const { n } = this.a;
    const both = matrix(2 * n);
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) both.a[i * 2 * n + j] = this.a.a[i * n + j];
      both.a[i * 2 * n + n + i] = 1;
    }
    const whole = exponential(both, hours);
    const [state, rate] = [matrix(n), matrix(n)];
    for (let i = 0; i < n; i++) {
      for (let j = 0; j < n; j++) {
        state.a[i * n + j] = whole.a[i * 2 * n + j];
        rate.a[i * n + j] = whole.a[i * 2 * n + n + j];
      }
    }
    this.kept.set(key, [state, rate]);
    return [state, rate];
  }

  after(x: Float64Array, rate: Float64Array, hours: number): Float64Array {
    if (hours <= 0) return x;
    const [moved, driven] = this.moves(hours);
    const found = times(moved, x);
    if (rate.some((r) => r !== 0)) times(driven, rate).forEach((value, i) => (found[i] += value));
    return found;
  }
}

const SNAP_H = 1e-9;

export interface Course {
  times: number[];
  values: number[][]; // one row a read-out
  cmax: number;
  tmax_h: number;
  auc: number;
}

export function course(one: System, given: Inputs, axis: number[]): Course {
  const reduced = reduce(one, given);
  const flow = new Flow(reduced.matrix);
  const values = one.readout.map(() => new Array<number>(axis.length).fill(0));
  const marks: Mark[] = [];
  let x = new Float64Array(reduced.matrix.n);
  let at = given.times[0];
  let k = 0;
  const enter = (edge: number): void => {
    x = x.map((value, i) => value + reduced.jumps[edge][i]);
    marks.push({ time: given.times[edge], x, rate: reduced.rates[edge] });
  };
  enter(0);
  axis.forEach((time, place) => {
    while (k + 1 < given.times.length && given.times[k + 1] - SNAP_H <= time) {
      x = flow.after(x, reduced.rates[k], given.times[k + 1] - at) as Float64Array<ArrayBuffer>;
      at = given.times[++k];
      enter(k);
    }
    if (time > at) {
      x = flow.after(x, reduced.rates[k], time - at) as Float64Array<ArrayBuffer>;
      at = time;
    }
    marks.push({ time, x, rate: reduced.rates[k] });
    reduced.readout.forEach((row, r) => (values[r][place] = Math.max(0, dot(row, x))));
  });
  const [cmax, tmax_h] = peak(reduced.readout[0], marks, axis[axis.length - 1], flow);
  return { times: axis, values, cmax, tmax_h, auc: area(reduced, given) };
}

interface Mark {
  time: number;
  x: Float64Array;
  rate: Float64Array;
}

function peak(row: number[], marks: Mark[], end: number, flow: Flow): [number, number] {
  let best = 0;
  marks.forEach((mark, k) => {
    if (dot(row, mark.x) > dot(row, marks[best].x)) best = k;
  });
  const found: [number, number] = [dot(row, marks[best].x), marks[best].time];
  for (const k of [best - 1, best]) {
    if (k < 0) continue;
    const mark = marks[k];
    const until = Math.min(marks[k + 1]?.time ?? end, end);
    const value = (t: number): number => dot(row, flow.after(mark.x, mark.rate, t));
    const t = highest(value, until - mark.time);
    if (value(t) > found[0] * (1 + 1e-12)) [found[0], found[1]] = [value(t), mark.time + t];
  }
  return [Math.max(found[0], 0), found[1]];
}

/** Where a function that rises and then falls is highest between 0 and `end`, by golden sections. */
export function highest(value: (t: number) => number, end: number): number {
  const golden = (Math.sqrt(5) - 1) / 2;
  let [low, high] = [0, end];
  for (let k = 0; k < 40 && high - low > 1e-10 * end; k++) {
    const [left, right] = [high - golden * (high - low), low + golden * (high - low)];
    if (value(left) < value(right)) low = left;
    else high = right;
  }
  return (low + high) / 2;
}

function area(one: Reduced, given: Inputs): number {
  const n = one.matrix.n;
  const total = new Float64Array(n);
  given.times.forEach((time, k) => {
    const lasts = (given.times[k + 1] ?? time) - time;
    for (let i = 0; i < n; i++) total[i] -= one.jumps[k][i] + one.rates[k][i] * lasts;
  });
  return dot(one.readout[0], solve(one.matrix, total));
}

interface Reduced extends System {
  jumps: Float64Array[];
  rates: Float64Array[];
}

/** Leave out the states that stay empty. */
export function reduce(one: System, given: Inputs): Reduced {
  const n = one.matrix.n;
  const filled = new Set<number>();
  for (let i = 0; i < n; i++) {
    if (given.jumps.some((j) => j[i] > 0) || given.rates.some((r) => r[i] > 0)) filled.add(i);
  }
  for (let pass = 0; pass < n; pass++) {
    for (const from of [...filled]) for (let i = 0; i < n; i++) if (one.matrix.a[i * n + from] !== 0) filled.add(i);
  }
  const keep = [...filled].sort((a, b) => a - b);
  const small = matrix(keep.length);
  keep.forEach((i, a) => keep.forEach((j, b) => (small.a[a * keep.length + b] = one.matrix.a[i * n + j])));
  const part = (row: Float64Array): Float64Array => Float64Array.from(keep, (i) => row[i]);
  return {
    matrix: small,
    readout: one.readout.map((row) => keep.map((i) => row[i])),
    jumps: given.jumps.map(part),
    rates: given.rates.map(part),
  };
}

export function dot(row: ArrayLike<number>, x: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < row.length; i++) sum += row[i] * x[i];
  return sum;
}
