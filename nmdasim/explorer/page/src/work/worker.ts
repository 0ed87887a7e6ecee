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
      if (cancelled.has(id)) throw new Stop();
      since = performance.now();
    }
  };
}

interface Lane {
  key: string; // all that its answer depends on
  counts: number[];
  spikes: number[];
  traces: CellAnswer["traces"];
  broken: boolean;
}

/** The last answer of every lane of a card: a slider that moves one lane leaves the others as they are. */
const lanes = new Map<string, Lane[]>();

async function cell(id: number, job: CellJob): Promise<CellAnswer> {
  const run = await engine(job.card);
  const count = run.populations[0].lanes as number;
  const known = lanes.get(job.card) ?? [];
  const keys = Array.from({ length: count }, (_, l) => JSON.stringify({ ...job, set: job.set.filter(([, , instance]) => instance === undefined || instance === l) }));
  const changed = keys.flatMap((key, l) => (known[l]?.key === key ? [] : [l]));
  if (changed.length) {
    await runCell(run, id, job, changed);
    const found = answers(run, job, keys);
    for (const l of changed) known[l] = found[l];
    lanes.set(job.card, known);
  }
  return {
    counts: known.map((one) => one.counts),
    spikes: known.map((one) => one.spikes),
    traces: known[0].traces.map((trace, k) => ({ ...trace, lanes: known.map((one) => one.traces[k].lanes[0]) })),
    broken: known.flatMap((one, l) => (one.broken ? [l] : [])),
  };
}

async function runCell(run: Engine, id: number, job: CellJob, changed: number[]): Promise<void> {
  const { name } = run.populations[0];
  run.reset();
  run.populations[0].kept = [];
  for (const [parameter, value, instance] of job.set) run.set(parameter, value, instance === undefined ? {} : { instance });
  for (const [parameter, factor] of job.scale) run.scale(parameter, factor);
  run.setEvents(name, job.events);
  run.setDuration(job.seconds);
  run.setWindows([0, job.seconds]);
  run.record(job.record.map(([state, compartment]) => [name, state, compartment]), job.interval);
  run.runOnly(changed);
  run.begin(job.start ? { start: job.start } : {});
  await sliced(id)(run, 4000, (progress) => told({ id, progress }));
}

function answers(run: Engine, job: CellJob, keys: string[]): Lane[] {
  const { name } = run.populations[0];
  const { lane, time } = run.spikes(name) as { lane: Int32Array; time: Float64Array };
  const counts = run.counts(name, job.edges) as Int32Array[];
  const traces = run.traces() as CellAnswer["traces"];
  const broken = run.broken(name) as number[];
  return keys.map((key, l) => ({
    key,
    counts: [...counts[l]],
    spikes: [...time].filter((_, k) => lane[k] === l),
    traces: traces.map((trace) => ({ ...trace, lanes: [trace.lanes[l]] })),
    broken: broken.includes(l),
  }));
}

async function done(id: number, job: Job): Promise<unknown> {
  if (job.kind === "cell") return cell(id, job);
  if (job.kind === "year") return treat(job.asked, (progress) => told({ id, progress }));
  const report = (progress: number, part?: unknown): void => told({ id, progress, part });
  return runCircuit(await engine("circuit"), cards.circuit as CircuitCard, job, sliced(id), report);
}

/** One job after another: those of a panel share a run, which must not be begun anew while another goes on in it. */
let queue = Promise.resolve();

async function work(id: number, job: Job): Promise<void> {
  await pause(); // a newer setting may have cancelled it while it waited
  try {
    if (cancelled.has(id)) throw new Stop();
    told({ id, result: await done(id, job) });
  } catch (error) {
    if (error instanceof Stop) told({ id, cancelled: true });
    else told({ id, error: error instanceof Error ? error.message : String(error) });
  }
  cancelled.delete(id);
}

self.onmessage = (event: MessageEvent) => {
  const { id, job, cancel, cards: given } = event.data as { id: number; job?: Job; cancel?: number; cards?: Record<string, unknown> };
  if (given) Object.assign(cards, given);
  if (cancel) cancelled.add(cancel);
  if (job) queue = queue.then(() => work(id, job));
};
