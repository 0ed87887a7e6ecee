"""nmdasim: how pain is amplified in the spinal cord, and how ketamine turns the amplifier down."""

from importlib.metadata import version

import lazy_loader

from nmdasim.language import late

late.defer()
__version__ = version("nmdasim")

#: Nothing is loaded before its name is first used, so that ``nmdasim --help`` answers at once.
__getattr__, __dir__, __all__ = lazy_loader.attach(
    __name__,
    submodules=[
        "circuits",
        "engines",
        "explorer",
        "exchange",
        "neurons",
        "parameters",
        "pharmacology",
        "plot",
        "protocols",
        "readout",
        "receptors",
        "studies",
        "sweep",
        "treatment",
    ],
    submod_attrs={
        "disclaimer": ["DISCLAIMER"],
        "explorer": ["explore"],
        "exchange.lems.files": ["to_neuroml"],
        "exchange.neo": ["to_neo"],
        "exchange.nwb": ["to_nwb"],
        "exchange.sbml": ["to_sbml"],
        "errors": ["ModelError", "NmdasimError", "UnitError"],
        "exchange.nmodl": ["read_nmodl", "read_nmodl_synapse"],
        "model.circuit": ["Circuit", "Projection"],
        "model.mechanism": ["Mechanism"],
        "model.model": ["Model"],
        "model.morphology": ["Morphology", "Section"],
        "model.parameter": ["Parameter", "ParameterSet"],
        "model.population": ["Population"],
        "model.port": ["Fibres", "Port", "Summary"],
        "model.synapse": ["Synapse"],
        "protocols": ["Events", "Poisson", "Volleys", "WindUp"],
        "quantities": [
            *("Hz", "kHz", "second", "ms", "us", "minute", "hour", "volt", "mV", "amp", "uA", "nA", "pA"),
            *("siemens", "mS", "uS", "nS", "pS", "ohm", "farad", "uF", "nF", "pF", "meter", "cm", "mm", "um"),
            *("mM", "uM", "nM", "kelvin", "Quantity"),
        ],
        "readout": ["measures"],
        "readout.citations": ["citations"],
        "readout.measures": ["spikes"],
        "run.simulate": ["simulate"],
        "run.source": ["source"],
        "studies.after_dose": ["windup_time_course"],
        "sweep": ["Samples", "Sweep", "export", "fit"],
    },
)
