// Formulas arrive as text that Python generated from the equations of the library; the functions of its language that
// JavaScript's Math lacks are given here.

export type Names = Record<string, number>;
export type Formula = (p: Names) => number[];

const OWN = {
  clip: (x: number, low: number, high: number) => Math.min(Math.max(x, low), high),
  truth: (condition: boolean) => Number(condition),
  exprel: (x: number) => (x === 0 ? 1 : Math.expm1(x) / x),
  magnitude: Math.abs,
  remainder: (x: number, y: number) => x - y * Math.floor(x / y),
};

const known = new Map<string, Formula>();

export function formula(text: string): Formula {
  let found = known.get(text);
  if (!found) {
    found = new Function(...Object.keys(OWN), `"use strict"; return (${text});`)(...Object.values(OWN)) as Formula;
    known.set(text, found);
  }
  return found;
}
