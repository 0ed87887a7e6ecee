"""Make the tables on the engine neuron: ``python docs/make_neuron.py``, or a part: steps, schemes, neurons, wdr."""

import csv
import sys
from pathlib import Path

import numpy as np

import nmdasim as nm
from nmdasim import ms, quantities

TABLES = Path(__file__).parent / "tables"
NEURONS = ("wdr", "delrocq2023", "aguiar2010")
TRACES = ("v_soma", "v_dendrite", "ca_dendrite", "m_can_dendrite")


def write(name: str, rows: list[list[str]]) -> None:
    with (TABLES / f"{name}.csv").open("w", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)


def counts(model: nm.Model | nm.Circuit, pulses: int, **options: object) -> np.ndarray:
    """Return the spikes of each pulse, both windows together."""
    found = nm.measures.windup(nm.simulate(model, nm.WindUp(pulses=pulses), **options))
    return np.asarray(found.early + found.late, dtype=int).ravel()


def steps() -> None:
    """Write the largest difference of a trace from the reference, below threshold, as step and tolerance fall."""
    cell = nm.neurons.wdr()
    events = [nm.Events(port=port, times=[5, 6, 8] * ms) for port in ("nmda_c", "nk1")]
    options = {"duration": 60 * ms, "record": list(TRACES), "sample": 0.1 * ms}
    reference = nm.simulate(cell, events, engine="reference", dt=0.1 * ms, tolerance=1e-11, **options)
    assert int(reference.spike_count) == 0
    rows = [["method", "step or tolerance", *(f"{name} ({reference[name].attrs['units']})" for name in TRACES)]]
    runs = [(method, step, 1e-7) for method in ("fixed", "crank_nicolson") for step in (0.1, 0.05, 0.025, 0.0125)]
    runs += [("cvode", 0.1, tolerance) for tolerance in (1e-4, 1e-6, 1e-8)]
    for method, step, tolerance in runs:
        found = nm.simulate(cell, events, engine="neuron", method=method, dt=step * ms, tolerance=tolerance, **options)
        errors = [f"{float(np.abs(found[name] - reference[name]).max()):.2g}" for name in TRACES]
        rows.append([method, f"{tolerance:g}" if method == "cvode" else f"{step:g} ms", *errors])
    write("neuron_steps", rows)


def schemes() -> None:
    """Write the spikes of two pulses of wdr with every kinetic scheme of the receptor."""
    rows = [["receptor scheme", "step", "kernel", "NEURON", "largest difference a pulse"]]
    for name in nm.receptors.schemes.names():
        cell = nm.neurons.wdr(nmda=name)
        step = min(0.025, float(quantities.si(cell.dt_max, "ms", name="dt_max")) * 1e3)
        both = [counts(cell, 2, engine=engine, dt=step * ms) for engine in ("kernel", "neuron")]
        rows.append(
            [name, f"{step:g} ms", *(" ".join(map(str, one)) for one in both), str(np.abs(both[0] - both[1]).max())]
        )
        write("neuron_schemes", rows)


def neurons(names: tuple[str, ...] = NEURONS) -> None:
    """Write the spikes per pulse of a whole train, by engine; rows of other neurons stay."""
    table = TABLES / "neuron_counts.csv"
    head = ["neuron", "engine", "spikes per pulse, 15 pulses at 1 Hz", "largest difference from the kernel a pulse"]
    old = list(csv.reader(table.open()))[1:] if table.exists() else []
    for name in names:
        cell, runs = getattr(nm.neurons, name)(), {"kernel, 0.025 ms": ("kernel", "", 1e-7)}
        runs["NEURON, CVODE, 1e-6"] = ("neuron", "cvode", 1e-6)
        runs["NEURON, fixed, 0.025 ms"] = ("neuron", "fixed", 1e-7)
        known, rows = None, []
        for said, (engine, method, tolerance) in runs.items():
            found = counts(cell, 15, engine=engine, method=method, dt=0.025 * ms, tolerance=tolerance)
            known = found if known is None else known
            rows.append([name, said, " ".join(map(str, found)), str(np.abs(found - known).max())])
            print(*rows[-1], flush=True)
        old = [row for row in old if row[0] != name] + rows
        write("neuron_counts", [head, *old])


if __name__ == "__main__":
    for part in sys.argv[1:] or ("steps", "schemes", "neurons"):
        neurons((part,)) if part in NEURONS else globals()[part]()
