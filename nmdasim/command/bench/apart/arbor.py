"""Arbor's ``hh`` and a ``pas`` conductance to 0 mV: a cell of one compartment a lane, all cells in one group."""

from __future__ import annotations

import time
from typing import Any

import arbor
import numpy as np
from arbor import units

from nmdasim.command.bench.apart import Program, serve
from nmdasim.command.bench.plans import SHORT, shortened
from nmdasim.command.bench.timing import seconds_of
from nmdasim.command.bench.works import named


def main(name: str, seconds: float, dt: float, _: str) -> Program:
    """Run W0 on one thread."""
    made = shortened(named(name), seconds, dt=dt)
    begun = time.perf_counter()
    simulation = together(Axons(made.parameters["g_e"][:, 0] / 1e4))  # S/m² → S/cm²
    step = made.dt * 1e3

    def run(steps: int) -> None:
        simulation.reset()
        simulation.run(steps * step * units.ms, step * units.ms)

    run(SHORT)
    ready = time.perf_counter() - begun

    def once() -> tuple[float, float, np.ndarray]:
        fixed = seconds_of(lambda: run(SHORT))
        whole = seconds_of(lambda: run(made.steps))
        return whole, fixed, np.bincount(simulation.spikes()["source"]["gid"], minlength=made.lanes)

    return once, ready


def together(axons: Axons) -> Any:
    """Return a simulation of all cells in one group: in a group each, the default, they cost eleven times as much."""
    context = arbor.context(threads=1)
    hint = {arbor.cell_kind.cable: arbor.partition_hint(cpu_group_size=axons.num_cells())}
    simulation = arbor.simulation(axons, context, arbor.partition_load_balance(axons, context, hint))
    simulation.record(arbor.spike_recording.local)  # of `all`, only spikes that connections carry are kept
    return simulation


class Axons(arbor.recipe):
    """A cell for each conductance (S/cm²); what every cell has in common lies in `common`."""

    def __init__(self, conductances: np.ndarray) -> None:
        super().__init__()
        self.conductances = conductances
        self.common = arbor.neuron_cable_properties()
        self.common.catalogue = arbor.default_catalogue()
        capacitance = 0.01 * units.F / units.m2  # 1 µF/cm²
        self.common.set_property(Vm=-65 * units.mV, cm=capacitance, tempK=(6.3 + 273.15) * units.Kelvin)
        self.common.set_ion("na", rev_pot=50 * units.mV)
        self.common.set_ion("k", rev_pot=-77 * units.mV)

    def num_cells(self) -> int:
        """Return the number of lanes."""
        return len(self.conductances)

    def cell_kind(self, _: int) -> Any:
        """Return the kind that has mechanisms."""
        return arbor.cell_kind.cable

    def global_properties(self, _: Any) -> Any:
        """Return what is common."""
        return self.common

    def cell_description(self, lane: int) -> Any:
        """Return the cell of a lane."""
        tree = arbor.segment_tree()
        tree.append(arbor.mnpos, arbor.mpoint(-5, 0, 0, 5), arbor.mpoint(5, 0, 0, 5), tag=1)  # 10 µm long and wide
        decor = (
            arbor.decor()
            .paint("(all)", arbor.density("hh"))
            .paint("(all)", arbor.density("pas/e=0", {"g": float(self.conductances[lane])}))
            .place("(root)", arbor.threshold_detector(0 * units.mV), "detector")
        )
        return arbor.cable_cell(tree, decor, discretization=arbor.cv_policy_single())


if __name__ == "__main__":
    serve(main)
