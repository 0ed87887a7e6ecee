// The picture of the dorsal horn: every fibre and cell a dot that lights up as it fires.

import { cards } from "../cards";
import { S } from "../strings";
import { escape, h } from "../parts/dom";
import type { Outcome, Stage } from "../parts/panel";
import { Player, type Beat } from "../parts/player";
import type { Settings } from "../parts/state";
import type { CircuitAnswer } from "../work/jobs";
import type { Running } from "./touch";

const T = S.touch;
/** Centres of the groups, and how many dots stand side by side. */
const PLACES: Record<string, [number, number, number]> = {
  touch: [70, 60, 5],
  adelta: [70, 150, 5],
  c: [70, 246, 5],
  inhibitory: [310, 62, 5],
  excitatory: [310, 216, 5],
  projection: [545, 150, 5],
};
const GAP = 17;

function drawn(): string {
  const own = cards.circuit as NonNullable<typeof cards.circuit>;
  const sizes: Record<string, number> = { ...own.fibres, ...own.populations };
  const arrow = ({ pre, post, port }: { pre: string; post: string; port: string }): string => {
    const [from, to] = [PLACES[pre], PLACES[post]];
    if (!from || !to) return "";
    const stops = port === "inh" || port === "gaba";
    const side = 50;
    const down = pre === "inhibitory" && post === "excitatory";
    const [x1, y1, x2, y2] = down ? [from[0], from[1] + 40, to[0], to[1] - 58] : [from[0] + side, from[1], to[0] - side, to[1]];
    return `<line class="link ${stops ? "stops" : "excites"}" x1="${x1}" y1="${y1}" x2="${x2}" y2="${y2}" marker-end="url(#${stops ? "bar" : "tip"})"/>`;
  };
  const unique = new Map(own.links.map((link) => [`${link.pre} ${link.post}`, link]));
  const groups = Object.entries(PLACES).map(([name, [x, y, wide]]) => {
    const count = sizes[name] ?? 0;
    const rows = Math.ceil(count / wide);
    const dots = Array.from({ length: count }, (_, k) => {
      const [a, b] = [x + GAP * ((k % wide) - (wide - 1) / 2), y + GAP * (Math.floor(k / wide) - (rows - 1) / 2)];
      return `<circle class="cell ${name}" data-cell="${name} ${k}" cx="${a}" cy="${b}" r="6.5"/>`;
    });
    const label = `<text x="${x}" y="${y - GAP * (rows / 2) - 7}" text-anchor="middle">${escape(T.names[name] ?? name)}</text>`;
    return dots.join("") + label;
  });
  const markers =
    '<defs><marker id="tip" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="4.5" markerHeight="4.5" orient="auto"><path class="tip" d="M0 0L8 4L0 8z"/></marker>' +
    '<marker id="bar" viewBox="0 0 4 8" refX="2" refY="4" markerWidth="5" markerHeight="9" orient="auto"><path class="bar" d="M2 0V8"/></marker></defs>';
  return `<svg class="horn" viewBox="0 0 620 290" role="img" aria-label="${escape(T.picture)}">${markers}${[...unique.values()].map(arrow).join("")}${groups.join("")}</svg>`;
}

export function horn(set: (settings: Settings) => void): Stage & { running: (part: Running) => void } {
  const picture = h("div", { class: "picture" });
  picture.innerHTML = drawn();
  const cells = new Map([...picture.querySelectorAll<SVGElement>("[data-cell]")].map((one) => [one.dataset.cell, one]));
  const order = [...Object.keys(PLACES)];
  const timers = new Map<string, number>();
  const light = (name: string): void => {
    const cell = cells.get(name);
    if (!cell) return;
    cell.classList.add("on");
    clearTimeout(timers.get(name));
    timers.set(name, setTimeout(() => cell.classList.remove("on"), 140) as unknown as number);
  };
  let beats: Beat[] = [];
  const player = new Player("touch", {
    beat: ({ row, index }) => light(`${order[row]} ${index}`),
    at: (time, jumped) => {
      if (!jumped) return;
      for (const cell of cells.values()) cell.classList.remove("on");
      // whoever stops in the middle sees who fired just then
      for (const { time: fired, row, index } of beats) if (fired > time - 0.02 && fired <= time) cells.get(`${order[row]} ${index}`)?.classList.add("on");
    },
  });
  const buttons = ["touch", "noxious"].map((kind) =>
    h("button", { type: "button", class: "strong", onclick: () => (set({ stimulus: kind }), wanted()) }, T.stimuli[kind]),
  );
  const train = h("button", { type: "button", class: "strong", onclick: () => set({ before: "train" }) }, T.befores.train);
  const status = h("p", { class: "status", role: "status" });
  let play = false;
  const wanted = (): void => {
    play = true;
    if (last) player.begin();
  };
  let last: CircuitAnswer | null = null;
  const element = h("figure", { class: "stage" }, picture, h("div", { class: "presses", role: "group", "aria-label": T.pick }, h("span", {}, T.pick), buttons, train), status, player.element);
  return {
    element,
    running: (part) => {
      status.textContent = `${T.training}: ${part.time.toFixed(1)} s, ρ ${part.rho.toFixed(2)}`;
      for (const { population, neuron } of part.fired) for (const one of neuron) light(`${population} ${one}`);
    },
    update: (outcome: Outcome | null) => {
      element.hidden = !outcome;
      const answer = outcome?.play as CircuitAnswer | undefined;
      if (!answer || answer === last) return;
      status.textContent = "";
      last = answer;
      beats = answer.fired.flatMap((part) => part.neuron.map((index, k) => ({ time: part.time[k], row: order.indexOf(part.population), index })));
      for (const { name, volley } of answer.inputs) volley.fibre.forEach((index, k) => beats.push({ time: volley.time[k], row: order.indexOf(name), index }));
      player.load(beats, 1.5);
      if (play) player.begin();
      play = false;
    },
  };
}
