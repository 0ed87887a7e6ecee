"""Whole questions in one call."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=["after_dose", "contrast", "populations", "reflex", "sensitization"],
    submod_attrs={"populations.stages": ["population_of_models"]},
)
