import { App } from "./app";
import { cards, opening } from "./cards";
import { afternoon } from "./panels/afternoon";
import { ownModel } from "./panels/own";
import { receptor } from "./panels/receptor";
import { touch } from "./panels/touch";
import { windup } from "./panels/windup";
import { year } from "./panels/year";

const all = [...(cards.own ? [ownModel] : []), receptor, ...(cards.windup ? [windup] : []), ...(cards.circuit ? [touch] : []), afternoon, year];
const wanted = opening.panels?.length ? all.filter((one) => opening.panels?.includes(one.id)) : all;
const app = new App(wanted.length ? wanted : all);
app.start(document.getElementById("app") as HTMLElement);
(window as unknown as { nmdasim: unknown }).nmdasim = app.test;

// in a frame of a notebook: settings come from Python, results go back to it
if (window.parent !== window) {
  app.listener = () => window.parent.postMessage({ nmdasim: "results", ...app.told }, "*");
  window.addEventListener("message", (event) => {
    if (event.source === window.parent && event.data?.nmdasim === "set") app.receive(event.data.panel, event.data.settings ?? {});
  });
}
