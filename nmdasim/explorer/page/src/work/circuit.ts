// The dorsal horn: a train, a wait, and stimuli from there, each of them from the same state.

import type { Slices } from "./worker";
import type { CircuitAnswer, CircuitJob, Fired, Volley } from "./jobs";

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Engine = any;

export interface CircuitCard {
  engine: unknown;
  inputs: string[];
  stimuli: { kind: string; intensity: number; volleys: Volley[] }[]; // one volley an input; seconds
  train: { delays: number[][]; pulses: number }; // of each C fibre after each pulse
  at_s: number;
  answer_s: number;
  output: string;
}

interface Kept {
  states: Map<string, Float64Array>;
  synapses: Float64Array[][];
}

let trained: { key: string; kept: Kept; rho: number; loss: number } | null = null;

/** Where the states of a population stand, and what else of a lane outlives a run. */
function places(pop: Engine): number[] {
  const { module } = pop;
  const found: number[] = module.slots.flatMap((slots: Record<string, number>) => Object.values(slots));
  return [...found, module.READY, module.WAIT];
}

function capture(run: Engine): Kept {
  const states = new Map<string, Float64Array>();
  for (const pop of run.populations) states.set(pop.name, Float64Array.from(pop.a));
  const synapses = run.network.learning.map((one: Engine) => one.value.map((v: Float64Array) => Float64Array.from(v)));
  return { states, synapses };
}

/** Begin where a run stopped: its states, with the numbers as they are set now. */
function resume(run: Engine, kept: Kept): void {
  run.card.resumed = true;
  run.begin({ card: true });
  run.card.resumed = false;
  for (const pop of run.populations) {
    const was = kept.states.get(pop.name) as Float64Array;
    for (let l = 0; l < pop.lanes; l++) for (const place of places(pop)) pop.a[l * pop.module.size + place] = was[l * pop.module.size + place];
  }
  run.network.learning.forEach((one: Engine, k: number) => one.value.forEach((v: Float64Array, j: number) => v.set(kept.synapses[k][j])));
}

function settle(run: Engine, job: CircuitJob, ketamine: number): void {
  for (const pop of run.populations) {
    pop.changed.clear();
    pop.fixed.clear();
    pop.probes = [];
  }
  for (const [name, value] of Object.entries(job.set)) run.set(name, value);
  run.set("ketamine", ketamine);
}

/** From rest, with the slow states as asked. */
function rest(run: Engine, card: CircuitCard, job: CircuitJob): void {
  run.setInitial(card.output, "rho", job.rho);
  run.setInitial(card.output, "loss", job.loss);
  // what a start computes from other states (the block in balance) reads them from here
  for (const pop of run.populations) {
    for (const given of Object.values(pop.card.given) as Record<string, number>[]) {
      if (pop.name === card.output) Object.assign(given, { rho: job.rho, loss: job.loss });
    }
  }
  run.begin({ start: "equilibrated" });
  for (const one of run.network.learning) {
    const k = one.module.variables.indexOf("rho");
    if (k >= 0) one.value[k].fill(job.rho);
  }
}

function silence(run: Engine, card: CircuitCard): void {
  card.inputs.forEach((_, k) => run.setInput(k, { time: [], fibre: [] }));
}

async function train(run: Engine, card: CircuitCard, job: CircuitJob, slices: Slices, report: (share: number, part?: unknown) => void): Promise<void> {
  const asked = job.train as NonNullable<CircuitJob["train"]>;
  const key = JSON.stringify([job.set, job.rho, job.loss, asked]);
  if (trained?.key === key) return;
  settle(run, job, asked.ketamine);
  silence(run, card);
  const volley: Volley = { time: [], fibre: [] };
  asked.times.forEach((time, pulse) =>
    card.train.delays[pulse].forEach((delay, fibre) => {
      volley.time.push(time + delay);
      volley.fibre.push(fibre);
    }),
  );
  run.setInput(card.inputs.indexOf("c"), volley);
  const period = asked.times.length > 1 ? asked.times[1] - asked.times[0] : 1;
  run.setDuration(asked.times[asked.times.length - 1] + period + asked.wait);
  rest(run, card, job);
  const marks: Record<string, number> = {};
  await slices(run, 200, (share) => {
    const fired: Fired[] = run.populations.map((pop: Engine) => {
      const found = run.spikesSince(pop.name, marks[pop.name] ?? 0);
      marks[pop.name] = found.mark;
      return { population: pop.name, neuron: [...found.lane], time: [...found.time] };
    });
    report(0.6 * share, job.shown ? { fired, time: run.time, rho: mean(run, card, "rho"), loss: mean(run, card, "loss") } : undefined);
  });
  trained = { key, kept: capture(run), rho: mean(run, card, "rho"), loss: mean(run, card, "loss") };
}

function mean(run: Engine, card: CircuitCard, state: string): number {
  const pop = run.populations.find((one: Engine) => one.name === card.output);
  const where = pop.module.slots.findLastIndex((slots: Record<string, number>) => state in slots);
  const values = run.state(card.output, state, where) as Float64Array;
  return values.reduce((a, b) => a + b, 0) / values.length;
}

export async function runCircuit(
  run: Engine,
  card: CircuitCard,
  job: CircuitJob,
  slices: Slices,
  report: (share: number, part?: unknown) => void,
): Promise<CircuitAnswer> {
  if (job.train) await train(run, card, job, slices, report);
  const before = job.train ? 0.6 : 0;
  const answer: CircuitAnswer = { spikes: [], fired: [], inputs: [], rho: job.rho, loss: job.loss };
  if (job.train && trained) [answer.rho, answer.loss] = [trained.rho, trained.loss];
  for (const [place, asked] of job.stimuli.entries()) {
    const stimulus = card.stimuli.find((one) => one.kind === asked.kind && Math.abs(one.intensity - asked.intensity) < 1e-9);
    if (!stimulus) throw new Error(`no stimulus ${asked.kind} of ${asked.intensity}`);
    settle(run, job, job.ketamine);
    card.inputs.forEach((_, k) => run.setInput(k, stimulus.volleys[k]));
    run.setDuration(card.at_s + card.answer_s);
    if (job.train && trained) resume(run, trained.kept);
    else rest(run, card, job);
    const share = (1 - before) / job.stimuli.length;
    await slices(run, 500, (done) => report(before + share * (place + done)));
    const found = run.spikes(card.output);
    const size = run.populations.find((pop: Engine) => pop.name === card.output).size;
    answer.spikes.push([...found.time].filter((t) => t >= card.at_s && t < card.at_s + card.answer_s).length / size);
    if (place < job.stimuli.length - 1) continue;
    answer.fired = run.populations.map((pop: Engine) => {
      const spikes = run.spikes(pop.name);
      return { population: pop.name, neuron: [...spikes.lane], time: [...spikes.time] };
    });
    answer.inputs = card.inputs.map((name, k) => ({ name, volley: stimulus.volleys[k] }));
  }
  return answer;
}
