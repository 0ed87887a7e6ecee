"""Where the numbers of a lane lie: one run of an array, so that a lane goes through time by itself."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from nmdasim.engines.form import Form
from nmdasim.engines.form.statements import Draw, EventConstant, Flag, Rate


@dataclass(frozen=True)
class Lane:
    """Records by group and compartment, rows then constants; flags; constants of events; axial rates.

    JavaScript has no SIMD, so lanes are not interleaved as in the kernel; and every constant is a number of its lane,
    so that one module serves whatever parameters differ between lanes.
    """

    form: Form

    def width(self, group: int) -> int:
        """Numbers of one record of a group."""
        record = self.form.records[group]
        return len(record.rows) + len(record.scalars)

    @cached_property
    def begins(self) -> dict[int, int]:
        """Where the record of each compartment begins."""
        found, at = {}, 0
        for g, record in enumerate(self.form.records):
            for compartment in record.group.compartments:
                found[compartment] = at
                at += self.width(g)
        return found

    @cached_property
    def group_of(self) -> dict[int, int]:
        """Group of each compartment."""
        return {c: g for g, record in enumerate(self.form.records) for c in record.group.compartments}

    def here(self, name: str, group: int) -> int:
        """Return where a row or constant stands in a record of a group."""
        record = self.form.records[group]
        if name in record.rows:
            return record.rows.index(name)
        return len(record.rows) + [constant for constant, _ in record.scalars].index(name)

    def row(self, name: str, compartment: int) -> int:
        """Return where a row of a compartment stands in the lane."""
        return self.begins[compartment] + self.here(name, self.group_of[compartment])

    @cached_property
    def recorded(self) -> int:
        """Numbers of all records."""
        return sum(self.width(g) * len(r.group.compartments) for g, r in enumerate(self.form.records))

    def flag(self, flag: Flag) -> int:
        """Return where a flag stands."""
        return self.recorded + list(Flag).index(flag)

    @cached_property
    def constants(self) -> dict[EventConstant, int]:
        """Where each constant of events stands."""
        named = [EventConstant(name, where) for where, part in self.form.events.constants for name, _ in part]
        return {key: self.recorded + len(Flag) + k for k, key in enumerate(named)}

    def rate(self, rate: Rate) -> int:
        """Return where an axial rate stands."""
        first = self.recorded + len(Flag) + len(self.constants)
        return first + ("up", "down", "axial").index(rate.direction) * self.form.compartments + rate.compartment

    @cached_property
    def size(self) -> int:
        """Numbers of a lane."""
        rates = 3 * self.form.compartments if self.form.membrane else 0
        return self.recorded + len(Flag) + len(self.constants) + rates

    @cached_property
    def slots(self) -> list[dict[str, int]]:
        """Where each live state stands in the lane, by compartment."""
        groups = [self.form.records[self.group_of[c]].group for c in range(self.form.compartments)]
        return [{state: self.row(state, c) for state in group.states} for c, group in enumerate(groups)]

    @cached_property
    def draws(self) -> bool:
        """Whether a step draws at random."""
        passes = [one.code for group in self.form.groups for one in (group.before, group.after) if one]
        return any(isinstance(p, Draw) for code in (*passes, self.form.events.rule.fired) for p in code.places.values())
