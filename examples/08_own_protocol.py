"""
A protocol of your own
======================

Two C-fibre volleys, some time apart: how long does the neuron remember the first? A protocol is a small class that says
what varies, how long it lasts, and when something arrives. Then it does what a train does: a list is a dimension, its
windows are measured and drawn, a drug goes beside it.

**Change and predict.** ``nm.neurons.wdr().without("can")``. Without its CAN channel the neuron still gains a little
at 500 ms, a third of what it gained before; without NMDA receptors (``scaled(nmda=0)``) next to nothing is left at
any gap.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, ClassVar

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

gaps = [500, 1000, 2000, 4000, 8000] * ms
result = nm.simulate(nm.neurons.wdr(), PairedVolleys(gaps), ketamine=[0, 3] * uM, seed=range(10))
late = nm.measures.windup(result).late.mean("seed")
gain = late.sel(pulse=2) - late.sel(pulse=1)
for dose in (0, 3):
    told = dict(zip(result.gap.values.tolist(), gain.sel(ketamine=dose).values.round(1).tolist(), strict=True))
    print(f"{dose} µM free ketamine: spikes that the second volley gains, by gap in ms: {told}")

Path("out").mkdir(exist_ok=True)
axes = nm.plot.windup(nm.simulate(nm.neurons.wdr(), PairedVolleys(gaps[:4]), seed=range(10)))
axes[0].figure.savefig("out/08_own_protocol.png")
