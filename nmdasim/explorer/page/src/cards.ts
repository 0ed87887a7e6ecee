// What the page was told: the cards that Python wrote into it.

import type { Drive, PainState, SlowModel } from "./science/slow";
import type { Dose, Preset } from "./science/kinetics";
import type { Variant } from "./science/receptor";
import type { Names } from "./science/formula";
import type { CircuitCard } from "./work/circuit";

export interface Parameter {
  number: number;
  unit: string;
  si: number;
  factor: number; // SI units in one of `unit`
  bounds?: [number, number];
  source: string;
  kind: string;
  status: string;
  about: string;
}

export interface Cards {
  version: string;
  disclaimer: string;
  references: Record<string, string>;
  equations: Record<string, string[]>;
  kinetics: {
    presets: Record<string, Preset>;
    reference_kg: number;
    weight: Parameter;
    nasal_most_mg: number;
    drugs: Record<string, { free_um_per_ng_ml: number; potency: number; block: Names }>;
    bands: { text: string; low: number; high: number; source: string; verified: boolean }[];
    blocked: { formula: string; slope_mg: number; mg: Parameter };
  };
  receptors: {
    schemes: Record<
      string,
      {
        about: string;
        subtype: string;
        references: string[];
        parameters: Record<string, Parameter>;
        open_max: number;
        arrows: string[];
        variants: Record<string, Variant>;
      }
    >;
    drugs: Record<string, { key: string; kind: string; at: Record<string, Names>; parameters: Record<string, Parameter> }>;
    magnesium: Record<string, Parameter>;
    E_nmda: Parameter;
  };
  treatment: {
    states: Record<string, PainState & { title: string; measured: string[]; assumed: string[]; sources: string[] }>;
    regimens: Record<string, { title: string; drug: string; source: string; preset: string; events: Dose[]; end_h: number }>;
    models: Record<string, SlowModel & { equations: string; references: string[]; parameters: Record<string, Parameter> }>;
    links: Record<string, { arterial: number; micromolar: number }>;
    pain_site_per_h: number;
    drive: Drive;
  };
  windup?: {
    name: string;
    engines: Record<string, unknown>;
    drugs: Record<string, { engine: string; concentration: string; set: Record<string, number>; held: string[] }>;
    trains: Record<string, { ports: [string, number][]; tables: Written[] }>;
    first_s: number;
    gains: Record<string, string[]>;
    parameters: Record<string, Parameter>;
    total_ng_ml_per_um: number;
  };
  circuit?: CircuitCard & {
    populations: Record<string, number>;
    fibres: Record<string, number>;
    links: { pre: string; post: string; port: string }[];
    train: { delays: number[][]; pulses: number; first_s: number };
    parameters: Record<string, Parameter>;
    intensities: number[];
  };
  own?: {
    name: string;
    about: string;
    engine: unknown;
    ports: { name: string; effect: string; unit?: string; factor?: number }[];
    states: string[];
    regions: Record<string, number[]>;
    parameters: Record<string, Parameter & { written: string }>;
    references: string[];
  };
}

export interface Written {
  shape: number[];
  base64: string;
}

export interface Opening {
  panel?: string;
  panels?: string[];
  settings?: Record<string, Record<string, number | string | boolean>>;
}

function told<T>(id: string): T {
  return JSON.parse(document.getElementById(id)?.textContent ?? "{}") as T;
}

export const cards = told<Cards>("cards");
export const opening = told<Opening>("opening");
