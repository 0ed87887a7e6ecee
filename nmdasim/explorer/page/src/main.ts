import { App } from "./app";
import { opening } from "./cards";
import { afternoon } from "./panels/afternoon";
import { receptor } from "./panels/receptor";
import { year } from "./panels/year";

const all = [receptor, afternoon, year];
const wanted = opening.panels?.length ? all.filter((one) => opening.panels?.includes(one.id)) : all;
const app = new App(wanted.length ? wanted : all);
app.start(document.getElementById("app") as HTMLElement);
(window as unknown as { nmdasim: unknown }).nmdasim = app.test;
