"""Warnings that a time course carries: what the published numbers do not cover, and where they are known to miss."""

from __future__ import annotations

import numpy as np
import xarray as xr

from nmdasim.parameters import load
from nmdasim.pharmacology.bands import bands
from nmdasim.pharmacology.presets import Preset, number
from nmdasim.pharmacology.regimen import Regimen


def cautions(regimen: Regimen, presets: list[Preset], data: xr.Dataset) -> list[str]:
    """Return warnings about a time course, one sentence each; `data` holds plasma and weight."""
    return [*_presets(regimen, presets), *_weights(presets, data), *_doses(regimen), *_levels(data)]


def _presets(regimen: Regimen, presets: list[Preset]) -> list[str]:
    notes, routes = [], regimen.routes
    for preset in presets:
        if any(p.transcribed for p in preset.parameters.values()):
            notes.append(f"The numbers of {preset.name} were seen only as others transcribe them.")
        if "unclear" in preset.source:
            notes.append(f"The source of {preset.name} is unclear.")
        for route, name in (("im", "intramuscular"), ("oral", "oral"), ("sublingual", "sublingual")):
            if route in routes and preset.structure == "mammillary":
                notes.append(f"Levels after {name} doses with {preset.name} are indicative, and may be 2× too low.")
        if preset.structure == "liver":
            notes.append(
                "The area of noresketamine in this set is 1.4–1.56 × its publication's; a factor of 1.4 equals "
                "(k_el + k_met)/k_met, the rest has no known reason."
            )
        else:
            notes.append("Norketamine follows the distribution and clearance published for noresketamine.")
    return list(dict.fromkeys(notes))


def _weights(presets: list[Preset], data: xr.Dataset) -> list[str]:
    low, high = load("pharmacokinetics", "scaling")["weight"].bounds or (0, np.inf)
    weights = data.weight.values
    if weights.min() >= low and weights.max() <= high:
        return []
    how = "scaled from 70 kg adults" if any(p.scales for p in presets) else "this set knows no body weight"
    return [f"A body weight is outside {low:g}–{high:g} kg: {how}, beyond the calibrated range."]


def _doses(regimen: Regimen) -> list[str]:
    most = number("calibrated", "nasal", "mg")
    if all(event.route != "nasal" or event.amount <= most for _, event in regimen.acting):
        return []
    return [f"A nasal dose is above {most:g} mg, the largest session studied: beyond the calibrated range."]


def _levels(data: xr.Dataset) -> list[str]:
    top = max(band.high_ng_ml for band in bands())
    if float(data.cmax.max()) <= top:
        return []
    return [f"Plasma is above {top:g} ng/ml, the highest concentration reported here: beyond the calibrated range."]
