"""NMODL, the language of NEURON's mechanisms: a file read as a mechanism, and compared with NEURON itself.

A file is data. It is parsed by a grammar and rewritten as equations; no line of it is executed.
"""

from nmdasim.exchange.nmodl.read import read_nmodl, read_nmodl_synapse
from nmdasim.exchange.nmodl.refusal import NmodlError, NmodlWarning

__all__ = ["NmodlError", "NmodlWarning", "read_nmodl", "read_nmodl_synapse"]
