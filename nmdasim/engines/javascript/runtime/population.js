// One population: the numbers of its lanes, its events, and what is kept of it.

import { Growing, at, before, decode, table } from "./arrays.js";

export class Population {
  // `card` is a population of a card, `module` its generated module, `time` { dt, begin, steps }.
  constructor(card, module, time) {
    Object.assign(this, { card, module, time });
    for (const key of ["name", "lanes", "size", "every"]) this[key] = card[key];
    this.count = module.compartments;
    this.width = (module.parameters.length + 1)*this.count;
    this.values = new Map(module.parameters.map((name) => [name, table(card.parameters[name])]));
    this.factors = new Map(); // of parameters, set by `scale`: an array over lanes
    this.changed = new Map(); // of parameters, set by `set`: an array over lanes and compartments, NaN where not set
    this.initial = new Map(Object.entries(card.initial).map(([state, values]) => [state, table(values)]));
    this.fixed = new Map(); // initial states given from outside
    this.conductances = decode(card.conductances);
    this.p = new Float64Array(this.lanes*this.width);
    this.a = new Float64Array(this.lanes*module.size);
    this.firing = new Int32Array(this.lanes);
    this.running = [...this.firing.keys()]; // lanes that go through time, if they are lone cells
    this.tableOf = Int32Array.from(decode(card.table));
    this.tables = card.tables.map(readEvents);
    this.edges = decode(card.windows);
    this.kept = card.summaries.map(([state, compartment, kind]) => ({ state, compartment, kind }));
    this.probes = card.traces.map(([state, compartment]) => ({ state, compartment }));
  }

  has(name) {
    return this.values.has(name);
  }

  // Where a state stands in a lane.
  place(state, compartment) {
    const place = this.module.slots[compartment]?.[state];
    if (place === undefined) throw new Error(`${this.name} does not follow ${state} in compartment ${compartment}`);
    return place;
  }

  // Parameters of all lanes as they now are.
  fillParameters() {
    const { p, count, width } = this;
    this.module.parameters.forEach((name, k) => {
      const own = this.values.get(name), factors = this.factors.get(name), changed = this.changed.get(name);
      for (let l = 0; l < this.lanes; l++) {
        for (let c = 0; c < count; c++) {
          let value = at(own, l, c);
          if (factors) value *= factors[l];
          if (changed && !Number.isNaN(changed[l*count + c])) value = changed[l*count + c];
          p[l*width + k*count + c] = value;
        }
      }
    });
    for (let l = 0; l < this.lanes; l++) p.set(this.conductances, (l + 1)*width - count);
  }

  // Constants of all lanes for a step h of the states.
  fillConstants(h) {
    const { a, p, width, module } = this;
    for (let l = 0; l < this.lanes; l++) {
      module.constants(a, l*module.size, p.subarray(l*width, (l + 1)*width), h, this.time.dt);
    }
  }

  // Initial states: those of the card, or by a start of the module from the parameters as they are.
  fillStates(start) {
    const { a, p, count, width, module } = this;
    const begin = start === null ? null : module.starts[start in module.starts ? start : ""];
    const given = begin && (this.card.given[start] ?? this.card.given[""] ?? {});
    a.fill(0);
    for (let l = 0; l < this.lanes; l++) {
      const o = l*module.size;
      for (let c = 0; c < count; c++) {
        const computed = begin && begin(p.subarray(l*width, (l + 1)*width), c, this.#told(given, l, c));
        for (const [state, place] of Object.entries(module.slots[c])) {
          const own = computed && !module.drawn.includes(state) ? computed[state] : at(this.initial.get(state), l, c);
          const fixed = this.fixed.get(state);
          a[o + place] = fixed && !Number.isNaN(fixed[l]) ? fixed[l] : own;
        }
      }
      a[o + module.READY] = 1;
    }
    const held = start === null && this.card.held;
    if (held) {
      decode(held.ready).forEach((ready, l) => (a[l*module.size + module.READY] = ready));
      decode(held.wait).forEach((wait, l) => (a[l*module.size + module.WAIT] = wait));
    }
  }

  // What a start of the module is told of a lane and compartment: the model's plain numbers, states that are drawn, and
  // before all of them what is set from outside, so that whatever it computes from a state sees the state as it is.
  #told(given, l, c) {
    const told = { ...given };
    for (const state of this.module.drawn) told[state] = at(this.initial.get(state), l, c);
    for (const [state, values] of this.fixed) if (!Number.isNaN(values[l])) told[state] = values[l];
    return told;
  }

  // To the first step: cursors at their begin, nothing kept.
  rewind() {
    const { begin, steps } = this.time;
    this.due = new Int32Array(this.lanes);
    this.spikeLane = new Growing(Int32Array);
    this.spikeStep = new Growing(Float64Array);
    this.skipped = Math.ceil(begin/this.every);
    this.samples = Math.ceil((begin + steps)/this.every) - this.skipped;
    this.windows = Math.max(this.edges.length - 1, 0);
    this.bounds = Float64Array.from([...this.edges, Infinity]);
    this.rows = this.probes.map(({ state, compartment }) => this.place(state, compartment));
    this.halfway = this.probes.map(({ state }) => this.module.staggered && state !== this.module.potential);
    this.traces = this.probes.map(() => new Float64Array(this.samples*this.lanes));
    this.keptRows = this.kept.map(({ state, compartment }) => this.place(state, compartment));
    this.kinds = this.kept.map(({ kind }) => ({ max: 1, min: -1, start: 0 })[kind]);
    this.found = this.kept.map(() => new Float64Array(this.windows*this.lanes).fill(NaN));
  }

  // The window in which step n lies, -1 before the first.
  windowAt(n) {
    return before(this.bounds, n) - 1;
  }

  fired(lane, step) {
    this.spikeLane.push(lane);
    this.spikeStep.push(step);
  }

  // Keep the recorded states of a lane as sample k; after the step, make those that lie halfway the mean of both.
  sample(lane, k, after) {
    const o = lane*this.module.size;
    for (let j = 0; j < this.rows.length; j++) {
      if (after && !this.halfway[j]) continue;
      const place = lane*this.samples + k, now = this.a[o + this.rows[j]];
      this.traces[j][place] = after ? 0.5*(this.traces[j][place] + now) : now;
    }
  }

  // Begin a window of a lane, or go on in it.
  openWindow(lane, window) {
    for (let j = 0; j < this.kinds.length; j++) {
      this.found[j][lane*this.windows + window] = this.a[lane*this.module.size + this.keptRows[j]];
    }
  }

  sumUp(lane, window) {
    for (let j = 0; j < this.kinds.length; j++) {
      const place = lane*this.windows + window, now = this.a[lane*this.module.size + this.keptRows[j]];
      const found = this.found[j];
      if (this.kinds[j] > 0) found[place] = Math.max(found[place], now);
      else if (this.kinds[j] < 0) found[place] = Math.min(found[place], now);
    }
  }
}

// Events of one table by step; one that never comes ends them.
export function readEvents({ step, port, weight }) {
  return sentinel(decode(step), decode(port), decode(weight));
}

export function sentinel(step, port, weight) {
  return {
    step: Float64Array.from([...step, Infinity]),
    port: Int32Array.from([...port, 0]),
    weight: Float64Array.from([...weight, 0]),
  };
}
