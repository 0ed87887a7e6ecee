"""Compute the numbers in the answers of the pages on allodynia and hyperalgesia: ``python docs/make_answers.py``.

Means of five seeds, 20 s after 15 volleys at 1 Hz, written to ``tables/answers.csv``; some minutes.
"""

import csv
from pathlib import Path

import numpy as np

import nmdasim as nm
from nmdasim.readout import measures
from nmdasim.studies import sensitization as sensory

TABLE = Path(__file__).parent / "tables" / "answers.csv"
SEEDS = range(5)
KINDS = ("touch", "pinprick", "noxious")
#: What a train leaves behind, each of which can be switched off.
SWITCHES = ("potentiation", "phosphorylation", "mg_relief", "anion_shift")


def curve(circuit, after=None, **options):
    """Return the stimulus–response curves, at rest or 20 s after a train."""
    rested = None if after is None else sensory.wait(circuit, "20 s", after=after)
    given = {"seed": SEEDS} if rested is None else {"after": rested}
    return sensory.stimulus_response(circuit, kinds=KINDS, **given, **options)


def mean(values):
    """Return the mean over seeds as text."""
    return f"{float(np.nanmean(values)):.2f}"


def switches(circuit):
    """Yield the indices that a train leaves, with everything and with one switch alone."""
    for alone in ("", *SWITCHES):
        off = {} if not alone else {name: 0 for name in (*SWITCHES, "heterosynaptic") if name != alone}
        cells = circuit.replace(**off)
        naive, after = curve(cells), curve(cells, sensory.condition(cells, seed=SEEDS))
        label = f"{alone} alone" if alone else "after 1 Hz"
        yield f"hyperalgesia, {label}", mean(measures.hyperalgesia_index(naive, after))
        yield f"pinprick, {label}", mean(measures.hyperalgesia_index(naive, after, "pinprick"))


def traces(circuit):
    """Yield ρ and the anion reversal after a train at 1 Hz and at 0.1 Hz."""
    for rate in ("1 Hz", "0.1 Hz"):
        train = sensory.condition(circuit, rate, seed=SEEDS)
        yield f"rho, {rate}", mean(train.rho)
        yield f"E_anion in mV, {rate}", mean(train.E_anion.isel(time=-1))


def inhibition(circuit):
    """Yield what touch does without the spread to its synapse, and as inhibition is lost."""
    cells = circuit.replace(heterosynaptic=0)
    after = curve(cells, sensory.condition(cells, seed=SEEDS))
    yield "largest touch response, heterosynaptic 0", mean(after.spikes.sel(kind="touch").mean("seed").max())
    yield "hyperalgesia, heterosynaptic 0", mean(measures.hyperalgesia_index(curve(cells), after))
    naive = curve(circuit)
    for anion in (-65, -60, -55, -50):
        shifted = curve(circuit.replace(E_gaba=f"{anion} mV"))
        yield f"touch threshold, {anion} mV", mean(measures.threshold(shifted, "touch"))
        yield f"largest touch response, {anion} mV", mean(shifted.spikes.sel(kind="touch").mean("seed").max())
        yield f"hyperalgesia, {anion} mV", mean(measures.hyperalgesia_index(naive, shifted))
    slower = curve(circuit.replace(E_gaba="-50 mV", tau_d_gaba="20 ms"))
    yield "touch threshold, -50 mV and GABA twice as long", mean(measures.threshold(slower, "touch"))
    yield (
        "largest touch response, -50 mV and GABA twice as long",
        mean(slower.spikes.sel(kind="touch").mean("seed").max()),
    )
    under = curve(circuit, ketamine="3 uM")
    yield "hyperalgesia, naive with 3 µM at the test", mean(measures.hyperalgesia_index(naive, under))


def main():
    circuit = nm.circuits.dorsal_horn()
    with TABLE.open("w", newline="") as stream:
        csv.writer(stream).writerow(("number", "value"))
        for part in (traces, inhibition, switches):
            csv.writer(stream).writerows(part(circuit))


if __name__ == "__main__":
    main()
