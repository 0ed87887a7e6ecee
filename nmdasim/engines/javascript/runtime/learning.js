// Synapses with a state of their own: the arrays of one wire, on which its generated module works.

import { decode } from "./arrays.js";

export class Learning {
  constructor(wire, network, modules) {
    const { card, populations } = network, plastic = wire.plastic;
    this.wire = wire;
    this.module = modules[plastic.module];
    this.instances = card.instances;
    for (const key of ["source", "target", "delay", "order", "instance"]) this[key] = decode(plastic[key]);
    this.count = this.source.length;
    this.input = wire.pre < populations.length ? null : network.inputs[wire.pre - populations.length];
    this.from = this.input ? null : populations[wire.pre];
    this.to = populations[wire.post];
    this.network = network;
    this.initial = new Map(Object.entries(plastic.initial).map(([name, values]) => [name, decode(values)]));
    this.values = new Map(Object.entries(plastic.parameters).map(([name, values]) => [name, decode(values)]));
    this.changed = new Map();
    this.fixed = new Map(); // initial states given from outside
    this.slots = 1 + this.delay.reduce((a, b) => Math.max(a, b), 0);
    this.sources = (this.input ?? this.from).lanes;
    this.rows = decode(plastic.rows);
    this.byTarget = [...this.target.keys()].sort((j, k) => this.target[j] - this.target[k] || j - k);
    this.backRow = new Int32Array(this.to.lanes + 1);
    for (const lane of this.target) this.backRow[lane + 1]++;
    for (let l = 0; l < this.to.lanes; l++) this.backRow[l + 1] += this.backRow[l];
  }

  begin(resumed) {
    const { module, count, wire, to, from } = this, plastic = wire.plastic;
    this.value = module.variables.map((name) => {
      const own = this.initial.get(name), fixed = this.fixed.get(name);
      return own.map((value, j) => (fixed && !Number.isNaN(fixed[this.instance[j]]) ? fixed[this.instance[j]] : value));
    });
    const { begin, dt } = to.time;
    const last = resumed && plastic.last ? decode(plastic.last) : null;
    this.last = last ? Float64Array.from(last) : new Float64Array(count).fill(begin*dt - dt);
    this.constant = module.parameters.map((name) => this.#parameter(name));
    this.scale = Float64Array.from(this.instance, (r) => wire.factor[r]);
    this.preConstant = this.#neurons(from, module.preParameters, this.source, plastic.pre_compartment);
    this.postConstant = this.#neurons(to, module.postParameters, this.target, plastic.compartment);
    this.pre = from ? from.a : null;
    this.post = to.a;
    this.preAt = this.source.map((lane) => (from ? lane*from.module.size : 0));
    this.postAt = this.target.map((lane) => lane*to.module.size);
    this.noted = Array.from({ length: this.slots }, () => []);
    this.flight = 0;
    this.cursor = 0;
    if (resumed && plastic.flight) {
      const lanes = decode(plastic.flight.lane), ages = decode(plastic.flight.age);
      lanes.forEach((lane, k) => this.noted[modulo(begin - ages[k], this.slots)].push(lane));
      this.flight = lanes.length;
    }
  }

  // Its synapses and the spikes on their way to them at step n.
  keep(n) {
    return {
      value: this.value.map((values) => Float64Array.from(values)),
      last: this.last.map((t) => t - n*this.to.time.dt),
      noted: this.noted.map((_, age) => [...this.noted[modulo(n - age, this.slots)]]),
    };
  }

  // Go on with them at step n.
  goOn(n, { value, last, noted }) {
    this.value = value.map((values) => Float64Array.from(values));
    this.last = last.map((t) => t + n*this.to.time.dt);
    noted.forEach((lanes, age) => (this.noted[modulo(n - age, this.slots)] = [...lanes]));
    this.flight = noted.reduce((sum, lanes) => sum + lanes.length, 0);
  }

  // A parameter of the rule, for each synapse.
  #parameter(name) {
    const own = this.values.get(name), changed = this.changed.get(name);
    return Float64Array.from(this.instance, (r) =>
      changed && !Number.isNaN(changed[r]) ? changed[r] : own[own.length > 1 ? r : 0]);
  }

  // Parameters of the neurons on one side, for each synapse.
  #neurons(pop, names, lanes, compartment) {
    return names.map((name) => {
      const k = pop.module.parameters.indexOf(name);
      return Float64Array.from(lanes, (lane) => pop.p[lane*pop.width + k*pop.count + compartment]);
    });
  }

  // Keep the sources that fire in a step until their synapses' delays have passed; an input's act from its end on.
  note(n) {
    const slot = this.noted[n % this.slots];
    this.flight -= slot.length;
    slot.length = 0;
    if (this.input) {
      const { step, lane } = this.input;
      for (; this.cursor < step.length && step[this.cursor] <= n + 1; this.cursor++) slot.push(lane[this.cursor]);
    } else {
      for (let k = 0; k < this.from.found_now; k++) slot.push(this.from.firing[k]);
    }
    this.flight += slot.length;
  }

  steps(n) {
    this.module.steps(this, this.count, n*this.to.time.dt, this.to.time.dt);
  }

  // Events that arrive now: of each delay, the synapses of the sources that fired so many steps ago.
  arrive(n) {
    const t = n*this.to.time.dt, { rows, sources, network, module } = this;
    for (let d = 0; d < this.delay.length; d++) {
      for (const source of this.noted[modulo(n - this.delay[d], this.slots)]) {
        const at = d*(sources + 1) + source;
        for (let j = rows[at]; j < rows[at + 1]; j++) module.arrive(this, j, t, (n + 1) % network.slots);
      }
    }
  }

  // What spikes of the neurons after the synapses do.
  answer(n) {
    const { to, module } = this;
    if (!module.answer) return;
    const t = n*to.time.dt;
    for (let k = 0; k < to.found_now; k++) {
      const lane = to.firing[k];
      for (let m = this.backRow[lane]; m < this.backRow[lane + 1]; m++) {
        module.answer(this, this.byTarget[m], t, (n + 1) % this.network.slots);
      }
    }
  }

  // An event of a weight for a port of the neuron after synapse j.
  send(j, port, weight, slot) {
    const { to } = this, row = slot*to.ports + port;
    to.ring[row*to.lanes + this.target[j]] += weight*this.scale[j];
    to.arrived[row] = 1;
  }

  // What its synapses hold, in the order of the wire.
  held() {
    const back = (values) => {
      const found = new Float64Array(this.count);
      this.order.forEach((place, j) => (found[place] = values[j]));
      return found;
    };
    const found = Object.fromEntries(this.module.variables.map((name, k) => [name, back(this.value[k])]));
    if (this.module.eventDriven) found.lastupdate = back(this.last);
    return found;
  }
}

function modulo(n, of) {
  return ((n % of) + of) % of;
}
