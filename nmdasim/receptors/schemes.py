"""Published kinetic schemes by name, read from ``parameters/schemes.toml``."""

from __future__ import annotations

from nmdasim.errors import ModelError, nearest
from nmdasim.model.parameter import ParameterSet
from nmdasim.parameters import load, parameters_of, read_table
from nmdasim.receptors import magnesium
from nmdasim.receptors.scheme import Scheme, Transition


def names() -> tuple[str, ...]:
    """Return the names of the published schemes."""
    return tuple(read_table("schemes")["scheme"])


def scheme(name: str) -> Scheme:
    """Return a published scheme.

    Where a paper leaves magnesium out, the fast block of Jahr & Stevens 1990 acts on the open state.

    Parameters
    ----------
    name
        One of :func:`names`, ``"lester_jahr1992"``.

    Raises
    ------
    ModelError
        If there is no such scheme.
    """
    if name not in names():
        raise ModelError(f"unknown scheme {name!r}{nearest(name, names())}")
    table = read_table("schemes")
    entry = table["scheme"][name]
    topology = table["topology"][entry["topology"]]
    fast = "B_mg" in topology.get("free", "")
    return Scheme(
        name=name,
        states=tuple(topology["states"]),
        transitions=tuple(t for line in topology["transitions"] for t in Transition.parse(line)),
        conducting=topology["open"],
        parameters=_bath(fast=fast) | parameters_of(entry["parameters"]),
        definitions=magnesium.EQUATION if fast else topology.get("definitions", ""),
        free=topology.get("free", "1"),
        occupied=tuple(topology.get("occupied", ())),
        references=(*entry["references"], "jahr1990") if fast else tuple(entry["references"]),
        description=entry["description"],
    )


def _bath(*, fast: bool) -> ParameterSet:
    """Return magnesium (with the constants of its fast block, if that is used) and the reversal potential."""
    known = load("receptors", "magnesium")
    wanted = known if fast else ParameterSet({"mg": known["mg"]})
    return wanted | {"E_nmda": load("receptors", "nmda")["E_nmda"]}
