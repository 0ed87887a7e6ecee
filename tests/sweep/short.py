"""What the tests of sweeps share."""

import numpy as np

import nmdasim as nm

#: One value for all sweeps: its equations are derived once.
WDR = nm.neurons.wdr()
TRAIN = nm.WindUp(frequency=20 * nm.Hz, pulses=2, start=5 * nm.ms)


def sweep_of(**changed):
    """Return a sweep of 6 doses and 4 seeds in 3 chunks; keywords change it."""
    options = dict(
        model=WDR,
        protocol=TRAIN,
        axes=dict(ketamine=np.geomspace(0.1, 10, 6) * nm.uM, seed=range(4)),
        readouts=("spike_count", "early", "blocked"),
        chunk=8,
    )
    return nm.Sweep(**(options | changed))


def bits(data):
    """Return every number of a result as bytes."""
    return {name: np.ascontiguousarray(data[name].values).tobytes() for name in sorted(map(str, data.variables))}
