// Small dense matrices, row by row in a Float64Array. Off-diagonal entries of every matrix here are 0 or more, so its
// exponential is a sum of positive numbers: exp(A t) = exp(-q t) exp((A + q I) t), without a single subtraction.

export interface Matrix {
  n: number;
  a: Float64Array;
}

export function matrix(n: number): Matrix {
  return { n, a: new Float64Array(n * n) };
}

export function identity(n: number): Matrix {
  const found = matrix(n);
  for (let i = 0; i < n; i++) found.a[i * n + i] = 1;
  return found;
}

export function product(x: Matrix, y: Matrix): Matrix {
  const { n } = x;
  const found = matrix(n);
  for (let i = 0; i < n; i++) {
    for (let k = 0; k < n; k++) {
      const factor = x.a[i * n + k];
      if (factor === 0) continue;
      for (let j = 0; j < n; j++) found.a[i * n + j] += factor * y.a[k * n + j];
    }
  }
  return found;
}

/** exp(A t) of a matrix whose entries off the diagonal are not negative. */
export function exponential(m: Matrix, t: number): Matrix {
  const { n } = m;
  let q = 0;
  for (let i = 0; i < n; i++) q = Math.max(q, -m.a[i * n + i]);
  const shifted = matrix(n);
  let norm = 0;
  for (let i = 0; i < n; i++) {
    let row = 0;
    for (let j = 0; j < n; j++) {
      const value = (m.a[i * n + j] + (i === j ? q : 0)) * t;
      shifted.a[i * n + j] = value;
      row += value;
    }
    norm = Math.max(norm, row);
  }
  const squarings = norm > 0.5 ? Math.ceil(Math.log2(norm / 0.5)) : 0;
  const scale = 2 ** -squarings;
  for (let i = 0; i < n * n; i++) shifted.a[i] *= scale;
  let found = series(shifted);
  const left = Math.exp(-q * t * scale);
  for (let i = 0; i < n * n; i++) found.a[i] *= left;
  for (let k = 0; k < squarings; k++) found = product(found, found);
  return found;
}

function series(m: Matrix): Matrix {
  const found = identity(m.n);
  let term = identity(m.n);
  for (let k = 1; k < 16; k++) {
    term = product(term, m);
    for (let i = 0; i < term.a.length; i++) term.a[i] /= k;
    for (let i = 0; i < term.a.length; i++) found.a[i] += term.a[i];
  }
  return found;
}

/** A x */
export function times(m: Matrix, x: ArrayLike<number>): Float64Array {
  const found = new Float64Array(m.n);
  for (let i = 0; i < m.n; i++) {
    let sum = 0;
    for (let j = 0; j < m.n; j++) sum += m.a[i * m.n + j] * x[j];
    found[i] = sum;
  }
  return found;
}

/** x A */
export function before(x: ArrayLike<number>, m: Matrix): Float64Array {
  const found = new Float64Array(m.n);
  for (let i = 0; i < m.n; i++) {
    if (x[i] === 0) continue;
    for (let j = 0; j < m.n; j++) found[j] += x[i] * m.a[i * m.n + j];
  }
  return found;
}

/** x of A x = b, by elimination with pivots. */
export function solve(m: Matrix, b: ArrayLike<number>): Float64Array {
  const { n } = m;
  const a = Float64Array.from(m.a);
  const x = Float64Array.from(b);
  for (let k = 0; k < n; k++) {
    let pivot = k;
    for (let i = k + 1; i < n; i++) if (Math.abs(a[i * n + k]) > Math.abs(a[pivot * n + k])) pivot = i;
    for (let j = 0; j < n; j++) [a[k * n + j], a[pivot * n + j]] = [a[pivot * n + j], a[k * n + j]];
    [x[k], x[pivot]] = [x[pivot], x[k]];
    for (let i = k + 1; i < n; i++) {
      const factor = a[i * n + k] / a[k * n + k];
      for (let j = k; j < n; j++) a[i * n + j] -= factor * a[k * n + j];
      x[i] -= factor * x[k];
    }
  }
  for (let k = n - 1; k >= 0; k--) {
    for (let j = k + 1; j < n; j++) x[k] -= a[k * n + j] * x[j];
    x[k] /= a[k * n + k];
  }
  return x;
}

/** Stationary distribution of a generator from a state, by elimination without subtraction (Grassmann, Taksar, Heyman). */
export function stationary(q: Matrix, start: number): Float64Array {
  const inside = closed(q, start);
  const n = inside.length;
  const r = matrix(n);
  inside.forEach((from, i) => inside.forEach((to, j) => (r.a[i * n + j] = i === j ? 0 : q.a[from * q.n + to])));
  for (let k = n - 1; k > 0; k--) {
    let out = 0;
    for (let j = 0; j < k; j++) out += r.a[k * n + j];
    for (let i = 0; i < k; i++) r.a[i * n + k] /= out;
    for (let i = 0; i < k; i++) for (let j = 0; j < k; j++) r.a[i * n + j] += r.a[i * n + k] * r.a[k * n + j];
  }
  const weight = new Float64Array(n).fill(1);
  for (let k = 1; k < n; k++) {
    weight[k] = 0;
    for (let i = 0; i < k; i++) weight[k] += weight[i] * r.a[i * n + k];
  }
  const sum = weight.reduce((a, b) => a + b);
  const found = new Float64Array(q.n);
  inside.forEach((state, i) => (found[state] = weight[i] / sum));
  return found;
}

/** States that are never left for good once reached from `start`. */
function closed(q: Matrix, start: number): number[] {
  const reached = (from: number): Set<number> => {
    const seen = new Set([from]);
    const open = [from];
    for (let at = open.pop(); at !== undefined; at = open.pop()) {
      for (let j = 0; j < q.n; j++) {
        if (j !== at && q.a[at * q.n + j] > 0 && !seen.has(j)) {
          seen.add(j);
          open.push(j);
        }
      }
    }
    return seen;
  };
  const all = [...reached(start)];
  const smallest = all.map((state) => reached(state)).reduce((a, b) => (b.size < a.size ? b : a));
  return [...smallest].sort((a, b) => a - b);
}
