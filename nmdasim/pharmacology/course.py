"""Time courses: a regimen, a preset and subjects in; concentrations as an ``xarray.Dataset`` out."""

from __future__ import annotations

from collections.abc import Mapping
from importlib.metadata import version
from typing import Any

import numpy as np
import xarray as xr

from nmdasim import quantities
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, plainly
from nmdasim.parameters import load
from nmdasim.pharmacology import amounts
from nmdasim.pharmacology.cautions import cautions
from nmdasim.pharmacology.compartments import READOUTS, build
from nmdasim.pharmacology.drugs import drug
from nmdasim.pharmacology.events import Event
from nmdasim.pharmacology.limits import check_doses
from nmdasim.pharmacology.presets import Preset, choose
from nmdasim.pharmacology.regimen import Regimen
from nmdasim.pharmacology.solve import Solution
from nmdasim.pharmacology.subjects import CHOSEN, REFERENCE_KG, Cohort, typical
from nmdasim.pharmacology.timeline import inputs
from nmdasim.quantities import QuantityLike

#: Hours shown after the end of the last dose, and most points of a time axis, where nothing else is asked for.
_AFTER_H, _POINTS = 6.0, 5000
#: Most times of a regular axis, and most values of a variable (subjects × times): 1.3 GB at the height of a run.
_MOST_TIMES, _MOST_VALUES = 1_000_000, 20_000_000
#: Most doses times the people who get them: 1 GB.
_MOST_GIVEN = 5_000_000
_STEPS_MIN = (1, 2, 5, 10, 15, 30, 60, 120, 240, 720, 1440)


@plainly
def time_course(
    regimen: Regimen | Event,
    times: QuantityLike | None = None,
    *,
    every: QuantityLike | None = None,
    until: QuantityLike | None = None,
    preset: str = "",
    weight: QuantityLike | None = None,
    cohort: Cohort | None = None,
) -> xr.Dataset:
    """Return the total concentrations that a regimen leads to, exactly.

    Parameters
    ----------
    regimen
        Dosing of one subject, or of several, each with its typical values.
    times
        When to read the concentrations; at the time of a dose the value is the one just after it.
    every, until
        Instead of `times`: a regular axis from 0; by default to 6 h after the last dose.
    preset
        clements2, domino3, leiden3 or janssen; by default clements2 by vein or muscle, janssen by nose or mouth,
        chosen for each subject.
    weight
        Body weight of subjects whose rows have none, 70 kg by default.
    cohort
        People drawn about the typical values, for a regimen of one subject.

    Returns
    -------
    xarray.Dataset
        ``plasma``, ``effect_site`` and ``metabolite``, total (free and bound) in ng/ml, over (subject and) ``time`` in
        h; the effect site as the plasma that would be in balance with it; ``cmax``, ``tmax``
        (min) and ``auc_inf`` of plasma (``cmax`` up to the last time; ``auc_inf`` analytic, all doses, to infinity);
        ``preset``, ``site``, ``drug`` and ``weight`` as coordinates. The dimension ``subject`` is there when there are
        several.

    Raises
    ------
    InputError
        For times that are not 0 or more and increasing, a preset that does not fit drug or route, or more subjects
        and times than fit into memory.
    """
    if isinstance(regimen, Event):
        regimen = Regimen((regimen,))
    if not isinstance(regimen, Regimen):
        raise InputError(
            f"a time course is of a Regimen, as Regimen([dose('35 mg', over='40 min')]); this is of type "
            f"{type(regimen).__name__}"
        )
    if cohort is not None and len(regimen.ids) > 1:
        raise InputError(f"a cohort is drawn for one subject's regimen; this one has {len(regimen.ids)} subjects")
    axis = _axis(regimen, times, every, until)
    weight_kg = REFERENCE_KG if weight is None else amounts.kilograms(weight)
    count = len(regimen.ids) if cohort is None else cohort.subjects
    if count * len(axis) > _MOST_VALUES:
        raise InputError(f"{count} subjects at {len(axis)} times are more than {_MOST_VALUES} values; take fewer")
    _check_doses(regimen, 1 if cohort is None else count)
    ids = regimen.ids if cohort is None else tuple(range(count))
    given = [(part, choose(part, preset)) for part in regimen.subjects().values()]
    parts = [_solve(part, one, axis, part.weight_kg(weight_kg), cohort) for part, one in given]
    data = _dataset(axis, ids, {name: np.concatenate([part[name] for part in parts]) for name in parts[0]})
    data.attrs = _attributes(regimen, {one.name: one for _, one in given}, data, cohort)
    return data.squeeze("subject") if len(ids) == 1 else data


def _check_doses(regimen: Regimen, people: int) -> None:
    """Refuse more doses than are solved in about ten seconds, or than fit into memory."""
    doses = regimen.doses
    check_doses(doses)
    if doses * people > _MOST_GIVEN:
        raise InputError(f"{doses:,.0f} doses for {people:,} people are more than {_MOST_GIVEN:,}; draw fewer people")


def time_axis(regimen: Regimen, every: QuantityLike | None = None, until: QuantityLike | None = None) -> np.ndarray:
    """Return a regular time axis in hours, from 0 to `until` (6 h after the last dose) in steps of `every`."""
    end = regimen.end_h + _AFTER_H if until is None else amounts.hours(until, "until")
    if every is None:
        minutes = next((step for step in _STEPS_MIN if end * 60 / step <= _POINTS), _STEPS_MIN[-1])
        step = minutes / 60
    else:
        step = amounts.hours(every, "every")
    return regular(step, end)


def regular(step_h: float, end_h: float) -> np.ndarray:
    """Return 0, `step_h`, 2·`step_h`, … up to `end_h`.

    Raises
    ------
    InputError
        If the step is not above 0, longer than the whole, or so short that there are more than a million.
    """
    if not step_h > 0 or end_h < step_h:
        raise InputError(f"every {step_h:g} h until {end_h:g} h: a step is above 0 and no longer than the whole")
    if end_h / step_h > _MOST_TIMES:
        raise InputError(f"every {step_h:g} h until {end_h:g} h: more than {_MOST_TIMES} times; take a longer step")
    count = np.arange(int(np.floor(end_h / step_h + 1e-9)) + 1)
    # Divided by the steps per hour where that is whole: 60 steps of a minute are then exactly one hour.
    per_hour = round(1 / step_h)
    return count / per_hour if per_hour and abs(step_h * per_hour - 1) < 1e-12 else count * step_h


def _axis(regimen: Regimen, times: QuantityLike, every: QuantityLike, until: QuantityLike) -> np.ndarray:
    if times is None:
        return time_axis(regimen, every, until)
    if every is not None or until is not None:
        raise InputError("give either times, or every and until")
    axis = np.atleast_1d(quantities.si(times, "hour", name="times")) / 3600
    if axis.ndim != 1 or not len(axis) or axis[0] < 0 or np.any(np.diff(axis) <= 0):
        raise InputError("times are a list, 0 or more, each later than the one before")
    return np.asarray(axis)


def _solve(
    regimen: Regimen, preset: Preset, axis: np.ndarray, weight_kg: float, cohort: Cohort | None
) -> dict[str, np.ndarray]:
    """Return every variable of the result for one subject, or for a cohort."""
    one = typical(weight_kg, preset.scales)
    system = build(preset, one if cohort is None else cohort.draw(weight_kg, preset.variability, preset.scales))
    solution = Solution(system.matrix, inputs(regimen, system))
    values = solution.at(axis, system.readout)
    cmax, tmax_h = solution.peak(system.readout[:, 0], axis[-1])
    count = system.subjects.count
    return {
        **{name: values[..., k] for k, name in enumerate(READOUTS)},
        "cmax": cmax,
        "tmax": tmax_h * 60,
        "auc_inf": solution.area(system.readout[:, :1])[:, 0],
        "weight": system.subjects.weight_kg,
        "preset": np.full(count, preset.name),
        "site": np.full(count, preset.site),
        "drug": np.full(count, preset.drug),
    }


_LABELS = {
    "plasma": ("ng/ml", "total plasma concentration"),
    "effect_site": ("ng/ml", "total plasma concentration in balance with the effect site"),
    "metabolite": ("ng/ml", "total plasma concentration of the metabolite"),
    "cmax": ("ng/ml", "highest total plasma concentration on the time axis"),
    "tmax": ("min", "time of the highest plasma concentration"),
    "auc_inf": ("ng*h/ml", "area under the total plasma concentration, all doses, to infinity"),
    "weight": ("kg", "body weight"),
}
_COORDINATES = ("weight", "preset", "site", "drug")


def _dataset(axis: np.ndarray, ids: tuple[Any, ...], values: dict[str, np.ndarray]) -> xr.Dataset:
    data = xr.Dataset(coords={"subject": list(ids), "time": ("time", axis, {"units": "h", "long_name": "time"})})
    for name, array in values.items():
        dims = ("subject", "time")[: array.ndim]
        unit, text = _LABELS.get(name, ("", name))
        labels = {"units": unit, "long_name": text} if unit else {"long_name": text}
        data[name] = (dims, array, labels)
    return data.set_coords(_COORDINATES)


def _attributes(
    regimen: Regimen, presets: Mapping[str, Preset], data: xr.Dataset, cohort: Cohort | None
) -> dict[str, Any]:
    used = [*presets, "norketamine", "effect_site"]
    used += ["scaling"] if any(p.scales for p in presets.values()) else []
    used += (
        ["absorption"] if any(p.structure == "mammillary" for p in presets.values()) and regimen.routes - {"iv"} else []
    )
    differ = [] if cohort is None else list(dict.fromkeys(cohort.table(p.variability) for p in presets.values()))
    used += differ
    numbers = {f"{part}.{name}": p for part in used for name, p in load("pharmacokinetics", part).items()}
    sources = [*filter(None, regimen.source.split(", ")), *(p.source for p in numbers.values())]
    notes = {
        "preset": ", ".join(presets),
        "site": ", ".join(dict.fromkeys(p.site for p in presets.values())),
        "source": ", ".join(dict.fromkeys(p.source for p in presets.values())),
        "drug": ", ".join(dict.fromkeys(p.drug for p in presets.values())),
        "metabolite": ", ".join(dict.fromkeys(drug(p.drug).metabolite for p in presets.values())),
        "regimen": regimen.name,
        "warnings": "\n".join(cautions(regimen, list(presets.values()), data)),
        "references": " ".join(dict.fromkeys(sources)),
        "unverified_parameters": " ".join(name for name, p in numbers.items() if p.status != "verified"),
        "nmdasim_version": version("nmdasim"),
        "disclaimer": DISCLAIMER,
    }
    if cohort is None:
        return notes
    return notes | {"seed": cohort.seed, "subjects": cohort.subjects, "spread": ", ".join(map(_spread_of, differ))}


def _spread_of(section: str) -> str:
    """Return whose choice a section of differences between people is."""
    sources = ", ".join(dict.fromkeys(p.source for p in load("pharmacokinetics", section).values()))
    return "this library's choice" if section == CHOSEN else f"as published by {sources}"
