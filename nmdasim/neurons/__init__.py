"""Published neurons, a paper or a purpose a file; each function returns a Model, or a Circuit of two cells."""

from collections.abc import Callable

from nmdasim.model import registry
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model
from nmdasim.neurons.aguiar2010 import aguiar2010
from nmdasim.neurons.delrocq2023 import delrocq2023
from nmdasim.neurons.wdr import wdr

#: The library's own neurons by the name that the command line uses; the first is the default.
CATALOGUE: dict[str, Callable[..., Model | Circuit]] = {
    "wdr": wdr,
    "delrocq2023": delrocq2023,
    "aguiar2010": aguiar2010,
}


def catalogue() -> dict[str, Callable[..., Model | Circuit]]:
    """Return every neuron by name: the library's own, then those of installed plug-ins."""
    return CATALOGUE | {name: build for name, build in registry.builders().items() if name not in CATALOGUE}


__all__ = ["CATALOGUE", "aguiar2010", "catalogue", "delrocq2023", "wdr"]
