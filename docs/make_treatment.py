"""Draw the figures of the pages on treatment, and write their tables: ``python docs/make_treatment.py``.

``python docs/make_treatment.py circuit`` makes the tables of the circuit in the package anew (five minutes), needed
once the circuit has changed.
"""

import sys
from pathlib import Path

import matplotlib as mpl

mpl.use("Agg")

import matplotlib.pyplot as plt

import nmdasim as nm
from nmdasim import pharmacology as ph
from nmdasim import treatment
from nmdasim.circuits import dorsal_horn
from nmdasim.plot import treatment as draw
from nmdasim.studies.contrast import opioid_contrast
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
    ax.set_title(f"{message}\n({course.name})", loc="left", fontweight="bold")
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
    message = "With either drug wind-up goes before the first response (with an opioid: a miss of the model)"
    save(titled(draw.contrast(opioid_contrast(nm.neurons.wdr(), seed=range(10))), message), "opioid_neuron")
    save(titled(draw.contrast(opioid_contrast(dorsal_horn(), seed=range(5))), message), "opioid_circuit")


if __name__ == "__main__":
    (circuit if sys.argv[1:] == ["circuit"] else main)()
