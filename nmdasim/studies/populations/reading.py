"""A population of models as a file: TOML in, :class:`Population` out. It is data; nothing in it is executed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from nmdasim.errors import InputError
from nmdasim.studies.populations.asked import Check, Population
from nmdasim.studies.populations.multiple import Multiple
from nmdasim.sweep import reading, tables

EXAMPLE = """\
# A population of models:  nmdasim population THIS.toml --out STORE
# Educational and research model. Not medical advice. Not for dosing decisions.
title = "How much wind-up do plausible models lose?"
draws = 2000
seed = 0
# sampling = "latin_hypercube"   # or "sobol", or "sensitivity" (for Sobol indices); both take a power of 2
# pilot = 256                    # draws that are run first: bands that none of them meets are refused
# seeds = 16                     # different draws of latencies, one a draw in turn
dt = "0.2 ms"                    # block, duration, engine and method are as in a sweep
answers = ["index", "input"]     # read-outs whose loss is told: what the train adds, and the first response
log = ["dissociation"]           # ranges whose logarithm is uniform

[model]
name = "wdr"                     # whatever nmdasim models lists
# options = {subtype = "2B"}     # what the model's function takes
# set = {mg = "1.2 mM"}
# scale = {nmda = 0.9}

[protocol]
kind = "windup"
frequency = "1 Hz"
pulses = 15

[ranges]                         # values of a parameter, or factors of a gain or of a group
mg = ["0.7 mM", "1.3 mM"]
nmda = [0.5, 2]
can = [0.5, 1.5]
dissociation = [0.5, 2]

[groups]                         # what a factor of this name scales
dissociation = ["K_ketamine"]    # the constant K: a factor of 2 binds half as well

[accept]                         # bands of data that a draw has to meet without drug
ratio = [1.5, 4]
input = [5, 30]

# [multiple]                     # every draw at a multiple of its own threshold for one stimulus
# times = 1.2                    # needs [model] add = ["strength"]

[[checks]]                       # further tests of those that passed, in order
name = "hardly any without NMDA receptors"
set = {nmda = 0}                 # a gain (factor of the model's own values) or a parameter
accept = {ratio = [0, 1.3]}

# [[checks]]
# name = "no wind-up at 0.1 Hz"
# protocol = {kind = "windup", frequency = "0.1 Hz", pulses = 3}
# accept = {ratio = [0, 1.3]}

[doses]                          # what those that are left are asked: free drug at the receptor
ketamine = ["0.1 uM", "0.3 uM", "1 uM"]
"""


@dataclass(frozen=True)
class _Check:
    """``[[checks]]``."""

    accept: dict[str, Any]
    name: str = "check"
    protocol: dict[str, Any] | None = None
    set: dict[str, Any] = field(default_factory=dict)


@dataclass(frozen=True)
class _File:
    """A whole file."""

    ranges: dict[str, Any]
    accept: dict[str, Any]
    model: tables.ModelTable = field(default_factory=tables.ModelTable)
    protocol: dict[str, Any] = field(default_factory=dict)
    groups: dict[str, Any] = field(default_factory=dict)
    shares: tuple[str, ...] | None = None
    multiple: Multiple | None = None
    checks: list[_Check] = field(default_factory=list)
    doses: dict[str, Any] | None = None
    draws: int | None = None
    seed: int | None = None
    sampling: str | None = None
    log: tuple[str, ...] | None = None
    answers: tuple[str, ...] | None = None
    seeds: int | None = None
    pilot: int | None = None
    block: str | None = None
    duration: str | None = None
    dt: str | None = None
    method: str | None = None
    engine: str | None = None
    chunk: int | None = None
    title: str | None = None


def read(path: Path) -> Population:
    """Read a specification file.

    Raises
    ------
    InputError
        If it cannot be read, or anything in it is unknown, empty, of the wrong kind or dimension; the message names it.
    """
    return reading.from_file(path, population, "nmdasim population")


def population(content: Mapping[str, Any]) -> Population:
    """Return what a specification says.

    Raises
    ------
    InputError, ModelError, UnitError
        For anything unknown, empty, of the wrong kind or dimension.
    """
    given = dict(content)
    if isinstance(given.get("model"), str):
        given["model"] = {"name": given["model"]}
    for name in ("model", "protocol", "ranges", "accept", "groups", "doses"):
        if name in given and not isinstance(given[name], Mapping):
            raise InputError(f"{name} = {given[name]!r}; it is a table, [{name}]")
    if not isinstance(given.get("checks", []), list):
        raise InputError("checks is a list of tables, each [[checks]]")
    told = tables.said(tables.structured(given, _File, ""))
    done = reading.protocol(told.pop("protocol"))
    groups = {name: _names(name, entries) for name, entries in told.pop("groups").items()}
    if "doses" in told:
        told["doses"] = {name: tables.axis(name, v, done.varies.get(name)) for name, v in told["doses"].items()}
    checks = tuple(
        Check(one.accept, reading.protocol(one.protocol) if one.protocol is not None else None, one.set, one.name)
        for one in told.pop("checks")
    )
    return Population(reading.model(told.pop("model")), done, groups=groups, checks=checks, **told)


def _names(group: str, entries: Any) -> tuple[str, ...]:
    if isinstance(entries, str) or not isinstance(entries, list) or not all(isinstance(one, str) for one in entries):
        raise InputError(f"group {group} = {entries!r}; it is a list of names of parameters")
    return tuple(entries)
