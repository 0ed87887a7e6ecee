// Figures as SVG: one drawing for the screen, for print and for download.

import { escape, shown } from "./dom";

export interface Axis {
  label: string;
  min?: number;
  max?: number;
  log?: boolean;
}

export interface Series {
  label: string;
  x: ArrayLike<number>;
  y: ArrayLike<number>;
  colour: number; // 1 … 6, of the palette
  dash?: boolean;
  kind?: "line" | "points" | "ticks";
  tall?: number; // half the height of a tick, em
}

export interface Band {
  low: number;
  high: number;
  label: string;
}

export interface Chart {
  id: string;
  title: string;
  x: Axis;
  y: Axis;
  series: Series[];
  bands?: Band[];
  marks?: { x: number; label?: string }[];
  height?: number;
  rows?: string[]; // names of the rows of a raster, from below
}

export interface Size {
  width: number;
  em: number;
}

const keyHeight = (chart: Chart): number => (chart.bands?.length ? 0.9 + 1.25 * chart.bands.length : 0);

/** How a dashed line of each colour is broken, for who does not see colours. */
const DASHES = ["8 4", "2 3", "10 3 2 3", "14 4", "6 2 2 2 2 2", "5 3"];
const dashes = (one: Series): string => (one.dash ? ` stroke-dasharray="${DASHES[(one.colour - 1) % DASHES.length]}"` : "");

interface Frame {
  left: number;
  right: number;
  top: number;
  bottom: number;
  x: (value: number) => number;
  y: (value: number) => number;
  ys: number[]; // ticks of the y axis
}

export function svg(chart: Chart, { width, em }: Size): string {
  const legend = legendRows(chart, width, em);
  const height = Math.round(((chart.height ?? 15) + 1.35 * legend.length + keyHeight(chart)) * em);
  const frame = framed(chart, width, height, em, legend.length);
  const parts = [
    ...bands(chart, frame, em),
    ...axes(chart, frame, em),
    `<g clip-path="inset(0)">${chart.series.map((one) => drawn(one, frame, em)).join("")}</g>`,
    ...legend.map((row, k) => legendRow(row, frame.left, (1.9 + 1.35 * k) * em, em)),
    `<text x="${em * 0.3}" y="${em * 0.95}" class="title">${escape(chart.title)}</text>`,
  ];
  return (
    `<svg xmlns="http://www.w3.org/2000/svg" role="img" aria-label="${escape(described(chart))}" class="chart" ` +
    `width="${width}" height="${height}" viewBox="0 0 ${width} ${height}" font-size="${em * 0.82}">${parts.join("")}</svg>`
  );
}

/** What a chart shows, in words, for who cannot see it. */
function described(chart: Chart): string {
  const said = chart.series
    .filter((one) => one.kind !== "ticks" && one.y.length)
    .map((one) => {
      const [low, high] = extent([one.y]);
      return `${one.label}: ${shown(low)} to ${shown(high)}`;
    });
  return `${chart.title}. ${chart.y.label} against ${chart.x.label}. ${said.join("; ")}`;
}

function extent(rows: ArrayLike<number>[]): [number, number] {
  let [low, high] = [Infinity, -Infinity];
  for (const row of rows) {
    for (let i = 0; i < row.length; i++) {
      const value = row[i];
      if (!Number.isFinite(value)) continue;
      if (value < low) low = value;
      if (value > high) high = value;
    }
  }
  return low <= high ? [low, high] : [0, 1];
}

function range(axis: Axis, rows: ArrayLike<number>[]): [number, number] {
  const [low, high] = extent(rows);
  const found: [number, number] = [axis.min ?? low, axis.max ?? high];
  if (!(found[1] > found[0])) found[1] = found[0] + (Math.abs(found[0]) || 1) * 0.1;
  if (axis.max === undefined && !axis.log) found[1] += 0.05 * (found[1] - found[0]);
  return found;
}

function framed(chart: Chart, width: number, height: number, em: number, rows: number): Frame {
  const [x0, x1] = range(chart.x, chart.series.map((one) => one.x));
  const [y0, y1] = range(chart.y, chart.series.map((one) => one.y));
  const gutter = 1.15 * (chart.bands?.length ?? 0);
  const [right, top, bottom] = [width - (1.3 + gutter) * em, (1.8 + 1.35 * rows) * em, height - (2.7 + keyHeight(chart)) * em];
  const scale = (log: boolean | undefined, a: number, b: number, from: number, to: number) => {
    const place = log ? Math.log10 : (v: number): number => v;
    return (v: number): number => from + ((place(v) - place(a)) / (place(b) - place(a))) * (to - from);
  };
  const y = scale(chart.y.log, y0, y1, bottom, top);
  const ys = chart.rows ? [] : chart.y.log ? decades(y, bottom, top) : ticks(y0, y1, (bottom - top) / (2.2 * em));
  // the axis' name stands at the very left; the longest tick fits between it and the axis
  const longest = Math.max(0, ...ys.map((value) => label(value).length));
  const left = (chart.rows ? 7.6 : Math.max(3.9, 2.1 + DIGIT_EM * longest)) * em;
  const x = scale(chart.x.log, x0, x1, left, right);
  return { left, right, top, bottom, x, y, ys };
}

/** Width of a digit of a tick, in units of the page's type. */
const DIGIT_EM = 0.5;

function values(frame: (v: number) => number, from: number, to: number): number[] {
  // the axis is a line: two of its points say where it begins and ends
  const [a, b] = [frame(0), frame(1)];
  return [(from - a) / (b - a), (to - a) / (b - a)];
}

export function ticks(low: number, high: number, count: number): number[] {
  const raw = (high - low) / Math.max(count, 1);
  const power = 10 ** Math.floor(Math.log10(raw));
  const step = [1, 2, 2.5, 5, 10].map((k) => k * power).find((s) => s >= raw * 0.999) ?? 10 * power;
  const found: number[] = [];
  for (let k = Math.ceil(low / step - 1e-9); k * step <= high + 1e-9 * step; k++) found.push(Number((k * step).toPrecision(12)));
  return found;
}

function axes(chart: Chart, f: Frame, em: number): string[] {
  const parts: string[] = [];
  const xs = chart.x.log ? decades(f.x, f.left, f.right) : ticks(...pair(values(f.x, f.left, f.right)), (f.right - f.left) / (5.5 * em));
  for (const value of xs) {
    const at = f.x(value).toFixed(1);
    parts.push(`<line class="grid" x1="${at}" x2="${at}" y1="${f.top}" y2="${f.bottom}"/>`);
    parts.push(`<text x="${at}" y="${f.bottom + 1.05 * em}" text-anchor="middle">${label(value)}</text>`);
  }
  if (chart.rows) {
    chart.rows.forEach((name, k) => {
      parts.push(`<text x="${f.left - 0.5 * em}" y="${f.y(k) + 0.3 * em}" text-anchor="end">${escape(name)}</text>`);
    });
  } else {
    for (const value of f.ys) {
      const at = f.y(value).toFixed(1);
      parts.push(`<line class="grid" x1="${f.left}" x2="${f.right}" y1="${at}" y2="${at}"/>`);
      parts.push(`<text x="${f.left - 0.4 * em}" y="${Number(at) + 0.3 * em}" text-anchor="end">${label(value)}</text>`);
    }
    const middle = (f.top + f.bottom) / 2;
    parts.push(`<text transform="translate(${em} ${middle}) rotate(-90)" text-anchor="middle">${escape(chart.y.label)}</text>`);
  }
  parts.push(`<path class="axis" d="M${f.left} ${f.top}V${f.bottom}H${f.right}"/>`);
  parts.push(`<text x="${(f.left + f.right) / 2}" y="${f.bottom + 2.3 * em}" text-anchor="middle">${escape(chart.x.label)}</text>`);
  for (const mark of chart.marks ?? []) {
    const at = f.x(mark.x).toFixed(1);
    parts.push(`<line class="mark" x1="${at}" x2="${at}" y1="${f.top}" y2="${f.bottom}"/>`);
    if (mark.label) parts.push(`<text class="quiet" x="${Number(at) + 0.2 * em}" y="${f.top + 0.9 * em}">${escape(mark.label)}</text>`);
  }
  return parts;
}

const pair = ([a, b]: number[]): [number, number] => [Math.min(a, b), Math.max(a, b)];

function decades(scale: (v: number) => number, from: number, to: number): number[] {
  const [low, high] = [Math.min(from, to) - 0.5, Math.max(from, to) + 0.5];
  return Array.from({ length: 25 }, (_, k) => 10 ** (k - 12)).filter((v) => scale(v) >= low && scale(v) <= high);
}

function label(value: number): string {
  const size = Math.abs(value);
  if (size && (size < 1e-3 || size >= 1e5)) return value.toExponential(0).replace("e+", "e");
  return String(Number(value.toPrecision(6))).replace("-", "−");
}

/** Reported ranges stand at the right edge, a numbered bar each; a key below says what they are. */
function bands(chart: Chart, f: Frame, em: number): string[] {
  return (chart.bands ?? []).flatMap((band, k) => {
    const inside = (v: number): number => Math.min(Math.max(f.y(v), f.top), f.bottom);
    const [top, bottom] = [inside(band.high), inside(band.low)];
    const x = f.right + (0.35 + 1.15 * k) * em;
    const height = Math.max(bottom - top, 2.5);
    const paint = `class="s${(k % 6) + 1}" data-dots=""`;
    const y = bottom - top < 2.5 ? top - 1.2 : top;
    const key = f.bottom + (3.7 + 1.25 * k) * em;
    return [
      `<rect ${paint} fill-opacity="0.55" x="${x}" width="${0.8 * em}" y="${y}" height="${height}"/>`,
      `<text x="${x + 0.4 * em}" y="${Math.max(y - 0.2 * em, f.top - 0.2 * em)}" text-anchor="middle" class="quiet">${k + 1}</text>`,
      `<text x="${f.left}" y="${key}" class="quiet">${k + 1}  ${escape(band.label)}</text>`,
    ];
  });
}

function drawn(one: Series, f: Frame, em: number): string {
  const paint = `class="s${one.colour}"`;
  if (one.kind === "ticks") {
    const half = (one.tall ?? 0.32) * em;
    let path = "";
    for (let i = 0; i < one.x.length; i++) path += `M${f.x(one.x[i]).toFixed(1)} ${(f.y(one.y[i]) - half).toFixed(1)}v${(2 * half).toFixed(1)}`;
    return `<path ${paint} stroke-width="1" fill="none" d="${path}"/>`;
  }
  const path = line(one, f);
  const stroke = `<path ${paint} fill="none" stroke-width="${(em / 8).toFixed(1)}"${dashes(one)} stroke-linejoin="round" d="${path}"/>`;
  if (one.kind !== "points") return stroke;
  let dots = "";
  for (let i = 0; i < one.x.length; i++) {
    const [x, y] = [f.x(one.x[i]), f.y(one.y[i])];
    if (Number.isFinite(y)) dots += symbol(one.colour, x, y, 0.28 * em);
  }
  return `${stroke}<g ${paint} data-dots="">${dots}</g>`;
}

/** Series differ by the shape of their points too, for who does not see colours. */
function symbol(kind: number, x: number, y: number, r: number): string {
  const [a, b] = [x.toFixed(1), y.toFixed(1)];
  if (kind % 3 === 1) return `<circle cx="${a}" cy="${b}" r="${r.toFixed(1)}"/>`;
  if (kind % 3 === 2) return `<rect x="${(x - r).toFixed(1)}" y="${(y - r).toFixed(1)}" width="${(2 * r).toFixed(1)}" height="${(2 * r).toFixed(1)}"/>`;
  return `<path d="M${a} ${(y - 1.3 * r).toFixed(1)}l${(1.2 * r).toFixed(1)} ${(2.2 * r).toFixed(1)}h${(-2.4 * r).toFixed(1)}z"/>`;
}

/** A line; where many points share a column of pixels, their lowest and highest stand for them. */
function line(one: Series, f: Frame): string {
  const count = one.x.length;
  const dense = count > 4 * (f.right - f.left);
  let path = "";
  let pen = "M";
  const clamp = (v: number): number => Math.min(Math.max(v, f.top - 5), f.bottom + 5);
  const add = (i: number): void => {
    const [x, y] = [f.x(one.x[i]), f.y(one.y[i])];
    if (!Number.isFinite(x) || Number.isNaN(y)) {
      pen = "M";
      return;
    }
    path += `${pen}${x.toFixed(1)} ${clamp(y).toFixed(1)}`;
    pen = "L";
  };
  if (!dense) {
    for (let i = 0; i < count; i++) add(i);
    return path;
  }
  for (let i = 0; i < count; ) {
    const column = Math.floor(f.x(one.x[i]));
    let [low, high] = [i, i];
    let j = i;
    for (; j < count && Math.floor(f.x(one.x[j])) === column; j++) {
      if (one.y[j] < one.y[low]) low = j;
      if (one.y[j] > one.y[high]) high = j;
    }
    for (const k of [...new Set([i, Math.min(low, high), Math.max(low, high), j - 1])]) add(k);
    i = j;
  }
  return path;
}

interface Entry {
  series: Series;
  width: number;
}

function legendRows(chart: Chart, width: number, em: number): Entry[][] {
  const named = chart.series.filter((one) => one.label && !(chart.rows && one.kind === "ticks"));
  const rows: Entry[][] = [[]];
  let used = 4.5 * em;
  for (const series of named) {
    const own = (2.7 + 0.5 * series.label.length) * em;
    if (used + own > width && rows[rows.length - 1].length) {
      rows.push([]);
      used = 4.5 * em;
    }
    rows[rows.length - 1].push({ series, width: own });
    used += own;
  }
  return rows.filter((row) => row.length);
}

function legendRow(row: Entry[], left: number, y: number, em: number): string {
  let x = left;
  return row
    .map(({ series, width }) => {
      const at = x;
      x += width;
      const mark = series.kind === "points" ? `<g class="s${series.colour}" data-dots="">${symbol(series.colour, at + 0.8 * em, y, 0.28 * em)}</g>` : "";
      return (
        `<path class="s${series.colour}" stroke-width="${(em / 8).toFixed(1)}"${dashes(series)} d="M${at} ${y}h${1.6 * em}"/>${mark}` +
        `<text x="${at + 1.9 * em}" y="${y + 0.3 * em}">${escape(series.label)}</text>`
      );
    })
    .join("");
}

/** Every series of a chart in long form. */
export function csv(chart: Chart, head: string[]): string {
  const quote = (text: string): string => (/[",\n]/.test(text) ? `"${text.replace(/"/g, '""')}"` : text);
  const rows = [...head.map((line) => `# ${line}`), `series,${quote(chart.x.label)},${quote(chart.y.label)}`];
  for (const one of chart.series) {
    for (let i = 0; i < one.x.length; i++) rows.push(`${quote(one.label)},${one.x[i]},${one.y[i]}`);
  }
  return `${rows.join("\n")}\n`;
}
