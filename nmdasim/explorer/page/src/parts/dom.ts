// Elements by name, attributes and children: all that the page needs of a framework.

type Child = Node | string | null | undefined | false;
type Attributes = Record<string, string | number | boolean | EventListener | undefined>;

export function h<K extends keyof HTMLElementTagNameMap>(
  name: K,
  attributes: Attributes = {},
  ...children: (Child | Child[])[]
): HTMLElementTagNameMap[K] {
  const found = document.createElement(name);
  for (const [key, value] of Object.entries(attributes)) {
    if (value === undefined || value === false) continue;
    if (typeof value === "function") found.addEventListener(key.slice(2), value);
    else found.setAttribute(key, value === true ? "" : String(value));
  }
  found.append(...children.flat().filter((one): one is Node | string => one !== null && one !== undefined && one !== false));
  return found;
}

export function replace(target: Element, ...children: (Node | string)[]): void {
  target.replaceChildren(...children);
}

export function escape(text: string): string {
  return text.replace(/[&<>"]/g, (c) => ({ "&": "&amp;", "<": "&lt;", ">": "&gt;", '"': "&quot;" })[c] ?? c);
}

/** A number as it is shown: three digits, no more than the model knows. */
export function shown(value: number, digits = 3): string {
  if (!Number.isFinite(value)) return "–";
  if (value === 0) return "0";
  const size = Math.abs(value);
  if (size >= 1e5 || size < 1e-3) return value.toExponential(digits - 1).replace("e", " × 10^").replace("+", "");
  const text = Number(value.toPrecision(digits));
  return size >= 1000 ? Math.round(value).toLocaleString("en") : String(text);
}
