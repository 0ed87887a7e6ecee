// A kinetic scheme under conditions that are constant piece by piece: p(t) = p(0) exp(Q t), as on the receptor bench.

import { formula, type Names } from "./formula";
import { highest } from "./kinetics";
import { before, exponential, matrix, stationary, type Matrix } from "./linear";

export interface Variant {
  states: string[];
  from: number[];
  to: number[];
  rates: string;
  shares: string;
  rest: number;
  held: number[];
}

export function generator(one: Variant, p: Names): Matrix {
  const n = one.states.length;
  const q = matrix(n);
  formula(one.rates)(p).forEach((rate, k) => {
    q.a[one.from[k] * n + one.to[k]] += rate;
    q.a[one.from[k] * n + one.from[k]] -= rate;
  });
  return q;
}

export function steady(one: Variant, p: Names): Float64Array {
  return stationary(generator(one, p), one.rest);
}

export function open(one: Variant, state: Float64Array, p: Names): number {
  return formula(one.shares)(p).reduce((sum, share, k) => sum + share * state[k], 0);
}

export function held(one: Variant, state: Float64Array): number {
  return one.held.reduce((sum, k) => sum + state[k], 0);
}

export interface Step {
  seconds: number;
  conditions: Names;
}

export interface Response {
  times: number[]; // s
  open: number[];
  held: number[];
  end: Float64Array;
}

/** The response to steps, sampled at most `sample` seconds apart. */
export function respond(one: Variant, steps: Step[], p: Names, start: Float64Array, sample: number): Response {
  const found: Response = { times: [], open: [], held: [], end: start };
  let begin = 0;
  const kept = new Map<string, Matrix>();
  steps.forEach((step, index) => {
    const set = { ...p, ...step.conditions };
    const count = Math.max(1, Math.ceil(step.seconds / sample - 1e-9));
    const key = JSON.stringify([step.conditions, step.seconds / count]);
    const move = kept.get(key) ?? transition(generator(one, set), step.seconds / count);
    kept.set(key, move);
    const last = index === steps.length - 1 ? count : count - 1;
    for (let k = 0; k <= count; k++) {
      if (k <= last) {
        found.times.push(begin + (k * step.seconds) / count);
        found.open.push(open(one, found.end, set));
        found.held.push(held(one, found.end));
      }
      if (k < count) found.end = before(found.end, move);
    }
    begin += step.seconds;
  });
  return found;
}

/** exp(Q t), its rows scaled to sum 1: rounding must not add to probabilities. */
function transition(q: Matrix, seconds: number): Matrix {
  const found = exponential(q, seconds);
  for (let i = 0; i < q.n; i++) {
    let sum = 0;
    for (let j = 0; j < q.n; j++) sum += found.a[i * q.n + j];
    for (let j = 0; j < q.n; j++) found.a[i * q.n + j] /= sum;
  }
  return found;
}

export interface Pulse {
  trace: Response;
  peak: number;
  time_to_peak: number; // s from the start of the pulse
  decay: number; // s from the peak to 1/e of it
}

/** One square pulse of glutamate at time 0, from rest. */
export function pulse(one: Variant, p: Names, glutamate: number, seconds: number, tail: number, sample: number): Pulse {
  const start = steady(one, { ...p, glutamate: 0 });
  const steps = [{ seconds, conditions: { glutamate } }, { seconds: tail, conditions: { glutamate: 0 } }];
  const trace = respond(one, steps, p, start, sample);
  const on = generator(one, { ...p, glutamate });
  const off = generator(one, { ...p, glutamate: 0 });
  const after = before(start, transition(on, seconds));
  const shares = formula(one.shares)({ ...p, glutamate });
  const value = (state: Float64Array): number => shares.reduce((sum, s, k) => sum + s * state[k], 0);
  const course = (t: number): number =>
    t < seconds ? value(before(start, transition(on, t))) : value(before(after, transition(off, t - seconds)));
  let top = 0;
  trace.open.forEach((x, k) => (top = x > trace.open[top] ? k : top));
  if (!(trace.open[top] > 0)) return { trace, peak: 0, time_to_peak: NaN, decay: NaN };
  const low = trace.times[Math.max(top - 1, 0)];
  const high = trace.times[Math.min(top + 1, trace.times.length - 1)];
  const found = low + highest((t) => course(low + t), high - low);
  const when = [found, trace.times[top], seconds].reduce((a, b) => (course(b) > course(a) ? b : a));
  const most = course(when);
  return { trace, peak: most, time_to_peak: when, decay: falls(course, when, most / Math.E, trace) };
}

function falls(course: (t: number) => number, from: number, level: number, trace: Response): number {
  let high = trace.times[trace.times.length - 1];
  while (course(high) > level) {
    high *= 2;
    if (high > 1e5) return NaN;
  }
  let low = from;
  trace.times.forEach((t, k) => {
    if (t > from && trace.open[k] > level) low = Math.max(low, t);
    else if (t > low && t < high && trace.open[k] < level) high = Math.min(high, t);
  });
  for (let k = 0; k < 60 && high - low > 1e-10; k++) {
    const middle = (low + high) / 2;
    if (course(middle) > level) low = middle;
    else high = middle;
  }
  return (low + high) / 2 - from;
}
