"""Running a population of models: a pilot, then stage after stage, each a sweep of the draws that are left."""

from __future__ import annotations

import json
import tempfile
from collections.abc import Callable, Mapping
from contextlib import AbstractContextManager, nullcontext
from pathlib import Path
from typing import Any

import numpy as np
import xarray as xr

from nmdasim.errors import InputError, plainly
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model
from nmdasim.studies.populations import found as results
from nmdasim.studies.populations.asked import Check, Population
from nmdasim.studies.populations.bands import met, refusal
from nmdasim.studies.populations.draws import drawn, rows
from nmdasim.studies.populations.lanes import Draws
from nmdasim.sweep import chunks
from nmdasim.sweep.execute import Summary
from nmdasim.sweep.execute import run as execute
from nmdasim.sweep.identity import neighbours
from nmdasim.sweep.specification import Sweep
from nmdasim.sweep.store import StoreError

#: What a stage is watched by: from its name and lanes, something that yields ``announce`` and ``progress`` of a sweep.
Watch = Callable[[str, int], AbstractContextManager[Any]]
#: The file that says what a store is for.
OWN = "population.json"


@plainly
def population_of_models(
    model: Model | Circuit,
    protocol: Any = None,
    *,
    ranges: Mapping[str, Any],
    accept: Mapping[str, Any],
    draws: int = 2000,
    seed: int = 0,
    checks: tuple[Check, ...] = (),
    doses: Mapping[str, Any] | None = None,
    answers: tuple[str, ...] = ("index", "input"),
    store: str | Path | None = None,
    resume: bool = False,
    threads: int = 0,
    **options: Any,
) -> xr.Dataset:
    """Draw parameters, keep the draws that meet bands of data, and ask those what a drug does.

    Parameters
    ----------
    model
        A neuron, a chain of neurons, or a network.
    protocol
        What is done to it, as :class:`nmdasim.Sweep` takes it; by default a wind-up train.
    ranges
        ``{name: (low, high)}``: values of a parameter, or factors of a gain of the model or of a group.
    accept
        ``{read-out: (low, high)}``: bands that a draw without drug has to meet.
    draws
        Number of draws.
    seed
        Seed of the draws.
    checks
        Further tests of the draws that passed so far, in order.
    doses
        What the kept draws are asked: the values of one parameter, drug or argument of the protocol; by default 0.1,
        0.3 and 1 µM of free ketamine at the receptor, where the model knows it; ``{}`` asks nothing.
    answers
        Read-outs whose loss under each dose is told.
    store
        A folder that keeps what is finished, so that it can be resumed; none by default.
    resume
        Finish a store that is there.
    threads
        Threads; 0 is all cores.
    **options
        ``multiple`` (a :class:`~nmdasim.studies.populations.Multiple`: every draw is stimulated at a multiple of its
        own threshold), ``sampling`` (``"latin_hypercube"``, ``"sobol"``, or ``"sensitivity"``, the design for Sobol
        indices), ``log`` (names of the ranges whose logarithm is uniform), ``groups`` (parameters that a factor scales,
        by its name), ``shares`` (parameters drawn uniformly over all that sum to 1), ``seeds`` (different draws of
        latencies, one a draw in turn), ``pilot`` (draws that are run first), and ``block``, ``duration``, ``dt``,
        ``method``, ``engine``, ``chunk``, ``title`` as :class:`nmdasim.Sweep` takes them.

    Returns
    -------
    xarray.Dataset
        Over ``draw``: what was drawn, by name; the read-outs without drug and those of the checks; ``passed``, how many
        tests it passed; and ``kept``. Over ``draw`` and the dose: each answer (``…_dosed``) and its loss in per cent
        (``…_loss``), NaN for draws that are not kept.

    Raises
    ------
    InputError, ModelError, UnitError
        For anything unknown, of the wrong dimension, or out of range, and for bands that none of a pilot's draws meets;
        all before the work starts.
    StoreError
        If the store is there (without `resume`) or is another population's.
    """
    given = {} if protocol is None else {"protocol": protocol}
    what = Population(
        model,
        ranges=ranges,
        accept=accept,
        draws=draws,
        seed=seed,
        checks=tuple(checks),
        doses=doses,
        answers=tuple(answers),
        **given,
        **options,
    )
    if store is not None:
        return run(what, Path(store), resume=resume, threads=threads)
    with tempfile.TemporaryDirectory() as folder:
        return run(what, Path(folder) / "store", threads=threads)


def run(
    what: Population, store: Path, *, resume: bool = False, threads: int = 0, watch: Watch | None = None
) -> xr.Dataset:
    """Run a population of models into a store; see :func:`population_of_models`."""
    _check(store, what, resume=resume)
    values = drawn(what.samples, what.shares)
    draws = Draws(what, rows(what.factors, values))
    if not store.exists():
        _try(draws, threads)
        store.mkdir(parents=True)
        (store / OWN).write_text(json.dumps(what.identity, indent=1), "utf-8")
    watched = watch or (lambda name, lanes: nullcontext((None, None)))
    done: list[Summary] = []

    def perform(name: str, asked: Sweep) -> xr.Dataset:
        with watched(name, asked.lanes) as (announce, progress):
            path = store / name
            done.append(execute(asked, path, resume=True, threads=threads, announce=announce, progress=progress))
        return xr.open_zarr(path).load()

    draws, left, tests, attrs = _through(draws, np.arange(len(what.samples)), perform, "draws")
    dosed = perform("doses", draws.dosed(left)) if what.doses else None
    if what.multiple:
        values = values | {what.multiple.parameter: draws.table[what.multiple.parameter]}
    return results.assemble(what, values, tests, left, dosed, attrs, done)


#: What runs a sweep of a stage.
Perform = Callable[[str, Sweep], xr.Dataset]


def _through(
    draws: Draws, left: np.ndarray, perform: Perform, of: str
) -> tuple[Draws, np.ndarray, list[results.Test], Mapping[Any, Any]]:
    """Take draws through all tests; return them (their strength found), those left, what was measured, provenance."""
    what, tests = draws.what, []
    if what.multiple:
        answered = perform("threshold", draws.strengths(left))["spike_count"].transpose("draw", ...).values
        found = what.multiple.thresholds(answered)
        tests.append(results.Test("threshold", {"threshold": what.multiple.band}, left, {"threshold": found}))
        draws = draws.at_strength(left, found)
        left = left[np.isfinite(found)]
        if not left.size:
            raise InputError(what.multiple.refusal(len(found), of))
    attrs: Mapping[Any, Any] = {}
    for k, stage in enumerate(what.stages):
        data = perform(f"{k}-{_file(stage.name)}", draws.stage(k, left))
        attrs = attrs or data.attrs
        measured = {name: data[name].values for name in what.readouts(k)}
        tests.append(results.Test(stage.name, stage.accept, left, measured))
        left = left[met(stage.accept, measured)]
        if not left.size:
            raise InputError(refusal(stage.accept, measured, of, f" of {stage.name}" if k else ""))
    return draws, left, tests, attrs


def _file(name: str) -> str:
    return "".join(letter if letter.isalnum() else "-" for letter in name)


# --- before the work -------------------------------------------------------------------------------------------------


def _check(store: Path, what: Population, *, resume: bool) -> None:
    """Refuse a path that is not free, or whose store is another population's."""
    if not store.exists():
        return
    try:
        known = json.loads((store / OWN).read_text("utf-8"))
    except (OSError, ValueError):
        raise StoreError(f"{store} exists and is no store of a population; give a path that is free") from None
    if not resume:
        raise StoreError(f"{store} exists; --resume (resume=True) finishes it, or give a path that is free")
    if differences := neighbours(known, what.identity):
        raise StoreError(
            f"{store} is of another population ({'; '.join(differences[:3])}); give a path that is free, or what it "
            "was made by"
        )


def _try(draws: Draws, threads: int) -> None:
    """Run a pilot through all tests, and refuse bands that none of its draws meets."""

    def perform(name: str, asked: Sweep) -> xr.Dataset:
        tables = {readout: np.full(tuple(asked.sizes.values()), np.nan) for readout in asked.readouts}
        for number in range(asked.chunks):
            found = chunks.run(asked, number, threads)
            for readout, table in tables.items():
                table[tuple(asked.region(number).values())] = found.values[readout]
        return xr.Dataset({readout: (tuple(asked.sizes), table) for readout, table in tables.items()})

    number = min(draws.what.pilot, len(draws.what.samples))
    _through(draws, np.arange(number), perform, "draws of a pilot")
