// What can be set in each panel, for Python: run by Node at build time with the cards on standard input.

import { afternoon } from "./panels/afternoon";
import { receptor } from "./panels/receptor";
import { touch } from "./panels/touch";
import { windup } from "./panels/windup";
import { year } from "./panels/year";

const panels = [receptor, windup, touch, afternoon, year];
const shown = panels.map((panel) => [
  panel.id,
  Object.fromEntries(
    panel.controls
      .filter((one) => !(one.kind === "slider" && one.of))
      .map((one) => {
        if (one.kind === "slider") return [one.key, { kind: one.kind, unit: one.unit, value: one.value, low: one.low, high: one.high, whole: Boolean(one.whole) }];
        if (one.kind === "choice") return [one.key, { kind: one.kind, value: one.value, options: one.options.map((o) => o.value) }];
        return [one.key, { kind: one.kind, value: one.value }];
      }),
  ),
]);
console.log(JSON.stringify(Object.fromEntries(shown)));
