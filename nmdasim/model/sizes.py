"""How large the numbers of a state are in SI units, where most that a neuron holds are tiny."""

#: Typical size of what a state holds, by its conventional unit; of any other, 1.
#: Absolute tolerances are relative to it.
SIZES = {
    "mV": 1e-2,
    "nS": 1e-9,
    "nA": 1e-9,
    "uM": 1e-4,
    "ms": 1e-3,
    # An amount in a spine, a charge, a capacitance, and what is measured on a cell of micrometres.
    "mole": 1e-21,
    "second*amp": 1e-15,
    "second**4*amp**2/metre**2/kilogram": 1e-12,
    "metre": 1e-6,
    "metre**2": 1e-12,
    "metre**3": 1e-18,
    "mole/metre**2": 1e-9,
    "metre**2*kilogram/second**3": 1e-12,
}
