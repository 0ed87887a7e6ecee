: A gate that is carried over a step by a procedure, as older files have it; the two rates in an array, found by a loop.
DEFINE TWO 2
NEURON { SUFFIX stepped NONSPECIFIC_CURRENT i RANGE g, e, i }
UNITS { (mV) = (millivolt) (mA) = (milliamp) }
INDEPENDENT { t FROM 0 TO 1 WITH 1 (ms) }
PARAMETER { g = 1e-4 (mho/cm2) e = -20 (mV) dt (ms) }
STATE { m h }
ASSIGNED { v (mV) i (mA/cm2) inf[TWO] fac[TWO] }
INITIAL { rates(v) m = inf[0] h = inf[1] }
BREAKPOINT {
  SOLVE states
  i = g*m*m*h*(v - e)
}
PROCEDURE states() {
  rates(v)
  m = m + fac[0]*(inf[0] - m)
  h = h + fac[1]*(inf[1] - h)
}
PROCEDURE rates(v (mV)) { LOCAL tau
  FROM k = 0 TO TWO - 1 {
    IF (k == 0) { inf[k] = 1/(1 + exp(-(v + 40)/6)) tau = 1.5 }
    ELSE { inf[k] = 1/(1 + exp((v + 60)/8)) tau = 12 }
    IF (v > 0) { tau = tau/2 }
    fac[k] = 1 - exp(-dt/tau)
  }
}
