"""Pain states by name: a set of parameters with its sources, never a diagnosis.

Each says what is measured and what assumed, and can be handed on: ``states("crps").circuit()`` with its ``rho`` to the
studies of :mod:`nmdasim.studies.sensitization`, ``.neuron()`` to wind-up, and its name to
:func:`nmdasim.treatment.simulate` for a slow model.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass
from functools import cache

from nmdasim import quantities
from nmdasim.circuits import dorsal_horn
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, nearest
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model
from nmdasim.model.parameter import STATE, ParameterSet
from nmdasim.neurons import wdr
from nmdasim.parameters import read_table
from nmdasim.parameters.tables import parameters_of

_TABLE = "states"


@dataclass(frozen=True, eq=False)
class State:
    """A pain state.

    Parameters
    ----------
    name, title
        What it is called, and what it stands for.
    measured, assumed
        What of it was measured, and what is assumed.
    sources
        Keys of references.
    parameters
        ``rho`` and ``E_gaba`` of the circuit, ``rate`` of ongoing C input, ``probe``, ``pain`` untreated (0 to 10),
        and ``healing`` where it goes by itself.
    """

    name: str
    title: str
    measured: tuple[str, ...]
    assumed: tuple[str, ...]
    sources: tuple[str, ...]
    parameters: ParameterSet

    def number(self, name: str, unit: str = "1") -> float:
        """Return one of its parameters in a unit; 0 where it has none of that name."""
        return float(quantities.in_unit(self.parameters[name].si, unit)) if name in self.parameters else 0.0

    @property
    def rho(self) -> float:
        """Potentiation of the circuit's synapses, 0 to 1."""
        return self.number("rho")

    def circuit(self) -> Circuit:
        """Return the dorsal horn in this state, but for ρ, which is where it starts: ``initial={"rho": state.rho}``."""
        circuit = dorsal_horn().replace(E_gaba=self.parameters["E_gaba"].value)
        populations = {
            name: dataclasses.replace(population, model=_assumed(population.model))
            for name, population in circuit.populations.items()
        }
        return dataclasses.replace(circuit, populations=populations)

    def neuron(self) -> Model:
        """Return the wide-dynamic-range neuron in this state: anion reversal shifted, NMDA receptors gained by ρ."""
        own = dorsal_horn().cells["projection"].parameters
        cell, gain = wdr(), 1 + float(own["phosphorylation"].si) * self.rho
        shift = self.number("E_gaba", "mV") - float(own["E_gaba"].number)
        reversal = float(cell.parameters["E_gaba"].number) + shift
        return _assumed(cell.replace(E_gaba=f"{reversal:g} mV", gain_nmda=f"{gain:g}"))

    def __str__(self) -> str:
        lines = [f"{self.name}: {self.title}"]
        lines += [f"  measured: {text}" for text in self.measured] or ["  measured: nothing"]
        lines += [f"  assumed: {text}" for text in self.assumed]
        return "\n".join([*lines, f"  sources: {', '.join(self.sources)}", DISCLAIMER])


def _assumed(cell: Model) -> Model:
    """Return a cell of which figures name what the state has set as assumed, which a user's own values are not."""
    own = {key: dataclasses.replace(p, source=STATE) for key, p in cell.parameters.items() if p.source == "user"}
    return dataclasses.replace(cell, parameters=cell.parameters | own)


def names() -> tuple[str, ...]:
    """Return the states that there are."""
    return tuple(read_table(_TABLE))


@cache
def states(name: str) -> State:
    """Return a state by name.

    Raises
    ------
    InputError
        If there is no such state.
    """
    table = read_table(_TABLE)
    if name not in table:
        raise InputError(f"unknown state {name!r}{nearest(name, table)}")
    row = table[name]
    texts = {key: tuple(row[key]) for key in ("measured", "assumed", "sources")}
    parameters = parameters_of(row["parameters"], f"{_TABLE} [{name}]")
    return State(name, row["title"], parameters=parameters, **texts)
