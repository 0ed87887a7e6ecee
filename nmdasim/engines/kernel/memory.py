"""Where the numbers of a batch of lanes lie: one array of rows, each as wide as the batch."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from nmdasim.engines.form import Form
from nmdasim.engines.form.passes import Record
from nmdasim.engines.form.statements import Draw, EventConstant

#: Bytes of a batch that stay in the second-level cache of a current core; in a network, where the batches of all
#: populations take turns, in the first-level cache.
_CACHE, _CACHE_OF_MANY = 500_000, 24_000
_WIDTHS = (128, 64, 32)
#: Compartments of the longest tree whose solution is written out.
LONGEST_WRITTEN_OUT = 24


def shift(single: bool) -> int:
    """Return the power of 2 of whose multiples a step takes lanes: 512 bits, whole vectors of any current CPU."""
    return 4 if single else 3


def vectors(lanes: int, single: bool) -> int:
    """Return how many vectors hold so many lanes."""
    return -(-lanes >> shift(single))


@dataclass(frozen=True)
class Memory:
    """The rows of a batch: records by group and compartment, ``wait``, ``ready``, ``spike``, constants of events.

    A long tree has a row more for each compartment, for its solution. Where a model draws at random there are two rows
    more, the key of each lane: its upper and its lower 24 bits, which a number of single precision holds too.
    """

    form: Form
    network: bool = False

    @cached_property
    def recorded(self) -> int:
        """Rows of all records."""
        return sum(len(r.rows) * len(r.group.compartments) for r in self.form.records)

    @cached_property
    def width(self) -> int:
        """Lanes per batch: many for a small model, to share the cost of a step; few for a large one."""
        rows, cache = self.recorded + self.spare + 1, _CACHE_OF_MANY if self.network else _CACHE
        return next((width for width in _WIDTHS if rows * width * 8 <= cache), _WIDTHS[-1])

    @cached_property
    def constants(self) -> dict[EventConstant, int]:
        """Row of each constant of events, counted from ``ready``."""
        named = [EventConstant(name, where) for where, part in self.form.events.constants for name, _ in part]
        return {key: k + 2 for k, key in enumerate(named)}

    @cached_property
    def spare(self) -> int:
        """Rows from ``ready`` to the end."""
        return self.key + 2 * self.draws

    @property
    def solver(self) -> int:
        """First row in which the solution of a long tree keeps a number of each compartment, counted from ``ready``."""
        return len(self.constants) + 2

    @property
    def looped(self) -> bool:
        """Whether the tree is solved in loops over its compartments, see :mod:`nmdasim.engines.kernel.elimination`."""
        return self.form.membrane is not None and self.form.compartments > LONGEST_WRITTEN_OUT

    @property
    def key(self) -> int:
        """First row of the lanes' keys, counted from ``ready``."""
        return self.solver + self.form.compartments * self.looped

    @cached_property
    def draws(self) -> bool:
        """Whether a step draws at random."""
        passes = [one.code for group in self.form.groups for one in (group.before, group.after) if one]
        return any(
            isinstance(place, Draw) for code in (*passes, self.form.events.rule.fired) for place in code.places.values()
        )

    @cached_property
    def longest(self) -> int:
        """Largest number of a row within a record, or from ``ready``."""
        return max([len(record.rows) for record in self.form.records] + [self.spare])

    @cached_property
    def record_of(self) -> dict[int, Record]:
        """Record of each compartment."""
        return {compartment: record for record in self.form.records for compartment in record.group.compartments}

    @cached_property
    def begins(self) -> dict[int, int]:
        """Row at which each compartment's record begins."""
        found, row = {}, 0
        for compartment, record in self.record_of.items():
            found[compartment] = row
            row += len(record.rows)
        return found

    def row(self, name: str, compartment: int) -> int:
        """Return a row within the record of a compartment."""
        return self.record_of[compartment].rows.index(name)
