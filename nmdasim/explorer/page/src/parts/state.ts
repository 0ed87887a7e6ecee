// The whole state of the page: which panel, every setting that is not the default, how it looks. It stands in the hash.

import type { Control } from "./control";
import { read } from "./quantity";

export type Value = number | string | boolean;
export type Settings = Record<string, Value>;

export interface State {
  panel: string;
  look: string;
  settings: Record<string, Settings>; // by panel
}

export const LOOKS = ["auto", "light", "dark", "projector"];

export interface Known {
  panels: { id: string; controls: Control[] }[];
}

/** Whether a control only shows another one's setting. */
export function isView(one: Control): boolean {
  return one.kind === "slider" && one.of !== undefined;
}

export function defaults(known: Known): State {
  const settings = Object.fromEntries(
    known.panels.map((panel) => [panel.id, Object.fromEntries(panel.controls.filter((one) => !isView(one)).map((one) => [one.key, one.value]))]),
  );
  return { panel: known.panels[0].id, look: "auto", settings };
}

export function write(state: State, known: Known): string {
  const words = [`panel=${state.panel}`];
  if (state.look !== "auto") words.push(`look=${state.look}`);
  for (const panel of known.panels) {
    for (const one of panel.controls) {
      if (isView(one)) continue;
      const value = state.settings[panel.id][one.key];
      if (value !== one.value) words.push(`${panel.id}.${one.key}=${encodeURIComponent(String(value))}`);
    }
  }
  return `#${words.join("&")}`;
}

/** The state that a hash says, or what in it cannot be read. */
export function parse(hash: string, known: Known): State | string {
  const state = defaults(known);
  for (const word of hash.replace(/^#/, "").split("&").filter(Boolean)) {
    const [name, ...rest] = word.split("=");
    let text: string;
    try {
      text = decodeURIComponent(rest.join("="));
    } catch {
      return word;
    }
    if (name === "panel" && known.panels.some((panel) => panel.id === text)) state.panel = text;
    else if (name === "look" && LOOKS.includes(text)) state.look = text;
    else if (!place(state, known, name, text)) return word;
  }
  return state;
}

function place(state: State, known: Known, name: string, text: string): boolean {
  const [id, key] = name.split(".");
  const control = known.panels.find((panel) => panel.id === id)?.controls.find((one) => one.key === key);
  if (!control || isView(control)) return false;
  if (control.kind === "switch") {
    if (text !== "true" && text !== "false") return false;
    state.settings[id][key] = text === "true";
    return true;
  }
  if (control.kind === "choice") {
    if (!control.options.some((one) => one.value === text)) return false;
    state.settings[id][key] = text;
    return true;
  }
  if (control.kind === "text") {
    if (!control.pattern.test(text)) return false;
    state.settings[id][key] = text;
    return true;
  }
  const value = read(text, control);
  if (typeof value === "string") return false;
  state.settings[id][key] = value;
  return true;
}
