"""What other tools read and write, a format a file: spikes and traces, neurons, pharmacokinetics.

Files are data: nothing in one is ever executed, and what is not understood is refused by its name. Every number that
leaves has its unit in the file, and none comes in without one.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "lems": ["to_neuroml"],
        "neo": ["from_neo", "to_neo"],
        "nwb": ["to_nwb"],
        "reading": ["read_spikes"],
        "recording": ["Recording"],
        "sbml": ["to_sbml"],
    },
)
