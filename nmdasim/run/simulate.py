"""The one verb: model + protocol + drug → labelled result.

What is asked is described (a cell as the circuit that it is), made concrete as plans, run by an engine, and labelled:
one road for cells, chains and networks.
"""

from __future__ import annotations

import logging
import warnings
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import xarray as xr

from nmdasim import engines, quantities
from nmdasim.errors import InputError, OverflowedError, plainly
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model
from nmdasim.plan import firing, memory
from nmdasim.plan.plan import Cells
from nmdasim.plan.wiring import synapses
from nmdasim.quantities import QuantityLike
from nmdasim.run.axes import columns, place
from nmdasim.run.labels import Done, label
from nmdasim.run.prepare import Run, counted, prepare
from nmdasim.run.provenance import provenance
from nmdasim.run.question import Bath, Question, question

#: Steps of a neuron that one core takes in a second, to the order; and most that a run may have: half a year.
_SPEED, _MOST_WORK = 1e7, 1.5e14

_LOG = logging.getLogger("nmdasim")


@plainly
def simulate(
    model: Model | Circuit,
    protocol: Any = None,
    *,
    ketamine: Bath | None = None,
    mg: Bath | None = None,
    drugs: Mapping[str, Bath] | None = None,
    block: str | None = None,
    parameters: Mapping[str, Bath] | None = None,
    initial: Mapping[str, Any] | None = None,
    duration: QuantityLike | None = None,
    dt: QuantityLike | None = None,
    method: str = "",
    engine: str = engines.DEFAULT,
    threads: int = 0,
    seed: int | Sequence[int] | xr.DataArray | None = None,
    record: str | Iterable[str] = (),
    sample: QuantityLike | None = None,
    tolerance: float = 1e-7,
    start: xr.Dataset | None = None,
    progress: Callable[[float], None] | None = None,
) -> xr.Dataset:
    """Run a model under a protocol and return a labelled result.

    Parameters
    ----------
    model
        A :class:`Model`, or a :class:`Circuit`.
    protocol
        What is done to it: :class:`WindUp`, :class:`Events`, any other protocol (see :mod:`nmdasim.protocols`), or a
        list of them; list arguments become dimensions, each of the one that has it. Of a list, pulses and the windows
        in which wind-up is measured are those of the first that has some: put the train to be measured first, and write
        one train for what is to be measured as one. ``{"touch": nm.Poisson(...)}``
        puts other sources behind the inputs of a circuit.
    drugs
        Free concentrations at the receptor by name of the drug, ``{"memantine": [0, 1]*uM}``: any blocker of the
        table, however it is written, in any model with NMDA receptors. Its dimension has the drug's key as name.
    ketamine, mg
        Concentrations, ``ketamine`` short for ``drugs={"ketamine": …}``: free drug, or text that says otherwise
        (``"100 ng/ml total"``, ``"100 ng/ml total S"``); a list becomes a dimension of that name. An
        ``xarray.DataArray`` over ``time``, both with units, is a concentration that varies during the run, along
        straight lines from value to value; time 0 is the start of the run, and outside of its times the course is held.
        Its times are moved to the nearest step; times closer than that are refused. Record ``"ketamine"`` to see it.
    block
        Which of the model's starts to take: ``"equilibrated"`` (long exposure before the run; the default where the
        model has it) or ``"washin"`` (drug present from time 0, nothing bound yet).
    parameters
        Other values of parameters, by name; arrays become dimensions (their outer product). An ``xarray.DataArray``
        with one dimension and ``units`` in its attributes varies along that dimension, together with every other one
        that has it: rows of a table in place of an outer product.
    initial
        Other initial values; a DataArray may have dimensions of the result.
    duration
        Length of the run; some protocols, as a wind-up train, bring their own.
    dt, method, engine, threads
        Step, method, engine and number of threads (0: all cores).
    seed
        One seed, or several, which become a dimension (or share one, as a DataArray). Lanes of one seed share their
        drawn latencies. By default 0, or those of `start`.
    record
        Variables to trace, one name or several: ``"v"`` (every compartment), ``"v_soma"``.
    sample
        Sampling interval of traces; 0.1 ms or one step, whichever is larger.
    tolerance
        Relative tolerance of the ``reference`` engine.
    start
        The result of an earlier run, to go on from its end: the two equal one long run. Its dimensions stay; one that
        has another meaning here is called ``<name>_before``. Time goes on, times of the protocol count anew.
    progress
        Called now and then with the share that is done, 0 to 1.

    Returns
    -------
    xarray.Dataset
        Spikes, counts, the protocol's per-window summaries and recorded traces over the dimensions, each with units, as
        :func:`nmdasim.run.labels.label` says; provenance in ``attrs``, of which ``identity`` changes with anything that
        moves a number.

    Raises
    ------
    NmdasimError
        Before any work starts, for anything that is unknown, of the wrong dimension or out of range, and for a run
        that does not fit into memory. What a run needs is said beforehand by the logger ``nmdasim`` (level INFO).
    """
    asked = question(
        model,
        protocol,
        ketamine=ketamine,
        mg=mg,
        drugs=drugs,
        block=block,
        parameters=parameters,
        initial=initial,
        duration=duration,
        dt=dt,
        method=method,
        engine=engine,
        threads=threads,
        seed=seed,
        record=record,
        sample=sample,
        tolerance=tolerance,
        start=start,
    )
    runs = prepare(asked)
    chosen = engines.engine(engine)
    for run in runs:
        chosen.check(run.plan)
    _announce(asked, runs)
    done = []
    for k, run in enumerate(runs):
        found = chosen.run(run.plan, _share_of(progress, k, len(runs)))
        outcomes = [firing.judged(*part) for part in zip(run.plan.cells, found, strict=True)]
        done.append(Done.of(run, outcomes, asked.every))
    said = _warn_of_broken(asked, done)
    result = label(asked, done, alone=isinstance(model, Model))
    attrs = provenance(asked, runs, protocol) | result.attrs
    if said:
        attrs["warnings"] = "\n".join([*str(attrs.get("warnings", "")).splitlines(), said])
    return result.assign_attrs(attrs)


def _share_of(progress: Callable[[float], None] | None, k: int, runs: int) -> Callable[[float], None]:
    """Return what reports the progress of one of several runs."""
    return lambda share: progress((k + share) / runs) if progress else None


def plan(
    model: Model, protocol: Any = None, *, parameters: Mapping[str, Bath], duration: QuantityLike, dt: QuantityLike
) -> Cells:
    """Return the plan of a single model without running it; `duration` and `dt` may be plain seconds."""
    second = quantities.unit("second")
    length, step = (x * second if isinstance(x, float) else x for x in (duration, dt))
    asked = question(model, protocol, parameters=parameters, duration=length, dt=step)
    return prepare(asked)[0].plan.first


def _announce(asked: Question, runs: Sequence[Run]) -> None:
    """Say what is about to run and what it needs of memory; refuse what cannot fit."""
    cells = [one for run in runs for one in run.plan.cells]
    lanes = sum(run.plan.instances for run in runs)
    needed = sum(map(memory.need, cells)) + memory.synapses(lanes * synapses(asked.circuit))
    what = counted(asked.circuit, lanes)
    traced = any(one.recording.traces for one in cells)
    work = sum(float(one.steps) * one.lanes for one in cells)
    if work > _MOST_WORK:
        raise InputError(
            f"{what}, {cells[0].steps:,} steps of {quantities.brief(cells[0].dt * 1e3)} ms: {work:.3g} steps of a "
            f"neuron take about {work / _SPEED / 86_400:,.0f} days; take a larger dt or fewer lanes"
        )
    memory.check(needed, what, "run fewer at a time" + ", trace fewer variables or sample less" * traced)
    _LOG.info(
        "%s, %s steps of %s ms, about %s MB%s",
        what,
        f"{cells[0].steps:,}",
        quantities.brief(cells[0].dt * 1e3),
        quantities.brief(max(needed / 1e6, 0.1), 3),
        f", of the order of {work / _SPEED / 60:,.0f} min on one core" if work > 60 * _SPEED else "",
    )


def _warn_of_broken(asked: Question, done: Sequence[Done]) -> str:
    """Name the lanes, or instances, whose numbers overflowed, and return what was said; the others stand."""
    lanes = sorted({int(lane) for one in done for lane in one.failed})
    if not lanes:
        return ""
    axes = [*asked.grid, *asked.axes]
    total = int(np.prod(list(asked.dims.values()), dtype=int))
    single = all(population.size == 1 for population in asked.circuit.populations.values())
    values = columns(axes)
    where = "; ".join(place(axes, values, lane) for lane in lanes[:5])
    more = f" and {len(lanes) - 5} more" if len(lanes) > 5 else ""
    all_of_them = quantities.several(total, "lane" if single else "instance")
    message = f"{len(lanes)} of {all_of_them} overflowed ({where}{more}); try a smaller dt"
    if len(lanes) == total:
        raise OverflowedError(message)
    said = f"{message}. Their results are missing, 'failed' marks them."
    warnings.warn(said, RuntimeWarning, stacklevel=4)  # whoever called simulate
    return said
