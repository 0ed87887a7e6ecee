"""What a regimen asks of a patient, as plain numbers beside relief. No score, no optimum, no advice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nmdasim.errors import plainly
from nmdasim.pharmacology import Regimen, bands, time_course
from nmdasim.pharmacology.subjects import REFERENCE_KG
from nmdasim.quantities import unit
from nmdasim.treatment.given import kinetics

#: Doses less than this apart, from the end of one to the start of the next, are one visit.
_ONE_VISIT_H = 12.0
_STEP_H = 1 / 60


@dataclass(frozen=True)
class Burden:
    """Plain numbers of a regimen for the typical patient.

    Parameters
    ----------
    drug
        What is given.
    total_mg
        All of it.
    visits
        Stretches of dosing at least 12 h apart.
    dosing_h
        Hours of infusion.
    hours_above
        Hours of plasma above a level in ng/ml.
    """

    drug: str
    total_mg: float
    visits: int
    dosing_h: float
    hours_above: dict[float, float]

    def __str__(self) -> str:
        above = "; ".join(f"{hours:.1f} h above {level:g} ng/ml" for level, hours in self.hours_above.items())
        visits = f"{self.visits} visit{'s' if self.visits != 1 else ''}"
        return f"Burden: {self.total_mg:.0f} mg {self.drug}, {visits}, {self.dosing_h:.1f} h of infusion; {above}."


@plainly
def burden(regimen: Regimen, preset: str = "", levels: tuple[float, ...] = ()) -> Burden:
    """Return the burden of a regimen, read minute by minute from its first dose to 12 h after each.

    Parameters
    ----------
    regimen
        Of one subject.
    preset
        Kinetics, by default those of :func:`nmdasim.treatment.simulate`.
    levels
        Plasma levels in ng/ml; by default the ends of the band in which dissociation is reported.
    """
    dissociation = next(band for band in bands() if band.text.startswith("dissociation"))
    asked = levels or (dissociation.low_ng_ml, dissociation.high_ng_ml)
    events = [event for event in regimen.written_out().events if event.is_dose and event.amount > 0]
    kg = regimen.weight_kg(REFERENCE_KG)
    total = sum(event.amount * (kg if event.unit == "mg/kg" else 1) for event in events)
    visits = _stretches([(event.time_h, event.time_h + event.over_h) for event in events])
    above = dict.fromkeys(asked, 0.0)
    for begin, end in visits:
        minutes = begin + np.arange(_STEP_H / 2, end - begin + _ONE_VISIT_H, _STEP_H)
        plasma = time_course(regimen, minutes * unit("hour"), preset=kinetics(regimen, preset).name).plasma.values
        above = {level: hours + _STEP_H * int((plasma > level).sum()) for level, hours in above.items()}
    return Burden(regimen.drug, float(total), len(visits), float(sum(event.over_h for event in events)), above)


def _stretches(doses: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """Return dosing joined into visits."""
    visits: list[tuple[float, float]] = []
    for begin, end in sorted(doses):
        if visits and begin - visits[-1][1] < _ONE_VISIT_H:
            visits[-1] = (visits[-1][0], max(end, visits[-1][1]))
        else:
            visits.append((begin, end))
    return visits
