TITLE Delayed rectifier of the squid axon

COMMENT
Hodgkin & Huxley 1952, J Physiol 117:500-544, their equations for n, with rest at -65 mV.
ENDCOMMENT

NEURON {
  SUFFIX kdr
  USEION k READ ek WRITE ik
  RANGE gbar
  THREADSAFE
}
UNITS {
  (mA) = (milliamp)
  (mV) = (millivolt)
  (S) = (siemens)
}
PARAMETER {
  gbar = 0.036 (S/cm2) <0, 1e9>
  q10 = 3
}
ASSIGNED { v (mV) ek (mV) ik (mA/cm2) celsius (degC) ninf tau (ms) g (S/cm2) }
STATE { n }
INITIAL {
  rates(v)
  n = ninf
}
BREAKPOINT {
  SOLVE states METHOD cnexp
  g = gbar*n^4
  ik = g*(v - ek)
}
DERIVATIVE states {
  rates(v)
  n' = (ninf - n)/tau
}
PROCEDURE rates(v (mV)) {
  LOCAL a, b
  TABLE ninf, tau DEPEND celsius FROM -100 TO 100 WITH 200
  UNITSOFF
  a = 0.01*vtrap(-(v + 55), 10)   ? opening
  b = 0.125*exp(-(v + 65)/80)    : shutting
  tau = 1/(a + b)/q10^((celsius - 6.3)/10)
  ninf = a/(a + b)
  UNITSON
}
FUNCTION vtrap(x, y) {
  if (fabs(x/y) < 1e-6) { vtrap = y*(1 - x/y/2) } else { vtrap = x/(exp(x/y) - 1) }
}
