"""Pharmacology: drugs, dosing events, exact linear pharmacokinetics, effect site, free drug at the receptor.

Educational and research model. Not medical advice. Not for dosing decisions.
"""

from nmdasim.pharmacology.bands import Band, bands
from nmdasim.pharmacology.columns import EventError
from nmdasim.pharmacology.conversion import free, total
from nmdasim.pharmacology.course import time_course
from nmdasim.pharmacology.drugs import Drug, competing_k_i, drug, potency
from nmdasim.pharmacology.events import Event, dose, reset
from nmdasim.pharmacology.levels import every, free_levels
from nmdasim.pharmacology.limits import MOST_DOSES
from nmdasim.pharmacology.presets import Preset, preset
from nmdasim.pharmacology.regimen import Regimen
from nmdasim.pharmacology.schedules import SCHEDULES, schedule
from nmdasim.pharmacology.spread import spread
from nmdasim.pharmacology.subjects import Cohort

__all__ = [
    "MOST_DOSES",
    "SCHEDULES",
    "Band",
    "Cohort",
    "Drug",
    "Event",
    "EventError",
    "Preset",
    "Regimen",
    "bands",
    "competing_k_i",
    "dose",
    "drug",
    "every",
    "free",
    "free_levels",
    "potency",
    "preset",
    "reset",
    "schedule",
    "spread",
    "time_course",
    "total",
]
