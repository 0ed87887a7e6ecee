"""Computes docs/tables/sensitization.csv and the figures of docs/sensitization.md, over 20 seeds."""

import csv
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import nmdasim as nm
from nmdasim import measures, plot_sensory, sensory

DOCS = Path(__file__).parent
SEEDS = range(20)
KINDS = ("touch", "pinprick", "noxious")


def spread(values):
    """Return mean and 95 % interval over seeds as text."""
    low, high = np.nanquantile(values, [0.025, 0.975])
    return f"{np.nanmean(values):.2f} ({low:.2f} to {high:.2f})"


def row(label, rho, before, after):
    touch = measures.threshold(after, "touch")
    silent = int(touch.isnull().sum())
    return [
        label,
        "" if rho is None else spread(rho),
        "none" if silent == len(SEEDS) else spread(touch.values),
        spread(measures.allodynia_index(before, after).values),
        spread(measures.hyperalgesia_index(before, after).values),
        spread(measures.hyperalgesia_index(before, after, "pinprick").values),
    ]


def main():
    circuit = nm.circuits.dorsal_horn()

    def test(cells=circuit, rho=0.0, ketamine="0 uM"):
        return sensory.stimulus_response(cells, rho=rho, ketamine=ketamine, seed=SEEDS, kinds=KINDS)

    naive = test()
    rows = [
        ["state", "ρ", "touch threshold", "allodynia", "hyperalgesia", "secondary"],
        row("naive", None, naive, naive),
    ]
    trains = {
        f"{dose} µM": sensory.condition(circuit, ketamine=f"{dose} uM", seed=SEEDS) for dose in (0, 0.3, 1, 3, 10)
    }
    curves = {"naive": naive}
    for dose, train in trains.items():
        curves[dose] = test(rho=train.rho.values)
        rows.append(row(f"after 1 Hz, {dose} during it", train.rho.mean("neuron").values, naive, curves[dose]))
    slow = sensory.condition(circuit, frequency="0.1 Hz", pulses=15, seed=SEEDS)
    rows.append(row("after 0.1 Hz", slow.rho.mean("neuron").values, naive, test(rho=slow.rho.values)))
    kept = trains["0 µM"].rho.values
    for dose in ("1", "3", "10"):
        drug = test(rho=kept, ketamine=f"{dose} uM")
        without = test(ketamine=f"{dose} uM")
        rows.append(row(f"after 1 Hz, {dose} µM at the test, against naive with it", None, without, drug))
        rows.append(row(f"naive, {dose} µM at the test", None, naive, without))
    for state in ("potentiated", "disinhibited", "sensitized"):
        cells, rho = sensory.in_state(state)
        curves[state] = test(cells, rho=rho)
        rows.append(row(state, None, naive, curves[state]))
    half = circuit.weighted(inhibitory=0.5)
    rows.append(row("inhibition × 0.5", None, naive, test(half)))
    with (DOCS / "tables" / "sensitization.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)
    figures(circuit, curves, trains | {"0.1 Hz": slow})


def figures(circuit, curves, trains):
    shown = {"before": curves["naive"], "after 1 Hz": curves["0 µM"], "after 1 Hz under 3 µM ketamine": curves["3 µM"],
             "after 1 Hz under 10 µM": curves["10 µM"]}  # fmt: skip
    axes = plot_sensory.stimulus_response({k: v.sel(kind=["touch", "noxious"]) for k, v in shown.items()})
    axes[0].figure.savefig(DOCS / "images" / "sensory_curves.png", dpi=90)
    ax = plot_sensory.circuit(circuit)
    ax.figure.savefig(DOCS / "images" / "dorsal_horn.png", dpi=90)
    ax = plot_sensory.conditioning({k: v for k, v in trains.items() if k != "0.1 Hz"})
    ax.figure.savefig(DOCS / "images" / "sensory_rho.png", dpi=90)
    plt.close("all")


if __name__ == "__main__":
    main()
