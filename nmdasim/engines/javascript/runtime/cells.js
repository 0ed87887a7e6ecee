// The loop over time of cells that know nothing of each other: lane by lane, each in as few calls as events allow.

// Take a population from step `first` to `end`; `halfway` where recorded states lie between two of their values.
export function advanceCells(pop, first, end, halfway) {
  const { a, module, every } = pop, { dt } = pop.time, { move, deliver, fired, size } = module;
  const sampled = pop.rows.length > 0, windows = pop.kinds.length ? pop.windows : 0;
  for (const l of pop.running) {
    const events = pop.tables[pop.tableOf[l]], o = l*size;
    let n = first, due = pop.due[l], window = pop.windowAt(first);
    let at = sampled ? Math.ceil(first/every)*every : Infinity;
    while (n < end) {
      for (; events.step[due] <= n; due++) deliver(a, o, events.port[due], events.weight[due], n*dt);
      const sampling = n === at;
      if (sampling) pop.sample(l, at/every - pop.skipped, false);
      if (n === pop.bounds[window + 1]) {
        window++;
        if (window < windows) pop.openWindow(l, window);
      }
      const inside = window >= 0 && window < windows;
      const until = sampling || inside ? n + 1 : Math.min(end, events.step[due], pop.bounds[window + 1], at);
      const stop = move(a, o, dt, n, until);
      if (sampling) {
        if (halfway) pop.sample(l, at/every - pop.skipped, true);
        at += every;
      }
      if (inside) pop.sumUp(l, window);
      n = until;
      if (stop < until) {
        pop.fired(l, stop + 1);
        fired(a, o, stop*dt);
        n = stop + 1;
      }
    }
    pop.due[l] = due;
  }
}
