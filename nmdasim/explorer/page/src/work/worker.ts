// The worker: runs neurons and circuits in slices, between which it hears that a job is cancelled.

import { load, Run } from "../../../../engines/javascript/runtime/run.js";
import { treat } from "../science/slow";
import { runCircuit, type CircuitCard } from "./circuit";
import type { CellAnswer, CellJob, Job, Told } from "./jobs";

// eslint-disable-next-line @typescript-eslint/no-explicit-any
type Engine = any;

const cards: Record<string, unknown> = {};
const runs = new Map<string, Promise<Engine>>();
const cancelled = new Set<number>();

export class Stop extends Error {}

const told = (message: Told): void => self.postMessage(message);

/** Let messages in; a channel, since timers of a worker wait for milliseconds. */
const channel = new MessageChannel();
const pause = (): Promise<void> =>
  new Promise((go) => {
    channel.port1.onmessage = () => go();
    channel.port2.postMessage(0);
  });

function engine(name: string): Promise<Engine> {
  let found = runs.get(name);
  if (!found) {
    const card = name === "circuit" ? (cards.circuit as CircuitCard).engine : cards[name];
    found = load(card).then((modules) => new Run(card, modules));
    runs.set(name, found);
  }
  return found;
}

export type Slices = (run: Engine, slice: number, report: (share: number) => void) => Promise<void>;

function sliced(id: number): Slices {
  return async (run, slice, report) => {
    let since = performance.now();
    while (run.advance(slice)) {
      if (performance.now() - since < 40) continue;
      report(run.step / run.steps);
      await pause();
      if (cancelled.delete(id)) throw new Stop();
      since = performance.now();
    }
  };
}

async function cell(id: number, job: CellJob): Promise<CellAnswer> {
  const run = await engine(job.card);
  const [population] = run.populations;
  const name = population.name as string;
  population.kept = [];
  population.changed.clear();
  population.factors.clear();
  for (const [parameter, value, instance] of job.set) run.set(parameter, value, instance === undefined ? {} : { instance });
  for (const [parameter, factor] of job.scale) run.scale(parameter, factor);
  run.setEvents(name, job.events);
  run.setDuration(job.seconds);
  run.setWindows([0, job.seconds]);
  run.record(job.record.map(([state, compartment]) => [name, state, compartment]), job.interval);
  run.begin(job.start ? { start: job.start } : {});
  await sliced(id)(run, 4000, (progress) => told({ id, progress }));
  const { lane, time } = run.spikes(name) as { lane: Int32Array; time: Float64Array };
  const spikes: number[][] = Array.from({ length: population.lanes }, () => []);
  lane.forEach((l, k) => spikes[l].push(time[k]));
  const counts = (run.counts(name, job.edges) as Int32Array[]).map((row) => [...row]);
  return { counts, spikes, traces: run.traces(), broken: run.broken(name) };
}

async function done(id: number, job: Job): Promise<unknown> {
  if (job.kind === "cell") return cell(id, job);
  if (job.kind === "year") return treat(job.asked, (progress) => told({ id, progress }));
  const report = (progress: number, part?: unknown): void => told({ id, progress, part });
  return runCircuit(await engine("circuit"), cards.circuit as CircuitCard, job, sliced(id), report);
}

self.onmessage = async (event: MessageEvent) => {
  const { id, job, cancel, cards: given } = event.data as { id: number; job?: Job; cancel?: number; cards?: Record<string, unknown> };
  if (given) Object.assign(cards, given);
  if (cancel) cancelled.add(cancel);
  if (!job) return;
  try {
    told({ id, result: await done(id, job) });
  } catch (error) {
    if (error instanceof Stop) told({ id, cancelled: true });
    else told({ id, error: error instanceof Error ? error.message : String(error) });
  }
};
