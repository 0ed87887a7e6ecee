"""What the circuit does, as a table: over sensitization, free ketamine and ongoing C input, made by the kernel.

The fast model takes milliseconds a step and the slow ones run for a year. In between stands this table: the circuit was
run at every point of a grid, each time with its slow states held, and is read between the points by cubic splines. It
is stored under the identity of the circuit and the grid; a circuit that has changed has no table, and gets one.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache, cached_property
from importlib.resources import files

import numpy as np
import pandas as pd
from scipy.interpolate import BSpline, NdBSpline, make_interp_spline

from nmdasim import quantities
from nmdasim.circuits import dorsal_horn
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.model import disk
from nmdasim.model.circuit import Circuit
from nmdasim.model.identity import digest
from nmdasim.protocols.ongoing import Ongoing
from nmdasim.run.simulate import simulate

#: What the circuit says: the slow calcium sensor of the projection neurons, which drives potentiation; their rate.
OUTPUTS = {"drive": "uM", "output": "Hz"}
AXES = {"sensitization": "1", "ketamine": "uM", "rate": "Hz"}


@dataclass(frozen=True)
class Grid:
    """Where the circuit is run.

    Parameters
    ----------
    sensitization
        s, 0 to 1: ρ of every synapse and neuron, and loss of chloride extrusion.
    ketamine
        Free racemic ketamine in µM, equilibrated.
    rate
        Ongoing rate of each C fibre in Hz.
    seconds, settle
        Length of a run, and how much of it is left out at the start.
    seeds
        Number of draws of wiring and input; the mean is kept.
    """

    sensitization: tuple[float, ...] = (0.0, 0.0625, 0.125, 0.25, 0.375, 0.5, 0.625, 0.75, 0.875, 1.0)
    ketamine: tuple[float, ...] = (0.0, 0.5, 1.0, 2.0, 4.0, 8.0)
    rate: tuple[float, ...] = (0.0, 0.25, 0.5, 0.75, 1.0, 1.5, 2.0, 2.5, 3.0)
    seconds: float = 6.0
    settle: float = 2.0
    seeds: int = 6


@dataclass(frozen=True, eq=False)
class Table:
    """The table: values over sensitization, ketamine and rate.

    Parameters
    ----------
    grid
        Where the circuit was run.
    values
        By name of the output, shape (sensitization, ketamine, rate), in the units of :data:`OUTPUTS`.
    identity
        Digest of circuit and grid.
    """

    grid: Grid
    values: dict[str, np.ndarray] = field(repr=False)
    identity: str

    @cached_property
    def _splines(self) -> dict[str, NdBSpline]:
        return {name: _spline(self._axes, values) for name, values in self.values.items()}

    @property
    def _axes(self) -> list[np.ndarray]:
        return [np.asarray(getattr(self.grid, name)) for name in AXES]

    def over_sensitization(self, name: str, ketamine: float, rate: float) -> Callable[[np.ndarray], np.ndarray]:
        """Return an output as a function of sensitization alone, for much reading at one dose and rate.

        Parameters
        ----------
        name
            ``"drive"`` (µM) or ``"output"`` (Hz).
        ketamine, rate
            µM, Hz; beyond the ends of the grid, that at the end.
        """
        spline, (axis, *others) = self._splines[name], self._axes
        coefficients = spline.c
        for x, ends, knots in reversed(list(zip((ketamine, rate), others, spline.t[1:], strict=True))):
            coefficients = BSpline(knots, coefficients, 3, axis=-1)(np.clip(x, ends[0], ends[-1]))
        curve = BSpline(spline.t[0], coefficients, 3)
        return lambda s: np.asarray(curve(np.clip(s, axis[0], axis[-1])))

    def read(self, name: str, sensitization: np.ndarray, ketamine: np.ndarray, rate: np.ndarray) -> np.ndarray:
        """Return an output between the points of the grid; beyond its ends, the value at the end.

        Parameters
        ----------
        name
            ``"drive"`` (µM) or ``"output"`` (Hz).
        sensitization, ketamine, rate
            1, µM, Hz; shapes that broadcast.
        """
        given = np.broadcast_arrays(sensitization, ketamine, rate)
        ends = zip(given, self._axes, strict=True)
        at = np.stack([np.clip(x, axis[0], axis[-1]) for x, axis in ends], axis=-1)
        return np.asarray(self._splines[name](at))


def _spline(axes: list[np.ndarray], values: np.ndarray) -> NdBSpline:
    """Return the tensor product of cubic splines through a grid."""
    knots, coefficients = [], values
    for k, axis in enumerate(axes):
        one = make_interp_spline(axis, coefficients, k=3, axis=k)
        knots.append(one.t)
        coefficients = np.moveaxis(one.c, 0, k) if one.c.shape != coefficients.shape else _aligned(one.c, k, values)
    return NdBSpline(tuple(knots), coefficients, 3)


def _aligned(coefficients: np.ndarray, axis: int, like: np.ndarray) -> np.ndarray:
    return coefficients if coefficients.shape == like.shape else np.moveaxis(coefficients, 0, axis)


def responses(
    circuit: Circuit,
    grid: Grid,
    slow: tuple[str, ...] = ("rho", "loss"),
    report: Callable[[float], None] | None = None,
) -> dict[str, np.ndarray]:
    """Run the circuit at every point of a grid, and return each output, shape (sensitization, ketamine, rate).

    Parameters
    ----------
    circuit
        A dorsal horn.
    grid
        Where it is run.
    slow
        Slow states that are held at the value of `sensitization`; the others are 0.
    report
        Called with the share that is done.
    """
    held = circuit.replace(theta_p="1 mM")
    protocol = Ongoing(list(grid.rate) * quantities.unit("Hz"), f"{grid.seconds} second")
    found: dict[str, list[np.ndarray]] = {name: [] for name in OUTPUTS}
    for k, s in enumerate(grid.sensitization):
        run = simulate(
            held,
            protocol,
            ketamine=list(grid.ketamine) * quantities.unit("uM"),
            seed=list(range(grid.seeds)),
            initial=dict.fromkeys(slow, s),
            record=["sensor_dendrite"],
            sample="100 ms",
        )
        late = run.projection_sensor_dendrite.sel(time=slice(grid.settle * 1e3, None))
        mean = late.mean(["seed", "time", "neuron_projection"])
        rate = (run.spike_count / run["size"]).sel(population="projection").mean("seed") / grid.seconds
        found["drive"].append(mean.transpose("ketamine", "rate").values)
        found["output"].append(rate.transpose("ketamine", "rate").values)
        if report is not None:
            report((k + 1) / len(grid.sensitization))
    return {name: np.stack(values) for name, values in found.items()}


def identity(circuit: Circuit, grid: Grid, slow: tuple[str, ...]) -> str:
    """Return the digest of all that a table rests on."""
    return digest({"circuit": circuit.digest, "grid": grid, "slow": slow})


@cache
def circuit_table() -> Table:
    """Return the table of the dorsal horn; where the circuit has changed since it was stored, it is made anew."""
    grid, slow = Grid(), ("rho", "loss")
    circuit = dorsal_horn()
    return Table(grid, stored(circuit, grid, slow), identity(circuit, grid, slow))


def curve(circuit: Circuit, grid: Grid, slow: tuple[str, ...]) -> np.ndarray:
    """Return the output of a circuit over ketamine and rate, at the one sensitization of a grid."""
    return stored(circuit, grid, slow)["output"][0]


def stored(circuit: Circuit, grid: Grid, slow: tuple[str, ...]) -> dict[str, np.ndarray]:
    """Return the responses of a circuit: from the package, from the user's cache, or made now and kept there."""
    name = f"{identity(circuit, grid, slow)}.csv"
    own, folder = files("nmdasim.treatment") / "tables" / name, disk.folder()
    if own.is_file():
        return _read(own.read_text("utf-8"), grid)
    if folder and (kept := disk.read(folder / name)) is not None:
        return _read(kept.decode(), grid)
    made = responses(circuit, grid, slow)
    if folder:
        disk.write(folder / name, as_text(made, grid, circuit.name).encode())
    return made


def as_text(values: dict[str, np.ndarray], grid: Grid, name: str) -> str:
    """Return a table as CSV."""
    index = pd.MultiIndex.from_product([getattr(grid, axis) for axis in AXES], names=list(AXES))
    units = ", ".join(f"{key} {unit}" for key, unit in (AXES | OUTPUTS).items() if unit != "1")
    head = f"# {name}, made by the kernel; {units}\n# {DISCLAIMER}\n"
    rows = pd.DataFrame({key: array.ravel() for key, array in values.items()}, index=index)
    return head + str(rows.to_csv(float_format="%.7g"))


def _read(text: str, grid: Grid) -> dict[str, np.ndarray]:
    rows = pd.read_csv(io.StringIO(text), comment="#")
    shape = tuple(len(getattr(grid, axis)) for axis in AXES)
    return {name: rows[name].to_numpy().reshape(shape) for name in OUTPUTS}
