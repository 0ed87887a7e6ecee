// Files made in the page: nothing is asked of a server.

import { csv, svg, type Chart } from "./chart";

const PROPERTIES = ["fill", "stroke", "opacity", "font-family", "font-weight"];

function save(name: string, content: Blob): void {
  const link = document.createElement("a");
  link.href = URL.createObjectURL(content);
  link.download = name;
  document.body.append(link);
  link.click();
  link.remove();
  setTimeout(() => URL.revokeObjectURL(link.href), 10_000);
}

/** The figure with its styles written out, on paper, with what must stand under it. */
export function standalone(chart: Chart, host: Element, foot: string): { text: string; width: number; height: number } {
  const box = document.createElement("div");
  box.className = "paper";
  box.style.cssText = "position:absolute;left:-9999px;width:900px";
  host.append(box);
  box.innerHTML = svg(chart, { width: 900, em: 16 });
  const drawing = box.firstElementChild as SVGSVGElement;
  const width = 900;
  const height = Number(drawing.getAttribute("height")) + 26;
  drawing.setAttribute("height", String(height));
  drawing.setAttribute("viewBox", `0 0 ${width} ${height}`);
  drawing.insertAdjacentHTML("afterbegin", `<rect class="sheet" width="${width}" height="${height}"/>`);
  drawing.insertAdjacentHTML("beforeend", `<text x="8" y="${height - 8}" font-size="12"></text>`);
  (drawing.lastElementChild as Element).textContent = foot;
  for (const one of [drawing, ...drawing.querySelectorAll("*")]) {
    const style = getComputedStyle(one);
    for (const name of PROPERTIES) one.setAttribute(name, style.getPropertyValue(name));
    one.removeAttribute("class");
  }
  const text = new XMLSerializer().serializeToString(drawing);
  box.remove();
  return { text, width, height };
}

export function asSvg(chart: Chart, host: Element, foot: string): void {
  save(`${chart.id}.svg`, new Blob([standalone(chart, host, foot).text], { type: "image/svg+xml" }));
}

export function asCsv(chart: Chart, head: string[]): void {
  save(`${chart.id}.csv`, new Blob([csv(chart, head)], { type: "text/csv" }));
}

export function asText(name: string, text: string): void {
  save(name, new Blob([text], { type: "text/plain" }));
}

export async function asPng(chart: Chart, host: Element, foot: string): Promise<void> {
  const { text, width, height } = standalone(chart, host, foot);
  const image = new Image();
  image.src = `data:image/svg+xml;charset=utf-8,${encodeURIComponent(text)}`;
  await image.decode();
  const canvas = document.createElement("canvas");
  [canvas.width, canvas.height] = [2 * width, 2 * height];
  const pen = canvas.getContext("2d");
  pen?.scale(2, 2);
  pen?.drawImage(image, 0, 0);
  const made = await new Promise<Blob | null>((done) => canvas.toBlob(done, "image/png"));
  if (made) save(`${chart.id}.png`, made);
}
