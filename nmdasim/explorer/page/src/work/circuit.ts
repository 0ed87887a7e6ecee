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

interface Trained {
  key: string;
  held: unknown;
  rho: number;
  loss: number;
}

/** The circuit as it stands when a stimulus comes: the same for every stimulus under the same settings. */
interface Waiting {
  key: string;
  held: unknown;
  fired: Fired[];
}

let trained: Trained | null = null;
let waiting: Waiting[] = [];
/** The naive circuit's, and that of the settings; one more for who goes back and forth. */
const KEPT = 3;

function settle(run: Engine, job: CircuitJob, ketamine: number): void {
  run.reset();
  for (const [name, value] of Object.entries(job.set)) run.set(name, value);
  run.set("ketamine", ketamine);
}

/** From rest, with the slow states as asked. */
function rest(run: Engine, job: CircuitJob): void {
  run.setInitial(null, "rho", job.rho);
  run.setInitial(null, "loss", job.loss);
  run.begin({ start: "equilibrated" });
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
  rest(run, job);
  const marks: Record<string, number> = {};
  await slices(run, 200, (share) => {
    const fired: Fired[] = run.populations.map((pop: Engine) => {
      const found = run.spikesSince(pop.name, marks[pop.name] ?? 0);
      marks[pop.name] = found.mark;
      return { population: pop.name, neuron: [...found.lane], time: [...found.time] };
    });
    report(0.6 * share, job.shown ? { fired, time: run.time, rho: mean(run, card, "rho"), loss: mean(run, card, "loss") } : undefined);
  });
  trained = { key, held: run.held(), rho: mean(run, card, "rho"), loss: mean(run, card, "loss") };
}

function mean(run: Engine, card: CircuitCard, state: string): number {
  const pop = run.populations.find((one: Engine) => one.name === card.output);
  const where = pop.module.slots.findLastIndex((slots: Record<string, number>) => state in slots);
  const values = run.state(card.output, state, where) as Float64Array;
  return values.reduce((a, b) => a + b, 0) / values.length;
}

function firedIn(run: Engine, from: number): Fired[] {
  return run.populations.map((pop: Engine) => {
    const spikes = run.spikes(pop.name);
    return { population: pop.name, neuron: [...spikes.lane], time: [...spikes.time].map((t: number) => t + from) };
  });
}

/** Take the circuit to the moment of a stimulus, or find it there. */
async function stand(run: Engine, card: CircuitCard, job: CircuitJob, slices: Slices): Promise<Waiting> {
  const key = JSON.stringify([job.set, job.rho, job.loss, job.train, job.ketamine]);
  let found = waiting.find((one) => one.key === key);
  if (!found) {
    settle(run, job, job.ketamine);
    silence(run, card);
    run.setDuration(card.at_s);
    if (job.train && trained) run.begin({ from: trained.held });
    else rest(run, job);
    await slices(run, 500, () => undefined);
    found = { key, held: run.held(), fired: firedIn(run, 0) };
  }
  waiting = [found, ...waiting.filter((one) => one !== found)].slice(0, KEPT);
  return found;
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
  const from = await stand(run, card, job, slices);
  const size = run.populations.find((pop: Engine) => pop.name === card.output).size;
  for (const [place, asked] of job.stimuli.entries()) {
    const stimulus = card.stimuli.find((one) => one.kind === asked.kind && Math.abs(one.intensity - asked.intensity) < 1e-9);
    if (!stimulus) throw new Error(`no stimulus ${asked.kind} of ${asked.intensity}`);
    settle(run, job, job.ketamine);
    card.inputs.forEach((_, k) => run.setInput(k, { ...stimulus.volleys[k], time: stimulus.volleys[k].time.map((t) => t - card.at_s) }));
    run.setDuration(card.answer_s);
    run.begin({ from: from.held });
    const share = (1 - before) / job.stimuli.length;
    await slices(run, 500, (done) => report(before + share * (place + done)));
    answer.spikes.push([...run.spikes(card.output).time].filter((t) => t < card.answer_s - 1e-9).length / size);
    if (place < job.stimuli.length - 1) continue;
    const after = firedIn(run, card.at_s);
    answer.fired = from.fired.map((part, k) => ({ population: part.population, neuron: [...part.neuron, ...after[k].neuron], time: [...part.time, ...after[k].time] }));
    answer.inputs = card.inputs.map((name, k) => ({ name, volley: stimulus.volleys[k] }));
  }
  return answer;
}
