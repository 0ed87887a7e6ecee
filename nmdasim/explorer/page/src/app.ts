// The page: one state, one place where it changes, and everything drawn from it.

import { cards, opening } from "./cards";
import { S } from "./strings";
import { svg, type Chart } from "./parts/chart";
import { build, consistent, type Shown } from "./parts/control";
import { h, replace } from "./parts/dom";
import { asCsv, asPng, asSvg } from "./parts/download";
import type { Outcome, Panel, Stage } from "./parts/panel";
import { Cancelled } from "./work/client";
import { defaults, LOOKS, parse, write, type Known, type Settings, type State, type Value } from "./parts/state";

interface Built {
  panel: Panel;
  element: HTMLElement;
  controls: Shown[];
  figures: HTMLElement;
  numbers: HTMLElement;
  notes: HTMLElement;
  script: HTMLElement;
  stage?: Stage;
  outcome: Outcome | null;
  drawnFor: string;
}

export class App {
  private readonly known: Known;
  private state: State;
  private past: string[] = [];
  private future: string[] = [];
  private built = new Map<string, Built>();
  private job = 0;
  private live!: HTMLElement;
  private message!: HTMLElement;
  private busy!: HTMLElement;
  private tabs!: HTMLElement;
  private main!: HTMLElement;
  private undoButton!: HTMLButtonElement;
  private redoButton!: HTMLButtonElement;
  private lookList!: HTMLSelectElement;
  private settled: Promise<void> = Promise.resolve();
  listener: (() => void) | null = null;

  constructor(private readonly panels: Panel[]) {
    this.open();
    this.known = { panels };
    this.state = defaults(this.known);
    if (opening.panel && panels.some((p) => p.id === opening.panel)) this.state.panel = opening.panel;
  }

  /** What the file was exported with becomes the defaults of its controls. */
  private open(): void {
    for (const [id, own] of Object.entries(opening.settings ?? {})) {
      const panel = this.panels.find((one) => one.id === id);
      for (const [key, value] of Object.entries(own)) {
        const control = panel?.controls.find((one) => one.key === key);
        if (control) control.value = value as never;
      }
    }
  }

  start(root: HTMLElement): void {
    const said = this.hashed(location.hash);
    root.append(this.frame());
    if (said) this.say(said);
    window.addEventListener("hashchange", () => this.arrive());
    new ResizeObserver(() => this.drawFigures()).observe(this.main);
    document.addEventListener("keydown", (event) => this.key(event));
    this.show(true);
  }

  private hashed(hash: string): string {
    if (hash.length < 2) return "";
    const found = parse(hash, this.known);
    if (typeof found === "string") return S.hashFault(found);
    this.state = found;
    return "";
  }

  private arrive(): void {
    if (location.hash === write(this.state, this.known)) return;
    const said = this.hashed(location.hash);
    if (said) this.state = defaults(this.known);
    this.say(said);
    this.show(true);
  }

  // --- changes ---

  set = (key: string, value: Value, done: boolean): void => {
    const own = this.state.settings[this.state.panel];
    if (own[key] === value && !done) return;
    this.change({ ...own, [key]: value }, done);
  };

  change = (settings: Settings, done = true): void => {
    const { panel } = this.state;
    const controls = this.panel.controls;
    if (done) this.remember();
    const own = consistent(controls, { ...this.state.settings[panel], ...settings });
    this.state = { ...this.state, settings: { ...this.state.settings, [panel]: own } };
    this.show(done);
  };

  private remembered = "";

  private remember(): void {
    const was = this.remembered || write(this.state, this.known);
    if (this.past[this.past.length - 1] !== was) this.past.push(was);
    this.future = [];
  }

  private travel(from: string[], to: string[]): void {
    const hash = from.pop();
    if (hash === undefined) return;
    to.push(write(this.state, this.known));
    this.hashed(hash);
    this.show(true);
  }

  undo = (): void => this.travel(this.past, this.future);
  redo = (): void => this.travel(this.future, this.past);

  private key(event: KeyboardEvent): void {
    if (!(event.ctrlKey || event.metaKey) || event.key.toLowerCase() !== "z") return;
    if (event.target instanceof HTMLInputElement && event.target.type === "text") return;
    event.preventDefault();
    if (event.shiftKey) this.redo();
    else this.undo();
  }

  private go(panel: string): void {
    if (panel === this.state.panel) return;
    this.remember();
    this.state = { ...this.state, panel };
    this.show(true);
  }

  // --- the frame ---

  private get panel(): Panel {
    return this.panels.find((one) => one.id === this.state.panel) as Panel;
  }

  private frame(): HTMLElement {
    this.tabs = h("nav", { "aria-label": S.panels });
    this.undoButton = h("button", { type: "button", onclick: this.undo }, S.undo);
    this.redoButton = h("button", { type: "button", onclick: this.redo }, S.redo);
    const look = h("select", { id: "look" }, LOOKS.map((one) => h("option", { value: one }, S.looks[one])));
    look.addEventListener("change", () => {
      this.remember();
      this.state = { ...this.state, look: look.value };
      this.show(true);
    });
    this.lookList = look;
    const tools = h("div", { class: "tools" }, this.undoButton, this.redoButton, h("label", { for: "look" }, S.look), look);
    this.message = h("p", { class: "message", role: "status", hidden: true });
    this.busy = h("div", { class: "busy", hidden: true });
    this.live = h("p", { class: "unseen", "aria-live": "polite" });
    this.main = h("main", { id: "main", tabindex: -1 });
    const head = h("header", {}, h("div", { class: "brand" }, h("h1", {}, S.title), h("p", {}, S.subtitle)), tools, this.tabs);
    const foot = h("footer", {}, h("strong", {}, cards.disclaimer), h("span", {}, ` nmdasim ${cards.version}`));
    const skip = h("a", { class: "skip", href: "#main" }, S.skip);
    skip.addEventListener("click", (event) => {
      event.preventDefault();
      this.main.focus();
    });
    return h("div", { class: "page" }, skip, head, this.message, this.main, this.busy, this.live, foot);
  }

  say(text: string): void {
    this.message.textContent = text;
    this.message.hidden = !text;
  }

  // --- drawing ---

  private show(done: boolean): void {
    const hash = write(this.state, this.known);
    if (done) {
      this.remembered = hash;
      // a frame of a notebook has no address of its own to write to
      if (location.protocol !== "about:" && location.hash !== hash) history.replaceState(null, "", hash);
    }
    document.documentElement.dataset.look = this.state.look;
    this.lookList.value = this.state.look;
    this.undoButton.disabled = !this.past.length;
    this.redoButton.disabled = !this.future.length;
    this.drawTabs();
    const one = this.panelView();
    if (this.main.firstElementChild !== one.element) replace(this.main, one.element);
    const own = this.state.settings[this.state.panel];
    for (const control of one.controls) control.update(own);
    one.script.textContent = one.panel.python(own);
    this.settled = this.compute(one, own, hash);
  }

  private drawTabs(): void {
    const { panel } = this.state;
    if (!this.tabs.childElementCount) {
      for (const one of this.panels) this.tabs.append(h("button", { type: "button", "data-panel": one.id, onclick: () => this.go(one.id) }, one.title));
    }
    for (const tab of this.tabs.children) {
      if ((tab as HTMLElement).dataset.panel === panel) tab.setAttribute("aria-current", "page");
      else tab.removeAttribute("aria-current");
    }
  }

  private panelView(): Built {
    const known = this.built.get(this.state.panel);
    if (known) return known;
    const { panel } = this;
    const controls = panel.controls.map((one) => build(panel.id, one, this.set));
    const presets = panel.presets.map((one) => h("button", { type: "button", onclick: () => this.change(one.settings) }, one.label));
    const again = h("button", { type: "button", class: "reset", onclick: () => this.change(defaults(this.known).settings[panel.id]) }, S.reset);
    const side = h(
      "section",
      { class: "settings", "aria-label": S.settings },
      h("div", { class: "presets", role: "group", "aria-label": S.presets }, presets, again),
      controls.map((one) => one.element),
    );
    const figures = h("div", { class: "figures" });
    const numbers = h("dl", { class: "numbers", "aria-label": S.numbers });
    const notes = h("div", { class: "notes" });
    const script = h("code", {});
    const stage = panel.stage?.((settings) => this.change(settings));
    const view = h("section", { class: "views", "aria-label": S.figures }, stage?.element, numbers, figures, notes, this.folds(panel, script));
    const element = h("div", { class: "panel", "data-panel": panel.id }, h("div", { class: "idea" }, h("h2", {}, panel.title), h("p", {}, panel.idea)), side, view);
    const built: Built = { panel, element, controls, figures, numbers, notes, script, stage, outcome: null, drawnFor: "" };
    this.built.set(panel.id, built);
    return built;
  }

  private folds(panel: Panel, script: HTMLElement): HTMLElement {
    const copy = h("button", { type: "button" }, S.copy);
    copy.addEventListener("click", () => {
      void navigator.clipboard?.writeText(script.textContent ?? "").then(() => (this.live.textContent = S.saved));
    });
    const equations = h("div", { class: "equations", tabindex: 0, role: "region", "aria-label": S.equations });
    equations.innerHTML = panel.equations.join("");
    const sources = h("ul", {}, panel.sources.filter((key) => cards.references[key]).map((key) => h("li", {}, h("b", {}, key), ` ${cards.references[key]}`)));
    return h(
      "div",
      { class: "folds" },
      panel.equations.length ? h("details", {}, h("summary", {}, S.equations), equations) : null,
      h("details", {}, h("summary", {}, S.python), copy, h("pre", { tabindex: 0, role: "region", "aria-label": S.python }, script)),
      panel.sources.length ? h("details", {}, h("summary", {}, S.sources), sources) : null,
    );
  }

  private async compute(one: Built, settings: Settings, hash: string): Promise<void> {
    if (one.drawnFor === hash && one.outcome) return this.draw(one, one.outcome);
    const job = ++this.job;
    const stale = (): boolean => job !== this.job;
    if (one.panel.needsWorker && typeof Worker === "undefined") return this.refuse(one, S.noWorker);
    try {
      const outcome = await one.panel.compute(settings, {
        cancelled: stale,
        progress: (share, text) => !stale() && this.progress(share, text),
        show: (part) => !stale() && this.draw(one, part),
      });
      if (stale()) return;
      this.progress(1);
      one.drawnFor = hash;
      this.draw(one, outcome);
      this.listener?.();
    } catch (error) {
      if (!stale() && !(error instanceof Cancelled)) this.refuse(one, S.failed(error instanceof Error ? error.message : String(error)));
    }
  }

  private refuse(one: Built, text: string): void {
    this.progress(1);
    one.outcome = null;
    replace(one.figures, h("p", { class: "lack", role: "status" }, text));
    replace(one.numbers);
    one.stage?.update(null, this.state.settings[one.panel.id]);
  }

  private progress(share: number, text: string = S.working): void {
    this.busy.hidden = share >= 1;
    if (share >= 1) return;
    if (!this.busy.childElementCount) {
      const stop = h("button", { type: "button", onclick: () => this.cancel() }, S.cancel);
      this.busy.append(h("progress", { max: 1, value: 0, "aria-label": S.working }), h("span", {}), stop);
    }
    (this.busy.firstElementChild as HTMLProgressElement).value = share;
    (this.busy.children[1] as HTMLElement).textContent = text;
  }

  private cancel(): void {
    this.job++;
    this.progress(1);
    this.live.textContent = S.cancelled;
  }

  private draw(one: Built, outcome: Outcome): void {
    one.outcome = outcome;
    replace(one.numbers, ...outcome.numbers.map((n) => h("div", {}, h("dt", {}, n.label), h("dd", {}, n.value))));
    replace(one.notes, ...(outcome.notes ?? []).map((text) => h("p", {}, text)));
    one.stage?.update(outcome, this.state.settings[one.panel.id]);
    if (one.panel.id === this.state.panel) this.drawFigures();
  }

  private drawFigures(): void {
    const one = this.built.get(this.state.panel);
    if (!one?.outcome) return;
    const em = parseFloat(getComputedStyle(document.documentElement).fontSize);
    const width = Math.max(280, Math.floor(one.figures.clientWidth));
    const { charts } = one.outcome;
    if (one.figures.childElementCount !== charts.length || one.figures.querySelector(".lack")) {
      replace(one.figures, ...charts.map((_, place) => this.figure(one, place)));
    }
    charts.forEach((chart, k) => {
      const box = one.figures.children[k].firstElementChild as HTMLElement;
      box.innerHTML = svg(chart, { width, em });
    });
  }

  private figure(one: Built, place: number): HTMLElement {
    const chart = (): Chart => (one.outcome as Outcome).charts[place];
    const foot = S.foot(cards.disclaimer, cards.version);
    const head = (): string[] => [chart().title, cards.disclaimer, write(this.state, this.known)];
    const button = (name: string, act: () => unknown): HTMLElement =>
      h("button", { type: "button", "aria-label": `${S.download} ${name}: ${chart().title}`, onclick: () => void act() }, name);
    const bar = h(
      "div",
      { class: "downloads", role: "group", "aria-label": S.download },
      h("span", {}, S.download),
      button("PNG", () => asPng(chart(), one.element, foot)),
      button("SVG", () => asSvg(chart(), one.element, foot)),
      button("CSV", () => asCsv(chart(), head())),
    );
    return h("figure", {}, h("div", { class: "drawing" }), bar);
  }

  // --- for tests and for the notebook ---

  /** The panel that is open, its settings, and what they led to. */
  get told(): { panel: string; settings: Record<string, Settings>; results: Record<string, unknown> } {
    const { panel, settings } = this.state;
    return { panel, settings: { [panel]: settings[panel] }, results: this.built.get(panel)?.outcome?.values ?? {} };
  }

  /** Settings from outside; what is already so is left alone. */
  receive(panel: string, settings: Record<string, Settings>): void {
    const before = write(this.state, this.known);
    const next = { ...this.state, settings: { ...this.state.settings } };
    if (this.panels.some((one) => one.id === panel)) next.panel = panel;
    for (const [id, own] of Object.entries(settings)) {
      const target = this.panels.find((one) => one.id === id);
      if (!target) continue;
      const known = Object.fromEntries(Object.entries(own).filter(([key]) => key in next.settings[id]));
      next.settings[id] = consistent(target.controls, { ...next.settings[id], ...known });
    }
    if (write(next, this.known) === before) return;
    this.state = next;
    this.show(true);
  }

  get test(): Record<string, unknown> {
    return {
      state: () => this.state,
      hash: () => write(this.state, this.known),
      values: async () => {
        await this.settled;
        return this.built.get(this.state.panel)?.outcome?.values;
      },
      set: async (panel: string, settings: Settings) => {
        this.state = { ...this.state, panel };
        this.change(settings);
        await this.settled;
        return this.built.get(panel)?.outcome?.values;
      },
      script: (panel: string, settings: Settings = {}) => {
        const one = this.panels.find((p) => p.id === panel) as Panel;
        return one.python(consistent(one.controls, { ...this.state.settings[panel], ...settings }));
      },
      panels: this.panels.map((p) => ({ id: p.id, controls: p.controls.map((c) => ({ ...c, shown: c.applies?.(this.state.settings[p.id]) ?? true })) })),
      compute: async (panel: string, settings: Settings) => {
        const one = this.panels.find((p) => p.id === panel) as Panel;
        const own = consistent(one.controls, { ...defaults(this.known).settings[panel], ...settings });
        const idle = { cancelled: () => false, progress: () => undefined, show: () => undefined };
        return (await one.compute(own, idle)).values;
      },
    };
  }
}
