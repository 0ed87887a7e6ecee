"""Plans of works: shorter, over fewer lanes, at another step."""

from __future__ import annotations

import dataclasses

from nmdasim.command.bench.works import Work
from nmdasim.plan.plan import Cells
from nmdasim.run.simulate import plan

#: Steps of a run of almost no duration, which costs what a run costs however short.
SHORT = 20


def shortened(work: Work, seconds: float, lanes: int | None = None, dt: float | None = None) -> Cells:
    """Return the plan of the first `seconds` of a work, over `lanes` lanes spread over its range, for one thread."""
    name, values = work.varied
    if lanes is not None and lanes < work.lanes:
        values = values[work.spread(lanes)]
    made = plan(work.model(), work.events, parameters={name: values}, duration=seconds, dt=dt or work.dt)
    return dataclasses.replace(made, threads=1)


def brief(made: Cells) -> Cells:
    """Return a plan of almost no duration."""
    return dataclasses.replace(made, duration=min(SHORT, made.steps) * made.dt)
