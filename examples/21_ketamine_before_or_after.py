"""
Ketamine before or after?
=========================

The same concentration, during the train or at the test that follows it. During the train it keeps calcium low and
little is left behind; at the test it lowers every response, of the naive circuit too, and the gain stays.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import nmdasim as nm
from nmdasim.studies import sensitization as sensory

circuit, seeds = nm.circuits.dorsal_horn(), range(5)


def test(**options):
    """Return the responses to touch and to noxious stimuli."""
    return sensory.stimulus_response(circuit, seed=seeds, **options)


# %%
# Each gain is measured against the naive circuit under the same concentration at the test.

train = sensory.condition(circuit, seed=seeds)
train_with_drug = sensory.condition(circuit, ketamine="3 uM", seed=seeds)
naive, with_drug = test(), test(ketamine="3 uM")
cases = {
    "no ketamine": (naive, test(after=train)),
    "3 µM during the train": (naive, test(after=train_with_drug)),
    "3 µM at the test": (with_drug, test(after=train, ketamine="3 uM")),
}
for name, (before, after) in cases.items():
    gain = nm.measures.hyperalgesia_index(before, after)
    print(f"{name}: hyperalgesia index {float(gain.mean()):.2f}")

axes = nm.plot.sensitization.stimulus_response({"naive": naive} | {name: after for name, (_, after) in cases.items()})
Path("out").mkdir(exist_ok=True)
axes[0].figure.savefig("out/21_ketamine_before_or_after.png")
