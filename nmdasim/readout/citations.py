"""Citations computed from what was run."""

from __future__ import annotations

from typing import Any

import xarray as xr

from nmdasim.errors import InputError, plainly
from nmdasim.model.circuit import Circuit
from nmdasim.model.model import Model
from nmdasim.parameters import bibliography


@plainly
def citations(what: Any) -> str:
    """Return the BibTeX of exactly the models and parameters behind a result, a model or a circuit.

    Parameters
    ----------
    what
        A result of :func:`nmdasim.run.simulate`, a :class:`Model` or a :class:`Circuit`.

    Raises
    ------
    InputError
        If it is none of these.
    """
    entries = bibliography()
    return "\n\n".join(entries[key] for key in dict.fromkeys(_keys(what)) if key in entries)


def _keys(what: Any) -> list[str]:
    if isinstance(what, Circuit):
        return [*what.references, *(key for cell in what.cells.values() for key in _keys(cell))]
    if isinstance(what, Model):
        return [*what.references, *(p.source.split(" ")[0] for p in what.parameters.values())]
    if not isinstance(what, xr.Dataset | xr.DataArray) or "references" not in what.attrs:
        raise InputError(
            f"citations are of a result, a model or a circuit; a {type(what).__name__} names no references"
        )
    return [key.split(" ")[0] for key in str(what.attrs["references"]).split()]
