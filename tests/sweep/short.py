"""What the tests of sweeps share."""

import numpy as np

import nmdasim as nm

#: One value for all sweeps: its equations are derived once.
WDR = nm.neurons.wdr()
TRAIN = nm.WindUp(frequency=20 * nm.Hz, pulses=2, start=5 * nm.ms)


def bits(data):
    """Return every number of a result as bytes."""
    return {name: np.ascontiguousarray(data[name].values).tobytes() for name in sorted(map(str, data.variables))}
