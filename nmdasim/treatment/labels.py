"""From arrays to a labelled result: what a treatment's Dataset holds, what it says of itself, and how one goes on."""

from __future__ import annotations

from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError
from nmdasim.model.model import Model
from nmdasim.parameters import load
from nmdasim.pharmacology import Regimen
from nmdasim.pharmacology.cautions import cautions
from nmdasim.pharmacology.presets import Preset
from nmdasim.plan.spread import bounds, inside
from nmdasim.treatment.body import Segment
from nmdasim.treatment.patients import Patients
from nmdasim.treatment.slow import INPUTS
from nmdasim.treatment.states import State

_READOUT = "read-out of this model, 0 to 10; no prediction for a person"


@dataclass(frozen=True, eq=False)
class Course:
    """What a run found: hours of shape (time,), and per patient, the typical one first, arrays (patient, time).

    Parameters
    ----------
    times_h
        Hours.
    natural
        What is left of untreated pain, shape (time,).
    plasma, free
        Of what was given in ng/ml; free racemic equivalent at the effect site in µM.
    slow, acute
        Reliefs, 0 to 1.
    end
        Where it stopped.
    """

    times_h: np.ndarray
    natural: np.ndarray
    plasma: np.ndarray
    slow: np.ndarray
    acute: np.ndarray
    free: np.ndarray
    end: Segment


def pain(state: State, people: Patients, course: Course, placebo: bool) -> np.ndarray:
    """Return the rating of every patient, shape (patient, time): each relief leaves its share of what there was."""
    left = (1 - people.responds[:, None] * course.slow) * (1 - course.acute)
    if placebo:
        relief = float(load("slow", "patients")["placebo_relief"].si)
        left = left * (1 - relief * people.responds_to_placebo[:, None])
    return np.asarray(state.number("pain") * course.natural * left)


def dataset(state: State, people: Patients, course: Course, placebo: bool) -> xr.Dataset:
    """Return the labelled result, without what it says of itself."""
    rating = pain(state, people, course, placebo)
    mean = rating[1:].mean(axis=0)
    low, high = bounds(rating[1:])
    between = inside(len(rating) - 1, "the patients")
    low, high = np.minimum(low, mean), np.maximum(high, mean)  # where all are alike, they differ by rounding
    relief = {"units": "1"}
    time, both = "time_d", ("patient", "time_d")
    found: dict[str, Any] = {
        "plasma": (time, course.plasma[0], {"units": "ng/ml", "long_name": "total in plasma, typical patient"}),
        "free": (time, course.free[0], {"units": "uM", "long_name": "free racemic ketamine that blocks equally"}),
        "slow_relief": (time, course.slow[0], relief | {"long_name": "slow relief, typical patient"}),
        "acute_relief": (time, course.acute[0], relief | {"long_name": "acute relief, typical patient"}),
        "pain": (time, mean, {"units": "1", "long_name": f"mean pain; {_READOUT}"}),
        "pain_low": (time, low, {"units": "1", "long_name": f"{between} lie between it and pain_high"}),
        "pain_high": (time, high, {"units": "1", "long_name": f"{between} lie between it and pain_low"}),
        "patient_pain": (both, rating[1:], {"units": "1", "long_name": f"pain; {_READOUT}"}),
        "patient_slow_relief": (both, course.slow[1:], relief | {"long_name": "slow relief, were it to respond"}),
        "patient_acute_relief": (both, course.acute[1:], relief | {"long_name": "acute relief"}),
        "responds": ("patient", people.responds[1:], {"long_name": "whether the slow relief reaches this patient"}),
        "responds_to_placebo": ("patient", people.responds_to_placebo[1:], {"long_name": "likewise of placebo"}),
        "end_state": (
            ("state", "lane"),
            np.stack(list(course.end.states.values())),
            {"long_name": "every state at the last time, the typical patient first; for start="},
        ),
    }
    days = ("time_d", course.times_h / 24, {"units": "day", "long_name": "time"})
    coords = {"time_d": days, "state": list(course.end.states), "patient": np.arange(len(rating) - 1)}
    return xr.Dataset(found, coords=coords)


def attributes(state: State, regimen: Regimen, model: Model, preset: Preset, data: xr.Dataset) -> dict[str, Any]:
    """Return what a result says of itself: what was run, on what it stands, what speaks against it."""
    own = {name: p for name, p in model.parameters.items() if name not in INPUTS}
    numbers = {**preset.parameters, **own, **state.parameters, **load("slow", "patients")}
    sources = [regimen.source, *model.references, *state.sources, *(p.source for p in numbers.values())]
    return {
        "state": state.name,
        "model": model.name,
        "model_digest": model.digest,
        "regimen": regimen.name,
        "drug": regimen.drug,
        "preset": preset.name,
        "site": preset.site,
        "source": preset.source,
        "interval": inside(data.sizes["patient"], "patients"),
        "measured": "\n".join(state.measured),
        "assumed": "\n".join(state.assumed),
        "warnings": "\n".join(_warnings(state, regimen, model, preset, data)),
        "references": " ".join(dict.fromkeys(key for key in sources if key)),
        "unverified_parameters": " ".join(name for name, p in numbers.items() if p.status != "verified"),
        "readout": _READOUT,
        "nmdasim_version": version("nmdasim"),
        "disclaimer": DISCLAIMER,
    }


def _warnings(state: State, regimen: Regimen, model: Model, preset: Preset, data: xr.Dataset) -> list[str]:
    plasma = xr.Dataset({"cmax": data.plasma.max(), "weight": regimen.weight_kg(70.0)})
    found = [line for line in cautions(regimen, [preset], plasma) if "orketamine" not in line]
    if state.name != "crps":
        found.append(f"{model.name} stands on CRPS alone; in the state {state.name} it is an extrapolation.")
    if preset.site != "arterial":
        found.append("The slow model was fitted to arterial S-ketamine; plasma here is another site's.")
    found.append("Slow relief over weeks is an empirical fit or an assumption, and no property of the receptor.")
    return found


def segment(start: xr.Dataset, digest: str, patients: int, seed: int, spread: float) -> Segment:
    """Return where an earlier result stopped.

    Raises
    ------
    InputError
        If it is no such result, or of another model or other patients.
    """
    if "end_state" not in start or "model_digest" not in start.attrs:
        raise InputError("start: give the result of an earlier treatment, with its end_state")
    for name, mine in (("model_digest", digest), ("subjects", patients), ("seed", seed), ("spread", spread)):
        if start.attrs[name] != mine:
            raise InputError(f"start: its {name} is {start.attrs[name]}, and here {mine}; go on with the same")
    states = {str(name): start.end_state.sel(state=name).values for name in start.state.values}
    return Segment(float(start.time_d[-1]) * 24, states)
