"""A .mod file → a Mechanism; and what a connection onto it holds → a Synapse."""

from __future__ import annotations

import dataclasses
import os
from collections.abc import Mapping
from pathlib import Path

from nmdasim.errors import plainly
from nmdasim.exchange.nmodl.assemble import Assembled, Assembly, assembled
from nmdasim.exchange.nmodl.equations import Equations, equations
from nmdasim.exchange.nmodl.events import synapse
from nmdasim.exchange.nmodl.follow import tables
from nmdasim.exchange.nmodl.nodes import File
from nmdasim.exchange.nmodl.parse import parse, text_of
from nmdasim.exchange.nmodl.refusal import NmodlError
from nmdasim.language import names as text
from nmdasim.model.mechanism import Mechanism
from nmdasim.model.parameter import ParameterSet
from nmdasim.model.synapse import Synapse
from nmdasim.quantities import QuantityLike


@plainly
def read_nmodl(path: str | os.PathLike[str], ions: Mapping[str, str] | None = None) -> Mechanism:
    """Read a mechanism of NEURON's from its NMODL file.

    Nothing in the file is executed. Every number of PARAMETER becomes a parameter in the file's unit, whose source is
    the file and the line, and that nobody has verified. Names of the file's own bear its SUFFIX, ``gnabar_hh``, as they
    do in NEURON; ``v``, ``celsius`` and the variables of ions (``ek``, ``cai``) are shared by all. Currents are
    positive inward, as everywhere here: ``I_k_hh`` is the negative of the file's ``ik``.

    Parameters
    ----------
    path
        The file.
    ions
        What the cell calls variables of ions that it has already, ``{"ek": "E_k", "cai": "ca"}``; without it the
        mechanism brings them along as parameters.

    Returns
    -------
    Mechanism
        For ``model.with_(mechanism, at="dendrite")``. A POINT_PROCESS with NET_RECEIVE has a port of its name.

    Raises
    ------
    NmodlError
        With file, line and column, for what is not read.
    """
    mechanism = loaded(Path(path))[2].mechanism
    if not ions:
        return mechanism
    unknown = next((name for name in ions if name not in text.used(mechanism.equations)), None)
    if unknown is not None:
        raise NmodlError(f"ions: the mechanism uses no {unknown!r}", file=Path(path).name)
    renamed = mechanism.renamed(ions)
    kept = {name: p for name, p in renamed.parameters.items() if name not in ions.values()}
    return dataclasses.replace(renamed, parameters=ParameterSet(kept))


def loaded(path: Path) -> tuple[File, Equations, Assembled]:
    """Return a file parsed, its equations, and the mechanism that they make.

    Raises
    ------
    NmodlError
        With file, line and column, for what is not read.
    """
    try:
        file = parse(text_of(path), path.name)
        made = equations(file)
        mechanism = assembled(file, made, path.name)
        tables(file)
        return file, made, mechanism
    except NmodlError as error:
        raise (error if error.file else error.within(path.name)) from None
    except RecursionError:
        raise NmodlError("is nested too deeply to be read; write it flat", file=path.name) from None


@plainly
def read_nmodl_synapse(path: str | os.PathLike[str], weight: QuantityLike) -> Synapse:
    """Read what every connection onto a POINT_PROCESS holds, and what a spike does, from its NET_RECEIVE.

    For a file whose NET_RECEIVE has arguments beside the weight that last from spike to spike, as those of short-term
    plasticity; such a mechanism has no port, and a projection takes this in its place.

    Parameters
    ----------
    path
        The file.
    weight
        Weight of a connection, in the unit that the file gives it; a plain number, in NEURON's sense, where it gives
        none.

    Returns
    -------
    Synapse
        For ``nm.Projection(…, synapse=…)`` onto a cell that has the mechanism of the same file.

    Raises
    ------
    NmodlError
        With file, line and column, for what is not read, or if connections hold nothing.
    """
    file, made, _ = loaded(Path(path))
    try:
        return synapse(Assembly(file, made, Path(path).name), weight)
    except NmodlError as error:
        raise error.within(Path(path).name) from None
