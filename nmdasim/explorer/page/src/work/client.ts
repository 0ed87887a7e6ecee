// One worker, made from text inside the page; the newest job of a panel ends the one before it.

import { cards } from "../cards";
import type { Job, Told } from "./jobs";

interface Waiting {
  done: (result: unknown) => void;
  failed: (error: Error) => void;
  progress: (share: number, part?: unknown) => void;
}

export class Cancelled extends Error {}

let worker: Worker | null = null;
let last = 0;
const waiting = new Map<number, Waiting>();

function begin(): Worker {
  if (worker) return worker;
  const text = document.getElementById("worker")?.textContent ?? "";
  const address = URL.createObjectURL(new Blob([text], { type: "text/javascript" }));
  worker = new Worker(address);
  worker.onmessage = (event: MessageEvent<Told>) => {
    const told = event.data;
    const one = waiting.get(told.id);
    if (!one) return;
    if ("progress" in told) return one.progress(told.progress, told.part);
    waiting.delete(told.id);
    if ("result" in told) one.done(told.result);
    else one.failed("error" in told ? new Error(told.error) : new Cancelled());
  };
  worker.onerror = (event) => {
    event.preventDefault();
    for (const one of waiting.values()) one.failed(new Error(event.message || "the worker could not start"));
    waiting.clear();
    worker = null;
  };
  worker.postMessage({ cards: { ...cards.windup?.engines, circuit: cards.circuit, own: cards.own?.engine } });
  return worker;
}

/** Have a job done. Jobs that `stale` says nobody waits for are cancelled between two slices of their run. */
export function ask<T>(job: Job, progress: (share: number, part?: unknown) => void, stale: () => boolean): Promise<T> {
  const one = begin();
  const id = ++last;
  return new Promise<T>((done, failed) => {
    const watch = setInterval(() => stale() && one.postMessage({ cancel: id }), 30);
    const end = (): void => clearInterval(watch);
    waiting.set(id, {
      done: (result) => (end(), done(result as T)),
      failed: (error) => (end(), failed(error)),
      progress: (share, part) => !stale() && progress(share, part),
    });
    one.postMessage({ id, job });
  });
}

let running = 0;
let next: (() => void) | null = null;

/** As `ask`, but of jobs that come while one runs only the newest is done: for sliders that are dragged. */
export async function newest<T>(job: Job, progress: (share: number, part?: unknown) => void, stale: () => boolean): Promise<T> {
  if (running) {
    await new Promise<void>((go) => {
      next?.();
      next = go;
    });
    if (stale()) throw new Cancelled();
  }
  running++;
  try {
    return await ask<T>(job, progress, () => staleLong(stale, job));
  } finally {
    running--;
    const go = next;
    next = null;
    go?.();
  }
}

/** A short run is finished even if a newer setting waits: the figure then follows a slider while it is dragged. */
function staleLong(stale: () => boolean, job: Job): boolean {
  return job.kind !== "cell" && stale();
}
