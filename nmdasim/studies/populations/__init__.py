"""Populations of models: drawn from ranges, kept where they meet data, then asked.

One set of parameters that fits the data is one of many. So parameters are drawn from ranges that measurements leave
open, every draw is run, and those that meet stated bands of data are kept: a population of models, each as plausible as
the next. What is asked is then answered by a distribution, and what decides it is read from the draws.

References
----------
Prinz, Bucher & Marder (2004) Nat. Neurosci. 7:1345–1352; Britton et al. (2013) PNAS 110:E2098–E2105.
"""

from __future__ import annotations

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submod_attrs={
        "asked": ["Check", "Population"],
        "multiple": ["Multiple"],
        "deciding": ["given_data_indices", "in_common", "rank_correlations", "sobol_indices"],
        "reading": ["EXAMPLE", "read"],
        "stages": ["population_of_models", "run"],
    },
)
