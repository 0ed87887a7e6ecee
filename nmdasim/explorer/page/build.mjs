// One file out of many: scripts and styles are put into the page itself.
import { build } from "esbuild";
import { readFile, writeFile } from "node:fs/promises";

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
await writeFile(process.argv[2] ?? "shell.html", made);
