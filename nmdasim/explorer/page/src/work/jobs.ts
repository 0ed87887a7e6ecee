// What the page asks of its worker, and what comes back.

import type { Asked } from "../science/slow";

export interface CellJob {
  kind: "cell";
  card: string; // of those that the worker was given: a drug of the wind-up panel, or a model of its own
  set: [string, number, number?][]; // parameter, SI value, instance
  scale: [string, number][];
  events: { time: number[]; port: string[]; weight?: number[] };
  seconds: number;
  edges: number[]; // windows of counts, s
  record: [string, number][]; // state, compartment
  interval: number;
  start: string;
}

export interface CellAnswer {
  counts: number[][]; // by lane
  spikes: number[][]; // times in s, by lane
  traces: { state: string; compartment: number; lanes: Float64Array[]; interval: number }[];
  broken: number[];
}

export interface Volley {
  time: number[];
  fibre: number[];
}

export interface CircuitJob {
  kind: "circuit";
  set: Record<string, number>; // parameters of every population, SI
  rho: number;
  loss: number;
  train: { times: number[]; ketamine: number; wait: number } | null;
  ketamine: number;
  stimuli: { kind: string; intensity: number }[];
  shown: boolean; // send spikes of the train as it runs
}

export interface Fired {
  population: string;
  neuron: number[];
  time: number[]; // s
}

export interface CircuitAnswer {
  spikes: number[]; // of a projection neuron in the second after each stimulus
  fired: Fired[]; // in the last stimulus
  inputs: { name: string; volley: Volley }[];
  rho: number;
  loss: number;
}

export interface YearJob {
  kind: "year";
  asked: Asked;
}

export type Job = CellJob | CircuitJob | YearJob;
export type Told = { id: number } & (
  | { progress: number; part?: unknown }
  | { result: unknown }
  | { error: string }
  | { cancelled: true }
);
