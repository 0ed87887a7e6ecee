"""Compute the numbers in the answers of the pages for a class: ``python docs/make_answers.py``, some minutes.

Means of five seeds, written to ``tables/answers.csv``; of allodynia and hyperalgesia 20 s after 15 volleys at 1 Hz.
"""

import csv
import re
from pathlib import Path

import numpy as np

import nmdasim as nm
from nmdasim import Hz, mM, quantities, second, uM
from nmdasim.readout import measures
from nmdasim.receptors import bench, scheme
from nmdasim.receptors.blockers import ic50
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


def receptor():
    """Yield what the page on the receptor has one try: peaks, what magnesium leaves, IC50 in µM, and memantine."""
    for name in ("clements1992", "lester_jahr1992"):
        for width in ("1 ms", "100 ms"):
            peak = bench.pulse(scheme(name), duration=width, v="-60 mV", mg="0 mM").peak_open
            yield f"peak open in %, {name}, {width}", mean(100 * peak)
    for volts in ("-65 mV", "-40 mV"):
        held = bench.steady(scheme("lester_jahr1992"), v=volts, mg="1 mM")
        yield f"left by magnesium in %, {volts}", mean(100 * held.ratio)
    for kind in ("2A", "2C"):
        for bath in ("1 mM", "0 mM"):
            half = quantities.in_unit(ic50("ketamine", kind, "-66 mV", bath), "uM")
            yield f"IC50, {kind}, {bath}", mean(half)
    for rate in (1, 0.1):
        run = nm.simulate(
            nm.neurons.wdr(), nm.WindUp(rate * Hz), drugs={"memantine": 10 * uM}, block="washin", seed=list(SEEDS)
        )
        for pulse in (2, 15):
            yield f"blocked by memantine in %, {rate:g} Hz, pulse {pulse}", mean(100 * run.blocked.sel(pulse=pulse))


def own():
    """Yield the spikes after the first and the last pulse of the neuron of the page on own neurons."""
    page = (Path(__file__).parent / "own_neuron.md").read_text("utf-8")
    names = {}
    exec(re.search(r"```python\n(.*?)```", page, re.DOTALL)[1], names)
    for label, rate, numbers in (
        ("as it is", 1, {}),
        ("slow conductance 0.3 s", 1, {"tau_slow": 0.3 * second}),
        ("0.1 Hz", 0.1, {}),
        ("no magnesium", 1, {"mg": 0 * mM}),
    ):
        train = nm.WindUp(frequency=rate * Hz, pulses=10)
        late = measures.windup(nm.simulate(names["mine"], train, parameters=numbers, seed=SEEDS)).late
        for pulse in (1, 10):
            yield f"own neuron, {label}, pulse {pulse}", mean(late.sel(pulse=pulse))


def main():
    circuit = nm.circuits.dorsal_horn()
    with TABLE.open("w", newline="") as stream:
        csv.writer(stream).writerow(("number", "value"))
        for part in (traces, inhibition, switches):
            csv.writer(stream).writerows(part(circuit))
        for part in (receptor, own):
            csv.writer(stream).writerows(part())


if __name__ == "__main__":
    main()
