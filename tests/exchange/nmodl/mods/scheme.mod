: Two shut states and an open one; a constant in terms of units.
NEURON { SUFFIX scheme USEION na READ ena WRITE ina RANGE gbar }
UNITS { (mV) = (millivolt) (mA) = (milliamp) (S) = (siemens) F = (faraday) (coulomb) R = (k-mole) (joule/degC) }
PARAMETER { gbar = 0.01 (S/cm2) k = 2 (/ms) }
ASSIGNED { v (mV) ena (mV) ina (mA/cm2) celsius (degC) a (/ms) b (/ms) }
STATE { c1 c2 o }
INITIAL { SOLVE kin STEADYSTATE sparse }
BREAKPOINT { SOLVE kin METHOD sparse  ina = gbar*o*(v - ena) }
KINETIC kin {
  a = k*exp(0.3*F*(v + 30)*(0.001)/(R*(celsius + 273.15)))
  b = 0.5*exp(-(v + 30)/25)
  ~ c1 <-> c2 (2*a, b)
  ~ c2 <-> o (a, 2*b)
  CONSERVE c1 + c2 + o = 1
}
