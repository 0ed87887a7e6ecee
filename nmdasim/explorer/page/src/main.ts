import { App } from "./app";
import { opening } from "./cards";
import { afternoon } from "./panels/afternoon";

const all = [afternoon];
const wanted = opening.panels?.length ? all.filter((one) => opening.panels?.includes(one.id)) : all;
const app = new App(wanted.length ? wanted : all);
app.start(document.getElementById("app") as HTMLElement);
(window as unknown as { nmdasim: unknown }).nmdasim = app.test;
