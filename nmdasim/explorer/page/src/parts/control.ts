// Sliders with a field beside them, choices, switches: each says its unit, plausible range and source.

import { S } from "../strings";
import { h, shown } from "./dom";
import { read, type Limits } from "./quantity";
import type { Settings, Value } from "./state";

interface Common {
  key: string;
  label: string;
  about?: string;
  group?: string;
  applies?: (settings: Settings) => boolean;
}

export interface Slider extends Common, Limits {
  kind: "slider";
  value: number;
  from: number; // plausible range, which the slider spans
  to: number;
  scale?: "log"; // with 0 at the left end where `from` is 0
  least?: number; // of such a scale
  step?: number;
  source?: string;
  of?: { key: string; factor: number }; // shows another setting in a unit of its own, and moves it
}

export interface Choice extends Common {
  kind: "choice";
  value: string;
  options: { value: string; label: string }[];
  allowed?: (settings: Settings) => string[];
}

export interface Switch extends Common {
  kind: "switch";
  value: boolean;
}

/** What no control shows, but the link holds. */
export interface Text extends Common {
  kind: "text";
  value: string;
  pattern: RegExp;
}

export type Control = Slider | Choice | Switch | Text;
export type Change = (key: string, value: Value, done: boolean) => void;

export interface Shown {
  element: HTMLElement;
  update: (settings: Settings) => void;
}

/** Places of a slider: one a step, so that an arrow key moves by a step. */
export function notches(one: Slider): number {
  const step = one.whole ? 1 : one.step;
  return one.scale !== "log" && step ? Math.round((one.to - one.from) / step) : 200;
}

export function position(one: Slider, value: number): number {
  const last = notches(one);
  if (one.scale !== "log") return ((value - one.from) / (one.to - one.from)) * last;
  const low = one.from > 0 ? one.from : (one.least ?? one.to / 1e3);
  if (value < low) return 0;
  const place = Math.log(value / low) / Math.log(one.to / low);
  return one.from > 0 ? place * last : 1 + place * (last - 1);
}

export function valueAt(one: Slider, notch: number): number {
  const last = notches(one);
  if (one.scale !== "log") return rounded(one, one.from + (notch / last) * (one.to - one.from));
  const low = one.from > 0 ? one.from : (one.least ?? one.to / 1e3);
  if (one.from === 0 && notch < 1) return 0;
  const share = one.from > 0 ? notch / last : (notch - 1) / (last - 1);
  return rounded(one, low * (one.to / low) ** share);
}

function rounded(one: Slider, value: number): number {
  if (one.whole) return Math.round(value);
  if (one.step) return Number((Math.round(value / one.step) * one.step).toPrecision(10));
  return Number(value.toPrecision(3));
}

export function build(panel: string, one: Control, change: Change): Shown {
  if (one.kind === "slider") return slider(panel, one, change);
  if (one.kind === "text") return { element: h("div", { hidden: true }), update: () => undefined };
  return one.kind === "choice" ? choice(panel, one, change) : toggle(panel, one, change);
}

function slider(panel: string, one: Slider, change: Change): Shown {
  const id = `${panel}-${one.key}`;
  const bar = h("input", { type: "range", id, min: 0, max: notches(one), step: 1, "aria-describedby": `${id}-about` });
  const field = h("input", {
    type: "text",
    class: "field",
    id: `${id}-field`,
    "aria-label": S.field.of(one.label, one.unit),
    inputmode: "text",
    autocomplete: "off",
    spellcheck: "false",
    "aria-describedby": `${id}-fault`,
  });
  const fault = h("p", { class: "fault", id: `${id}-fault`, role: "alert" });
  const note = h("p", { class: "about", id: `${id}-about` }, about(one));
  const told = (value: number, done: boolean): void => {
    fault.textContent = "";
    field.removeAttribute("aria-invalid");
    if (one.of) change(one.of.key, Number((value / one.of.factor).toPrecision(6)), done);
    else change(one.key, value, done);
  };
  bar.addEventListener("input", () => told(valueAt(one, Number(bar.value)), false));
  bar.addEventListener("change", () => told(valueAt(one, Number(bar.value)), true));
  const typed = (): void => {
    const value = read(field.value, one);
    if (typeof value === "number") return told(value, true);
    fault.textContent = value;
    field.setAttribute("aria-invalid", "true");
  };
  field.addEventListener("change", typed);
  const head = h("div", { class: "head" }, h("label", { for: id }, one.label), h("span", { class: "entry" }, field, h("span", { class: "unit" }, one.unit)));
  const element = h("div", { class: "control", "data-key": one.key }, head, bar, fault, note);
  const update = (settings: Settings): void => {
    const value = one.of ? (settings[one.of.key] as number) * one.of.factor : (settings[one.key] as number);
    bar.value = String(position(one, value));
    bar.setAttribute("aria-valuetext", `${shown(value, 4)} ${one.unit}`);
    if (document.activeElement !== field || read(field.value, one) !== value) field.value = String(Number(value.toPrecision(one.of ? 4 : 6)));
    fault.textContent = "";
    field.removeAttribute("aria-invalid");
    element.hidden = !(one.applies?.(settings) ?? true);
  };
  return { element, update };
}

function about(one: Slider): string {
  const range = S.field.range(one.from, one.to, one.unit);
  return [one.about, range, one.source && S.field.source(one.source)].filter(Boolean).join(" · ");
}

function choice(panel: string, one: Choice, change: Change): Shown {
  const id = `${panel}-${one.key}`;
  const list = h("select", { id }, one.options.map((o) => h("option", { value: o.value }, o.label)));
  list.addEventListener("change", () => change(one.key, list.value, true));
  const note = one.about ? h("p", { class: "about" }, one.about) : null;
  const element = h("div", { class: "control", "data-key": one.key }, h("div", { class: "head" }, h("label", { for: id }, one.label)), list, note);
  const update = (settings: Settings): void => {
    const allowed = one.allowed?.(settings);
    for (const option of list.options) option.disabled = option.hidden = Boolean(allowed && !allowed.includes(option.value));
    list.value = String(settings[one.key]);
    element.hidden = !(one.applies?.(settings) ?? true);
  };
  return { element, update };
}

function toggle(panel: string, one: Switch, change: Change): Shown {
  const id = `${panel}-${one.key}`;
  const box = h("input", { type: "checkbox", id });
  box.addEventListener("change", () => change(one.key, box.checked, true));
  const element = h("div", { class: "control switch", "data-key": one.key }, box, h("label", { for: id }, one.label));
  const update = (settings: Settings): void => {
    box.checked = Boolean(settings[one.key]);
    element.hidden = !(one.applies?.(settings) ?? true);
  };
  return { element, update };
}

/** Choices that the others no longer allow fall back to what is allowed. */
export function consistent(controls: Control[], settings: Settings): Settings {
  const found = { ...settings };
  for (const one of controls) {
    if (one.kind !== "choice" || !one.allowed) continue;
    const allowed = one.allowed(found);
    if (!allowed.includes(String(found[one.key]))) found[one.key] = allowed[0];
  }
  return found;
}
