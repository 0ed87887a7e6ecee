"""What is given: a regimen as a value, by the name of a published schedule, or as a file; and its kinetics."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from nmdasim.errors import InputError, nearest
from nmdasim.pharmacology import MOST_DOSES, SCHEDULES, Regimen, schedule
from nmdasim.pharmacology.limits import check_doses
from nmdasim.pharmacology.presets import Preset, choose, preset

#: Amounts are of this drug, and its kinetics these, unless something else is said.
DRUG, PRESET = "s-ketamine", "leiden3"


def regimen_of(given: Regimen | str | Path, drug: str = "") -> Regimen:
    """Return a regimen of one subject in which something is given.

    Parameters
    ----------
    given
        A regimen, the name of a schedule, or a CSV file in the columns of :meth:`Regimen.from_csv`.
    drug
        What is given, where the regimen does not say.

    Raises
    ------
    InputError
        If there is no such schedule or file, there are several subjects, no dose or more than can be solved, or a row
        empties the body.
    """
    found = given if isinstance(given, Regimen) else _named(str(given))
    if len(found.ids) > 1:
        raise InputError(f"the regimen has {len(found.ids)} subjects; a treatment is one subject's, and draws patients")
    if not any(event.is_dose for event in found.events):
        raise InputError("the regimen has no dose; give a row of EVID 1 or more (an AMT of 0 is a course without drug)")
    for row, event in enumerate(found.events, 1):
        if event.clears:
            raise InputError(f"row {row}: a reset (EVID 3 or 4, or SS 1) would empty the slow state too; leave it out")
    check_doses(found.doses)
    if drug and found.drug and replace(found, drug=drug).drug != found.drug:
        raise InputError(f"drug = {drug}: the regimen says {found.drug}")
    return replace(found, drug=found.drug or drug or DRUG)


def _named(name: str) -> Regimen:
    if name in SCHEDULES:
        return schedule(name)
    if not Path(name).is_file():
        raise InputError(f"regimen {name!r} is no file and no schedule{nearest(name, SCHEDULES)}")
    return Regimen.from_csv(name, MOST_DOSES)


def kinetics(regimen: Regimen, name: str = "") -> Preset:
    """Return the preset by name; by default leiden3 for S-ketamine by vein, else that of the drug and routes."""
    fits = regimen.drug == DRUG and regimen.routes <= set(preset(PRESET).routes) - {"oral"}
    return choose(regimen, name or (PRESET if fits else ""))
