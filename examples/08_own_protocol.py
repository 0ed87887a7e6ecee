"""
A protocol of your own
======================

Two C-fibre volleys, some time apart: how long does the neuron remember the first? A protocol is a small class that says
what varies, how long it lasts, and when something arrives. Then it does what a train does: a list is a dimension, its
windows are measured and drawn, a drug goes beside it.

**Change and predict.** ``neuron = nm.neurons.wdr().without("can")``. Without its CAN channel the neuron still gains a
little at 500 ms, less than half of what it gained before; without NMDA receptors (``scaled(nmda=0)``) next to
nothing is left at any gap.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

import matplotlib.pyplot as plt

import nmdasim as nm
from nmdasim import ms, quantities, uM
from nmdasim.protocols import Arrival, Protocol


@dataclass(frozen=True)
class PairedVolleys(Protocol):
    """Two volleys of the C fibres, `gap` apart; the run, and the second window, end 1.5 s after the second."""

    varies: ClassVar[Mapping[str, str]] = {"gap": "ms"}
    gap: Any = "500 ms"

    @property
    def windows(self):
        """Edges of the windows, in seconds."""
        second = 0.5 + float(quantities.si(self.gap, "ms", name="gap"))
        return (0.5, second, second + 1.5)

    @property
    def duration(self):
        """Seconds that a run lasts."""
        return self.windows[-1]

    def arrivals(self, circuit, rng):
        """Return what arrives: at every C synapse each volley, with the latencies of the model."""
        fibres = circuit.fibres["c"]
        times = [start + fibres.draw(1, rng) for start in self.windows[:2]]
        return [Arrival(c.population, c.port, t + c.seconds) for c in fibres.contacts for t in times]


# %%
# Five gaps, without and with ketamine, in ten draws of latencies.

neuron = nm.neurons.wdr()
gaps = [500, 1000, 2000, 4000, 8000] * ms
result = nm.simulate(neuron, PairedVolleys(gaps), ketamine=[0, 3] * uM, seed=range(10))
late = nm.measures.windup(result).late
alone = late.sel(pulse=1, gap=gaps[-1] / ms, drop=True)  # at a short gap the second volley cuts this window
gain = late.sel(pulse=2, drop=True) - alone
for dose in result.ketamine.values:
    told = dict(zip(result.gap.values, gain.sel(ketamine=dose).mean("seed").values.round(1), strict=True))
    print(f"{dose:g} µM free ketamine: spikes that the second volley gains, by gap in ms:")
    print("  ", ", ".join(f"{gap:g}: {spikes:g}" for gap, spikes in told.items()))

# %%
# Above, what the second volley gains; below, every spike of one draw without drug.

nm.plot.style("paper")
figure, (ax, rows) = plt.subplots(
    2, 1, figsize=nm.plot.look().scaled((11, 8.5)), layout="constrained", height_ratios=[1.4, 1]
)
doses = result.ketamine.values
for k, (dose, cue) in enumerate(zip(doses, nm.plot.look().cues(len(doses)), strict=True)):
    one = gain.sel(ketamine=dose)
    at = one.gap * (1 + 0.03 * k)
    ax.plot(at, one.mean("seed"), label=f"{dose:g} µM free ketamine", **cue.dotted)
    ax.vlines(at, one.min("seed"), one.max("seed"), color=cue.colour, alpha=0.55, linewidth=1.5)
ax.axhline(0, color=nm.plot.look().faint, linewidth=1, zorder=0)
ax.set(title="How long is the first volley remembered?", xscale="log", xlabel="gap between the volleys, ms")
ax.set_ylabel("spikes that the second gains")
ax.set_xticks(one.gap.values, [f"{gap:g}" for gap in one.gap.values], minor=False)
ax.minorticks_off()
figure.legend(frameon=False, handlelength=3.2, loc="outside upper left", ncols=4)
nm.plot.raster(result.isel(ketamine=0).drop_vars("ketamine"), rows)
rows.set_title(f"One draw {f'at {doses[0]:g} µM' if doses[0] else 'without'} ketamine (rows: gap; grey lines: pulses)")
for spikes in rows.collections:  # colours are the doses above
    spikes.set_color(nm.plot.look().quiet)
nm.plot.caption(
    figure, result, notes=[f"Means of {result.sizes['seed']} draws; bars go from the lowest to the highest."]
)
Path("out").mkdir(exist_ok=True)
figure.savefig("out/08_own_protocol.png")
