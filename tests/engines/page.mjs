// What a page does with a card: other numbers in the same modules, slices, another start. Says what it found as JSON.

import { readFileSync } from "node:fs";

const [, , runtime, file, what] = process.argv;
const { Run, load } = await import(runtime);
const card = JSON.parse(readFileSync(file, "utf8"));
const run = new Run(card, await load(card));
const name = run.populations.at(-1).name;

function whole(slice, start) {
  run.begin(start);
  while (run.advance(slice) > 0);
  return Array.from(run.spikes(name).time);
}

const found = {
  slices() {
    return [whole(1e9, { card: true }), whole(137, { card: true })];
  },
  slider() {
    run.set("ketamine", 3e-3, { instance: 0 });
    whole(5000, { start: "equilibrated" });
    return { counts: run.counts(name).map((row) => Array.from(row)), block: run.summaries(name)[1].values.map((row) => row[0]) };
  },
  start() {
    const set = Object.entries(JSON.parse(process.argv[5]));
    for (const [state, value] of set) run.setInitial(null, state, value);
    run.begin(set.length ? { start: "equilibrated" } : { card: true });
    const learning = run.network.learning.map((one) => one.value.map((values) => values[0]));
    return [run.populations.map((pop) => Array.from(pop.a)), learning];
  },
  held() {
    const [duration, at] = [run.steps, Number(process.argv[5])];
    const ahead = run.network.inputs.map(({ step, lane }) => {
      const later = [...step.keys()].filter((k) => step[k] >= at);
      return { time: later.map((k) => (step[k] - at)*run.dt), fibre: later.map((k) => lane[k]) };
    });
    const steps = (start) => whole(1e9, start).map((time) => Math.round(time/run.dt));
    const synapses = () => run.network.learning.map((one) => one.value.map((values) => Array.from(values)));
    const after = [steps({ card: true }).map((step) => step - at).filter((step) => step > 0), synapses()];
    run.begin({ card: true });
    run.advance(at);
    const held = run.held();
    ahead.forEach((volley, k) => run.setInput(k, volley));
    run.setDuration((duration - at)*run.dt);
    const under = [held.network.pending.flat().length, held.network.learning.flatMap((one) => one.noted.flat()).length];
    const again = () => [steps({ from: held }), synapses()];
    return [under, after, again(), again()];
  },
  events() {
    const [, , , , , time] = process.argv;
    run.setEvents(name, { time: [Number(time)], port: ["exc"] }, { instance: 1 });
    run.setDuration(0.05);
    run.record([[name, "g_e", 0]], 1e-4);
    whole(77, {});
    return run.traces()[0].lanes.map((row) => row.findIndex((value) => value > 0)*run.traces()[0].interval);
  },
};
process.stdout.write(JSON.stringify(found[what]()));
