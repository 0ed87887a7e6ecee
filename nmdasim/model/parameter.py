"""Parameters: published numbers with their unit, range, source and standing."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np
from brian2.units import Quantity
from brian2.units.fundamentalunits import DIMENSIONLESS, get_dimensions

from nmdasim import quantities
from nmdasim.errors import InputError, UnitError, answering, plainly
from nmdasim.model import html
from nmdasim.model.typed import typed
from nmdasim.quantities import QuantityLike

KINDS = ("measured", "derived", "fitted", "assumed")
#: How far a value can be trusted, most first; what is recalled nobody has checked.
STATUSES = ("verified", "transcribed", "derived", "assumed", "recalled")
#: Source of the library's own numbers, which there is nothing to check against.
OWN = "nmdasim"
#: Source of a value that a pain state sets: assumed, as the user's own are not.
STATE = "state"


@answering
@dataclass(frozen=True, repr=False)
class Parameter:
    """One number of a model.

    Parameters
    ----------
    value
        Quantity, number, or text such as ``"3.57 mM"``.
    unit
        Conventional unit for display; by default that of `value` when it is text, else the one in which it was likely
        written (:func:`nmdasim.quantities.best_unit`).
    bounds
        Plausible range ``(low, high)`` in `unit`; the hard limits of input are the model's.
    source
        Key of the reference in ``references.bib``, or a short text.
    kind
        ``"measured"``, ``"derived"``, ``"fitted"`` or ``"assumed"``.
    verified
        Whether the value was read in the source itself or in public code of its authors.
    transcribed
        Whether it was read only where others have copied it from the source.
    description
        What it is, in a few words.
    guessed
        Whether nobody said the unit: a quantity of Brian2 does not remember the one in which it was written.

    Raises
    ------
    UnitError
        If `value` or `unit` cannot be read.
    InputError
        If `kind` is unknown, or the value is said to be both verified and transcribed.
    """

    value: Quantity  # text is read on construction
    unit: str = ""
    bounds: tuple[float, float] | None = None
    source: str = ""
    kind: str = "assumed"
    verified: bool = False
    description: str = ""
    transcribed: bool = False
    guessed: bool = field(default=False, repr=False, compare=False)

    def __repr__(self) -> str:
        texts = [f"{number:.12g} {self.unit}".strip() for number in np.atleast_1d(self.number).ravel()]
        return typed(self, value=texts if np.ndim(self.number) else texts[0], unit="")

    @plainly
    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise InputError(f"kind {self.kind!r} of a parameter is not one of {', '.join(KINDS)}")
        if self.verified and self.transcribed:
            raise InputError("a parameter is verified or transcribed, not both; verified means read in the source")
        unit = self.unit
        if isinstance(self.value, str) and not unit:
            unit = quantities.split(self.value)[1]
        object.__setattr__(self, "value", quantities.quantity(self.value))
        if not np.all(np.isfinite(self.si)):
            raise UnitError(f"value {self.value} of a parameter is not finite; give a finite number")
        object.__setattr__(self, "guessed", self.guessed or not (unit or get_dimensions(self.value) is DIMENSIONLESS))
        object.__setattr__(self, "unit", unit or quantities.best_unit(self.value))

    @property
    def si(self) -> np.ndarray:
        """Value in SI units, a plain float (array)."""
        return np.asarray(self.value, dtype=float)

    @property
    def number(self) -> np.ndarray:
        """Value as a plain number (array) in `unit`."""
        return quantities.in_unit(self.si, self.unit)

    @property
    def status(self) -> str:
        """One of :data:`STATUSES`.

        ``"verified"`` was read in the source, ``"transcribed"`` where others copied it; of what was read nowhere a
        number is ``"derived"`` from others, ``"assumed"``, or else ``"recalled"``: nobody has checked it.
        """
        if self.source != OWN and self.verified:
            return "verified"
        if self.transcribed:
            return "transcribed"
        return self.kind if self.kind in ("derived", "assumed") else "recalled"

    def replace(self, value: QuantityLike, name: str = "value") -> Parameter:
        """Return this parameter with another value of the same dimension; it is then the user's own.

        `name` is what an error message calls it.
        """
        checked = quantities.si(value, self.unit, name=name)
        quantity = Quantity(checked, dim=get_dimensions(self.value))
        return dataclasses.replace(
            self, value=quantity, kind="assumed", source="user", verified=False, transcribed=False
        )

    def scaled(self, factor: float) -> Parameter:
        """Return this parameter multiplied by `factor`."""
        source = f"{self.source} × {factor:g}"
        return dataclasses.replace(self, value=self.value * factor, source=source, kind="derived")


_NAME = re.compile(r"[A-Za-z]\w*(\.[A-Za-z]\w*)?")


class ParameterSet(Mapping[str, Parameter]):
    """Immutable mapping of names to parameters; ``"g_kca.dendrite"`` holds in one region only.

    A bare name holds everywhere; a dotted name overrides it in its region. Where a name has only dotted entries, the
    value elsewhere is zero (a channel that is not there).
    """

    def __init__(self, parameters: Mapping[str, Any] | None = None):
        items = {}
        for name, value in (parameters or {}).items():
            if not _NAME.fullmatch(name):
                raise InputError(f"parameter name {name!r} is not a name or a name.region")
            try:
                items[name] = value if isinstance(value, Parameter) else Parameter(value)
            except UnitError as error:
                raise UnitError(f"parameter {name}: {error}") from None
        self._items = items

    def __getitem__(self, name: str) -> Parameter:
        return self._items[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._items)

    def __len__(self) -> int:
        return len(self._items)

    def __or__(self, other: Mapping[str, Any]) -> ParameterSet:
        return ParameterSet(self._items | dict(other))

    def __repr__(self) -> str:
        rows = "\n".join(
            f"  {name} = {p.number:g} {quantities.pretty(p.unit)}" for name, p in self.items() if p.si.ndim == 0
        )
        return f"ParameterSet of {len(self)}:\n{rows}"

    def _repr_html_(self) -> str:
        return html.parameters(self)

    @cached_property
    def _by_base(self) -> dict[str, tuple[str, ...]]:
        """Names of entries by the bare name that they stand for."""
        found: dict[str, list[str]] = {}
        for name in self:
            found.setdefault(name.partition(".")[0], []).append(name)
        return {base: tuple(names) for base, names in found.items()}

    @property
    def bases(self) -> tuple[str, ...]:
        """Names as they stand in equations, without regions."""
        return tuple(self._by_base)

    def entries(self, name: str) -> tuple[str, ...]:
        """Return every entry that `name` addresses: itself, or all regions of a bare name."""
        if name in self._items and "." in name:
            return (name,)
        return self._by_base.get(name, ())

    def unit_of(self, base: str) -> str:
        """Return the unit in which `base` is shown."""
        return self[self.entries(base)[0]].unit

    def within(self, regions: Iterable[str]) -> ParameterSet:
        """Return the entries that hold everywhere or in one of `regions`."""
        kept = {"", *regions}
        return ParameterSet({key: p for key, p in self.items() if key.partition(".")[2] in kept})
