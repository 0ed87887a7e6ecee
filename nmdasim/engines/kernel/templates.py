"""What every kernel has in common: its head, the loop over time of a run, and the step of a population, as text."""

HEADER = '''"""A kernel, method {method}. Generated; SI units."""

from math import acos, asin, atan, cos, cosh, sin, sinh, sqrt, tan

import numpy as np
from numba import njit

from nmdasim.engines.kernel.vmath import FASTMATH
from nmdasim.engines.kernel.vmath import bern_e{bits} as bern_e, bern_m{bits} as bern_m, dbern_e{bits} as dbern_e
from nmdasim.engines.kernel.vmath import bern_bottom{bits} as bern_bottom, bern_top{bits} as bern_top
from nmdasim.engines.kernel.vmath import dexprel_e{bits} as dexprel_e, exprel_e{bits} as exprel_e
from nmdasim.engines.kernel.vmath import bits{bits} as bits, exp{bits} as exp, log{bits} as log, power{bits} as power
from nmdasim.engines.kernel.vmath import remainder, sign, tanh{bits} as tanh

real = f = np.{real}
one, half = real(1.0), real(0.5)
unsigned = np.uint64  # indices without a sign need no wraparound, which would keep loops scalar
W = unsigned({width})
{rows}
'''

RANDOM = """
from nmdasim.engines.kernel.random import normal{bits} as normal, uniform{bits} as uniform
"""

DECORATOR = '@njit(nogil=True, no_cpython_wrapper=True, no_cfunc_wrapper=True, fastmath=FASTMATH, error_model="numpy")'
ADVANCE = """

@njit(cache=True, nogil=True, no_cfunc_wrapper=True, fastmath=FASTMATH, error_model="numpy")
def advance(a, ks, h, dt, first, count, layout, axial_rates, events, spikes, traces, windows):
    compartments, record_offset, scalar_offset, width = layout
    up, down, axial = axial_rates
    event_step, event_port, event_lane, event_weight, next_event = events
    spike_step, spike_lane = spikes
    trace_row, trace_mean, trace_every, trace_values = traces
    edges, summary_row, summary_kind, summary_values = windows
    found = 0
    window = np.searchsorted(edges, first) - 1  # one that begins here is opened by the first step
    for n in range(first, first + count):
        t = real(n*dt)
        while next_event < event_step.shape[0] and event_step[next_event] <= n:
            port, weight = event_port[next_event], real(event_weight[next_event])
            low = unsigned(max(event_lane[next_event], 0))
            high = low + unsigned(1)
            if event_lane[next_event] < 0:
                high = W
            for l in range(low, high):
{deliver}
            next_event += 1
        sampled = trace_row.shape[0] > 0 and n % trace_every == 0
        if sampled:
            k = n//trace_every - (first + trace_every - 1)//trace_every
            for j in range(trace_row.shape[0]):
                for l in range(width):
                    trace_values[j, k, l] = a[trace_row[j] + l]
        if window + 1 < edges.shape[0] and n == edges[window + 1]:
            window += 1
            if window < summary_values.shape[1]:
                for j in range(summary_row.shape[0]):
                    for l in range(width):
                        summary_values[j, window, l] = a[summary_row[j] + l]
{body}
        if sampled:
            for j in range(trace_row.shape[0]):
                if trace_mean[j]:
                    for l in range(width):
                        trace_values[j, k, l] = half*(trace_values[j, k, l] + a[trace_row[j] + l])
        if 0 <= window < summary_values.shape[1]:
            for j in range(summary_row.shape[0]):
                if summary_kind[j] > 0:
                    for l in range(width):
                        summary_values[j, window, l] = max(summary_values[j, window, l], a[summary_row[j] + l])
                elif summary_kind[j] < 0:
                    for l in range(width):
                        summary_values[j, window, l] = min(summary_values[j, window, l], a[summary_row[j] + l])
{spike}
    return found, next_event
"""

STEP = """

@njit(cache=True, nogil=True, no_cfunc_wrapper=True, fastmath=FASTMATH, error_model="numpy")
def step(batches, ks, h, dt, n, layout, axial_rates, incoming, arrived, spike_step, spike_lane, found):
    compartments, record_offset, scalar_offset, width = layout
    up, down, axial = axial_rates
    t = real(n*dt)
    for b in range(batches.shape[0]):
        a = batches[b]
        base = unsigned(b)*W
        noted = found
{receive}
{body}
{spike}
        for k in range(noted, found):
            spike_lane[k] += b*{width}
    return found
"""
