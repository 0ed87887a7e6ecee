"""Measure the spike counts that the documentation shows, and write them to docs/tables/.

``python docs/make_tables.py [TABLE …]``; all of them take minutes.
"""

from __future__ import annotations

import csv
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import nmdasim as nm
from nmdasim import pharmacology
from nmdasim.model.parameter import STATUSES
from nmdasim.parameters import ledger, load
from nmdasim.pharmacology import compartments
from nmdasim.protocols import latencies
from nmdasim.receptors import schemes as receptor_schemes

HERE = Path(__file__).parent
DATA = HERE.parent / "tests" / "data"
TABLES = HERE / "tables"

#: Late spikes per pulse of the published models, computed with NEURON on the authors' files and these latencies.
PUBLISHED = {
    "1 Hz": "8 8 10 11 10 12 12 11 12 13 13 14 15 15 16",
    "0.1 Hz, 10 pulses": "8 7 7 7 8 8 7 7 8 7",
    "1 Hz, NMDA off": "7 6 7 7 6 7 7 7 7 7 7 8 7 6 8",
    "aguiar2010": "4 5 7 8 10 9 9 9 9 10 10 10 10 10 10",
}


def late(model: nm.Model | nm.Circuit, protocol: nm.WindUp, **options: object) -> str:
    """Return the late spikes after each pulse as text."""
    counts = nm.measures.windup(nm.simulate(model, protocol, **options)).late.values
    return " ".join(str(int(count)) for count in counts)


def delays(a: str, c: str) -> dict[str, nm.Quantity]:
    """Read the latency tables of both fibres."""
    return {"adelta": latencies.read(DATA / a), "c": latencies.read(DATA / c)}


def delrocq2023() -> Iterator[tuple[str, ...]]:
    """Yield the reference neuron in every engine."""
    given = delays("directC_Ad_delays_ms.csv", "directC_C_delays_ms.csv")
    neuron = nm.neurons.delrocq2023()
    runs = {
        "1 Hz": (neuron, nm.WindUp(latencies=given)),
        "0.1 Hz, 10 pulses": (neuron, nm.WindUp(frequency="0.1 Hz", pulses=10, latencies=given)),
        "1 Hz, NMDA off": (neuron.scaled(nmda=0), nm.WindUp(latencies=given)),
    }
    yield "condition", "engine", "late spikes per pulse"
    for name, (model, protocol) in runs.items():
        yield name, "published model", PUBLISHED[name]
        for engine in ("kernel", "brian2", "reference"):
            yield name, engine, late(model, protocol, engine=engine, dt="0.05 ms")


def aguiar2010() -> Iterator[tuple[str, ...]]:
    """Yield the two-cell circuit over steps and engines."""
    given = delays("aguiar2010_Ad_delays_ms.csv", "aguiar2010_C_delays_ms.csv")
    circuit, protocol = nm.neurons.aguiar2010(), nm.WindUp(latencies=given)
    yield "engine, method", "dt, ms", "late spikes per pulse"
    yield "published model", "0.0125", PUBLISHED["aguiar2010"]
    runs = [("kernel", "fixed", dt) for dt in ("0.05", "0.025", "0.0125", "0.00625")]
    runs += [("kernel", "", dt) for dt in ("0.05", "0.025", "0.0125", "0.00625")]
    runs += [("brian2", "", dt) for dt in ("0.05", "0.025", "0.0125")]
    for engine, method, dt in runs:
        counts = late(circuit, protocol, engine=engine, method=method, dt=f"{dt} ms")
        yield f"{engine}, {method or 'default'}", dt, counts
    for tolerance in (1e-6, 1e-8):
        yield "reference", f"adaptive, {tolerance:g}", late(circuit, protocol, engine="reference", tolerance=tolerance)


def wdr() -> Iterator[tuple[str, ...]]:
    """Yield the two-compartment reduction under what turns wind-up on and off."""
    given = delays("directC_Ad_delays_ms.csv", "directC_C_delays_ms.csv")
    neuron, train = nm.neurons.wdr(), nm.WindUp(latencies=given)
    yield "condition", "late spikes per pulse"
    yield "1 Hz", late(neuron, train)
    yield "0.1 Hz, 10 pulses", late(neuron, nm.WindUp(frequency="0.1 Hz", pulses=10, latencies=given))
    for gain, name in (("nmda", "NMDA"), ("can", "CAN"), ("nk1", "NK1"), ("cal", "L-type calcium"), ("kca", "KCa")):
        yield f"1 Hz, {name} off", late(neuron.scaled(**{gain: 0}), train)
    for dose in ("0.3 uM", "1 uM", "10 uM"):
        yield f"1 Hz, ketamine {dose.replace('u', 'µ')}, equilibrated", late(neuron, train, ketamine=dose)
    yield "1 Hz, ketamine 10 µM, wash-in", late(neuron, train, ketamine="10 uM", block="washin")


def convergence() -> Iterator[tuple[str, ...]]:
    """Yield the distance of every method and step from the adaptive integrator, by neuron."""
    direct = delays("directC_Ad_delays_ms.csv", "directC_C_delays_ms.csv")
    relayed = delays("aguiar2010_Ad_delays_ms.csv", "aguiar2010_C_delays_ms.csv")
    yield "model", "method", "dt, ms", "late spikes in 15 pulses", "largest difference at a pulse"
    for name, given in (("delrocq2023", direct), ("wdr", direct), ("aguiar2010", relayed)):
        model, train = getattr(nm.neurons, name)(), nm.WindUp(latencies=given)
        exact = [int(n) for n in late(model, train, engine="reference", tolerance=1e-8).split()]
        yield name, "reference, 1e-8", "adaptive", str(sum(exact)), "0"
        for method in ("staggered", "staggered/float32", "fixed"):
            for dt in ("0.2", "0.1", "0.05", "0.025", "0.0125"):
                counts = [int(n) for n in late(model, train, method=method, dt=f"{dt} ms").split()]
                worst = max(abs(a - b) for a, b in zip(counts, exact, strict=True))
                yield name, method.replace("/", ", "), dt, str(sum(counts)), str(worst)


def brian2() -> Iterator[tuple[str, ...]]:
    """Yield how far the late counts of Brian2's default are from the converged ones, by step."""
    steps = ("0.1", "0.05", "0.025", "0.0125")
    yield "neuron", "converged late counts", *(f"dt {dt} ms" for dt in steps)
    for name, tables in (("wdr", "directC"), ("delrocq2023", "directC"), ("aguiar2010", "aguiar2010")):
        neuron = nm.neurons.CATALOGUE[name]()
        given = delays(f"{tables}_Ad_delays_ms.csv", f"{tables}_C_delays_ms.csv")
        train = nm.WindUp(pulses=5, latencies=given)
        converged = late(neuron, train, dt="0.003125 ms")
        found = (late(neuron, train, engine="brian2", dt=f"{dt} ms") for dt in steps)
        yield name, converged, *(_differences(counts, converged) for counts in found)


def _differences(counts: str, converged: str) -> str:
    """Return the difference of each pulse's count where there is one."""
    pairs = zip(counts.split(), converged.split(), strict=True)
    differences = [int(a) - int(b) for a, b in pairs]
    return " ".join(f"{d:+d}" if d else "0" for d in differences) if any(differences) else "none"


def pharmacokinetics() -> Iterator[tuple[str, ...]]:
    """Yield what the same infusion gives by preset."""
    yield "preset", "site", "35 mg over 40 min, peak", "after 2 h", "after 6 h", "clearance", "volume"
    regimen = pharmacology.Regimen((pharmacology.dose("35 mg", over="40 min"),))
    for name in ("clements2", "domino3", "leiden3", "janssen"):
        course = pharmacology.time_course(regimen, every="1 min", until="6 h", preset=name)
        levels = [course.cmax.item(), *(course.plasma.sel(time=hour).item() for hour in (2, 6))]
        clearance, volume = compartments.clearance_and_volume(pharmacology.preset(name))
        site = course.site.item().partition(" (")[0]
        yield name, site, *(f"{level:.0f} ng/ml" for level in levels), f"{clearance:.0f} L/h", f"{volume:.0f} L"


def statuses() -> Iterator[tuple[str, ...]]:
    """Yield how many of the library's numbers have each status, by table."""
    found = Counter((section.partition(".")[0], p.status) for section, _, p in ledger.numbers())
    yield "table", *STATUSES, "all"
    for table in sorted({table for table, _ in found}):
        row = [found[table, status] for status in STATUSES]
        yield table, *map(str, row), str(sum(row))
    total = list(ledger.counts().values())
    yield "all", *map(str, total), str(sum(total))


def nasal() -> Iterator[tuple[str, ...]]:
    """Yield what janssen gives for nasal sessions, devices at once and 5 min apart, beside its publication."""
    published = {name: float(p.number) for name, p in load("pharmacokinetics", "janssen_published").items()}
    yield "dose", "devices", "highest plasma, ng/ml total", "published", "at", "area over 24 h, ng·h/ml", "published"
    for count, gap in ((1, 0), (2, 0), (2, 5), (3, 0), (3, 5)):
        devices = [pharmacology.dose("28 mg", "nasal", at=f"{gap * k} min") for k in range(count)]
        course = pharmacology.time_course(pharmacology.Regimen.of(*devices), every="1 min", until="24 h")
        area, dose = float(course.plasma.integrate("time")), 28 * count
        how = "one" if count == 1 else f"{gap} min apart" if gap else "at once"
        peak, when = float(course.cmax), float(course.tmax)
        reported = f"{published[f'cmax_{dose}']:.1f}", f"{published[f'auc_{dose}']:.1f}"
        yield f"{dose} mg", how, f"{peak:.1f}", reported[0], f"{when:.0f} min", f"{area:.1f}", reported[1]


def schemes() -> Iterator[tuple[str, ...]]:
    """Yield wind-up of the two-compartment neuron with each kinetic scheme in place of its synapse."""
    yield "receptor", "late spikes per pulse, 1 Hz, seed 0"
    for name in ("", *receptor_schemes.names()):
        yield name or "published synapse", late(nm.neurons.wdr(nmda=name), nm.WindUp(), seed=0)


def main() -> None:
    """Write the tables that are named, or every one."""
    TABLES.mkdir(exist_ok=True)
    tables = (statuses, nasal, pharmacokinetics, schemes, wdr, convergence, delrocq2023, aguiar2010, brian2)
    for table in [t for t in tables if t.__name__ in sys.argv[1:]] or tables:
        with (TABLES / f"{table.__name__}.csv").open("w", encoding="utf-8", newline="") as stream:
            for row in table():
                csv.writer(stream, lineterminator="\n").writerow(row)
                stream.flush()


if __name__ == "__main__":
    main()
