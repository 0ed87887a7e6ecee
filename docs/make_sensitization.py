"""Compute tables and figures of the pages on sensitization over 20 seeds: ``python docs/make_sensitization.py``."""

import csv
from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import nmdasim as nm
from nmdasim.parameters import load
from nmdasim.plot import sensitization as plot_sensory
from nmdasim.readout import measures
from nmdasim.studies import sensitization as sensory

DOCS = Path(__file__).parent
SEEDS = range(20)
KINDS = ("touch", "pinprick", "noxious")
#: Time without input and without drug from the end of a train to the test.
WAIT = "20 s"
#: Rates of projection neurons in Hz that Medlock et al. 2022 report for 100 mN.
PUBLISHED = {"control": 6.5, "inhibition × 0.5": 19.9, "no NMDA": 0.0}


def spread(values):
    """Return mean and 95 % interval over seeds as text."""
    low, high = np.nanquantile(values, [0.025, 0.975])
    return f"{np.nanmean(values):.2f} ({low:.2f} to {high:.2f})"


def write(name, rows):
    with (DOCS / "tables" / f"{name}.csv").open("w", newline="") as stream:
        csv.writer(stream).writerows(rows)


def save(ax, name):
    ax.figure.savefig(DOCS / "images" / f"{name}.png", dpi=90)


def row(label, train, before, after):
    touch = measures.threshold(after, "touch")
    silent = int(touch.isnull().sum())
    shown = "none" if silent == len(SEEDS) else spread(touch.values)
    return [
        label,
        "" if train is None else spread(train.rho.mean("neuron").values),
        "" if train is None else spread(train.E_anion.isel(time=-1).mean("neuron").values),
        shown + (f", none in {silent} of {len(SEEDS)}" if 0 < silent < len(SEEDS) else ""),
        spread(measures.allodynia_index(before, after).values),
        spread(measures.hyperalgesia_index(before, after).values),
        spread(measures.hyperalgesia_index(before, after, "pinprick").values),
    ]


def slow(train):
    """Return the slow states that a train leaves behind; a test from them alone starts with its drug equilibrated."""
    return {"rho": train.rho, "loss": train.loss}


def test(cells, **options):
    return sensory.stimulus_response(cells, seed=SEEDS, kinds=KINDS, **options)


def sensitization(circuit, trains):
    """Write the table of states; return the stimulus–response curves by name."""
    curves = {"naive": test(circuit)}
    naive = curves["naive"]
    rows = [
        ["state", "ρ", "E anion, mV", "touch threshold", "allodynia", "hyperalgesia", "secondary"],
        row("naive", None, naive, naive),
    ]
    for name, train in trains.items():
        curves[name] = test(circuit, after=sensory.wait(circuit, WAIT, after=train))
        rows.append(row(f"after {name}", train, naive, curves[name]))
    for name in ("1 Hz", "1 Hz under 3 µM"):
        rows.append(row(f"after {name}, ρ and loss alone", None, naive, test(circuit, **slow(trains[name]))))
    kept = slow(trains["1 Hz"])
    for dose in ("1", "3", "10"):
        under = {"ketamine": f"{dose} uM"}
        without = test(circuit, **under)
        curves[f"{dose} µM at the test"] = test(circuit, **kept, **under)
        label = f"after 1 Hz, ρ and loss alone, {dose} µM at the test, against naive with it"
        rows.append(row(label, None, without, curves[f"{dose} µM at the test"]))
        rows.append(row(f"naive, {dose} µM at the test", None, naive, without))
    for state in ("potentiated", "disinhibited", "sensitized"):
        cells, rho = sensory.in_state(state, circuit)
        curves[state] = test(cells, rho=rho)
        rows.append(row(state, None, naive, curves[state]))
    rows.append(row("inhibition × 0.5", None, naive, test(circuit.weighted(inhibitory=0.5))))
    write("sensitization", rows)
    return curves


def windup(circuit, trains):
    """Write what the projection neurons of the circuit do during a train."""
    cases = {
        "1 Hz": trains["1 Hz"],
        "1 Hz, 1 µM ketamine": trains["1 Hz under 1 µM"],
        "1 Hz, 3 µM ketamine": trains["1 Hz under 3 µM"],
        "1 Hz, 10 µM ketamine": trains["1 Hz under 10 µM"],
        "1 Hz, no NMDA receptors": sensory.condition(circuit.scaled(nmda=0), seed=SEEDS),
        "0.1 Hz": trains["0.1 Hz"],
    }
    rows = [["train of 15 C volleys", "first response", "mean of the last 3", "sum", "index"]]
    for name, train in cases.items():
        measured = measures.windup(train)
        last = measured.late.isel(pulse=slice(-3, None)).mean("pulse")
        rows.append([name, *(spread(v.values) for v in (measured.input, last, measured.area, measured["index"]))])
    write("circuit_windup", rows)


def numbers():
    """Write every size, weight, latency and gain of the circuit with its source."""
    rows = [["of", "name", "value", "source", "kind", "status", "what it is"]]
    own = {name: load("dorsal_horn", name) for name in ("interneuron", "c_synapses", "projection", "synapses")}
    for section, table in {**nm.circuits.dorsal_horn().numbers, **own}.items():
        for name, p in table.items():
            value = f"{p.number:g} {p.unit}".strip()
            rows.append([section.replace("_", " "), name, value, p.source, p.kind, p.status, p.description])
    write("dorsal_horn", rows)


def pressure(circuit):
    """Write and draw the comparison with a published network under sustained pressure."""
    half = circuit.weighted(inhibitory=0.5)
    cases = {"control": circuit, "inhibition × 0.5": half, "no NMDA": circuit.scaled(nmda=0)}
    cases["inhibition and tonic × 0.5"] = half.replace(g_tonic="1e-5 S/cm**2")
    rates = {name: sensory.sustained(cells, seed=SEEDS) for name, cells in cases.items()}
    rows = [["pressure", "projection, Hz", "× control", "published, Hz", "inhibitory, Hz", "excitatory, Hz"]]
    for name, data in rates.items():
        own = {p: data.rate.sel(population=p).values for p in ("projection", "inhibitory", "excitatory")}
        factor = own["projection"] / rates["control"].rate.sel(population="projection").values
        rows.append(
            [
                name,
                spread(own["projection"]),
                spread(factor),
                PUBLISHED.get(name, ""),
                spread(own["inhibitory"]),
                spread(own["excitatory"]),
            ]
        )
    write("pressure", rows)
    shown = {name.replace(" × ", "\n× "): rates[name] for name in PUBLISHED}
    beside = {name.replace(" × ", "\n× "): rate for name, rate in PUBLISHED.items()}
    message = "Half the inhibition: over three times the spikes"
    ax = plot_sensory.pressure(shown, beside, message=message)
    save(ax, "sensory_pressure")


def main():
    circuit = nm.circuits.dorsal_horn()
    numbers()
    trains = {"1 Hz": sensory.condition(circuit, seed=SEEDS)}
    for dose in ("0.3", "1", "3", "10"):
        trains[f"1 Hz under {dose} µM"] = sensory.condition(circuit, ketamine=f"{dose} uM", seed=SEEDS)
    trains["0.1 Hz"] = sensory.condition(circuit, frequency="0.1 Hz", seed=SEEDS)
    curves = sensitization(circuit, trains)
    windup(circuit, trains)
    pressure(circuit)
    figures(circuit, curves)


def figures(circuit, curves):
    message = "Touch excites the neurons that signal pain, and the inhibition that holds them back"
    save(plot_sensory.circuit(circuit, message=message), "dorsal_horn")
    trains = {
        "before": "naive",
        "after 15 C volleys at 1 Hz": "1 Hz",
        "after 15 at 0.1 Hz (as before: none)": "0.1 Hz",
        "inhibition lost (anion reversal −50 mV)": "disinhibited",
    }
    shown = {label: curves[name].sel(kind=["touch"]) for label, name in trains.items()}
    message = "After a train at 1 Hz, or without inhibition, touch fires"
    axes = plot_sensory.stimulus_response(shown, message=message)
    axes[0].set_title("", loc="left")
    axes[0].set_xlabel("share of the touch fibres recruited")
    save(axes[0], "allodynia")
    doses = {
        "before the train": "naive",
        "after it, no ketamine": "1 Hz",
        "1 µM free ketamine during it": "1 Hz under 1 µM",
        "3 µM free during it": "1 Hz under 3 µM",
        "10 µM free during it": "1 Hz under 10 µM",
    }
    shown = {label: curves[name].sel(kind=["noxious", "pinprick"]) for label, name in doses.items()}
    message = "A train makes pain hurt more; 3 µM free ketamine during it prevents most of that"
    axes = plot_sensory.stimulus_response(shown, message=message)
    save(axes[0], "hyperalgesia")
    shown = {
        "no ketamine" if dose == 0 else f"{dose} µM free ketamine": sensory.condition(
            circuit, ketamine=f"{dose} uM", seed=SEEDS, rest="44 second"
        )
        for dose in (0, 1, 3, 10)
    }
    message = "A train leaves traces that last; 3 µM free ketamine during it keeps them small"
    save(plot_sensory.conditioning(shown, message=message)[0], "sensory_time_course")
    plt.close("all")


if __name__ == "__main__":
    main()
