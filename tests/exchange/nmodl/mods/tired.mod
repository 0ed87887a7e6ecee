: A synapse that tires: every connection has a store of its own, which a spike empties by half.
NEURON { POINT_PROCESS tired RANGE tau, e, i, u, recovery NONSPECIFIC_CURRENT i }
UNITS { (nA) = (nanoamp) (mV) = (millivolt) (uS) = (microsiemens) }
PARAMETER { tau = 3 (ms) e = 0 (mV) u = 0.5 recovery = 100 (ms) }
ASSIGNED { v (mV) i (nA) }
STATE { g (uS) }
INITIAL { g = 0 }
BREAKPOINT { SOLVE state METHOD cnexp  i = g*(v - e) }
DERIVATIVE state { g' = -g/tau }
NET_RECEIVE (weight (uS), store, last (ms)) {
  INITIAL { store = 1 last = t }
  store = 1 - (1 - store)*exp(-(t - last)/recovery)
  state_discontinuity(g, g + weight*u*store)
  store = store*(1 - u)
  last = t
}
