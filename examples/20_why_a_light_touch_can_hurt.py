"""
Why a light touch can hurt
==========================

Touch fibres reach the projection neurons of the dorsal horn, but they also excite the inhibition that holds those
neurons back. Fifteen C-fibre volleys at 1 Hz leave traces in the projection neurons: stronger synapses, and inhibition
that inhibits less. Then touch fires them.

**Change and predict.** ``volleys = 5``. Each volley adds to ρ, so less is left behind. Is it enough for touch to fire?
The slow train above says that the number of volleys alone does not decide.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import nmdasim as nm
from nmdasim.studies import sensitization as sensory

# %%
# The circuit before: touch of any strength stays silent, a noxious stimulus does not.

circuit = nm.circuits.dorsal_horn()
before = sensory.stimulus_response(circuit, seed=range(5))

# %%
# One train, a wait, then the same test: each step goes on from the end of the one before it. In twenty seconds wind-up
# fades. What each projection neuron keeps is ρ, the strength of its synapses, and its loss of chloride extrusion.

volleys = 15
train = sensory.condition(circuit, frequency="1 Hz", pulses=volleys, seed=range(5))
after = sensory.stimulus_response(circuit, after=sensory.wait(circuit, "20 s", after=train))
slow = sensory.condition(circuit, frequency="0.1 Hz", pulses=volleys, seed=range(5))

print(f"ρ after {volleys} volleys at 1 Hz {float(train.rho.mean()):.2f}, at 0.1 Hz {float(slow.rho.mean()):.2f}")
print(f"allodynia index {float(nm.measures.allodynia_index(before, after).mean()):.2f}")
print(f"hyperalgesia index {float(nm.measures.hyperalgesia_index(before, after).mean()):.2f}")

Path("out").mkdir(exist_ok=True)
curves = {"before": before, f"after {volleys} volleys at 1 Hz": after}
axes = nm.plot.sensitization.stimulus_response(curves, message="The same touch, the same injury, after a train")
axes[0].figure.savefig("out/20_why_a_light_touch_can_hurt.png")

# %%
# The train itself, and what it leaves behind second by second.

axes = nm.plot.sensitization.conditioning({f"{volleys} volleys at 1 Hz": train}, message="What the train leaves behind")
axes[0].figure.savefig("out/20_train.png")
