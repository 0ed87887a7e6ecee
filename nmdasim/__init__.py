"""nmdasim: how pain is amplified in the spinal cord, and how ketamine turns the amplifier down."""

from __future__ import annotations

from importlib import import_module
from typing import Any

_PUBLIC = {
    "Model": "model.model",
    "Circuit": "model.circuit",
    "Projection": "model.circuit",
    "Population": "model.population",
    "Mechanism": "model.mechanism",
    "Morphology": "model.morphology",
    "Section": "model.morphology",
    "Parameter": "model.parameter",
    "ParameterSet": "model.parameter",
    "Port": "model.port",
    "WindUp": "protocols",
    "Events": "protocols",
    "Poisson": "protocols",
    "Volleys": "protocols",
    "simulate": "run.simulate",
    "source": "run.source",
    "citations": "readout.citations",
    "Sweep": "sweep",
    "Samples": "sweep",
    "fit": "sweep",
    "export": "sweep",
    "spikes": "readout.measures",
    "windup_time_course": "studies.after_dose",
    "NmdasimError": "errors",
    "ModelError": "errors",
    "UnitError": "errors",
    "DISCLAIMER": "disclaimer",
}
_MODULES = {
    "circuits": "circuits",
    "engines": "engines",
    "measures": "readout.measures",
    "neurons": "neurons",
    "parameters": "parameters",
    "pharmacology": "pharmacology",
    "plot": "plot",
    "protocols": "protocols",
    "readout": "readout",
    "receptors": "receptors",
    "studies": "studies",
    "sweep": "sweep",
}
_UNITS = (
    "Hz", "kHz", "second", "ms", "us", "minute", "hour", "volt", "mV", "amp", "nA", "pA", "uA", "siemens", "mS", "uS",
    "nS", "pS", "farad", "uF", "pF", "nF", "meter", "cm", "mm", "um", "ohm", "mM", "uM", "nM", "kelvin", "Quantity",
)  # fmt: skip

__all__ = [*_PUBLIC, *_MODULES, *_UNITS]


def __getattr__(name: str) -> Any:
    """Load the scientific stack when a name is first used, so that ``nmdasim --help`` answers at once."""
    if name in _MODULES:
        value = import_module(f"nmdasim.{_MODULES[name]}")
    elif name in _PUBLIC:
        value = getattr(import_module(f"nmdasim.{_PUBLIC[name]}"), name)
    elif name == "Quantity":
        value = import_module("brian2").Quantity
    elif name in _UNITS:
        value = import_module("nmdasim.quantities").unit(name)
    elif name == "__version__":
        value = import_module("importlib.metadata").version("nmdasim")
    else:
        raise AttributeError(f"module 'nmdasim' has no attribute {name!r}")
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
