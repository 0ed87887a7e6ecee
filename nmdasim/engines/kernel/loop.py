"""The loop over time of any circuit: what is due, then every population's step, then its spikes on their way.

One compiled function serves every circuit: a population's step is called by its address, and what belongs to several
populations, wires or inputs lies end to end in one array each, with a table of named columns that says where. Its text
is in the language of :mod:`nmdasim.engines.kernel.translate`, its arithmetic that of IEEE 754 as written. A row of a
table is a pointer; a column, such as ``P_STEP`` of a population, is a constant.

A delay buffer is a ring of steps (slots); each slot holds, for every port and neuron, the sum of what arrives then.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import cache
from typing import Any

import numpy as np

from nmdasim.engines.kernel import machine


def _table(*columns: str) -> np.dtype:
    return np.dtype([(column, np.int64) for column in columns])


#: ``step`` is an address, ``padded`` the lanes of all batches; ``state`` … ``arrived`` say where each part begins.
POPULATION = _table(
    "step", "batches", "size", "width", "lanes", "padded", "ports", "groups", "compartments", "shared",
    "state", "constants", "geometry", "rates", "ring", "arrived", "events", "end", "tables", "first_wire", "last_wire",
)  # fmt: skip
#: An input's volleys are ``begin`` to ``end``.
INPUT = _table("begin", "end", "first_wire", "last_wire")
#: ``each_amount`` and ``each_delay``: 1 where every synapse has its own, 0 where one holds for all.
WIRE = _table("post", "port", "rows", "targets", "amounts", "delays", "each_amount", "each_delay")
#: A recorded row of a population's batches; ``halfway`` where what is at a whole step lies between two of its values.
PROBE = _table("population", "row", "values", "halfway")
#: Synapses with a state: ``act`` is an address, ``population`` the source or -1 for an input, ``steps`` and ``answers``
#: whether they have continuous states and answer to spikes; sizes, and where each array begins. Of what lies in rows
#: over synapses each row has room for whole ``vectors``.
SYNAPSES = _table(
    "act", "population", "cursor", "end", "post", "synapses", "vectors", "sources", "lanes", "delays", "slots", "room",
    "sets", "ports", "padded", "ring", "arrived", "rows", "delay", "source", "target", "pre_at", "post_at", "back_row",
    "back", "instance", "fired", "fired_count", "flight",
    "steps", "answers", "value", "last", "constant", "pre_constant", "post_constant", "near",
)  # fmt: skip


#: Synapses of a vector.
VECTOR = 8


def columns(letter: str, table: np.dtype) -> str:
    """Return the text of a table's columns as constants, and of the length of its rows."""
    names = [f"{letter}_{name.upper()} = {k}" for k, name in enumerate(table.names or ())]
    return "\n".join([f"{letter} = {len(names)}", *names])


@cache
def advance(real: Any) -> Callable[..., int]:
    """Return the compiled loop with neurons of one precision.

    Of arrays it takes where their numbers begin, see :func:`nmdasim.engines.kernel.machine.begins`.
    """
    tables = {"P": POPULATION, "I": INPUT, "W": WIRE, "R": PROBE, "S": SYNAPSES}
    constants = "\n".join(columns(letter, table) for letter, table in tables.items())
    return machine.function(_TEXT.format(real=np.dtype(real).name, constants=constants), "advance", real)


_TEXT = '''"""The loop over time of circuits, {real}. Generated; SI units."""

real = {real}
strict = True
{constants}


def _hand_on(
    w: wholes, post: wholes, source: whole, when: whole, slots: whole, ring: reals, arrived: marks,
    rows: wholes, targets: ints, amounts: reals, delays: ints,
):
    first = rows[w[W_ROWS] + source]
    last = rows[w[W_ROWS] + source + 1]
    if first < last:
        if w[W_EACH_AMOUNT] + w[W_EACH_DELAY] == 0:
            row = (when + delays[w[W_DELAYS]]) % slots*post[P_PORTS] + w[W_PORT]
            arrived[post[P_ARRIVED] + row] = True
            now = ring[post[P_RING] + row*post[P_PADDED]:]
            target = targets[w[W_TARGETS]:]
            amount = amounts[w[W_AMOUNTS]]
            for j in range(first, last):
                now[target[j]] += amount
        else:
            for j in range(first, last):
                delay = delays[w[W_DELAYS] + j*w[W_EACH_DELAY]]
                row_of_one = (when + delay) % slots*post[P_PORTS] + w[W_PORT]
                arrived[post[P_ARRIVED] + row_of_one] = True
                to = post[P_RING] + row_of_one*post[P_PADDED] + targets[w[W_TARGETS] + j]
                ring[to] += amounts[w[W_AMOUNTS] + j*w[W_EACH_AMOUNT]]


def _deliver(
    p: wholes, n: whole, cursor: whole, slot: whole, ring: reals, arrived: marks,
    due: wholes, port: wholes, table: wholes, weight: reals, row: wholes, lanes: wholes,
) -> whole:
    while cursor < p[P_END] and due[cursor] <= n:
        begin = p[P_RING] + (slot*p[P_PORTS] + port[cursor])*p[P_PADDED]
        arrived[p[P_ARRIVED] + slot*p[P_PORTS] + port[cursor]] = True
        of = p[P_TABLES] + table[cursor]
        for k in range(row[of], row[of + 1]):
            ring[begin + lanes[k]] += weight[cursor]
        cursor += 1
    return cursor


def _sample(
    k: whole, probes: wholes, count: whole, populations: wholes, state: reals, values: doubles, after: whole,
):
    for i in range(count):
        r = probes[i*R:]
        p = populations[r[R_POPULATION]*P:]
        if after <= r[R_HALFWAY]:
            for b in range(p[P_BATCHES]):
                to = r[R_VALUES] + k*p[P_PADDED] + b*p[P_WIDTH]
                of = p[P_STATE] + b*p[P_SIZE] + r[R_ROW]
                for lane in range(p[P_WIDTH]):
                    now = float64(state[of + lane])
                    if after:
                        values[to + lane] = (values[to + lane] + now)/2.0
                    else:
                        values[to + lane] = now


def _advance_one(
    p: wholes, n: whole, h: real, dt: real, slot: whole, state: reals, constants: reals, shapes: wholes,
    offsets: wholes, starts: wholes, up: reals, down: reals, axial: reals, ring: reals, arrived: marks,
    spike_step: wholes, spike_lane: wholes, found: whole, room: whole,
) -> whole:
    begin = p[P_GEOMETRY]
    low = p[P_RATES]
    incoming = ring[p[P_RING] + slot*p[P_PORTS]*p[P_PADDED]:]
    now = arrived[p[P_ARRIVED] + slot*p[P_PORTS]:]
    known = called(
        p[P_STEP], state[p[P_STATE]:], p[P_BATCHES], p[P_LANES], p[P_SIZE], constants[p[P_CONSTANTS]:], h, dt, n,
        p[P_WIDTH], shapes[begin:], offsets[begin:], starts[begin:], up[low:], down[low:], axial[low:], incoming,
        p[P_PADDED], now, spike_step, spike_lane, found, room,
    )
    for port in range(p[P_PORTS]):
        if now[port]:
            for lane in range(port*p[P_PADDED], (port + 1)*p[P_PADDED]):
                incoming[lane] = 0.0
            now[port] = False
    return known


def _note(
    s: wholes, n: whole, whole_numbers: wholes, spike_lane: wholes, spike_population: wholes, first: whole,
    found: whole, fired: wholes, fibre: wholes,
):
    slot = n % s[S_SLOTS]
    to = s[S_FIRED] + slot*s[S_ROOM]
    count = 0
    if s[S_POPULATION] < 0:
        k = whole_numbers[s[S_CURSOR]]
        while k < s[S_END] and fired[k] <= n + 1:
            whole_numbers[to + count] = fibre[k]
            count += 1
            k += 1
        whole_numbers[s[S_CURSOR]] = k
    else:
        for i in range(first, found):
            if spike_population[i] == s[S_POPULATION] and spike_lane[i] < s[S_SOURCES]:
                whole_numbers[to + count] = spike_lane[i]
                count += 1
    whole_numbers[s[S_FLIGHT]] += count - whole_numbers[s[S_FIRED_COUNT] + slot]
    whole_numbers[s[S_FIRED_COUNT] + slot] = count


def _learn(
    n: whole, dt: double, synapses: wholes, count: whole, whole_numbers: wholes, numbers: doubles, state: reals,
    ring: reals, arrived: marks, slots: whole, spike_lane: wholes, spike_population: wholes, first: whole,
    found: whole, fired: wholes, fibre: wholes,
):
    for i in range(count):
        _note(synapses[i*S:], n, whole_numbers, spike_lane, spike_population, first, found, fired, fibre)
    for phase in range(3):
        for k in range(count):
            s = synapses[k*S:]
            due = s[S_STEPS] if phase == 0 else whole_numbers[s[S_FLIGHT]] if phase == 1 else s[S_ANSWERS]
            if due and ((phase < 2) | (found > first)):
                called(
                    s[S_ACT], phase, n, dt, s, whole_numbers, numbers, state, ring, arrived, slots, spike_lane,
                    spike_population, first, found,
                )


def advance(
    start: whole, count: whole, h: real, dt: real,
    populations: wholes, population_count: whole, inputs: wholes, input_count: whole, wires: wholes,
    probes: wholes, probe_count: whole,
    state: reals, constants: reals, shapes: wholes, offsets: wholes, starts: wholes, up: reals, down: reals,
    axial: reals, ring: reals, arrived: marks, slots: whole,
    rows: wholes, targets: ints, amounts: reals, delays: ints, fired: wholes, fibre: wholes,
    due: wholes, port: wholes, table: wholes, weight: reals, row: wholes, lanes: wholes,
    input_cursor: wholes, event_cursor: wholes,
    spike_step: wholes, spike_lane: wholes, spike_population: wholes, room: whole,
    every: whole, skipped: whole, halfway: whole, values: doubles,
    synapses: wholes, synapses_count: whole, whole_numbers: wholes, numbers: doubles,
) -> whole:
    found = 0
    for n in range(start, start + count):
        slot = n % slots
        sampled = 0
        if probe_count > 0 and n % every == 0:
            sampled = 1
            _sample(n//every - skipped, probes, probe_count, populations, state, values, 0)
        for i in range(input_count):
            source = inputs[i*I:]
            k = input_cursor[i]
            while k < source[I_END] and fired[k] <= n:
                for w in range(source[I_FIRST_WIRE], source[I_LAST_WIRE]):
                    wire = wires[w*W:]
                    _hand_on(
                        wire, populations[wire[W_POST]*P:], fibre[k], n, slots, ring, arrived, rows, targets, amounts,
                        delays,
                    )
                k += 1
            input_cursor[i] = k
        earlier = found
        for i in range(population_count):
            p = populations[i*P:]
            known = found
            event_cursor[i] = _deliver(
                p, n, event_cursor[i], slot, ring, arrived, due, port, table, weight, row, lanes,
            )
            found = _advance_one(
                p, n, h, dt, slot, state, constants, shapes, offsets, starts, up, down, axial, ring, arrived,
                spike_step, spike_lane, found, room,
            )
            for j in range(known, found):
                spike_population[j] = i
                if spike_lane[j] < p[P_LANES]:
                    for w in range(p[P_FIRST_WIRE], p[P_LAST_WIRE]):
                        wire = wires[w*W:]
                        _hand_on(
                            wire, populations[wire[W_POST]*P:], spike_lane[j], n + 1, slots, ring, arrived, rows,
                            targets, amounts, delays,
                        )
        if synapses_count > 0:
            _learn(
                n, float64(dt), synapses, synapses_count, whole_numbers, numbers, state, ring, arrived, slots,
                spike_lane, spike_population, earlier, found, fired, fibre,
            )
        if sampled and halfway:
            _sample(n//every - skipped, probes, probe_count, populations, state, values, 1)
    return found
'''
