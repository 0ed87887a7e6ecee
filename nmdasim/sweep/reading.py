"""A specification file: TOML in, :class:`Sweep` out. It is data; nothing in it is executed."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from brian2 import Quantity
from brian2.units.fundamentalunits import get_dimensions

from nmdasim import neurons, quantities
from nmdasim.errors import InputError, nearest
from nmdasim.protocols import WindUp
from nmdasim.sweep.samples import MOST, Samples
from nmdasim.sweep.specification import Sweep

_TOP = ("title", "model", "protocol", "axes", "samples", "readouts", "block", "dt", "method", "engine", "chunk")
_MODEL = ("name", "set", "scale")
_PROTOCOL = ("frequency", "pulses", "start", "burst", "burst_interval")
_GRID = ("from", "to", "points", "scale")
_SEEDS = ("first", "count")
_SAMPLES = ("method", "points", "seed", "log", "ranges")

EXAMPLE = """\
# A sweep of the nmdasim library:  nmdasim sweep THIS.toml --out STORE
# Educational and research model. Not medical advice. Not for dosing decisions.
title = "Wind-up over ketamine and stimulus rate"

# What to keep of every lane: index, ratio, input, slope, area, spike_count (one number),
# early, late, ca_peak, blocked (one number a pulse).
readouts = ["index", "ratio", "input", "late"]
block = "equilibrated"        # or "washin"
# dt = "0.1 ms"               # engine, method and dt are the model's own unless given
# chunk = 1000                # lanes of one unit of work, at most

[model]
name = "wdr"                  # wdr, delrocq2023 or aguiar2010
# set = {K_mg = "3 mmolar"}   # other values of parameters
# scale = {nmda = 0.5}        # factors of groups of parameters

[protocol]                    # a wind-up train
pulses = 15
frequency = "1 Hz"            # unless it is an axis

[axes]                        # every combination is a lane; in this order they are the dimensions
frequency = ["0.3 Hz", "1 Hz"]
ketamine = {from = "0.1 uM", to = "10 uM", points = 8, scale = "log"}
seed = {first = 0, count = 20}

# [samples]                   # rows of parameters that vary together: the dimension "sample"
# method = "latin_hypercube"  # or "sobol", or "sensitivity" (for Sobol indices)
# points = 256
# seed = 0
# log = ["K_mg"]
# ranges = {K_mg = ["1 mmolar", "10 mmolar"]}
"""


def read(path: Path) -> Sweep:
    """Read a specification file.

    Raises
    ------
    InputError
        If it cannot be read, or anything in it is unknown, empty, of the wrong kind or dimension; the message names it.
    """
    try:
        content = tomllib.loads(path.read_text("utf-8"))
    except (OSError, UnicodeDecodeError) as error:
        reason = getattr(error, "strerror", None) or "it is no text"
        raise InputError(
            f"{path}: cannot be read ({reason}); 'nmdasim sweep --example' prints a specification"
        ) from None
    except tomllib.TOMLDecodeError as error:
        raise InputError(f"{path}: is no TOML ({error}); 'nmdasim sweep --example' prints a specification") from None
    try:
        return _sweep(content)
    except OverflowError:
        raise InputError(f"{path.name}: a number in it is too large to compute with") from None
    except (TypeError, ValueError) as error:
        raise InputError(f"{path.name}: {error}") from None


def _sweep(content: Mapping[str, Any]) -> Sweep:
    _strict(content, _TOP, "the specification")
    options = {
        key: _typed(content, key, str, key) for key in ("title", "block", "dt", "method", "engine") if key in content
    }
    if "chunk" in content:
        options["chunk"] = _typed(content, "chunk", int, "chunk")
    if "readouts" in content:
        options["readouts"] = tuple(_texts(content["readouts"], "readouts"))
    protocol = _table(content, "protocol", _PROTOCOL)
    axes = {name: _axis(name, given) for name, given in _table(content, "axes").items()}
    samples = _samples(content["samples"]) if "samples" in content else None
    if not axes and not samples:
        raise InputError("there are no axes; give [axes], [samples] or both")
    return Sweep(_model(content), WindUp(**protocol), axes, samples, **options)


def _model(content: Mapping[str, Any]) -> Any:
    given = content.get("model", "wdr")
    table = {"name": given} if isinstance(given, str) else _table(content, "model", _MODEL)
    name = table.get("name", "wdr")
    known = neurons.catalogue()
    if not isinstance(name, str) or name not in known:
        raise InputError(f"unknown model {name!r}{nearest(str(name), known)}")
    factors, values = (_table(table, key) for key in ("scale", "set"))
    for key, factor in factors.items():
        if isinstance(factor, bool) or not isinstance(factor, (int, float)):
            raise InputError(f"scale {key} = {factor!r}; a factor is a number")
    for key, value in values.items():
        if isinstance(value, bool) or not isinstance(value, (int, float, str)):
            raise InputError(f"set {key} = {value!r}; a value is a number or text, as in '3 mM'")
    return known[name]().scaled(**{key: float(factor) for key, factor in factors.items()}).replace(**values)


def _axis(name: str, given: Any) -> Any:
    if isinstance(given, Mapping):
        return _seeds(given) if name == "seed" else _grid(name, given)
    if not isinstance(given, list):
        raise InputError(f"axis {name} = {given!r}; an axis is a list, or {{from, to, points, scale}}")
    if not given:
        raise InputError(f"axis {name!r} is empty; give one or more values")
    whole = name in ("seed", "pulses")
    for item in given:
        if isinstance(item, bool) or not isinstance(item, int if whole else (int, float, str)):
            raise InputError(f"axis {name}: {item!r} is no {'whole number' if whole else 'number or text'}")
    return given if whole else quantities.quantity(given) if any(isinstance(i, str) for i in given) else np.array(given)


def _seeds(given: Mapping[str, Any]) -> np.ndarray:
    _strict(given, _SEEDS, "axis seed")
    first = _typed(given, "first", int, "axis seed: first") if "first" in given else 0
    count = _count(given, "count", "axis seed")
    return np.arange(first, first + count)


def _grid(name: str, given: Mapping[str, Any]) -> Quantity:
    _strict(given, _GRID, f"axis {name}")
    if missing := [key for key in _GRID[:3] if key not in given]:
        raise InputError(f"axis {name}: {', '.join(missing)} missing; write {{from, to, points, scale}}")
    for end in ("from", "to"):
        if isinstance(given[end], bool) or not isinstance(given[end], (int, float, str)):
            raise InputError(f"axis {name}: {end} = {given[end]!r} is no number or text")
    ends = quantities.quantity([given["from"], given["to"]])
    low, high = np.asarray(ends, dtype=float)
    points, scale = _count(given, "points", f"axis {name}"), given.get("scale", "linear")
    if scale not in ("linear", "log"):
        raise InputError(f"axis {name}: scale = {scale!r}{nearest(str(scale), ('linear', 'log'))}")
    if not np.all(np.isfinite([low, high])):
        raise InputError(f"axis {name}: from {given['from']} to {given['to']}; give finite numbers")
    if scale == "log" and not (low > 0 and high > 0):
        raise InputError(f"axis {name}: from {given['from']} to {given['to']}; a logarithmic scale is above 0")
    values = np.geomspace(low, high, points) if scale == "log" else np.linspace(low, high, points)
    return Quantity(values, dim=get_dimensions(ends))


def _samples(given: Any) -> Samples:
    table = _table({"samples": given}, "samples", _SAMPLES)
    if "points" not in table or "ranges" not in table:
        raise InputError("samples: points or ranges missing; write points = 256 and ranges = {NAME = [LOW, HIGH]}")
    ranges = _table(table, "ranges")
    for key, kind in (("method", str), ("seed", int)):
        if key in table:
            _typed(table, key, kind, f"samples: {key}")
    if table.get("seed", 0) < 0:
        raise InputError(f"samples: seed = {table['seed']}; a seed is a whole number from 0 upward")
    log = tuple(_texts(table.pop("log", []), "log of samples"))
    return Samples(**(table | {"ranges": ranges, "log": log, "points": _count(table, "points", "samples")}))


def _count(given: Mapping[str, Any], key: str, where: str) -> int:
    if key not in given:
        raise InputError(f"{where}: {key} missing")
    count: int = _typed(given, key, int, f"{where}: {key}")
    if not 1 <= count <= MOST:
        raise InputError(f"{where}: {key} = {count:,}; give from 1 to {MOST:,}")
    return count


def _table(given: Mapping[str, Any], key: str, known: tuple[str, ...] = ()) -> dict[str, Any]:
    table = given.get(key, {})
    if not isinstance(table, Mapping):
        raise InputError(f"{key} = {table!r}; it is a table, [{key}]")
    if known:
        _strict(table, known, f"[{key}]")
    return dict(table)


def _strict(table: Mapping[str, Any], known: tuple[str, ...], where: str) -> None:
    for key in table:
        if key not in known:
            raise InputError(f"unknown key {key!r} in {where}{nearest(key, known)}")


def _texts(given: Any, where: str) -> list[str]:
    if not isinstance(given, list) or not all(isinstance(item, str) for item in given):
        raise InputError(f"{where} = {given!r}; it is a list of names")
    return given


def _typed(given: Mapping[str, Any], key: str, kind: type, where: str) -> Any:
    value = given[key]
    if isinstance(value, bool) or not isinstance(value, kind):
        raise InputError(f"{where} = {value!r}; it is a {'whole number' if kind is int else 'text'}")
    return value
