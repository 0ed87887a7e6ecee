"""A sweep as a value: model, protocol, axes and read-outs, checked on construction."""

from __future__ import annotations

import dataclasses
import itertools
import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any

import numpy as np

from nmdasim import engines, quantities
from nmdasim.errors import InputError, ModelError, answering, nearest, plainly
from nmdasim.model.circuit import Circuit, circuit_of, owners_of
from nmdasim.model.identity import digest, versions
from nmdasim.model.model import Model
from nmdasim.model.spelling import spell
from nmdasim.model.synapse import Synapse
from nmdasim.parameters import concentrations
from nmdasim.protocols import WindUp
from nmdasim.protocols.given import protocol_of
from nmdasim.quantities import QuantityLike
from nmdasim.receptors.blockers import known as drugs
from nmdasim.receptors.dosing import dosed
from nmdasim.run.axes import Axis, lengths, parameter_axes, protocol_axis, seed_axis, shared, with_units
from nmdasim.sweep import gains, kept
from nmdasim.sweep.identity import VERSION, identity
from nmdasim.sweep.samples import Samples
from nmdasim.sweep.shown import sweep as html

__all__ = ["Samples", "Sweep"]

#: Beyond these a sweep is a slip of the keyboard, or a matter for several stores.
MOST_LANES, MOST_CHUNKS = 10_000_000_000, 2_000_000
#: Neurons of one unit of work where the sweep does not say how many lanes it has, and lanes that it has at least.
_NEURONS, _FEWEST = 1000, 8
#: Values of an axis of the protocol that are tried one by one; of more, both ends.
_TRIED = 1000
#: Bytes of a block of the disk, and of what the journal says of a file.
_BLOCK, _ENTRY = 4096, 60


@answering
@dataclass(frozen=True, eq=False)
class Sweep:
    """What to run: every combination of the axes, each a lane; of a network, each an instance.

    Parameters
    ----------
    model
        A neuron, a chain of neurons, or a network.
    protocol
        Whatever :func:`nmdasim.run.simulate` takes: a train, events, several of them, sources of a circuit's inputs,
        a protocol of your own; one that does not say how long it lasts needs a `duration`.
    axes
        ``{name: values}`` in the order of the dimensions: what the protocol varies, as ``"frequency"`` and ``"pulses"``
        of a train; ``"seed"``; a parameter of the model; the key of a drug, which the model's NMDA receptors then know;
        or one of its gains (factors that scale a group of parameters).
    samples
        Rows of parameters that vary together; they become the first dimension, ``sample``.
    readouts
        What to keep of each lane: ``spike_count``, of networks ``rate``; ``final.<state>``, a state at the end; under a
        protocol with windows also the read-outs of :func:`nmdasim.readout.measures.windup`, and of cells and chains the
        model's own summaries. Of a network all are those of its output population.
    block, duration, dt, method, engine
        As :func:`nmdasim.run.simulate` takes them.
    chunk
        Lanes of one unit of work, at most; by default 1000 neurons, of a network 8 instances or more.
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
    chunk: int | None = None
    title: str = ""

    @plainly
    def __post_init__(self) -> None:
        names = [self.readouts] if isinstance(self.readouts, str) else self.readouts
        object.__setattr__(self, "readouts", tuple(names))
        if self.chunk is not None and (not isinstance(self.chunk, int) or not 1 <= self.chunk <= 1_000_000):
            raise InputError(f"chunk = {self.chunk}; a chunk has from 1 to 1,000,000 lanes")
        named = [*self.axes, *(self.samples.ranges if self.samples else ())]
        object.__setattr__(self, "model", dosed(self.model, [name for name in named if name in drugs()]))
        self._check_protocol()
        for axis in self.varied:
            if axis.values.ndim != 1:
                raise InputError(f"{axis.name} = {self.axes[axis.name]}; an axis is a list of one or more values")
            if len(np.unique(axis.values)) != len(axis.values) and not axis.dim:
                raise InputError(f"{axis.name} repeats a value; each position of an axis is one of its own")
        if self.duration is None and self.first.duration is None:
            raise InputError("give a duration: this protocol brings none of its own")
        self._check_readouts()
        self._check_size()

    def __repr__(self) -> str:
        return f"<Sweep of {self.model.name}: {self.shown_size()} = {quantities.several(self.lanes, 'lane')}>"

    def _repr_html_(self) -> str:
        return html(self)

    def __getstate__(self) -> dict[str, Any]:
        """Leave out what is computed: samples travel to a worker as the recipe that they are, and are drawn there."""
        return {one.name: getattr(self, one.name) for one in dataclasses.fields(self)}

    def _check_protocol(self) -> None:
        parts = getattr(self.done_to, "parts", (self.done_to,))
        if any(getattr(one, "lanes", None) is not None for one in parts):
            raise InputError("events of a sweep reach every lane; leave out their lanes=")
        if several := list(self.done_to.axes):
            raise InputError(
                f"the protocol has several values of {', '.join(several)}; give those as axes of the sweep"
            )

    def _check_readouts(self) -> None:
        if not self.readouts:
            raise InputError(f"no read-outs; there are {kept.told(self.offered)}")
        for name in self.readouts:
            if name not in self.offered:
                raise InputError(f"unknown read-out {name!r}{nearest(name, self.offered)}")
        if len(set(self.readouts)) != len(self.readouts):
            raise InputError(f"read-outs {', '.join(self.readouts)}: one is there twice")

    def _check_size(self) -> None:
        if self.lanes > MOST_LANES or self.chunks > MOST_CHUNKS:
            raise InputError(
                f"{self.shown_size()} = {self.lanes:,} lanes in {self.chunks:,} chunks; a sweep has at most "
                f"{MOST_LANES:,} lanes and {MOST_CHUNKS:,} chunks: take fewer values, larger chunks, or several sweeps"
            )

    # --- what is done ------------------------------------------------------------------------------------------------

    @cached_property
    def done_to(self) -> Any:
        """What is done to the model, as a protocol."""
        return protocol_of(self.protocol)

    def variants(self) -> Iterator[Any]:
        """Yield the protocol with every combination of the values that the axes give it."""
        axes = [axis for axis in self.varied if axis.name in self.done_to.varies]
        for values in itertools.product(*(axis.values for axis in axes)):
            yield self.variant(dict(zip((axis.name for axis in axes), values, strict=True)))

    def variant(self, point: Mapping[str, Any]) -> Any:
        """Return the protocol with single values, in SI units, of what the axes vary."""
        return self.done_to.at(**point) if point else self.done_to

    @property
    def first(self) -> Any:
        """The first of the variants."""
        return next(self.variants())

    @cached_property
    def offered(self) -> dict[str, bool]:
        """The read-outs that there are, and whether each has a value for every pulse."""
        return kept.offered(self.model, self.first)

    @property
    def neurons(self) -> int:
        """Neurons of one lane."""
        return sum(population.size for population in circuit_of(self.model).populations.values())

    # --- geometry ----------------------------------------------------------------------------------------------------

    @cached_property
    def varied(self) -> tuple[Axis, ...]:
        """Every axis in order, columns of samples included, with SI values."""
        sampled = self.samples.columns() if self.samples else {}
        if misplaced := [name for name in (*self.done_to.varies, "seed") if name in sampled]:
            raise InputError(f"samples of {', '.join(misplaced)}; those are axes of their own")
        if twice := set(sampled) & set(self.axes):
            raise InputError(f"{', '.join(sorted(twice))}: both an axis and sampled")
        found = [self._sampled(name, values) for name, values in sampled.items()]
        found += [self._axis(name, values) for name, values in self.axes.items()]
        self._check_overlap(axis.name for axis in found)
        for axis in found:
            if axis.dimension in ("pulse", "status", *self.readouts):
                raise InputError(f"{axis.name} varies along {axis.dimension!r}, a name that the store uses itself")
        return tuple(found)

    def _sampled(self, name: str, values: Any) -> Axis:
        """Return a column of the samples, in the unit in which its range is written."""
        given = concentrations.named(name, self.samples.ranges[name] if self.samples else ())
        self._axis(name, given)  # what is wrong with the range is said of the range
        axis = dataclasses.replace(self._axis(name, values), dim="sample")
        return dataclasses.replace(axis, unit=quantities.written_unit(given) or axis.unit)

    def _axis(self, name: str, values: Any) -> Axis:
        if np.ndim(values) == 1 and len(values) == 0:
            raise InputError(f"axis {name!r} is empty; give one or more values")
        if name == "seed":
            return seed_axis(values)
        if name in self.done_to.varies:
            return self._protocol_axis(name, values, self.done_to.varies[name])
        if self.is_gain(name):
            factors = quantities.si(with_units(name, values, plain=True), "1", name=f"gain {name}")
            if np.any(factors < 0):
                raise InputError(f"gain {name} = {values}; a gain is 0 or more")
            return Axis(name, factors, dim=shared(values))
        if not self.entries(name):
            own = [key for owner in self.owners for key in owner.parameters]
            known = dict.fromkeys([*self.done_to.varies, "seed", *self.gains, *own, *drugs()])
            raise ModelError(f"{self.model.name} has no parameter or gain {name!r}{nearest(name, known)}")
        return parameter_axes(self.model, {name: concentrations.named(name, values)})[0]

    def _protocol_axis(self, name: str, values: Any, unit: str) -> Axis:
        if shared(values) not in ("", name):
            raise InputError(f"{name} varies along {shared(values)!r}; it is an axis of its own")
        if self.entries(name):
            raise InputError(
                f"{name} is an argument of the protocol and a parameter of the model; an axis is one thing"
            )
        plain = unit in ("", "1")
        table = np.asarray(values) if plain else quantities.si(with_units(name, values), unit, name=name)
        for value in table.ravel() if table.size <= _TRIED else np.unique(table)[[0, -1]]:
            self.done_to.at(**{name: value})
        return protocol_axis(self.done_to, name, table, values)

    @property
    def owners(self) -> tuple[Model | Synapse, ...]:
        """What has parameters: the cell, or the cells of a circuit and the synapses of its projections."""
        return tuple(owners_of(self.model).values())

    @cached_property
    def gains(self) -> Mapping[str, tuple[str, ...]]:
        """Groups of parameters that an axis may scale."""
        return gains.groups(self.model)

    def entries(self, name: str) -> tuple[str, ...]:
        """Return the parameters that a name addresses."""
        return tuple(dict.fromkeys(key for owner in self.owners for key in owner.parameters.entries(name)))

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
        left, found = self.chunk or max(_NEURONS // self.neurons, _FEWEST), {}
        for dim, size in reversed(self.sizes.items()):
            longest = 1 if dim in self.done_to.varies else max(1, min(size, left))
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

    @cached_property
    def pulses(self) -> int:
        """Largest number of windows, such as pulses, of a run; 0 of a protocol that has none."""
        return max(max(len(one.windows) - 1, 0) for one in self.variants())

    @cached_property
    def given_seconds(self) -> float | None:
        """The time that every lane lasts, where the sweep says it."""
        return None if self.duration is None else quantities.number(self.duration, "ms", name="duration")

    @cached_property
    def seconds(self) -> float:
        """Mean time that a lane lasts."""
        if self.given_seconds is not None:
            return self.given_seconds
        return float(np.mean([one.duration for one in self.variants()]))

    def per_pulse(self, readout: str) -> bool:
        """Whether a read-out has a value for every pulse."""
        return self.offered[readout]

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

        The versions of the libraries and the package's own source are part of it: a store is finished by what began it.
        """
        found = identity(self.model, self.varied)
        found |= {name: spell(getattr(self, name)) for name in ("protocol", "block", "duration", "dt")}
        found["dimensions"] = " × ".join(f"{dim} {size}/{self.piece[dim]}" for dim, size in self.sizes.items())
        found |= {"readouts": " ".join(self.readouts), "engine": self.engine, "method": self.method or "default"}
        return found | {f"{VERSION}{name}": text for name, text in versions().items()}

    @property
    def digest(self) -> str:
        """Hash of the identity."""
        return digest(self.identity)
