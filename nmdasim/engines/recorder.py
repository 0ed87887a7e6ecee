"""What is kept of a solution that comes step by step: traces at given times, and summaries over windows."""

from __future__ import annotations

from collections.abc import Callable, Mapping

import numpy as np

from nmdasim.plan.plan import Cells, Probe

_SAMPLE = 1e-4  # seconds between the points at which an extremum is sought
_TOGETHER = 1000  # steps that are summarised in one go


class Recorder:
    """Keeps what the plan of one lane asks for.

    Parameters
    ----------
    plan
        The plan.
    index
        (state, compartment) → position in the state vector; a state that is nowhere in it is 0.

    Attributes
    ----------
    traces
        One row a sample, one column a trace.
    """

    def __init__(self, plan: Cells, index: Mapping[tuple[str, int], int]):
        self.wanted, self.index = plan.recording, index
        self.times = plan.sampled if plan.recording.traces else np.empty(0)
        self.traces = np.full((len(self.times), len(plan.recording.traces)), np.nan)
        self._edges = np.asarray(plan.recording.windows) + plan.origin
        self._summaries = [np.full(max(len(self._edges) - 1, 0), np.nan) for _ in plan.recording.summaries]
        self._seen: list[tuple[np.ndarray, np.ndarray]] = []

    @property
    def asked(self) -> bool:
        """Whether there is anything to keep."""
        return bool(self.wanted.traces or self.wanted.summaries)

    @property
    def summaries(self) -> list[np.ndarray]:
        """One number a window, for each summary."""
        if self._seen:
            self._summarise()
        return self._summaries

    def step(self, solution: Callable[[np.ndarray], np.ndarray], start: float, end: float) -> None:
        """Keep what lies in one step, given its `solution`, states by times."""
        if self.wanted.traces:
            a, b = np.searchsorted(self.times, [start - 1e-12, end - 1e-12])
            if b > a:
                values = solution(np.clip(self.times[a:b], start, end))
                self.traces[a:b] = np.stack([self._of(probe, values) for probe in self.wanted.traces], axis=1)
        if self.wanted.summaries:
            times = np.append(np.arange(np.ceil(start / _SAMPLE), np.ceil(end / _SAMPLE)) * _SAMPLE, end)
            values = solution(np.clip(times, start, end))
            self._seen.append((times, np.stack([self._of(probe, values) for probe, _ in self.wanted.summaries])))
            if len(self._seen) == _TOGETHER:
                self._summarise()

    def _of(self, probe: Probe, values: np.ndarray) -> np.ndarray:
        place = self.index.get((probe.variable, probe.compartment))
        return np.zeros(values.shape[1]) if place is None else values[place]

    def _summarise(self) -> None:
        """Add what was seen since the last time to the windows in which it lies."""
        times, values = (np.concatenate(parts, axis=-1) for parts in zip(*self._seen, strict=True))
        self._seen.clear()
        window = np.searchsorted(self._edges, times + 1e-9, side="right") - 1
        for w in np.unique(window[(window >= 0) & (window < len(self._edges) - 1)]):
            inside = window == w
            for (_, kind), trace, kept in zip(self.wanted.summaries, values, self._summaries, strict=True):
                part = trace[inside]
                if kind == "start":
                    kept[w] = part[0] if np.isnan(kept[w]) else kept[w]
                else:
                    kept[w] = np.fmax(kept[w], part.max()) if kind == "max" else np.fmin(kept[w], part.min())
