"""Segments: the state at the end of a run as part of its result, and a run that goes on from it.

Time goes on as well: a second segment's spikes, traces and windows are labelled with the time since the start of the
first, while the times of its protocol count from its own start. With the same engine, method and step the two equal one
long run, to the bit on engines with a fixed step.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.errors import InputError
from nmdasim.model.population import Population
from nmdasim.plan.plan import Arrivals, Cells, Held, Outcome
from nmdasim.run.axes import Axis, shown

_LAYOUT = "final_layout"
_FLIGHT = ("population", "instance", "neuron", "port", "time", "weight")


# --- into the result -------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Final:
    """The final states of one plan, one row an instance; columns as `layout` lists them."""

    table: np.ndarray
    flight: dict[str, np.ndarray]
    layout: dict[str, Any]

    @classmethod
    def of(cls, cells: Sequence[Cells], outcomes: Sequence[Outcome], instances: int) -> Final:
        """Collect what each population holds at its end."""
        columns, described, flight = [], [], []
        for k, (one, outcome) in enumerate(zip(cells, outcomes, strict=True)):
            states = list(one.model.system.states)
            shape = (one.lanes, len(one.model.morphology))
            held = outcome.held or Held(np.ones(one.lanes), np.zeros(one.lanes))
            columns += [np.broadcast_to(outcome.final[s], shape).reshape(instances, -1) for s in states]
            columns += [row.reshape(instances, -1) for row in (held.ready, held.wait)]
            described.append(
                {
                    "name": one.name,
                    "model": one.model.name,
                    "size": one.size,
                    "compartments": shape[1],
                    "states": states,
                    "moving": sorted(one.moving),
                }
            )
            flight.append(_flight(k, one, held.pending))
        joined = {name: np.concatenate([part[name] for part in flight]) for name in _FLIGHT}
        first = cells[0]
        layout = {"cells": described, "steps": first.begin + first.steps, "dt": first.dt}
        return cls(np.concatenate(columns, axis=1), joined, layout)


def _flight(k: int, cells: Cells, pending: Arrivals) -> dict[str, np.ndarray]:
    """Return the spikes on their way to a population as columns."""
    return {
        "population": np.full(len(pending), k),
        "instance": pending.table // cells.size,
        "neuron": pending.table % cells.size,
        "port": pending.port,
        "time": pending.time,
        "weight": pending.weight,
    }


def attach(
    data: xr.Dataset, parts: Sequence[tuple[np.ndarray, Final]], dims: dict[str, int], run: dict[str, Any]
) -> None:
    """Add the final states of every plan to a result; the first of each pair is the places of its instances."""
    total = int(np.prod(list(dims.values()), dtype=int))
    width = parts[0][1].table.shape[1]
    table = np.full((total, width), np.nan)
    for places, final in parts:
        table[places] = final.table
    data["final_state"] = (
        [*dims, "slot"],
        table.reshape(*dims.values(), width),
        {"long_name": "state at the end, for start= of another run; see final_layout"},
    )
    flight = {
        name: np.concatenate([places[f.flight[name]] if name == "instance" else f.flight[name] for places, f in parts])
        for name in _FLIGHT
    }
    if len(flight["time"]):
        for name, column in flight.items():
            data[f"in_flight_{name}"] = ("in_flight", column)
    steps = {final.layout["steps"] for _, final in parts}
    layout = parts[0][1].layout | {"steps": steps.pop() if len(steps) == 1 else None, "dims": dims} | run
    data.attrs[_LAYOUT] = json.dumps(layout)


# --- and out of it ---------------------------------------------------------------------------------------------------


@dataclass(frozen=True)
class Continuation:
    """An earlier result as the start of another run.

    Parameters
    ----------
    result
        The earlier result.
    layout
        What its final states are.
    dims
        Dimensions of the new run; those of the earlier one are among them, under these names.
    names
        Name in the new run of each dimension of the earlier one.
    moved
        Parameters that follow a course in this run: their states start where the course does.
    """

    result: xr.Dataset
    layout: dict[str, Any]
    dims: dict[str, int]
    names: dict[str, str]
    moved: frozenset[str] = frozenset()

    @property
    def begin(self) -> int:
        """Whole steps that were taken before."""
        return int(self.layout["steps"])

    def rows(self, places: np.ndarray) -> np.ndarray:
        """Return the earlier instance of each instance of the new run, given by its place in the result."""
        if not self.names:
            return np.zeros(len(places), dtype=np.int64)
        where = dict(zip(self.dims, np.unravel_index(places, tuple(self.dims.values())), strict=True))
        sizes = [self.result.sizes[name] for name in self.names]
        return np.ravel_multi_index([where[new] for new in self.names.values()], sizes)

    def resume(
        self, name: str, population: Population, rows: np.ndarray, initial: dict[str, np.ndarray]
    ) -> tuple[dict[str, np.ndarray], Held, frozenset[str]]:
        """Return the states of a population, what it holds besides, and which states may have moved.

        States that the earlier run did not follow start as `initial` says.
        """
        k = next((k for k, one in enumerate(self.layout["cells"]) if one["name"] == name), None)
        before = None if k is None else self.layout["cells"][k]
        shape = (population.size, len(population.model.morphology))
        if before is None or (before["size"], before["compartments"]) != shape:
            cells = self.layout["cells"]
            known = ", ".join(f"{c['name'] or c['model']} ({c['size']} × {c['compartments']})" for c in cells)
            raise InputError(
                f"start: the earlier run had {known}; {name or population.model.name} ({shape[0]} × {shape[1]} "
                "compartments) is not among them"
            )
        table = self.result["final_state"].values.reshape(-1, self.result.sizes["slot"])[rows]
        column = sum(_width(one) for one in self.layout["cells"][:k])
        values = dict(initial)
        for state in before["states"]:
            end = column + shape[0] * shape[1]
            if state in initial and state.removesuffix("_slope") not in self.moved:
                found = table[:, column:end].reshape(-1, shape[1])
                own = np.isnan(found) & ~np.repeat(self._failed()[rows], shape[0])[:, None]
                values[state] = np.where(own, np.broadcast_to(initial[state], found.shape), found)
            column = end
        ready, wait = (table[:, column + j * shape[0] : column + (j + 1) * shape[0]].ravel() for j in (0, 1))
        return values, Held(ready, wait, self._pending(int(k or 0), population.size, rows)), frozenset(before["moving"])

    def _failed(self) -> np.ndarray:
        """Return which earlier instances overflowed: there is nothing to go on from, and they stay failed."""
        lanes = self.result["final_state"].size // self.result.sizes["slot"]
        return self.result["failed"].values.ravel() if "failed" in self.result else np.zeros(lanes, dtype=bool)

    def _pending(self, k: int, size: int, rows: np.ndarray) -> Arrivals:
        """Return the spikes on their way to a population, for every instance that goes on from theirs."""
        if "in_flight_time" not in self.result:
            return Arrivals.gather([])
        if self.layout["dims"] != {dim: self.result.sizes[dim] for dim in self.names}:
            raise InputError(
                "start: spikes were on their way at its end, and only part of its lanes is given; go on "
                "from the whole result, and choose afterwards"
            )
        flight = {name: self.result[f"in_flight_{name}"].values for name in _FLIGHT}
        own = flight["population"] == k
        by_instance: dict[int, list[int]] = {}
        for event in np.flatnonzero(own):
            by_instance.setdefault(int(flight["instance"][event]), []).append(int(event))
        pairs = [(event, r) for r, row in enumerate(rows) for event in by_instance.get(int(row), ())]
        if not pairs:
            return Arrivals.gather([])
        events, instances = np.array(pairs).T
        lanes = instances * size + flight["neuron"][events]
        return Arrivals.sorted(flight["time"][events], flight["port"][events], lanes, flight["weight"][events])


def slots(cells: Sequence[dict[str, Any]], population: str, state: str) -> slice:
    """Return where a layout holds a state of a population, neuron by neuron."""
    k = next(k for k, cell in enumerate(cells) if cell["name"] == population)
    each = cells[k]["size"] * cells[k]["compartments"]
    first = sum(map(_width, cells[:k])) + each * cells[k]["states"].index(state)
    return slice(first, first + each)


def _width(cell: dict[str, Any]) -> int:
    """Return the columns of one population."""
    return int(cell["size"] * (cell["compartments"] * len(cell["states"]) + 2))


def layout_of(start: Any) -> dict[str, Any]:
    """Return what the final states of a result are.

    Raises
    ------
    InputError
        If it is no result that a run can go on from.
    """
    if not isinstance(start, xr.Dataset) or _LAYOUT not in start.attrs or "final_state" not in start:
        raise InputError("start: give the result of an earlier simulate(...), which holds its final_state")
    layout: dict[str, Any] = json.loads(start.attrs[_LAYOUT])
    if layout["steps"] is None:
        raise InputError("start: the runs of that result ended at different times; go on from one of them")
    return layout


def carried(start: xr.Dataset, given: Sequence[Axis], taken: frozenset[str]) -> tuple[dict[str, str], list[Axis]]:
    """Match the dimensions of an earlier result with the axes of a new run.

    Parameters
    ----------
    start
        The earlier result.
    given
        Axes of the new run.
    taken
        Names that mean something else in the new run, such as its parameters: a dimension of that name that is only in
        the earlier result is called ``<name>_before``.

    Returns
    -------
    names
        Name in the new run of every dimension of the earlier one.
    axes
        Those that the new run did not have.

    Raises
    ------
    InputError
        If both vary the same with other values.
    """
    own = {axis.dimension: axis for axis in given if axis.values.ndim}
    names: dict[str, str] = {}
    added: list[Axis] = []
    for dim in (str(d) for d in start["final_state"].dims if d != "slot"):
        if dim in own:
            if start.sizes[dim] != own[dim].values.size:
                raise InputError(
                    f"start: it has {quantities.several(start.sizes[dim], 'value')} of {dim}, "
                    f"this run {own[dim].values.size}; "
                    "give the same ones, or none to go on with each"
                )
            _check_values(start, own[dim], dim)
            names[dim] = dim
            continue
        names[dim] = f"{dim}_before" if dim in taken else dim
        values = start[dim].values if dim in start.coords else np.arange(start.sizes[dim])
        unit = start[dim].attrs.get("units", "1") if dim in start.coords else "1"
        added.append(Axis(names[dim], values, unit, named=True))
    return names, added


def _check_values(start: xr.Dataset, axis: Axis, dim: str) -> None:
    """Refuse an axis of other values than the earlier run had: lanes would go on from those of another value."""
    if axis.name != dim or dim not in start.coords:
        return
    before, now = start[dim].values, np.asarray(shown(axis, axis.values))
    numbers = all(np.issubdtype(values.dtype, np.number) for values in (before, now))
    if numbers and not axis.named:
        before = quantities.converted(before, str(start[dim].attrs.get("units", axis.unit)), axis.unit)
    if not (np.allclose(before, now, rtol=1e-9, atol=0) if numbers else np.array_equal(before, now)):
        raise InputError(
            f"start: its {dim} is {before.tolist()}, that of this run {now.tolist()}; give the same, or none to go on "
            "with each"
        )
