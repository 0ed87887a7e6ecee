// What a panel is: controls, a computation, the figures and numbers that it leads to, and the Python that does the same.

import type { Chart } from "./chart";
import type { Control } from "./control";
import type { Settings } from "./state";

export interface Outcome {
  charts: Chart[];
  numbers: { label: string; value: string }[];
  notes?: string[];
  /** Plain numbers by name, for tests and for the notebook. */
  values: Record<string, unknown>;
  /** What the stage of the panel needs besides. */
  play?: unknown;
}

export interface Work {
  cancelled: () => boolean;
  progress: (share: number, text?: string) => void;
  show: (outcome: Outcome) => void;
}

/** Something to look at and press besides the figures. */
export interface Stage {
  element: HTMLElement;
  update: (outcome: Outcome | null, settings: Settings) => void;
}

export interface Panel {
  id: string;
  title: string;
  idea: string;
  controls: Control[];
  presets: { label: string; settings: Settings }[];
  compute: (settings: Settings, work: Work) => Outcome | Promise<Outcome>;
  python: (settings: Settings) => string;
  equations: string[];
  sources: string[];
  needsWorker?: boolean;
  stage?: (set: (settings: Settings) => void) => Stage;
}
