"""Spikes of the library's neurons as the kernel gave them before its steps took only the lanes in use.

A faster kernel must not move them. Digests would tie the test to one processor (a fused multiply-add rounds otherwise),
times do not: over three pulses rounding has not grown to a step.
"""

import numpy as np
import pytest

import nmdasim as nm

#: Milliseconds, at each neuron's own step; latencies of seed 0.
STORED = {
    "wdr": [1033.3, 1169.4, 1180.7, 1191.2, 1202.3, 1214.2, 1224.4, 1235.6, 1247.6, 1264.5, 1283.8, 1305.0, 1328.5,
            1355.2, 1387.3, 1431.6, 2033.7, 2176.1, 2187.0, 2195.4, 2206.0, 2216.2, 2227.9, 2238.7, 2254.9, 2273.6,
            2293.9, 2315.7, 2339.9, 2367.1, 2399.8, 2444.4, 3034.6, 3162.1, 3180.4, 3189.8, 3200.8, 3210.7, 3218.8,
            3229.3, 3244.0, 3261.2, 3279.8, 3299.7, 3321.1, 3344.4, 3370.0, 3399.6, 3435.6, 3485.8],
    "delrocq2023": [1033.6, 1175.9, 1189.7, 1203.0, 1216.6, 1234.4, 1424.1, 1504.6, 2033.2, 2175.9, 2187.7, 2197.3,
                    2207.7, 2225.4, 2238.3, 2403.8, 2445.1, 2498.7, 3033.4, 3048.1, 3160.7, 3179.6, 3189.8, 3201.8,
                    3213.0, 3221.4, 3233.9, 3403.4, 3440.4, 3482.5, 3539.7],
    "aguiar2010": [1009.8, 1015.675, 1022.825, 1032.0, 1040.625, 1049.45, 1058.9, 1070.025, 2009.5, 2015.275, 2022.225,
                   2031.075, 2039.35, 2047.725, 2056.375, 2065.925, 2077.8, 3009.275, 3014.975, 3021.85, 3030.475,
                   3038.55, 3046.65, 3055.7, 1033.575, 1038.875, 1059.075, 1257.875, 1307.475, 1341.625, 1375.025,
                   2034.2, 2039.55, 2054.025, 2253.8, 2303.425, 2336.475, 2364.375, 2393.675, 2430.45, 3035.9, 3041.075,
                   3049.45, 3250.975, 3292.35, 3323.6, 3350.925, 3380.35, 3429.45],
}  # fmt: skip


@pytest.mark.parametrize("name", list(STORED))
def test_a_faster_kernel_leaves_every_spike_where_it_was(name):
    run = nm.simulate(nm.neurons.CATALOGUE[name](), nm.WindUp(pulses=3), seed=0)
    times = run.spike_time.values[np.isfinite(run.spike_time.values)]
    assert run.spike_time.units == "ms"
    assert times == pytest.approx(STORED[name], abs=1.5 * run.attrs["dt_ms"])
