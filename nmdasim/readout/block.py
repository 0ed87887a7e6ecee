"""The share of receptors that a drug blocks, of one kind of receptor or of a mixture of subtypes."""

from __future__ import annotations

import json

import xarray as xr

from nmdasim import quantities

#: Parameters that say which part of the receptors a subtype makes up.
_SHARE = "share_"


def blocked(result: xr.Dataset) -> xr.DataArray | None:
    """Return the share of NMDA receptors blocked at the start of every pulse; None where the model keeps none.

    Of a mixture of subtypes it is the mean of their shares blocked, each by its part of the receptors.

    Parameters
    ----------
    result
        A result of :func:`nmdasim.run.simulate` under a :class:`~nmdasim.WindUp` protocol.
    """
    if "blocked" in result:
        return result.blocked
    given = json.loads(result.attrs["parameters"])
    shares = {key.rpartition(".")[2].removeprefix(_SHARE): value for key, value in given.items() if _SHARE in key}
    parts = [
        result[f"blocked_{kind}"] * result.coords.get(_SHARE + kind, quantities.split(value, example="0.5")[0])
        for kind, value in shares.items()
        if f"blocked_{kind}" in result
    ]
    if not parts:
        return None
    whole: xr.DataArray = sum(parts[1:], parts[0])
    return whole.rename("blocked").assign_attrs(units="1", long_name="share of NMDA receptors blocked")
