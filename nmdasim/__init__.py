"""nmdasim: how pain is amplified in the spinal cord, and how ketamine turns the amplifier down."""

from __future__ import annotations

import sys
from importlib import import_module
from types import ModuleType
from typing import Any

_PUBLIC = {
    "Model": "nmdasim.model.model",
    "Circuit": "nmdasim.model.circuit",
    "Projection": "nmdasim.model.circuit",
    "Population": "nmdasim.model.population",
    "Poisson": "nmdasim.model.population",
    "Volleys": "nmdasim.model.population",
    "Mechanism": "nmdasim.model.mechanism",
    "Morphology": "nmdasim.model.morphology",
    "Section": "nmdasim.model.morphology",
    "Parameter": "nmdasim.model.parameters",
    "ParameterSet": "nmdasim.model.parameters",
    "Port": "nmdasim.model.ports",
    "WindUp": "nmdasim.protocols",
    "Events": "nmdasim.protocols",
    "simulate": "nmdasim.simulate",
    "citations": "nmdasim.citations",
    "sweep": "nmdasim.sweep",
    "Sweep": "nmdasim.sweep",
    "Samples": "nmdasim.sweep",
    "fit": "nmdasim.sweep",
    "export": "nmdasim.sweep",
    "spikes": "nmdasim.measures",
    "windup_time_course": "nmdasim.timecourse",
    "ModelError": "nmdasim.model.check",
    "UnitError": "nmdasim.model.units",
    "DISCLAIMER": "nmdasim.disclaimer",
}
_MODULES = (
    "neurons", "receptors", "pharmacology", "protocols", "measures", "plot", "plot_receptor", "plot_pk", "engines",
    "circuits", "sensory", "plot_sensory", "plot_sweep",
)  # fmt: skip
_UNITS = (
    "Hz", "kHz", "second", "ms", "us", "minute", "hour", "volt", "mV", "amp", "nA", "pA", "uA", "siemens", "mS", "uS",
    "nS", "pS", "farad", "uF", "pF", "nF", "meter", "cm", "mm", "um", "ohm", "mM", "uM", "nM", "kelvin", "Quantity",
)  # fmt: skip

__all__ = [*_PUBLIC, *_MODULES, *_UNITS]


def __getattr__(name: str) -> Any:
    """Load the scientific stack when a name is first used, so that ``nmdasim --help`` answers at once."""
    if name in _MODULES:
        return import_module(f"nmdasim.{name}")
    if name in _PUBLIC:
        value = getattr(import_module(_PUBLIC[name]), name)
    elif name == "Quantity":
        value = import_module("brian2").Quantity
    elif name in _UNITS:
        value = import_module("nmdasim.model.units").unit(name)
    elif name == "__version__":
        value = import_module("importlib.metadata").version("nmdasim")
    else:
        raise AttributeError(f"module 'nmdasim' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)


class _Package(ModuleType):
    """A package in which ``simulate`` and ``citations`` stay functions when the modules they live in are imported."""

    def __setattr__(self, name: str, value: Any) -> None:
        if not (name in _PUBLIC and isinstance(value, ModuleType)):
            super().__setattr__(name, value)


sys.modules[__name__].__class__ = _Package
