"""A specification file: TOML in, :class:`Sweep` out. It is data; nothing in it is executed."""

from __future__ import annotations

import inspect
import tomllib
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any, TypeVar

from nmdasim import circuits, neurons
from nmdasim.errors import InputError, NmdasimError, nearest
from nmdasim.model import registry
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model
from nmdasim.protocols import WindUp, graded
from nmdasim.protocols.sensory import Conditioning, Pressure, Stimulus
from nmdasim.receptors.tonic import with_tonic
from nmdasim.sweep import tables
from nmdasim.sweep.specification import Sweep

_Made = TypeVar("_Made")

EXAMPLE = """\
# A sweep of the nmdasim library:  nmdasim sweep THIS.toml --out STORE
# Educational and research model. Not medical advice. Not for dosing decisions.
title = "Wind-up over ketamine and stimulus rate"

# What to keep of every lane: index, ratio, input, slope, area, spike_count, final.<state>, of networks rate
# (one number), early, late, of cells ca_peak, blocked (one number a pulse). Counts are of a window as long as
# the period: over rates compare index_rate and late_rate, in spikes per second.
readouts = ["index", "index_rate", "ratio", "input", "late"]
block = "equilibrated"        # or "washin"
# dt = "0.1 ms"               # engine, method and dt are the model's own unless given
# chunk = 1000                # lanes of one unit of work, at most

[model]
name = "wdr"                  # whatever nmdasim models lists: wdr, delrocq2023, aguiar2010, the network dorsal_horn
# set = {K_mg = "3 mM"}   # other values of parameters
# scale = {nmda = 0.5}        # factors of groups of parameters
# add = ["strength", "tonic_nmda"]        # strength of a volley as a parameter; the current of ambient glutamate
# options = {nmda = "lester_jahr1992"}   # what the model's function takes, as nm.neurons.wdr(nmda=…)

[protocol]                    # a wind-up train; of dorsal_horn: kind = "conditioning", "stimulus" or "pressure"
kind = "windup"
pulses = 15
frequency = "1 Hz"            # unless it is an axis

[axes]                        # every combination is a lane; in this order they are the dimensions
frequency = ["0.3 Hz", "1 Hz"]
ketamine = {from = "0.1 uM", to = "10 uM", points = 8, scale = "log"}   # free drug; or "100 ng/ml total"
seed = {first = 0, count = 20}

# [samples]                   # rows of parameters that vary together: the dimension "sample"
# method = "latin_hypercube"  # or "sobol", or "sensitivity" (for Sobol indices)
# points = 256
# seed = 0
# log = ["K_mg"]
# ranges = {K_mg = ["1 mM", "10 mM"]}
"""


def read(path: Path) -> Sweep:
    """Read a specification file.

    Raises
    ------
    InputError
        If it cannot be read, or anything in it is unknown, empty, of the wrong kind or dimension; the message names it.
    """
    return from_file(path, _sweep, "nmdasim sweep")


def from_file(path: Path, made: Callable[[Mapping[str, Any]], _Made], command: str) -> _Made:
    """Read a TOML file and make something of its content.

    Parameters
    ----------
    path
        The file.
    made
        What makes it; an error of the user's in it is told with the name of the file.
    command
        The command of which ``--example`` prints such a file.

    Raises
    ------
    InputError
        As :func:`read`.
    """
    again = f"'{command} --example' prints a specification"
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError(f"{path}: cannot be read ({reason}); {again}") from None
    except RecursionError:
        raise InputError(f"{path}: is nested too deeply; {again}") from None
    except (tomllib.TOMLDecodeError, ValueError) as error:
        raise InputError(f"{path}: is no TOML ({error}); {again}") from None
    try:
        if any(abs(number) > _LARGEST for number in _whole_numbers(content)):
            raise InputError("a number in it is too large to compute with")
        return made(content)
    except NmdasimError as error:
        raise InputError(f"{path.name}: {error}") from None


def _sweep(content: Mapping[str, Any]) -> Sweep:
    given = tables.specification(content)
    done = protocol(given.protocol)
    if not given.axes and not given.samples:
        raise InputError("there are no axes; give [axes], [samples] or both")
    axes = {name: tables.axis(name, values, done.varies.get(name)) for name, values in given.axes.items()}
    return Sweep(model(given.model), done, axes, given.samples, **given.options)


#: The largest whole number that a float holds.
_LARGEST = int(1.7e308)


def _whole_numbers(content: Any) -> Iterator[int]:
    match content:
        case dict():
            for item in content.values():
                yield from _whole_numbers(item)
        case list():
            for item in content:
                yield from _whole_numbers(item)
        case int():
            yield content


#: What ``[protocol]`` may be, by its ``kind``; other packages add theirs.
PROTOCOLS: Mapping[str, Callable[[], type]] = {
    "windup": lambda: WindUp,
    "conditioning": lambda: Conditioning,
    "stimulus": lambda: Stimulus,
    "pressure": lambda: Pressure,
}


def protocol(table: Mapping[str, Any]) -> Any:
    """Return what ``[protocol]`` says as a protocol of its ``kind``, by default a wind-up train.

    Raises
    ------
    InputError
        For a kind that there is not, or as :func:`nmdasim.sweep.tables.protocol`.
    """
    known: dict[str, Callable[[], Any]] = {**registry.entry_points(registry.PROTOCOLS), **PROTOCOLS}
    kind = table.get("kind", "windup")
    if not isinstance(kind, str) or kind not in known:
        raise InputError(f"unknown kind of protocol {kind!r}{nearest(str(kind), known)}")
    return tables.protocol({name: value for name, value in table.items() if name != "kind"}, known[kind]())


#: What ``[model] add`` may name: parts that a model of the catalogue lacks, each with parameters of its own.
ADDITIONS: Mapping[str, Callable[[Model | Circuit], Model | Circuit]] = {
    "strength": graded,
    "tonic_nmda": with_tonic,
}


def model(table: tables.ModelTable) -> Model | Circuit:
    """Return what ``[model]`` says: a model of the catalogue with its options, gains and values.

    Raises
    ------
    InputError, ModelError, UnitError
        For a model, an option, a parameter or a gain that there is not, or a value of the wrong dimension.
    """
    known = {**neurons.catalogue(), **circuits.CATALOGUE}
    if not isinstance(table.name, str) or table.name not in known:
        raise InputError(f"unknown model {table.name!r}{nearest(str(table.name), known)}")
    make = known[table.name]
    options = inspect.signature(make).parameters
    for name in table.options:
        if name not in options:
            raise InputError(f"[model] options: {table.name} has no option {name!r}{nearest(name, options)}")
    made = make(**table.options)
    for name in table.add or ():
        if name not in ADDITIONS:
            raise InputError(f"[model] add: unknown addition {name!r}{nearest(name, ADDITIONS)}")
        made = ADDITIONS[name](made)
    return made.scaled(**table.scale).replace(**table.set)
