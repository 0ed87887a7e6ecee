"""What every kernel has in common, as text: its head, and its functions around what a model does.

The text is Python, which :mod:`nmdasim.engines.kernel.translate` reads with the types of its annotations: ``real`` and
``whole`` numbers, and rows of them; ``marks`` are flags of a byte.
"""

HEADER = '''"""A kernel, method {method}, {real}. Generated; SI units."""

real = {real}
one = real(1)
none = real(0)
half = real(0.5)
quiet = {bits}(0)
W = {width}
VECTOR = {vector}
SHIFT = {shift}
{rows}
'''

#: What a pass takes, and how it is called.
PASS = (
    "a: reals, ks: reals, t: real, n: whole, vectors: whole, compartments: wholes, record_offset: wholes, "
    "scalar_offset: wholes"
)

#: The event of one port, for some lanes. A lane whose ``WAIT`` is below ``over`` is not in its refractory period.
DELIVER = """

def deliver(a: reals, t: real, over: real, port: whole, weight: real, low: whole, high: whole):
    for l in range(low, high):
{deliver}
"""

#: All that arrives in a step, for the lanes of one batch that begin at ``base``.
RECEIVE = """

def receive(a: reals, t: real, vectors: whole, incoming: reals, padded: whole, base: whole, arrived: marks):
    width = vectors*VECTOR
    over = half
{receive}
    pass
"""

#: Steps from ``first`` to before ``last``; it ends with the first one in which a lane fires, and returns that, else
#: ``last``. What is left of refractory periods is counted from step ``since``.
MOVE = """

def move(
    a: reals, ks: reals, h: real, dt: real, since: whole, first: whole, last: whole, vectors: whole,
    compartments: wholes, record_offset: wholes, scalar_offset: wholes, up: reals, down: reals, axial: reals,
) -> whole:
    width = vectors*VECTOR
    for n in range(first, last):
        t = real(n*dt)
        over = real(n - since) + half
{body}
        if hits:
            return n
    return last
"""

#: Notes the lanes that fired in step ``n``, counted from ``base``, and resets them; passes vectors by where none did.
FIRED = """

def fired(
    a: reals, t: real, since: whole, n: whole, base: whole, steps: wholes, lanes: wholes, found: whole, room: whole,
) -> whole:
    for v in range(W >> SHIFT):
        low = v*VECTOR
        hits = quiet
        for l in range(low, low + VECTOR):
            hits |= bits(a[SPIKE + l])
        if hits:
            for l in range(low, low + VECTOR):
                if a[SPIKE + l] > half:
                    if found < room:
                        steps[found] = n + 1
                        lanes[found] = base + l
                    found += 1
{fired}
    return found
"""

#: Counts refractory periods from a later step, and notes which are over.
COUNTED = """for l in range(vectors*VECTOR):
    left = a[WAIT + l] - real({steps})
    a[WAIT + l] = left
    a[READY + l] = one if left < half else none"""

#: A whole run of one batch. Lanes are counted in ``vectors``, so that LLVM knows that whole ones fill every loop and
#: writes no second loop for what is left. The last event, sample and edge of a window lie behind all steps; steps
#: between which nothing is due, sampled or summed up are taken in one call.
ADVANCE = """

def advance(
    a: reals, ks: reals, h: real, dt: real, first: whole, end: whole, vectors: whole,
    compartments: wholes, record_offset: wholes, scalar_offset: wholes, up: reals, down: reals, axial: reals,
    event_step: wholes, event_port: wholes, event_lane: wholes, event_weight: reals, event: wholes,
    steps: wholes, lanes: wholes, room: whole,
    traces: whole, trace_row: wholes, trace_mean: marks, every: whole, sample: whole, samples: whole, values: reals,
    edges: wholes, begun: whole, windows: whole, summaries: whole, rows: wholes, kinds: wholes, found_values: reals,
) -> whole:
    width = vectors*VECTOR
    found = 0
    window = begun
    due = event[0]
    k = 0
    n = first
    while n < end:
        t = real(n*dt)
        while event_step[due] <= n:
            low = max(event_lane[due], 0)
            high = low + 1
            if event_lane[due] < 0:
                high = width
            deliver(a, t, real(n - first) + half, event_port[due], event_weight[due], low, high)
            due += 1
        at = sample + k*every
        if n == at:
            for j in range(traces):
                for l in range(width):
                    values[(j*samples + k)*W + l] = a[trace_row[j] + l]
        if n == edges[window + 1]:
            window += 1
            if window < windows:
                for j in range(summaries):
                    for l in range(width):
                        found_values[(j*windows + window)*W + l] = a[rows[j] + l]
        until = min(end, event_step[due])
        until = min(until, edges[window + 1])
        if n < at:
            until = min(until, at)
        if (n == at) | ((window >= 0) & (window < windows)) | (until <= n):
            until = n + 1
        stop = move(
            a, ks, h, dt, first, n, until, vectors, compartments, record_offset, scalar_offset, up, down, axial,
        )
        if n == at:
            for j in range(traces):
                if trace_mean[j]:
                    for l in range(width):
                        here = (j*samples + k)*W + l
                        values[here] = half*(values[here] + a[trace_row[j] + l])
            k += 1
        if (window >= 0) & (window < windows):
            for j in range(summaries):
                if kinds[j] > 0:
                    for l in range(width):
                        this = (j*windows + window)*W + l
                        found_values[this] = max(found_values[this], a[rows[j] + l])
                if kinds[j] < 0:
                    for l in range(width):
                        that = (j*windows + window)*W + l
                        found_values[that] = min(found_values[that], a[rows[j] + l])
        n = until
        if stop < until:
            found = fired(a, real(stop*dt), first, stop, 0, steps, lanes, found, room)
            n = stop + 1
{counted}
    event[0] = due
    return found
"""

#: One step of every batch of a population; of the last, of as many lanes as it has, in whole vectors.
STEP = """

def step(
    batches: reals, count: whole, neurons: whole, size: whole, ks: reals, h: real, dt: real, n: whole, width: whole,
    compartments: wholes, record_offset: wholes, scalar_offset: wholes, up: reals, down: reals, axial: reals,
    incoming: reals, padded: whole, arrived: marks, steps: wholes, lanes: wholes, found: whole, room: whole,
) -> whole:
    for b in range(count):
        a = batches[b*size:]
        vectors = min(width, neurons - b*W + VECTOR - 1) >> SHIFT
        receive(a, real(n*dt), vectors, incoming, padded, b*W, arrived)
        stop = move(
            a, ks, h, dt, n, n, n + 1, vectors, compartments, record_offset, scalar_offset, up, down, axial,
        )
        if stop == n:
            found = fired(a, real(n*dt), n, n, b*W, steps, lanes, found, room)
{counted}
    return found
"""
