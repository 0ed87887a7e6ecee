: Calcium in a shell under the membrane: what flows in, less what is removed.
NEURON { SUFFIX pool USEION ca READ ica, cai WRITE cai RANGE depth, tau, rest }
UNITS { (mV) = (millivolt) (mA) = (milliamp) (um) = (micron) (molar) = (1/liter) (mM) = (millimolar)
        FARADAY = (faraday) (coulomb) }
PARAMETER { depth = 0.2 (um) tau = 8 (ms) rest = 1e-4 (mM) }
ASSIGNED { ica (mA/cm2) drive (mM/ms) }
STATE { cai (mM) }
INITIAL { cai = rest }
BREAKPOINT { SOLVE integrate METHOD derivimplicit }
DERIVATIVE integrate {
  drive = -(10000)*ica/(2*FARADAY*depth)
  IF (drive < 0) { drive = 0 }
  cai' = drive + (rest - cai)/tau
}
