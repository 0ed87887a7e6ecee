// Runs a card in Node: node driver.mjs CARD RESULT. Says the share that is done, a line each, on standard output.
// The result is a line of JSON, in which an array says where it stands, then the bytes of all arrays.

import { readFileSync, writeFileSync } from "node:fs";

import { Run, load } from "./runtime/run.js";

const SLICES = 50;

const [, , from, to] = process.argv;
const card = JSON.parse(readFileSync(from, "utf8"));
const run = new Run(card, await load(card));
run.begin({ card: true });
const slice = Math.max(1, Math.ceil(card.steps/SLICES));
const started = performance.now();
while (run.advance(slice) > 0) process.stdout.write(`${run.step/card.steps}\n`);
const seconds = (performance.now() - started)/1000;

const bytes = [];
let length = 0;

function put(array) {
  const found = { dtype: array instanceof Int32Array ? "i4" : array instanceof Uint8Array ? "u1" : "f8", at: length,
    length: array.length };
  bytes.push(new Uint8Array(array.buffer, array.byteOffset, array.byteLength));
  length += array.byteLength;
  return found;
}

const populations = run.populations.map((pop) => ({
  lane: put(pop.spikeLane.from(0)),
  step: put(pop.spikeStep.from(0)),
  states: put(pop.a),
  traces: pop.traces.map(put),
  summaries: pop.found.map(put),
  ring: pop.ring ? put(pop.ring) : null,
  arrived: pop.arrived ? put(pop.arrived) : null,
}));
const synapses = (run.network?.learning ?? []).map((one) => ({
  wire: one.wire.k,
  held: Object.fromEntries(Object.entries(one.held()).map(([name, values]) => [name, put(values)])),
}));
const head = { seconds, slots: run.network?.slots ?? 0, populations, synapses };
writeFileSync(to, Buffer.concat([Buffer.from(`${JSON.stringify(head)}\n`), ...bytes]));
