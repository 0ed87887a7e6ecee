// Functions of the equations' language that JavaScript lacks. The writer puts those that a model calls into its module.
// Below, e is exp(x) or exp(-x), computed once and shared. Near 0 a series takes over, where a quotient loses digits.

// log(x), 0 counted as 2^-1023 as in the kernel; NaN for negative x.
export function log(x) {
  return x === 0 ? -1023*Math.LN2 : Math.log(x);
}

// x**y; 0 counted as 2^-1023.
export function power(x, y) {
  return x === 0 ? 2 ** (-1023*y) : x ** y;
}

// x modulo y with the sign of y.
export function remainder(x, y) {
  return x - y*Math.floor(x/y);
}

// (exp(x) - 1)/x, 1 at 0.
export function exprel(x) {
  return x === 0 ? 1 : Math.expm1(x)/x;
}

// Its derivative.
export function dexprel(x) {
  return Math.abs(x) < 1e-4 ? 1/2 + x/3 : (Math.exp(x)*(x - 1) + 1)/(x*x);
}

export function exprel_e(x, e) {
  return Math.abs(x) < 1e-4 ? 1 + x*(1/2 + x*(1/6 + x*(1/24))) : (e - 1)/x;
}

export function dexprel_e(x, e) {
  return Math.abs(x) < 1e-4 ? 1/2 + x*(1/3) : (e*(x - 1) + 1)/(x*x);
}

// x/(exp(x) - 1), 1 at 0.
export function bern_e(x, e) {
  return Math.abs(x) < 1e-4 ? 1 - x*(1/2 - x*(1/12)) : x/(e - 1);
}

// The same, given exp(-x).
export function bern_m(x, e) {
  return Math.abs(x) < 1e-4 ? 1 - x*(1/2 - x*(1/12)) : x*e/(1 - e);
}

// Its derivative, given its value b.
export function dbern_e(x, e, b) {
  return Math.abs(x) < 1e-4 ? x*(1/6) - 1/2 : b*(1 - b*e)/x;
}

// It as a quotient: its top, and its bottom, which is 1 near 0.
export function bern_top(x, factor) {
  return Math.abs(x) < 1e-4 ? 1 - x*(1/2 - x*(1/12)) : x*factor;
}

export function bern_bottom(x, difference) {
  return Math.abs(x) < 1e-4 ? 1 : difference;
}
