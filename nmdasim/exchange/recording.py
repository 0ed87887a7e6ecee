"""Recorded spikes as a value: what a protocol takes as events, and a fit as data."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import xarray as xr
from brian2.units import Quantity

from nmdasim import quantities
from nmdasim.errors import InputError, nearest
from nmdasim.protocols.events import Events
from nmdasim.quantities import QuantityLike

#: Most spikes that a recording holds: more are no trains of neurons, but a file that was meant for something else.
MOST = 20_000_000


@dataclass(frozen=True, eq=False)
class Recording:
    """Spike trains that were read from a file.

    Parameters
    ----------
    trains
        Times in seconds, rising, by the name that the file gives.
    begin_s, end_s
        When was observed, seconds.
    source
        Where it comes from.
    stimuli_s
        Times of stimuli, seconds, where the file says one series of them; else None.
    """

    trains: Mapping[str, np.ndarray]
    begin_s: float
    end_s: float
    source: str
    stimuli_s: np.ndarray | None = None

    def __repr__(self) -> str:
        spikes = sum(map(len, self.trains.values()))
        names = ", ".join(list(self.trains)[:4]) + ", …" * (len(self.trains) > 4)
        told = f", {quantities.several(len(self.stimuli_s), 'stimulus')}" if self.stimuli_s is not None else ""
        told = told.replace("stimuluss", "stimuli")
        return (
            f"Recording of {quantities.several(spikes, 'spike')} in {quantities.several(len(self.trains), 'train')} "
            f"({names}), {self.begin_s:g} to {self.end_s:g} s{told}; {self.source}"
        )

    def observed(self, begin: QuantityLike, end: QuantityLike) -> Recording:
        """Return this recording with the time of observation, which most files of spike times do not say.

        Raises
        ------
        InputError
            If a spike lies outside of it.
        """
        first, last = (quantities.number(one, "second", name=name) for one, name in ((begin, "begin"), (end, "end")))
        return recording(self.trains, first, last, self.source, self.stimuli_s)

    def times(self, train: str = "") -> Quantity:
        """Return the times of one train; a recording of a single train needs no name.

        Raises
        ------
        InputError
            If there is no such train, or there are several and none is named.
        """
        return Quantity(self._train(train) * quantities.unit("second"))

    def events(self, port: str, train: str = "", **options: Any) -> Events:
        """Return the spikes of one train as events on a port of a model; `options` are those of ``Events``."""
        return Events(port, times=self.times(train), **options)

    def counts(
        self,
        train: str = "",
        *,
        stimuli: QuantityLike | None = None,
        after: QuantityLike = "0 ms",
        until: QuantityLike | None = None,
    ) -> xr.DataArray:
        """Return spikes per stimulus, as :func:`nmdasim.fit` takes them.

        Parameters
        ----------
        train
            Name of the train.
        stimuli
            Times of the stimuli; by default those that the file has.
        after, until
            The window, after each stimulus: ``after="100 ms"`` is that of the read-out ``late``, ``until="100 ms"``
            that of ``early``. By default to the next stimulus, and for the last as long as the window before it.

        Returns
        -------
        xarray.DataArray
            Counts over ``pulse`` (1, 2, …). A window that the recording does not cover whole is NaN: a fit leaves it
            out.

        Raises
        ------
        InputError
            If there are no stimuli, their times do not rise, or a window ends before it begins.
        """
        spikes, at = self._train(train), self._stimuli(stimuli)
        first = quantities.number(after, "ms", name="after")
        if until is not None:
            last = at + quantities.number(until, "ms", name="until")
        elif len(at) > 1:
            last = np.append(at[1:], at[-1] + (at[-1] - at[-2]))
        else:
            raise InputError("a single stimulus has no next one; give until=, the end of its window")
        if np.any(last <= at + first):
            raise InputError(f"after = {after}, until = {until or 'the next stimulus'}: a window ends after it begins")
        found = np.searchsorted(spikes, last) - np.searchsorted(spikes, at + first)
        slack = 1e-9 * max(abs(self.end_s), 1.0)
        seen = (at + first >= self.begin_s - slack) & (last <= self.end_s + slack)
        return xr.DataArray(
            np.where(seen, found, np.nan),
            dims="pulse",
            coords={"pulse": np.arange(1, len(at) + 1)},
            attrs={"units": "1", "long_name": "spikes per stimulus", "source": self.source},
        )

    def _train(self, name: str) -> np.ndarray:
        if not name and len(self.trains) == 1:
            return next(iter(self.trains.values()))
        if name not in self.trains:
            which = (
                nearest(name, list(self.trains)[:20]) if name else f"; name one of {', '.join(list(self.trains)[:20])}"
            )
            raise InputError(f"{self.source}: no train {name!r}{which}")
        return self.trains[name]

    def _stimuli(self, given: QuantityLike | None) -> np.ndarray:
        if given is None and self.stimuli_s is None:
            raise InputError(f"{self.source} says no stimuli; give their times, stimuli=[1, 2, 3]*second")
        at = self.stimuli_s if given is None else np.atleast_1d(quantities.si(given, "second", name="stimuli"))
        if at is None or at.ndim != 1 or not len(at) or np.any(np.diff(at) <= 0):
            raise InputError("times of stimuli are a list, each later than the one before")
        return at


def recording(
    trains: Mapping[str, np.ndarray],
    begin_s: float | None,
    end_s: float | None,
    source: str,
    stimuli_s: np.ndarray | None = None,
) -> Recording:
    """Return a recording, checked: finite times, sorted, within what was observed.

    What was observed is by default 0 (or the first spike, if that is earlier) to the last spike.

    Raises
    ------
    InputError
        For no train, times that are not finite or lie outside of what was observed, or too many.
    """
    if not trains:
        raise InputError(f"{source}: there is no spike train in it")
    if (count := sum(map(len, trains.values()))) > MOST:
        raise InputError(f"{source}: {count:,} spikes are more than {MOST:,}; read a part")
    sorted_ = {name: np.sort(np.asarray(times, dtype=float)) for name, times in trains.items()}
    whole = np.concatenate(list(sorted_.values()))
    if not np.all(np.isfinite(whole)):
        raise InputError(f"{source}: a spike time is not finite; take those rows out")
    first, last = (whole.min(), whole.max()) if len(whole) else (0.0, 0.0)
    begin = min(0.0, float(first)) if begin_s is None else begin_s
    end = float(last) if end_s is None else end_s
    slack = 1e-9 * max(abs(end), 1.0)
    if len(whole) and (first < begin - slack or last > end + slack):
        seen = f"{begin:g} to {end:g} s"
        raise InputError(f"{source}: spikes at {first:g} to {last:g} s, but observed was {seen}; is a unit wrong?")
    at = None if stimuli_s is None or not len(stimuli_s) else np.unique(np.asarray(stimuli_s, dtype=float))
    return Recording(sorted_, begin, end, source, at)
