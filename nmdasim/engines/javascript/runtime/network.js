// The loop over time of a circuit: what is due, then every population's step, then its spikes on their way.
//
// What arrives is a ring of steps (slots); each holds, for every port and neuron, the sum of what arrives then.

import { decode } from "./arrays.js";
import { Learning } from "./learning.js";

export class Network {
  constructor(card, populations, modules) {
    Object.assign(this, { card, populations });
    this.inputs = card.inputs.map((input) => ({
      lanes: input.lanes, step: decode(input.step), lane: Int32Array.from(decode(input.lane)), wires: [], cursor: 0,
    }));
    this.wires = card.wires.map((wire, k) => this.#wire(wire, k));
    const plain = this.wires.filter((wire) => !wire.plastic);
    this.slots = 2 + Math.max(0, card.pending_slots, ...plain.map((wire) => wire.delay.reduce((a, b) => Math.max(a, b), 0)));
    this.sources = [...populations, ...this.inputs];
    this.outgoing = this.sources.map((_, k) => plain.filter((wire) => wire.pre === k));
    this.learning = this.wires.filter((wire) => wire.plastic).map((wire) => new Learning(wire, this, modules));
  }

  #wire(wire, k) {
    const made = { ...wire, k, factor: new Float64Array(this.card.instances).fill(1) };
    for (const key of ["rows", "target", "amount", "delay"]) made[key] = wire[key] && decode(wire[key]);
    made.to = this.populations[wire.post];
    return made;
  }

  rewind(resumed) {
    for (const pop of this.populations) {
      pop.ports = Math.max(pop.module.ports.length, 1);
      pop.ring = new Float64Array(this.slots*pop.ports*pop.lanes);
      pop.arrived = new Uint8Array(this.slots*pop.ports);
      pop.order = ownEvents(pop);
      pop.cursor = 0;
      if (resumed && pop.card.held) this.#resume(pop, pop.card.held.pending);
    }
    for (const input of this.inputs) input.cursor = 0;
    for (const learning of this.learning) learning.begin(resumed);
  }

  // What an earlier run left on its way.
  #resume(pop, pending) {
    const step = decode(pending.step), port = decode(pending.port), lane = decode(pending.lane);
    const weight = decode(pending.weight);
    for (let k = 0; k < step.length; k++) {
      const row = (step[k] % this.slots)*pop.ports + port[k];
      pop.ring[row*pop.lanes + lane[k]] += weight[k];
      pop.arrived[row] = 1;
    }
  }

  // What is on its way at step n, by steps from there, and what the synapses hold.
  onItsWay(n) {
    const pending = this.populations.map(({ ring, ports, lanes }) => {
      const found = [];
      for (let ahead = 0; ahead < this.slots; ahead++) {
        const first = ((n + ahead) % this.slots)*ports*lanes;
        for (let k = 0; k < ports*lanes; k++) if (ring[first + k] !== 0) found.push([ahead, k, ring[first + k]]);
      }
      return found;
    });
    return { pending, learning: this.learning.map((one) => one.keep(n)) };
  }

  // Go on with it at step n.
  goOn(n, { pending, learning }) {
    this.populations.forEach((pop, j) => {
      for (const [ahead, k, weight] of pending[j]) {
        const slot = (n + ahead) % this.slots;
        pop.ring[slot*pop.ports*pop.lanes + k] = weight;
        pop.arrived[slot*pop.ports + Math.floor(k/pop.lanes)] = 1;
      }
    });
    this.learning.forEach((one, k) => one.goOn(n, learning[k]));
  }

  // Add a spike of one source to what arrives at its targets.
  handOn(wire, source, when) {
    const { rows, target, amount, delay, to, factor } = wire;
    const last = rows[source + 1];
    if (rows[source] === last) return;
    const each = amount.length > 1, own = delay.length > 1;
    const scaled = factor[Math.floor(source/wire.pre_size)];
    const { ring, arrived, lanes, ports } = to;
    for (let j = rows[source]; j < last; j++) {
      const row = ((when + delay[own ? j : 0]) % this.slots)*ports + wire.port;
      arrived[row] = 1;
      ring[row*lanes + target[j]] += scaled*amount[each ? j : 0];
    }
  }

  #deliver(pop, n, slot) {
    const { step, port, table, weight } = pop.order;
    for (; step[pop.cursor] <= n; pop.cursor++) {
      const k = pop.cursor, row = slot*pop.ports + port[k];
      pop.arrived[row] = 1;
      const counted = pop.card.weighs[port[k]] ? weight[k] : 1;
      for (const lane of pop.lanesOf[table[k]]) pop.ring[row*pop.lanes + lane] += counted;
    }
  }

  // A step of one population, which empties its slot; what fires stands in `firing`.
  #step(pop, n, slot) {
    const { a, module, lanes, ring, arrived, ports } = pop, { dt } = pop.time, { receive, size } = module;
    for (let port = 0; port < ports; port++) {
      const row = slot*ports + port;
      if (!arrived[row]) continue;
      for (let l = 0, at = row*lanes; l < lanes; l++, at++) {
        if (ring[at] !== 0) receive(a, l*size, port, ring[at], n*dt);
        ring[at] = 0;
      }
      arrived[row] = 0;
    }
    return module.step(a, lanes, dt, n, pop.firing);
  }

  #sample(pop, n, after) {
    if (pop.rows.length === 0 || n % pop.every !== 0) return;
    for (let l = 0; l < pop.lanes; l++) pop.sample(l, n/pop.every - pop.skipped, after);
  }

  #openWindows(pop, n) {
    if (n === pop.bounds[pop.window + 1]) {
      pop.window++;
      if (pop.window < pop.windows) for (let l = 0; l < pop.lanes; l++) pop.openWindow(l, pop.window);
    }
  }

  // Take all populations from step `first` to `end`.
  advance(first, end, halfway) {
    const { populations, inputs, slots } = this;
    for (const pop of populations) pop.window = pop.windowAt(first);
    for (let n = first; n < end; n++) {
      const slot = n % slots;
      for (const pop of populations) this.#sample(pop, n, false);
      for (let i = 0; i < inputs.length; i++) {
        const input = inputs[i], wires = this.outgoing[populations.length + i];
        for (; input.step[input.cursor] <= n; input.cursor++) {
          for (const wire of wires) this.handOn(wire, input.lane[input.cursor], n);
        }
      }
      let spikes = 0;
      for (let i = 0; i < populations.length; i++) {
        const pop = populations[i], wires = this.outgoing[i];
        this.#deliver(pop, n, slot);
        this.#openWindows(pop, n);
        pop.found_now = this.#step(pop, n, slot);
        spikes += pop.found_now;
        for (let k = 0; k < pop.found_now; k++) {
          pop.fired(pop.firing[k], n + 1);
          for (const wire of wires) this.handOn(wire, pop.firing[k], n + 1);
        }
        if (pop.kinds.length && pop.window >= 0 && pop.window < pop.windows) {
          for (let l = 0; l < pop.lanes; l++) pop.sumUp(l, pop.window);
        }
      }
      this.#learn(n, spikes);
      if (halfway) for (const pop of populations) this.#sample(pop, n, true);
    }
  }

  // End a step with the synapses that have a state: their own step, then arriving events, then answers to spikes.
  #learn(n, spikes) {
    const { learning } = this;
    for (const one of learning) one.note(n);
    for (const one of learning) one.steps(n);
    for (const one of learning) if (one.flight) one.arrive(n);
    if (spikes) for (const one of learning) one.answer(n);
  }
}

// A population's own events in order of time, and which lanes take those of each table.
function ownEvents(pop) {
  const all = [];
  pop.tables.forEach(({ step, port, weight }, table) => {
    for (let k = 0; k < step.length - 1; k++) all.push([step[k], port[k], table, weight[k]]);
  });
  all.sort((one, other) => one[0] - other[0]);
  all.push([Infinity, 0, 0, 0]);
  pop.lanesOf = pop.tables.map(() => []);
  pop.tableOf.forEach((table, lane) => pop.lanesOf[table].push(lane));
  const column = (k) => Float64Array.from(all, (row) => row[k]);
  return { step: column(0), port: column(1), table: column(2), weight: column(3) };
}
