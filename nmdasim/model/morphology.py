"""Morphology: compartments and their axial coupling. A point neuron has one compartment."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError, answering, nearest
from nmdasim.quantities import QuantityLike


@answering
@dataclass(frozen=True)
class Section:
    """A tapering cylinder cut into equal segments.

    Parameters
    ----------
    region
        Name of the region that its segments form.
    length, start, end
        Length and the diameters at both ends (quantities); `end` defaults to `start`.
    segments
        Number of compartments.
    """

    region: str
    length: QuantityLike
    start: QuantityLike
    segments: int
    end: QuantityLike | None = None

    def diameters(self) -> np.ndarray:
        """Diameter of each segment at its centre, in metres."""
        first = float(quantities.si(self.start, "um", name="start"))
        last = first if self.end is None else float(quantities.si(self.end, "um", name="end"))
        centres = (np.arange(self.segments) + 0.5) / self.segments
        return first + (last - first) * centres

    def step(self) -> float:
        """Length of one segment, in metres."""
        return float(quantities.si(self.length, "um", name="length")) / self.segments


@dataclass(frozen=True)
class Morphology:
    """A tree of compartments.

    Parameters
    ----------
    areas
        Membrane area of each compartment, m².
    parents
        Index of each compartment's parent, which comes before it; -1 for the root.
    conductances
        Axial conductance between the centres of each compartment and its parent, S (0 for the root).
    regions
        Region names and the compartments that form them.

    Raises
    ------
    InputError
        If the arrays differ in length, a parent does not precede its child, or a region is empty.
    """

    areas: tuple[float, ...]
    parents: tuple[int, ...]
    conductances: tuple[float, ...]
    regions: Mapping[str, tuple[int, ...]]

    def __post_init__(self) -> None:
        n = len(self.areas)
        if not (len(self.parents) == len(self.conductances) == n > 0):
            raise InputError("a morphology needs one area, parent and conductance per compartment")
        if self.parents[0] != -1 or any(not 0 <= parent < i for i, parent in enumerate(self.parents[1:], 1)):
            raise InputError("the first compartment is the root; every other parent comes before its child")
        if sorted(i for where in self.regions.values() for i in where) != list(range(n)):
            raise InputError("every compartment belongs to exactly one region")
        if min(self.areas) <= 0 or min(self.conductances) < 0:
            raise InputError("areas are positive and axial conductances are not negative")

    def __len__(self) -> int:
        return len(self.areas)

    @property
    def is_chain(self) -> bool:
        """Whether no compartment has two children."""
        return self.parents == tuple(range(-1, len(self) - 1))

    def centre(self, region: str) -> int:
        """Index of the middle compartment of `region`."""
        if region not in self.regions:
            raise InputError(f"unknown region {region!r}{nearest(str(region), self.regions)}")
        where = self.regions[region]
        return where[(len(where) - 1) // 2]

    def coupling(self) -> np.ndarray:
        """Matrix G (compartments × compartments, S) with axial current into i = Σ_j G[i, j]·v[j]."""
        matrix = np.zeros((len(self), len(self)))
        for child, (parent, g) in enumerate(zip(self.parents, self.conductances, strict=True)):
            if parent >= 0:
                matrix[[child, parent], [parent, child]] += g
                matrix[[child, parent], [child, parent]] -= g
        return matrix

    @classmethod
    def chain(cls, sections: Sequence[Section], Ri: QuantityLike) -> Self:
        """Join sections end to end.

        Segment area is π·d·dx; the resistance between neighbouring centres is the sum of the two half segments,
        each Ri·(dx/2)/(π d²/4), as in the NEURON simulator.
        """
        resistivity = float(quantities.si(Ri, "ohm*cm", name="Ri"))
        diameters = np.concatenate([section.diameters() for section in sections])
        lengths = np.concatenate([np.full(section.segments, section.step()) for section in sections])
        halves = resistivity * (lengths / 2) / (math.pi * diameters**2 / 4)
        regions: dict[str, tuple[int, ...]] = {}
        start = 0
        for section in sections:
            regions[section.region] = regions.get(section.region, ()) + tuple(range(start, start + section.segments))
            start += section.segments
        return cls(
            areas=tuple((math.pi * diameters * lengths).tolist()),
            parents=tuple(range(-1, start - 1)),
            conductances=(0.0, *(1 / (halves[:-1] + halves[1:])).tolist()),
            regions=regions,
        )

    @classmethod
    def point(cls, area: float = 1.0, region: str = "soma") -> Self:
        """One compartment."""
        return cls(areas=(area,), parents=(-1,), conductances=(0.0,), regions={region: (0,)})
