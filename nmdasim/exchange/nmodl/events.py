"""What an event does to a mechanism that was read: a port, or where connections hold something, a synapse."""

from __future__ import annotations

from typing import TYPE_CHECKING

from nmdasim.exchange.nmodl.algebra import names, operation
from nmdasim.exchange.nmodl.memory import expanded
from nmdasim.exchange.nmodl.names import equation_unit, in_brian, per
from nmdasim.exchange.nmodl.nodes import Expression, Name, Operation
from nmdasim.exchange.nmodl.refusal import NmodlError
from nmdasim.exchange.nmodl.units import Unit
from nmdasim.model.synapse import Synapse
from nmdasim.quantities import QuantityLike

if TYPE_CHECKING:
    from nmdasim.exchange.nmodl.assemble import Assembly


def ports(assembly: Assembly) -> dict[str, str]:
    """Return the port of a mechanism; none where connections hold something of their own."""
    jumps = assembly.made.jumps
    if jumps is None or not jumps.states or jumps.connection:
        return {}
    assembly.words["weight"] = per("weight", equation_unit(in_brian(_weight_unit(assembly))))
    added = {n: _increment(assembly, n, e) for n, e in jumps.states.items()}
    order = _readers_first(added, assembly.file.name)
    return {assembly.file.name: "; ".join(f"{assembly.state(n)} += {assembly.text(added[n])}" for n in order)}


def synapse(assembly: Assembly, weight: QuantityLike) -> Synapse:
    """Return what a connection holds and does at a spike.

    Raises
    ------
    NmodlError
        If a connection holds nothing: then the mechanism has a port.
    """
    jumps = assembly.made.jumps
    if jumps is None or not jumps.connection:
        raise NmodlError("a connection holds nothing of its own here; give port= to the projection, of the mechanism")
    assembly.assembled()
    found = _weight_unit(assembly)
    unit = equation_unit(in_brian(found))
    own = {name: assembly.called(f"{name} ") for name in (jumps.weight, *jumps.connection)}
    assembly.words |= {f"{name}@connection": own[name] for name in jumps.connection}
    assembly.words["weight"] = per(own[jumps.weight], unit)
    leaves = {f"{name}@connection" for name in jumps.connection}

    def text(e: Expression) -> str:
        return assembly.text(expanded(e, assembly.made.definitions, leaves))

    sent = [f"{assembly.state(n)}_post += {text(_increment(assembly, n, e))}" for n, e in jumps.states.items()]
    held = [f"{own[n]}_after = {text(e)}" for n, e in jumps.connection.items()]
    kept = [f"{own[n]} = {own[n]}_after" for n in jumps.connection]
    variables = [f"{own[jumps.weight]} : {found.text}"]
    variables += [f"{name} : 1" for n in jumps.connection for name in (own[n], f"{own[n]}_after")]
    return Synapse(
        f"{assembly.file.name}_connection",
        "\n".join(variables),
        initial={own[n]: text(e) for n, e in jumps.begins.items()} | {own[jumps.weight]: weight},
        on_pre="\n".join([*sent, *held, *kept]),
    )


def _weight_unit(assembly: Assembly) -> Unit:
    jumps, routine = assembly.made.jumps, assembly.file.routines["NET_RECEIVE"]
    return assembly.units.read(jumps.unit if jumps else "", routine.place)


def _increment(assembly: Assembly, name: str, after: Expression) -> Expression:
    """Return what is added to a state; ``g + w`` less ``g`` is w."""
    after = expanded(after, assembly.made.definitions, {name})
    match after:
        case Operation(operator="+", operands=(Name(name=n), b)) if n == name:
            return b
        case Operation(operator="+", operands=(a, Name(name=n))) if n == name:
            return a
    return operation("-", after, Name(name))


def _readers_first(added: dict[str, Expression], name: str) -> list[str]:
    """Return states in an order in which no increment reads what an earlier one has changed."""
    left, order = dict(added), []
    while left:
        free = next((n for n in left if not any(n in set(names(e)) for other, e in left.items() if other != n)), None)
        if free is None:
            raise NmodlError(f"NET_RECEIVE of {name} changes states by each other's values, which a port cannot")
        order.append(free)
        del left[free]
    return order
