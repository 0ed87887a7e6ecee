"""
A neuron fitted to spikes from a file
=====================================

Spike times of a unit come from a file, as a lab exports them; counted after each stimulus they are the data of a fit.
How strong are the NMDA receptors of a neuron that winds up like this one?

The file is written here, and it is **simulated**: by this library's own neuron, with an NMDA gain of 0.63. So the
answer is known, and the fit can be judged. Put your own file in its place.

**Change and predict.** ``truth = 0.1``. That is below the range that is searched: the fit stops at its end, 0.2, says
so, and misses by more than it did.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import matplotlib.pyplot as plt
import numpy as np

import nmdasim as nm
from nmdasim import Hz, second

train = nm.WindUp(frequency=1 * Hz, pulses=8)
stimuli = np.arange(1, train.pulses + 1) * second
truth = 0.63

# %%
# The file: times in ms of five sweeps, one train a sweep. Its heading says the unit; without that it would be refused.

Path("out").mkdir(exist_ok=True)
file = Path("out/50_unit.csv")
source = nm.simulate(nm.neurons.wdr().replace(gain_nmda=truth), train, seed=range(100, 105))
rows = [f"sweep {row.seed},{row.time_ms:.4f}" for row in nm.spikes(source).itertuples()]
heading = f"# SIMULATED by nmdasim: wdr, gain_nmda {truth}; no recording\ntrain,time_ms\n"
file.write_text(heading + "\n".join(rows) + "\n")

# %%
# In: trains by name, counted from 100 ms after each stimulus to the next, which is what C fibres bring. The last second
# after the last stimulus was observed too: a file of times cannot say that, so it is said here.

recorded = nm.exchange.read_spikes(file).observed("0 s", "9 s")
print(recorded)
counts = sum(recorded.counts(name, stimuli=stimuli, after="100 ms") for name in recorded.trains) / len(recorded.trains)
print(f"recorded spikes per stimulus: {counts.values}")

# %%
# The fit: every generation of candidates runs as lanes of one call.

found = nm.fit(nm.neurons.wdr(), train, counts, {"gain_nmda": (0.2, 1.5)}, generations=6, population=12)
print(f"NMDA gain {float(found.parameters['gain_nmda']):.3f}, in truth {truth}; {found.candidates} candidates")
print(f"mean squared difference: {found.loss:.3f} spikes²; at an end of its range: {found.at_bounds or 'nothing'}")

nm.plot.style("paper")
figure, ax = plt.subplots(figsize=nm.plot.look().scaled((9, 5.5)), layout="constrained")
shades = nm.plot.look().shades
ax.plot(counts.pulse, counts, "o", color=shades[0], markersize=9, label="file (simulated)")
ax.plot(
    counts.pulse,
    found.predicted,
    "-",
    color=shades[2],
    label=f"fit: NMDA gain {float(found.parameters['gain_nmda']):.2f}",
)
ax.set(xlabel="stimulus", ylabel="spikes, 100 ms to the next stimulus")
apart = float(np.abs(counts.values - np.asarray(found.predicted)).max())
ax.set(title=f"One gain, fitted, comes within {apart:.1f} spikes of every count", xticks=counts.pulse.values)
ax.legend(frameon=False)
nm.plot.caption(figure, source)
figure.savefig("out/50_fit_recorded_spikes.png")
