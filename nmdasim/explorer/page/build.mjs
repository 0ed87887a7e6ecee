// One file out of many: scripts and styles are put into the page itself.
import { build } from "esbuild";
import { mkdir, readFile, writeFile } from "node:fs/promises";

const options = { bundle: true, write: false, minify: true, target: "es2022", charset: "utf8", legalComments: "none", logLevel: "warning" };
const text = async (entry, more) => (await build({ ...options, entryPoints: [entry], ...more })).outputFiles[0].text.trim();
// a closing tag inside a script would end it
const inside = (script) => script.replaceAll("</script", "<\\/script").replaceAll("<!--", "<\\!--");

const page = await text("src/main.ts", { format: "iife" });
const style = await text("src/style.css", { loader: { ".css": "css" } });
const frame = await readFile("src/page.html", "utf8");
const worker = await text("src/work/worker.ts", { format: "iife" });
const parts = { style, page: inside(page), worker: inside(worker) };
const made = frame.replace(/\/\*(style|page|worker)\*\//g, (_, name) => parts[name] ?? "");
const folder = process.argv[2] ?? "built";
await mkdir(folder, { recursive: true });
await writeFile(`${folder}/shell.html`, made);
// what can be set is listed by Node itself, with the cards where the page would have them
const banner = 'const told = require("fs").readFileSync(0, "utf8"); globalThis.document = { getElementById: (id) => ({ textContent: id === "cards" ? told : "{}" }) };';
await writeFile(`${folder}/listing.cjs`, await text("src/listing.ts", { format: "cjs", platform: "node", banner: { js: banner } }));
