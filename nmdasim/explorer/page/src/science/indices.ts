// Thresholds and indices, as nmdasim.readout.measures has them.

const CRITERION = 0.5;

export function threshold(intensities: number[], spikes: number[]): number | null {
  const found = intensities.filter((_, k) => spikes[k] >= CRITERION);
  return found.length ? Math.min(...found) : null;
}

/** The fall of the touch threshold; a circuit that touch does not fire counts as one step above the strongest. */
export function allodynia(intensities: number[], before: number[], after: number[]): number {
  const top = intensities.length - 1;
  const silent = 2 * intensities[top] - intensities[top - 1];
  const was = threshold(intensities, before) ?? silent;
  return (was - (threshold(intensities, after) ?? silent)) / was;
}

/** The gain of the noxious curve. */
export function hyperalgesia(before: number[], after: number[]): number {
  const sum = (row: number[]): number => row.reduce((a, b) => a + b, 0);
  return sum(after) / sum(before) - 1;
}
