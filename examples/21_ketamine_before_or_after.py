"""
Ketamine before or after?
=========================

The same concentration, during the train or at the test that follows it. During the train it keeps calcium low and
little is left behind; at the test it lowers every response, of the naive circuit too, and the gain stays. It enters and
leaves receptors only while they are open: without input, what is inside stays in and what is outside stays out.

**Change and predict.** ``dose = 1``. Less calcium is kept out during the train, so more is left behind, and
the case of the train comes nearer to that without drug.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import nmdasim as nm
from nmdasim import uM
from nmdasim.studies import sensitization as sensory

circuit, seeds, dose = nm.circuits.dorsal_horn(), range(5), 3


def test(**options):
    """Return the responses to touch and to noxious stimuli."""
    return sensory.stimulus_response(circuit, seed=seeds, **options)


# %%
# Condition, wait, test: each step goes on from the end of the one before it. A drug that is new at the test would find
# closed channels; here it has had its time, so this test starts from what the train left behind in the long run, ρ and
# the loss of chloride extrusion. Each gain is measured against the naive circuit under the same concentration.

train = sensory.condition(circuit, seed=seeds)
train_with_drug = sensory.condition(circuit, ketamine=dose * uM, seed=seeds)
naive, with_drug = test(), test(ketamine=dose * uM)
rested, rested_with_drug = (sensory.wait(circuit, "20 s", after=one) for one in (train, train_with_drug))
cases = {
    "no ketamine": (naive, test(after=rested)),
    f"{dose} µM free during the train": (naive, test(after=rested_with_drug)),
    f"{dose} µM free at the test": (with_drug, test(rho=train.rho, loss=train.loss, ketamine=dose * uM)),
}
for name, (before, after) in cases.items():
    gain = nm.measures.hyperalgesia_index(before, after)
    print(f"{name}: hyperalgesia index {float(gain.mean()):.2f}")

curves = {"naive": naive} | {name: after for name, (_, after) in cases.items()}
message = "Ketamine during the train leaves less behind; at the test it only dampens"
axes = nm.plot.sensitization.stimulus_response(curves, message=message)
Path("out").mkdir(exist_ok=True)
axes[0].figure.savefig("out/21_ketamine_before_or_after.png")
