"""Draw the figures of the pages on treatment, and write their tables: ``python docs/make_treatment.py``.

``python docs/make_treatment.py circuit`` makes the tables of the circuit in the package anew (five minutes), needed
once the circuit has changed; ``opioids`` makes what is shown of an opioid alone.
"""

import csv
import sys
from itertools import pairwise
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

import nmdasim as nm
from nmdasim import pharmacology as ph
from nmdasim import treatment
from nmdasim.circuits import dorsal_horn
from nmdasim.plot import treatment as draw
from nmdasim.studies.contrast import opioid_contrast, saturating
from nmdasim.treatment import table
from nmdasim.treatment.acute import CONCENTRATIONS
from nmdasim.treatment.states import names

HERE = Path(__file__).parent


def save(ax, name):
    ax.get_figure(root=True).savefig(HERE / "images" / f"{name}.png")
    plt.close("all")


def titled(axes, message):
    """Write a message above all panels."""
    figure = axes[0].get_figure(root=True)
    figure.suptitle(message, fontsize=16, fontweight="bold", x=0.01, ha="left")
    return axes[0]


def where(falling, other, level):
    """Return `other` where `falling` first comes to a level, on a straight line between two doses; both relative."""
    pairs = zip(pairwise(falling / falling[0]), pairwise(other / other[0]), strict=True)
    return next((b + (level - x) / (y - x) * (c - b) for (x, y), (b, c) in pairs if y <= level), float("nan"))


def opioids():
    """Draw an opioid beside ketamine, and write what each leaves, by neuron and receptor."""
    scheme = "edmonds_colquhoun1992"
    tried = {"wdr, published receptor": nm.neurons.wdr(), "delrocq2023, published receptor": nm.neurons.delrocq2023()}
    for gain in (0.45, 0.5, 0.55, 0.6, 1.0):
        said = f"delrocq2023, {scheme}, {gain:g} of the conductance"
        tried[said] = nm.neurons.delrocq2023(nmda=scheme).replace(gain_nmda=gain)
    rows = [["neuron and receptor", "first response, spikes", "slope, spikes a pulse",
             *(f"opioid: slope left at first response {level:g}" for level in (0.8, 0.6, 0.5)),
             "ketamine: first response left at slope 0.4"]]  # fmt: skip
    release = (1, 0.9, 0.8, 0.7, 0.6, 0.5, 0.4, 0.3, 0.2, 0.1)
    for said, cell in tried.items():
        one = opioid_contrast(cell, release=release, ketamine=(0,), seed=range(10)).mean("seed").isel(ketamine=0)
        levels = (0, 1, 2, 4, 6, 8, 12, 16)
        other = opioid_contrast(cell, release=(1,), ketamine=levels, seed=range(10)).mean("seed").isel(release_opioid=0)
        left = [where(one["input"].values, one["slope"].values, level) for level in (0.8, 0.6, 0.5)]
        left.append(where(other["slope"].values, other["input"].values, 0.4))
        rows.append(
            [said, f"{float(one['input'][0]):.1f}", f"{float(one['slope'][0]):.2f}", *(f"{x:.2f}" for x in left)]
        )
    with (HERE / "tables" / "opioid.csv").open("w", newline="") as stream:
        csv.writer(stream, lineterminator="\n").writerows(rows)
    missed = "With either drug wind-up goes before the first response (with an opioid: a miss of the model)"
    save(titled(draw.contrast(opioid_contrast(nm.neurons.wdr(), seed=range(10))), missed), "opioid_neuron")
    apart = opioid_contrast(saturating(), release=release[::2], ketamine=(0, 1, 2, 4, 8, 16), seed=range(6))
    held = "If NMDA receptors saturate, an opioid spares wind-up and ketamine takes it"
    save(titled(draw.contrast(apart), held), "opioid_saturating")
    save(titled(draw.contrast(opioid_contrast(dorsal_horn(), seed=range(5))), missed), "opioid_circuit")


def circuit():
    folder = HERE.parent / "nmdasim" / "treatment" / "tables"
    asked = [("dorsal_horn", dorsal_horn(), table.Grid(), ("rho", "loss"))]
    for name in names():
        state = treatment.states(name)
        grid = table.Grid((state.rho,), CONCENTRATIONS, (state.number("probe", "Hz"),))
        asked.append((f"dorsal_horn, {name}", state.circuit(), grid, ("rho",)))
    texts = {
        table.identity(net, grid, slow): table.as_text(table.responses(net, grid, slow), grid, said)
        for said, net, grid, slow in asked
    }
    for old in folder.glob("*.csv"):
        old.unlink()
    for identity, text in texts.items():
        (folder / f"{identity}.csv").write_text(text, encoding="utf-8")


def main():
    course = ph.schedule("crps_100_hours")
    save(draw.year(treatment.simulate(regimen=course), course)[0], "treatment_crps")
    monthly = ph.schedule("monthly")
    save(draw.year(treatment.simulate(regimen=monthly, until="1 year"), monthly)[0], "treatment_year")
    three = {name: treatment.simulate(model=name, every="6 h") for name in ("dahan2011", "maintained", "reset")}
    ax = draw.rivals(three)
    message = "Three rivals: two fade alike, one keeps a quarter of the mean relief"
    ax.set_title(f"{message}\n({course.name})")
    save(ax, "treatment_rivals")
    found = treatment.compare(patients=300)
    save(draw.trials(found), "treatment_trials")
    rows = found[["seen", "sd", "predicted", "met"]].to_dataframe().reset_index()
    columns = ["trial", "what", "arm", "day", "fitted", "seen", "sd", "model", "predicted", "met"]
    text = rows[columns].sort_values(["trial", "day", "what", "arm", "model"]).to_csv(index=False, float_format="%.3g")
    scores = (
        found[["free_parameters", "log_likelihood", "mean_error", "missed"]].to_dataframe().to_csv(float_format="%.3g")
    )
    (HERE / "tables" / "trials.csv").write_text(text, encoding="utf-8")
    (HERE / "tables" / "trials_scores.csv").write_text(scores, encoding="utf-8")
    opioids()


if __name__ == "__main__":
    nm.plot.style("paper")
    {"circuit": circuit, "opioids": opioids}.get("".join(sys.argv[1:]), main)()
