"""A sweep as a value: model, protocol, axes and read-outs, checked on construction."""

from __future__ import annotations

import dataclasses
import hashlib
import json
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from importlib.metadata import version
from typing import Any

import numpy as np

from nmdasim import engines, quantities
from nmdasim.errors import InputError, ModelError, nearest
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model
from nmdasim.protocols import WindUp
from nmdasim.quantities import QuantityLike
from nmdasim.run.axes import Axis, lengths, parameter_axes, seed_axis, shared
from nmdasim.sweep.identity import digest_of, ends, spell
from nmdasim.sweep.samples import Samples

__all__ = ["Samples", "Sweep"]

#: Read-outs of a wind-up train; those that have a value for every pulse.
_TRAIN = {"early": True, "late": True, "input": False, "index": False, "ratio": False, "slope": False, "area": False}
#: Dimensions of a protocol: a run has one value of each, so a chunk has, too.
_PROTOCOL = {"frequency": "Hz", "pulses": "1"}
#: Beyond these a sweep is a slip of the keyboard, or a matter for several stores.
MOST_LANES, MOST_CHUNKS = 10_000_000_000, 2_000_000
#: Bytes of a block of the disk, and of what the journal says of a file.
_BLOCK, _ENTRY = 4096, 60


@dataclass(frozen=True, eq=False)
class Sweep:
    """What to run: every combination of the axes, each a lane.

    Parameters
    ----------
    model
        A neuron, or a feed-forward chain of two.
    protocol
        :class:`WindUp`, or one or several :class:`Events` with a `duration`.
    axes
        ``{name: values}`` in the order of the dimensions: ``"frequency"`` and ``"pulses"`` of the train, ``"seed"``,
        a parameter of the model, or one of its gains (factors that scale a group of parameters).
    samples
        Rows of parameters that vary together; they become the first dimension, ``sample``.
    readouts
        What to keep of each lane: ``spike_count``; under a train also the read-outs of
        :func:`nmdasim.readout.measures.windup` and the model's own summaries.
    block, duration, dt, method, engine
        As :func:`nmdasim.run.simulate` takes them.
    chunk
        Lanes of one unit of work, at most.
    title
        One line for listings.

    Raises
    ------
    ModelError, UnitError, InputError
        For anything that is unknown, empty, of the wrong dimension, or larger than can be run.
    """

    model: Model | Circuit
    protocol: Any = field(default_factory=WindUp)
    axes: Mapping[str, Any] = field(default_factory=dict)
    samples: Samples | None = None
    readouts: tuple[str, ...] = ("index", "ratio", "input")
    block: str | None = None
    duration: QuantityLike | None = None
    dt: QuantityLike | None = None
    method: str = ""
    engine: str = engines.DEFAULT
    chunk: int = 1000
    title: str = ""

    def __post_init__(self) -> None:
        if isinstance(self.model, Circuit) and self.model.is_network:
            raise ModelError(f"{self.model.name} is a network; a sweep runs single cells and their chains")
        object.__setattr__(self, "readouts", tuple(self.readouts))
        if not isinstance(self.chunk, int) or not 1 <= self.chunk <= 1_000_000:
            raise InputError(f"chunk = {self.chunk}; a chunk has from 1 to 1,000,000 lanes")
        self._check_protocol()
        self._check_readouts()
        for axis in self.varied:
            if axis.values.ndim != 1:
                raise InputError(f"{axis.name} = {self.axes[axis.name]}; an axis is a list of one or more values")
            if len(np.unique(axis.values)) != len(axis.values) and not axis.dim:
                raise InputError(f"{axis.name} repeats a value; each position of an axis is one of its own")
        self._check_size()

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is computed: samples travel to a worker as the recipe that they are, and are drawn there."""
        return {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}

    def _check_protocol(self) -> None:
        train = self.protocol if isinstance(self.protocol, WindUp) else None
        if train is None and self.duration is None:
            raise InputError("give a duration: only a wind-up train brings its own")
        given = self.protocol if isinstance(self.protocol, (list, tuple)) else (self.protocol,)
        if any(getattr(one, "lanes", None) is not None for one in given):
            raise InputError("events of a sweep reach every lane; leave out their lanes=")
        if train and (np.ndim(train.frequency) or np.ndim(train.pulses)):
            raise InputError("the train has several rates or numbers of pulses; give those as axes of the sweep")
        for name in set(self.axes) & set(_PROTOCOL):
            if train is None:
                raise InputError(f"axis {name!r} is of a wind-up train, and the protocol is none")
            dataclasses.replace(train, **{name: self.axes[name]})

    def _check_readouts(self) -> None:
        allowed = self._allowed()
        if not self.readouts:
            raise InputError(f"no read-outs; there are {', '.join(allowed)}")
        for name in self.readouts:
            if name not in allowed:
                raise InputError(f"unknown read-out {name!r}{nearest(name, allowed)}")
        if len(set(self.readouts)) != len(self.readouts):
            raise InputError(f"read-outs {', '.join(self.readouts)}: one is there twice")

    def _allowed(self) -> dict[str, bool]:
        """Return the read-outs that there are, and whether each has a value for every pulse."""
        if not isinstance(self.protocol, WindUp):
            return {"spike_count": False}
        cell = self.model.cells[self.model.output] if isinstance(self.model, Circuit) else self.model
        return {"spike_count": False} | _TRAIN | dict.fromkeys(cell.summaries, True)

    def _check_size(self) -> None:
        if self.lanes > MOST_LANES or self.chunks > MOST_CHUNKS:
            raise InputError(
                f"{self.shown_size()} = {self.lanes:,} lanes in {self.chunks:,} chunks; a sweep has at most "
                f"{MOST_LANES:,} lanes and {MOST_CHUNKS:,} chunks: take fewer values, larger chunks, or several sweeps"
            )

    # --- geometry ----------------------------------------------------------------------------------------------------

    @cached_property
    def varied(self) -> tuple[Axis, ...]:
        """Every axis in order, columns of samples included, with SI values."""
        sampled = self.samples.columns() if self.samples else {}
        if misplaced := [name for name in (*_PROTOCOL, "seed") if name in sampled]:
            raise InputError(f"samples of {', '.join(misplaced)}; those are axes of their own")
        if twice := set(sampled) & set(self.axes):
            raise InputError(f"{', '.join(sorted(twice))}: both an axis and sampled")
        found = [dataclasses.replace(self._axis(name, values), dim="sample") for name, values in sampled.items()]
        found += [self._axis(name, values) for name, values in self.axes.items()]
        self._check_overlap(axis.name for axis in found)
        for axis in found:
            if axis.dimension in ("pulse", "status", *self.readouts):
                raise InputError(f"{axis.name} varies along {axis.dimension!r}, a name that the store uses itself")
        return tuple(found)

    def _axis(self, name: str, values: Any) -> Axis:
        if np.ndim(values) == 1 and len(values) == 0:
            raise InputError(f"axis {name!r} is empty; give one or more values")
        if name == "seed":
            return seed_axis(values)
        if name in _PROTOCOL and shared(values):
            raise InputError(f"{name} varies along {shared(values)!r}; it is an axis of its own")
        if name == "pulses":
            return Axis(name, np.asarray(values))
        if name == "frequency":
            return Axis(name, quantities.si(values, "Hz", name=name), "Hz")
        if self.is_gain(name):
            factors = quantities.si(values, "1", name=f"gain {name}")
            if np.any(factors < 0):
                raise InputError(f"gain {name} = {values}; a gain is 0 or more")
            return Axis(name, factors, dim=shared(values))
        if not self.entries(name):
            known = [*_PROTOCOL, "seed", *self.gains, *(p for c in self.cells for p in c.parameters)]
            raise ModelError(f"{self.model.name} has no parameter or gain {name!r}{nearest(name, known)}")
        return parameter_axes(self.model, {name: values})[0]

    @property
    def cells(self) -> tuple[Model, ...]:
        """Its cells: one, or those of a chain."""
        return tuple(self.model.cells.values()) if isinstance(self.model, Circuit) else (self.model,)

    @property
    def gains(self) -> Mapping[str, tuple[str, ...]]:
        """Groups of parameters that an axis may scale; chains of cells have none here."""
        return {} if isinstance(self.model, Circuit) else self.model.gains

    def entries(self, name: str) -> tuple[str, ...]:
        """Return the parameters that a name addresses."""
        return tuple(dict.fromkeys(key for cell in self.cells for key in cell.parameters.entries(name)))

    def is_gain(self, name: str) -> bool:
        """Whether an axis scales a group of parameters; a parameter of the same name comes first."""
        return name in self.gains and not self.entries(name)

    def scaled(self, gain: str) -> tuple[str, ...]:
        """Return the parameters that a gain scales."""
        return tuple(key for base in self.gains[gain] for key in self.entries(base))

    def _check_overlap(self, names: Iterator[str]) -> None:
        """Refuse two axes of which one would undo the other."""
        owner: dict[str, str] = {}
        for name in names:
            gain = self.is_gain(name)
            for key in self.scaled(name) if gain else self.entries(name):
                if not (gain and owner.get(key, "gain ").startswith("gain ")) and key in owner:
                    raise InputError(f"{name} and {owner[key].removeprefix('gain ')} both set {key}; keep one of them")
                owner[key] = f"gain {name}" if gain else name

    @cached_property
    def sizes(self) -> dict[str, int]:
        """Dimensions and their lengths."""
        return lengths(self.varied)

    @property
    def lanes(self) -> int:
        """Number of lanes."""
        return math.prod(self.sizes.values())

    @cached_property
    def piece(self) -> dict[str, int]:
        """Lengths of a chunk along every dimension: one run of the protocol, then whole last dimensions."""
        left, found = self.chunk, {}
        for dim, size in reversed(self.sizes.items()):
            longest = 1 if dim in _PROTOCOL else max(1, min(size, left))
            found[dim] = math.ceil(size / math.ceil(size / longest))
            left //= found[dim]
        return dict(reversed(found.items()))

    @property
    def grid(self) -> tuple[int, ...]:
        """Number of chunks along every dimension."""
        return tuple(math.ceil(size / self.piece[dim]) for dim, size in self.sizes.items())

    @property
    def chunks(self) -> int:
        """Number of chunks."""
        return math.prod(self.grid)

    def place(self, chunk: int) -> tuple[int, ...]:
        """Return the position of a chunk in the grid of chunks."""
        return tuple(int(k) for k in np.unravel_index(chunk, self.grid)) if self.grid else ()

    def region(self, chunk: int) -> dict[str, slice]:
        """Return what a chunk covers of every dimension."""
        pairs = zip(self.sizes.items(), self.place(chunk), strict=True)
        return {dim: slice(k * self.piece[dim], min((k + 1) * self.piece[dim], size)) for (dim, size), k in pairs}

    @property
    def pulses(self) -> int:
        """Largest number of pulses of a run; 0 without a train."""
        if not isinstance(self.protocol, WindUp):
            return 0
        return int(np.max(self.axes.get("pulses", self.protocol.pulses)))

    def per_pulse(self, readout: str) -> bool:
        """Whether a read-out has a value for every pulse."""
        return self._allowed()[readout]

    @property
    def bytes(self) -> int:
        """Bytes of the store at most, before compression: each chunk of a read-out is a file, and files fill blocks."""
        lanes = math.prod(self.piece.values())
        sizes = [8 * lanes * (self.pulses if self.per_pulse(name) else 1) for name in self.readouts]
        blocks = sum(math.ceil(size / _BLOCK) for size in (*sizes, lanes))
        return self.chunks * (_BLOCK * blocks + _ENTRY * len(sizes))

    def shown_size(self) -> str:
        """Return the dimensions and their lengths as text."""
        return " × ".join(f"{size:,} {dim}" for dim, size in self.sizes.items()) or "1"

    # --- identity ----------------------------------------------------------------------------------------------------

    @cached_property
    def identity(self) -> dict[str, str]:
        """Everything that determines the numbers and where they stand, as flat text; two sweeps differ where this does.

        The package's version is part of it: a store is finished by the version that began it.
        """
        cells = self.model.cells if isinstance(self.model, Circuit) else {"": self.model}
        found = {"model": self.model.name, "model_digest": " ".join(cell.digest for cell in cells.values())}
        for population, cell in cells.items():
            for name, p in cell.parameters.items():
                text = f"{p.number.tolist()} {p.unit}".strip() if p.si.ndim == 0 else digest_of(p.si)
                found[f"parameter {population}{'.' * bool(population)}{name}"] = text
        if isinstance(self.model, Circuit):
            names = ("projections", "afferents", "output", "dt")
            found["circuit"] = spell({name: getattr(self.model, name) for name in names})
        for name in ("protocol", "block", "duration", "dt"):
            found[name] = spell(getattr(self, name))
        for axis in self.varied:
            along = f" along {axis.dim}" if axis.dim else ""
            found[f"axis {axis.name}"] = f"{axis.values.size} values{along}, {ends(axis)}, {digest_of(axis.values)}"
        found["dimensions"] = " × ".join(f"{dim} {size}/{self.piece[dim]}" for dim, size in self.sizes.items())
        found |= {"readouts": " ".join(self.readouts), "engine": self.engine, "method": self.method or "default"}
        return found | {"nmdasim_version": version("nmdasim")}

    @property
    def digest(self) -> str:
        """Hash of the identity."""
        return hashlib.sha256(json.dumps(self.identity, sort_keys=True).encode()).hexdigest()[:16]
