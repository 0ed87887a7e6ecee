"""The loop over time of any circuit: what is due, then every population's step, then its spikes on their way.

One compiled function serves every circuit: a population's step is called by its address, and what belongs to several
populations, wires or inputs lies end to end in one array each, with a table of named columns that says where.

A delay buffer is a ring of steps (slots); each slot holds, for every port and neuron, the sum of what arrives then.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from llvmlite import ir
from numba import from_dtype, njit, types
from numba.extending import intrinsic
from numba.np.arrayobj import make_array


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
#: whether they have continuous states and answer to spikes; sizes, and where each array begins.
SYNAPSES = _table(
    "act", "population", "cursor", "end", "post", "synapses", "sources", "lanes", "delays", "slots", "room", "sets",
    "ports", "padded", "ring", "arrived", "rows", "delay", "source", "target", "pre_at", "post_at", "back_row", "back",
    "instance", "fired", "fired_count", "flight",
    "steps", "answers", "value", "last", "constant", "pre_constant", "post_constant", "near",
)  # fmt: skip


def synapse_arguments(real: Any) -> tuple[Any, ...]:
    """Return the types of what the function of synapses with a state takes, with neurons of one precision."""
    whole, numbers, one = types.int64[::1], real[::1], types.int64
    return (
        one,
        one,
        types.float64,
        from_dtype(SYNAPSES)[::1],
        one,
        whole,
        types.float64[::1],
        numbers,
        numbers,
        types.boolean[::1],
        one,
        whole,
        whole,
        one,
        one,
    )


@intrinsic
def take_step(  # type: ignore[no-untyped-def]
    typing_context,
    address,
    batches,
    count,
    neurons,
    size,
    constants,
    h,
    dt,
    n,
    width,
    compartments,
    record_offset,
    scalar_offset,
    up,
    down,
    axial,
    incoming,
    padded,
    arrived,
    spike_step,
    spike_lane,
    found,
    room,
):
    """Call the generated step at an address; return the spikes found so far."""
    real, one, rows, whole = batches.dtype, types.int64, batches, spike_step
    taken = (
        rows,
        one,
        one,
        one,
        rows,
        real,
        real,
        one,
        one,
        *(whole,) * 3,
        *(rows,) * 4,
        one,
        arrived,
        whole,
        whole,
        one,
        one,
    )
    return types.int64(types.int64, *taken), _call_rows


@intrinsic
def act(  # type: ignore[no-untyped-def]
    typing_context,
    address,
    phase,
    n,
    dt,
    table,
    which,
    whole,
    numbers,
    state,
    ring,
    arrived,
    slots,
    spike_lane,
    spike_population,
    first,
    found,
):
    """Call the function of some synapses at an address."""
    return types.int64(types.int64, *synapse_arguments(state.dtype)), _call


def _call(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Generate the call of an address with the other arguments."""
    taken = [context.get_value_type(kind) for kind in signature.args[1:]]
    function = ir.FunctionType(context.get_value_type(signature.return_type), taken)
    return builder.call(builder.inttoptr(arguments[0], function.as_pointer()), arguments[1:])


def _call_rows(context: Any, builder: Any, signature: Any, arguments: Any) -> Any:
    """Generate the call of a generated function at an address: of an array it takes where its numbers begin."""
    taken = [
        make_array(kind)(context, builder, value).data if isinstance(kind, types.Array) else value
        for kind, value in zip(signature.args[1:], arguments[1:], strict=True)
    ]
    function = ir.FunctionType(context.get_value_type(signature.return_type), [value.type for value in taken])
    return builder.call(builder.inttoptr(arguments[0], function.as_pointer()), taken)


# All arrays outlive the loop: references to parts of them are not counted (`_nrt`), a sixth of the time of a circuit.
_inner = njit(nogil=True, error_model="numpy", no_cpython_wrapper=True, no_cfunc_wrapper=True, _nrt=False)


@_inner
def hand_on(wire, post, source, when, slots, rings, synapses):  # type: ignore[no-untyped-def]
    """Add a spike of one source to what arrives at its targets."""
    ring, arrived = rings
    rows, targets, amounts, delays = synapses
    first, last = rows[wire.rows + source], rows[wire.rows + source + 1]
    if first == last:
        return
    target = targets[wire.targets + first : wire.targets + last]
    if wire.each_amount == 0 and wire.each_delay == 0:
        row = (when + delays[wire.delays]) % slots * post.ports + wire.port
        arrived[post.arrived + row] = True
        now = ring[post.ring + row * post.padded : post.ring + (row + 1) * post.padded]
        amount = amounts[wire.amounts]
        for lane in target:
            now[lane] += amount
        return
    for j in range(last - first):
        delay = delays[wire.delays + (first + j) * wire.each_delay]
        row = (when + delay) % slots * post.ports + wire.port
        arrived[post.arrived + row] = True
        ring[post.ring + row * post.padded + target[j]] += amounts[wire.amounts + (first + j) * wire.each_amount]


@_inner
def deliver(post, n, cursor, slot, rings, events):  # type: ignore[no-untyped-def]
    """Add a population's own events that are due to what arrives now; return the first one that is not."""
    ring, arrived = rings
    due, port, table, weight, row, lanes = events
    while cursor < post.end and due[cursor] <= n:
        begin = post.ring + (slot * post.ports + port[cursor]) * post.padded
        arrived[post.arrived + slot * post.ports + port[cursor]] = True
        of = post.tables + table[cursor]
        for lane in lanes[row[of] : row[of + 1]]:
            ring[begin + lane] += weight[cursor]
        cursor += 1
    return cursor


@_inner
def sample(k, probes, populations, state, values, after):  # type: ignore[no-untyped-def]
    """Keep recorded rows as sample k; ``after`` a step, make those that lie halfway the mean of before and after."""
    for probe in probes:
        if after and not probe.halfway:
            continue
        p = populations[probe.population]
        for b in range(p.batches):
            to, of = probe.values + k * p.padded + b * p.width, p.state + b * p.size + probe.row
            for lane in range(p.width):
                now = np.float64(state[of + lane])
                values[to + lane] = (values[to + lane] + now) / 2 if after else now


@_inner
def advance_one(p, n, h, dt, slot, storage, rings, spikes, found):  # type: ignore[no-untyped-def]
    """Take a step of one population, which empties its slot; return the spikes found so far."""
    state, constants, shapes, offsets, starts, rates = storage
    ring, arrived = rings
    spike_step, spike_lane, _ = spikes
    up, down, axial = rates
    begin, low, incoming = p.geometry, p.rates, p.ring + slot * p.ports * p.padded
    now = arrived[p.arrived + slot * p.ports : p.arrived + (slot + 1) * p.ports]
    found = take_step(
        p.step,
        state[p.state :],
        p.batches,
        p.lanes,
        p.size,
        constants[p.constants :],
        h,
        dt,
        n,
        p.width,
        shapes[begin:],
        offsets[begin:],
        starts[begin:],
        up[low:],
        down[low:],
        axial[low:],
        ring[incoming:],
        p.padded,
        now,
        spike_step,
        spike_lane,
        found,
        len(spike_step),
    )
    for port in range(p.ports):
        if now[port]:
            ring[incoming + port * p.padded : incoming + (port + 1) * p.padded] = 0
            now[port] = False
    return found


@_inner
def note(s, n, whole, spikes, first, found, volleys):  # type: ignore[no-untyped-def]
    """Keep the sources that fire in a step until their synapses' delays have passed; an input's act from its end on."""
    _, spike_lane, spike_population = spikes
    fired, fibre = volleys
    slot, count = n % s.slots, 0
    to = s.fired + slot * s.room
    if s.population < 0:
        k = whole[s.cursor]
        while k < s.end and fired[k] <= n + 1:
            whole[to + count] = fibre[k]
            count += 1
            k += 1
        whole[s.cursor] = k
    else:
        for k in range(first, found):
            if spike_population[k] == s.population and spike_lane[k] < s.sources:
                whole[to + count] = spike_lane[k]
                count += 1
    whole[s.flight] += count - whole[s.fired_count + slot]
    whole[s.fired_count + slot] = count


@_inner
def learn(n, dt, synapses, state, rings, slots, spikes, first, found, volleys):  # type: ignore[no-untyped-def]
    """End a step with the synapses that have a state: their own step, then arriving events, then answers to spikes."""
    table, whole, numbers = synapses
    ring, arrived = rings
    _, spike_lane, spike_population = spikes
    for s in table:
        note(s, n, whole, spikes, first, found, volleys)
    for phase in range(3):
        for k in range(len(table)):
            s = table[k]
            if not (s.steps if phase == 0 else whole[s.flight] if phase == 1 else s.answers and found > first):
                continue
            act(
                table[k].act,
                phase,
                n,
                dt,
                table,
                k,
                whole,
                numbers,
                state,
                ring,
                arrived,
                slots,
                spike_lane,
                spike_population,
                first,
                found,
            )


@njit(nogil=True, error_model="numpy", no_cfunc_wrapper=True, _nrt=False)
def advance(  # type: ignore[no-untyped-def]
    first, count, h, dt, tables, storage, rings, slots, synapses, volleys, events, cursors, spikes, recording, learning
):
    """Take ``count`` steps from step ``first``; return how many spikes were found."""
    populations, inputs, wires, probes = tables
    fired, fibre = volleys
    input_cursor, event_cursor = cursors
    _, spike_lane, spike_population = spikes
    every, skipped, halfway, values = recording
    found, before = np.int64(0), False
    for n in range(first, first + count):
        slot = n % slots
        sampled = len(probes) > 0 and n % every == 0
        if sampled:
            sample(n // every - skipped, probes, populations, storage[0], values, before)
        for i in range(len(inputs)):
            k = input_cursor[i]
            while k < inputs[i].end and fired[k] <= n:
                for w in range(inputs[i].first_wire, inputs[i].last_wire):
                    hand_on(wires[w], populations[wires[w].post], fibre[k], n, slots, rings, synapses)
                k += 1
            input_cursor[i] = k
        earlier = found
        for i in range(len(populations)):
            p, known = populations[i], found
            event_cursor[i] = deliver(p, n, event_cursor[i], slot, rings, events)
            found = advance_one(p, n, h, dt, slot, storage, rings, spikes, found)
            for k in range(known, found):
                spike_population[k] = i
                if spike_lane[k] < p.lanes:
                    for w in range(p.first_wire, p.last_wire):
                        hand_on(wires[w], populations[wires[w].post], spike_lane[k], n + 1, slots, rings, synapses)
        if len(learning[0]) > 0:
            learn(n, np.float64(dt), learning, storage[0], rings, slots, spikes, earlier, found, volleys)
        if sampled and halfway:
            sample(n // every - skipped, probes, populations, storage[0], values, not before)
    return found
