"""From a dosing table to inputs of the linear system: jumps, constant rates and resets at increasing times."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np
from scipy.linalg import expm

from nmdasim.errors import InputError
from nmdasim.pharmacology.compartments import System, Uptake
from nmdasim.pharmacology.events import Event
from nmdasim.pharmacology.presets import number
from nmdasim.pharmacology.regimen import Regimen
from nmdasim.pharmacology.solve import Inputs, propagator

#: Most additions of one rate to another: seconds.
_MOST_RUNNING = 1e9
#: Most devices of one nasal dose.
_MOST_DEVICES = 1000


def inputs(regimen: Regimen, system: System) -> Inputs:
    """Return what a regimen of one subject puts into a system.

    Raises
    ------
    InputError
        If a nasal dose is not a whole number of devices; the row is named.
    """
    plan, session = _Plan(system), _Session(system)
    session.check(regimen)
    for event in _acting(regimen):
        if event.clears:
            plan.clear(event.time_h)
            session.close()
        if event.is_dose and event.amount > 0:
            ways = session.ways(event) if event.route == "nasal" else system.routes[event.route]
            plan.dose(event, _uptakes(event, system, ways))
    return plan.inputs()


def _acting(regimen: Regimen) -> tuple[Event, ...]:
    """Return the rows that do something, each repeat as its own."""
    events = tuple(event for _, event in regimen.acting)
    return replace(regimen, events=events).written_out().events if events else ()


@dataclass
class _Plan:
    """Jumps by time, and stretches of constant rate (from, to, mg/h), as they are collected."""

    system: System
    jumps: dict[float, np.ndarray] = field(default_factory=dict)
    stretches: list[tuple[float, float, np.ndarray]] = field(default_factory=list)
    resets: set[float] = field(default_factory=set)

    def clear(self, time: float) -> None:
        """Empty the body and stop what is running."""
        self.resets.add(time)
        self.jumps[time] = self._nothing()
        self.stretches = [(a, min(b, time), rate) for a, b, rate in self.stretches if a < time]

    def dose(self, event: Event, uptakes: list[tuple[Uptake, np.ndarray]]) -> None:
        """Give a dose, and first the steady state that it belongs to."""
        for uptake, amount in uptakes:
            vector = self._nothing()
            vector[:, uptake.state] = amount
            over = uptake.over_h or event.over_h
            if event.steady:
                self._steady(event, vector, over)
            if over > 0:
                self.stretches.append((event.time_h, event.time_h + over, vector / over))
            else:
                self._add(event.time_h, vector)

    def _steady(self, event: Event, vector: np.ndarray, over: float) -> None:
        """Add what equal doses every II before this one have left: a geometric series, summed by a linear solve.

        Doses whose infusion still runs are added one by one.
        """
        matrix, interval = self.system.matrix, event.interval_h
        running = int(np.ceil(over / interval - 1e-12)) - 1 if over > 0 else 0
        for k in range(1, running + 1):
            self._add(event.time_h, _after(matrix, vector / over, k * interval))
            self.stretches.append((event.time_h, event.time_h + over - k * interval, vector / over))
        first = (running + 1) * interval - over
        one = _decay(matrix, first, _after(matrix, vector / over, over) if over > 0 else vector)
        cycle = np.eye(matrix.shape[1]) - expm(matrix * interval)
        self._add(event.time_h, np.linalg.solve(cycle, one[..., None])[..., 0])

    def _add(self, time: float, vector: np.ndarray) -> None:
        self.jumps[time] = self.jumps.get(time, 0) + vector

    def _nothing(self) -> np.ndarray:
        return np.zeros(self.system.matrix.shape[:2])

    def inputs(self) -> Inputs:
        """Return the collected inputs, sorted by time."""
        edges = {time for a, b, _ in self.stretches for time in (a, b)}
        times = np.array(sorted(edges | set(self.jumps) | {0.0}))
        rates = np.zeros((len(times), *self.system.matrix.shape[:2]))
        starts = np.searchsorted(times, [a for a, _, _ in self.stretches])
        ends = np.searchsorted(times, [b for _, b, _ in self.stretches])
        if rates[0].size * float(np.sum(ends - starts)) > _MOST_RUNNING:
            raise InputError(
                f"{len(self.stretches):,} infusions run on while {len(times):,} others begin or end; "
                "give fewer, shorter ones, or one of their summed rate"
            )
        for start, end, (_, _, rate) in zip(starts.tolist(), ends.tolist(), self.stretches, strict=True):
            rates[start:end] += rate
        jumps = np.zeros_like(rates)
        for time, vector in self.jumps.items():
            jumps[np.searchsorted(times, time)] = vector
        return Inputs(times, np.isin(times, list(self.resets)), jumps, rates)


def _after(matrix: np.ndarray, rate: np.ndarray, hours: float) -> np.ndarray:
    """Return the state after `hours` of a constant rate from nothing."""
    size = matrix.shape[1]
    return propagator(matrix)(np.zeros_like(rate), rate, np.array([hours]), np.eye(size)[None])[:, 0]


def _decay(matrix: np.ndarray, hours: float, state: np.ndarray) -> np.ndarray:
    return np.asarray((expm(matrix * hours) @ state[..., None])[..., 0])


def _uptakes(event: Event, system: System, ways: tuple[tuple[Uptake, ...], ...]) -> list[tuple[Uptake, np.ndarray]]:
    """Return where a dose goes, with mg per subject; it is split equally over `ways` (one per nasal device)."""
    weight = system.subjects.weight_kg if event.unit == "mg/kg" else np.ones(system.subjects.count)
    mg = event.amount * weight / len(ways)
    shares: dict[tuple[int, float], float | np.ndarray] = {}
    for uptake in (uptake for way in ways for uptake in way):
        place = uptake.state, uptake.over_h
        shares[place] = shares.get(place, 0.0) + uptake.share
    return [(Uptake(state, share, over), mg * share) for (state, over), share in shares.items()]


class _Session:
    """Nasal devices in order: those within a session's length of its first one count as later ones."""

    def __init__(self, system: System):
        self.routes = system.routes.get("nasal", ())
        self.began, self.used = -np.inf, 0
        if self.routes:
            values = system.preset.parameters
            self.device_mg, self.length_h = number(values, "device", "mg"), number(values, "session", "h")

    def close(self) -> None:
        """Let the next device be the first of a new session."""
        self.began = -np.inf

    def ways(self, event: Event) -> tuple[tuple[Uptake, ...], ...]:
        """Return the uptakes of each device of a dose."""
        if event.time_h - self.began >= self.length_h:
            self.began, self.used = event.time_h, 0
        first = self.used
        self.used += round(event.amount / self.device_mg)
        return tuple(self.routes[min(place, len(self.routes) - 1)] for place in range(first, self.used))

    def check(self, regimen: Regimen) -> None:
        """Refuse a nasal dose that is not a whole number of devices, or steady sessions that overlap."""
        for row, event in regimen.acting:
            if not event.is_dose or event.route != "nasal":
                continue
            count = event.amount / self.device_mg
            if abs(count - round(count)) > 1e-9:
                raise InputError(
                    f"row {row}, column AMT: {event.amount:g} mg by nose is not a whole number of "
                    f"{self.device_mg:g} mg devices"
                )
            if count > _MOST_DEVICES:
                raise InputError(
                    f"row {row}, column AMT: {event.amount:g} mg by nose are {count:,.0f} devices; "
                    f"up to {_MOST_DEVICES:,} are taken"
                )
            if event.steady and event.interval_h < self.length_h:
                raise InputError(f"row {row}, column II: steady nasal sessions are {self.length_h:g} h apart or more")
