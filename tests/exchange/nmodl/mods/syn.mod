: A conductance that rises and falls.
NEURON { POINT_PROCESS syn RANGE tau1, tau2, e, i NONSPECIFIC_CURRENT i }
UNITS { (nA) = (nanoamp) (mV) = (millivolt) (uS) = (microsiemens) }
PARAMETER { tau1 = 0.5 (ms) tau2 = 4 (ms) e = 0 (mV) }
ASSIGNED { v (mV) i (nA) factor }
STATE { a (uS) b (uS) }
INITIAL { LOCAL tp
  a = 0
  b = 0
  tp = tau1*tau2/(tau2 - tau1)*log(tau2/tau1)
  factor = 1/(exp(-tp/tau2) - exp(-tp/tau1))
}
BREAKPOINT { SOLVE state METHOD cnexp  i = (b - a)*(v - e) }
DERIVATIVE state { a' = -a/tau1  b' = -b/tau2 }
NET_RECEIVE (weight (uS)) { a = a + weight*factor  b = b + weight*factor }
