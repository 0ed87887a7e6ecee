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
