// A run of a model or a circuit: a card of numbers, and the generated modules that it names. Runs in Node and in a
// browser's worker; all numbers SI.
//
//   const modules = await load(card);           // or your own: { [card.populations[0].module]: await import("./wdr.js") }
//   const run = new Run(card, modules);         // lone cells (a lane an instance), chains and circuits alike
//   run.set("ketamine", 3e-3, { instance: 1 }); // holds from the next begin() on
//   run.begin({ start: "equilibrated" });       // constants and states at the start, from the parameters as they are
//   while (run.advance(2000)) draw(run);        // slices of steps, between which a page may draw, or stop
//   run.counts("wdr");                          // spikes of each lane in each window, such as a pulse
//   run.begin({ from: run.held() });            // on from here, with other numbers or events if they were set
//
// Lanes of a population of a circuit: neuron k of instance r is lane r*size + k.

import { advanceCells } from "./cells.js";
import { Network } from "./network.js";
import { Population, sentinel } from "./population.js";

// The modules whose texts a card holds.
export async function load(card) {
  const found = {};
  for (const [name, text] of Object.entries(card.modules)) {
    const bytes = new TextEncoder().encode(text);
    const written = btoa(Array.from(bytes, (byte) => String.fromCharCode(byte)).join(""));
    found[name] = await import(`data:text/javascript;base64,${written}`);
  }
  return found;
}

export class Run {
  #half = false; // whether the states stand at the start, half a step behind

  constructor(card, modules) {
    this.card = card;
    this.clock = { dt: card.dt, begin: card.begin, steps: card.steps };
    this.populations = card.populations.map((one) => new Population(one, modules[one.module], this.clock));
    const alone = card.wires.length === 0 && card.inputs.length === 0;
    this.network = alone ? null : new Network(card, this.populations, modules);
  }

  get dt() {
    return this.clock.dt;
  }

  get steps() {
    return this.clock.steps;
  }

  // Steps taken since the begin.
  get step() {
    return this.now - this.clock.begin;
  }

  get time() {
    return this.step*this.dt;
  }

  get done() {
    return this.step >= this.steps;
  }

  // --- numbers: they hold from the next begin() on ---------------------------------------------------------------------

  // What can be set: entries of parameters by name, with the compartments where they hold.
  get parameters() {
    return this.populations.flatMap((pop) => pop.card.entries.map((entry) => ({ ...entry, population: pop.name })));
  }

  // Set a parameter, "ketamine" or "g_na.soma", wherever it is, or where `where` says: { population, instance }.
  set(name, value, where = {}) {
    this.#each(name, where, (pop, compartments, lane, base) => {
      if (!pop.changed.has(base)) pop.changed.set(base, new Float64Array(pop.lanes*pop.count).fill(NaN));
      for (const c of compartments) pop.changed.get(base)[lane*pop.count + c] = value;
    }, (learning, r) => {
      if (!learning.changed.has(name)) learning.changed.set(name, new Float64Array(this.card.instances).fill(NaN));
      learning.changed.get(name)[r] = value;
    });
  }

  // Multiply a parameter of the card, in all compartments, by a factor.
  scale(name, factor, where = {}) {
    this.#each(name, where, (pop, compartments, lane, base) => {
      if (!pop.factors.has(base)) pop.factors.set(base, new Float64Array(pop.lanes).fill(1));
      pop.factors.get(base)[lane] = factor;
    }, () => {
      throw new Error(`${name} belongs to synapses; set it`);
    });
  }

  #each(name, { population, instance }, ofNeuron, ofSynapse) {
    let known = false;
    for (const pop of this.populations) {
      const entries = pop.card.entries.filter((one) => one.name === name || one.base === name);
      if (!entries.length || (population && population !== pop.name)) continue;
      known = true;
      for (const { base, compartments } of entries) {
        for (const lane of this.#lanes(pop, instance)) ofNeuron(pop, compartments, lane, base);
      }
    }
    for (const learning of population ? [] : this.network?.learning ?? []) {
      if (!learning.values.has(name)) continue;
      known = true;
      for (let r = 0; r < this.card.instances; r++) if (instance === undefined || instance === r) ofSynapse(learning, r);
    }
    if (!known) throw new Error(`${population ?? this.card.model} has no parameter ${name}`);
  }

  #lanes(pop, instance) {
    const first = instance === undefined ? 0 : instance*pop.size;
    const last = instance === undefined ? pop.lanes : first + pop.size;
    return Array.from({ length: last - first }, (_, k) => first + k);
  }

  // A parameter as it was at the last begin().
  get(base, { population, instance = 0, compartment = 0 } = {}) {
    const pop = population ? this.#population(population) : this.populations.find((one) => one.has(base));
    const k = pop.module.parameters.indexOf(base);
    return pop.p[instance*pop.size*pop.width + k*pop.count + compartment];
  }

  // Multiply the weights of a wire by a factor.
  scaleWire(k, factor, { instance } = {}) {
    const { factor: factors } = this.network.wires[k];
    for (let r = 0; r < factors.length; r++) if (instance === undefined || instance === r) factors[r] = factor;
  }

  // Forget what was set, scaled and given: the numbers of the card hold again.
  reset() {
    for (const one of [...this.populations, ...(this.network?.learning ?? [])]) {
      for (const kept of [one.changed, one.fixed, one.factors]) kept?.clear();
    }
    for (const { factor } of this.network?.wires ?? []) factor.fill(1);
  }

  // Give a state another value at the start, in every compartment and synapse, or in one population, whose name is given;
  // what a start computes from it sees this value.
  setInitial(population, state, value, { instance } = {}) {
    const pops = population ? [this.#population(population)] : this.populations;
    const having = pops.filter((pop) => pop.module.states.includes(state));
    const learning = (this.network?.learning ?? []).filter((one) => !population && one.module.variables.includes(state));
    if (!having.length && !learning.length) throw new Error(`${population ?? this.card.model} has no state ${state}`);
    for (const pop of having) {
      if (!pop.fixed.has(state)) pop.fixed.set(state, new Float64Array(pop.lanes).fill(NaN));
      for (const lane of this.#lanes(pop, instance)) pop.fixed.get(state)[lane] = value;
    }
    for (const one of learning) {
      if (!one.fixed.has(state)) one.fixed.set(state, new Float64Array(this.card.instances).fill(NaN));
      const values = one.fixed.get(state);
      for (let r = 0; r < values.length; r++) if (instance === undefined || instance === r) values[r] = value;
    }
  }

  // --- what is done to it ------------------------------------------------------------------------------------------------

  // Give a population other events: seconds from the start, ports by name or number, weights (1 if left out).
  setEvents(population, { time, port, weight }, { instance } = {}) {
    const pop = this.#population(population), order = [...time.keys()].sort((j, k) => time[j] - time[k] || j - k);
    const number = (one) => (typeof one === "string" ? pop.module.ports.indexOf(one) : one);
    const events = sentinel(
      order.map((k) => this.#step(time[k])), order.map((k) => number(port[k])), order.map((k) => weight?.[k] ?? 1));
    if (instance === undefined) pop.tables = [events];
    else pop.tables = [...pop.tables, events];
    for (const lane of this.#lanes(pop, instance)) pop.tableOf[lane] = pop.tables.length - 1;
  }

  // Give input k of a circuit other volleys: seconds, and the fibre of each; for all instances or one.
  setInput(k, { time, fibre }, { instance } = {}) {
    const input = this.network.inputs[k], size = input.lanes/this.card.instances, rows = [];
    if (instance !== undefined) {
      input.step.forEach((step, j) => {
        if (Math.floor(input.lane[j]/size) !== instance) rows.push([step, input.lane[j]]);
      });
    }
    for (let r = 0; r < this.card.instances; r++) {
      if (instance !== undefined && instance !== r) continue;
      for (let j = 0; j < time.length; j++) rows.push([this.#step(time[j]), r*size + fibre[j]]);
    }
    rows.sort((one, other) => one[0] - other[0] || one[1] - other[1]);
    input.step = Float64Array.from(rows, (row) => row[0]);
    input.lane = Int32Array.from(rows, (row) => row[1]);
  }

  // Run only some lanes of lone cells: those of which something has changed. None given: all.
  runOnly(lanes) {
    if (this.network) throw new Error("neurons of a circuit run together");
    for (const pop of this.populations) pop.running = lanes ? [...lanes] : [...pop.firing.keys()];
  }

  setDuration(seconds) {
    this.clock.steps = Math.round(seconds/this.dt);
  }

  // Windows of counts and summaries, of every population: edges in seconds from the start.
  setWindows(edges) {
    const steps = Float64Array.from(edges, (edge) => this.clock.begin + Math.ceil(edge/this.dt - 1e-6));
    for (const pop of this.populations) pop.edges = steps;
  }

  // Record states: [[population, state, compartment], …], sampled every so many seconds.
  record(probes, interval) {
    for (const pop of this.populations) {
      pop.every = Math.max(1, Math.round(interval/this.dt));
      pop.probes = probes.filter(([name]) => name === pop.name).map(([, state, compartment]) => ({ state, compartment }));
      for (const { state, compartment } of pop.probes) pop.place(state, compartment);
    }
  }

  // What is due within half a step of t acts at t.
  #step(seconds) {
    return this.clock.begin + Math.max(Math.ceil(seconds/this.dt - 0.5 - 1e-9), 0);
  }

  // --- time ----------------------------------------------------------------------------------------------------------

  // To the start: with { card: true } as the card says it, with what an earlier run left; with { from: run.held() } where
  // a run stood, with the parameters as they are now; else by a start of the module.
  begin({ start = "", card = false, from = null } = {}) {
    const resumed = card && this.card.resumed;
    this.now = this.clock.begin;
    this.populations.forEach((pop, k) => {
      pop.rewind();
      pop.fillParameters();
      if (from) pop.a.set(from.states[k]);
      else pop.fillStates(card ? null : start);
    });
    this.network?.rewind(resumed);
    if (from?.network) this.network.goOn(this.now, from.network);
    this.#half = !resumed && !from && this.populations[0].module.staggered;
    if (!this.#half) this.#constants(this.dt);
  }

  // Everything from which a run can go on, any number of times: states, what synapses hold, what is on its way.
  // Hold it at a step at which no input fires: synapses with a state take a spike of an input up a step before.
  held() {
    if (this.#half) throw new Error("a run is held from its first step on; advance it first");
    const states = this.populations.map((pop) => Float64Array.from(pop.a));
    return { states, network: this.network?.onItsWay(this.now) ?? null };
  }

  #constants(h) {
    for (const pop of this.populations) pop.fillConstants(h);
  }

  // Take at most so many steps; returns how many are left. Recorded states other than the membrane's stand at half
  // steps: the first step takes them there.
  advance(steps) {
    const end = Math.min(this.now + steps, this.clock.begin + this.steps);
    if (this.#half && this.now < end) {
      this.#constants(0.5*this.dt);
      this.#loop(this.now, this.now + 1, false);
      this.#constants(this.dt);
      this.#half = false;
      this.now++;
    }
    if (this.now < end) this.#loop(this.now, end, true);
    this.now = Math.max(this.now, end);
    return this.clock.begin + this.steps - this.now;
  }

  #loop(first, end, halfway) {
    if (this.network) this.network.advance(first, end, halfway);
    else for (const pop of this.populations) advanceCells(pop, first, end, halfway);
  }

  // --- what was found ------------------------------------------------------------------------------------------------

  #population(name) {
    const found = this.populations.find((pop) => pop.name === name) ?? this.populations[name];
    if (!found) throw new Error(`no population ${name}; there are ${this.populations.map((pop) => pop.name).join(", ")}`);
    return found;
  }

  // Spikes so far: lanes, and seconds from the start, by time.
  spikes(population) {
    const { lane, time } = this.spikesSince(population, 0);
    const order = [...time.keys()].sort((j, k) => time[j] - time[k] || lane[j] - lane[k]);
    return { lane: Int32Array.from(order, (k) => lane[k]), time: Float64Array.from(order, (k) => time[k]) };
  }

  // Spikes found since an earlier mark, lone cells' lane by lane; give the new mark next time.
  spikesSince(population, mark) {
    const pop = this.#population(population), { begin } = this.clock;
    const time = pop.spikeStep.from(mark).map((step) => (step - begin)*this.dt);
    return { lane: pop.spikeLane.from(mark), time, mark: pop.spikeLane.length };
  }

  // Spikes of each lane in each window; `edges` in seconds, else the windows of the run.
  counts(population, edges) {
    const pop = this.#population(population), { begin } = this.clock;
    const bounds = edges ?? Array.from(pop.edges, (step) => (step - begin)*this.dt);
    const found = Array.from({ length: pop.lanes }, () => new Int32Array(Math.max(bounds.length - 1, 0)));
    const { lane, time } = this.spikesSince(population, 0);
    for (let k = 0; k < lane.length; k++) {
      let w = bounds.length - 1;
      while (w >= 0 && time[k] < bounds[w] - 1e-9) w--;
      if (w >= 0 && w < bounds.length - 1) found[lane[k]][w]++;
    }
    return found;
  }

  // Highest, lowest or first value of states in each window.
  summaries(population) {
    const pop = this.#population(population), { windows, lanes } = pop;
    const rows = (found) => Array.from({ length: lanes }, (_, l) => found.slice(l*windows, (l + 1)*windows));
    return pop.kept.map((one, j) => ({ ...one, values: rows(pop.found[j]) }));
  }

  // Recorded states up to now, for each lane; `begin` and `interval` in seconds from the start.
  traces() {
    return this.populations.flatMap((pop) => {
      const { samples, lanes, every, skipped } = pop;
      const much = Math.min(samples, Math.max(Math.ceil(this.now/every) - skipped, 0));
      return pop.probes.map((one, j) => ({
        population: pop.name,
        ...one,
        begin: (skipped*every - this.clock.begin)*this.dt,
        interval: every*this.dt,
        lanes: Array.from({ length: lanes }, (_, l) => pop.traces[j].slice(l*samples, l*samples + much)),
      }));
    });
  }

  // A state as it now is, in every lane; NaN where the model does not follow it.
  state(population, state, compartment = 0) {
    const pop = this.#population(population), place = pop.module.slots[compartment][state];
    return Float64Array.from({ length: pop.lanes }, (_, l) =>
      place === undefined ? NaN : pop.a[l*pop.module.size + place]);
  }

  // What the synapses of a wire hold, if they hold anything.
  synapses(k) {
    return this.network.learning.find((one) => one.wire.k === k)?.held();
  }

  // Lanes whose numbers are no longer finite.
  broken(population) {
    const pop = this.#population(population), { size } = pop.module;
    return this.#lanes(pop).filter((l) => !pop.a.subarray(l*size, (l + 1)*size).every(Number.isFinite));
  }
}
