"""The card of *An afternoon*: presets as linear systems, routes, bands, and the block that free drug leads to.

A system is split into what scales with body weight and what does not, so that the page has one for every weight.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from nmdasim.explorer.cards.numbers import parameter, parameters, plain
from nmdasim.explorer.formulas import function, read
from nmdasim.parameters import load, read_table
from nmdasim.pharmacology import bands, drug, potency
from nmdasim.pharmacology.compartments import READOUTS, System, Uptake, build
from nmdasim.pharmacology.presets import Preset, number, preset
from nmdasim.pharmacology.subjects import REFERENCE_KG, typical
from nmdasim.receptors import blockers, magnesium, subtypes, trapping

_HALF = REFERENCE_KG / 2
#: Share of an entry below which what is left of it is rounding.
_NOISE = 1e-9


def card() -> dict[str, Any]:
    """Return presets by name and drug, drugs, bands, and the formula of the block."""
    table = read_table("pharmacokinetics")["presets"]
    pairs = [(name, one) for name, row in table.items() for one in row["drugs"]]
    return {
        "presets": {f"{name} {one}": _preset(preset(name, one)) for name, one in pairs},
        "readouts": list(READOUTS),
        "reference_kg": REFERENCE_KG,
        "weight": parameter(load("pharmacokinetics", "scaling")["weight"]),
        "nasal_most_mg": number("calibrated", "nasal", "mg"),
        "drugs": {name: _drug(name) for name in dict.fromkeys(one for _, one in pairs)},
        "bands": [_band(one) for one in bands()],
        "infusion": {name: dict(read_table("schedules")["infusion"][name]) for name in ("dose", "over")},
        "blocked": _blocked(),
        "effect_site": parameters(load("pharmacokinetics", "effect_site")),
    }


def _preset(one: Preset) -> dict[str, Any]:
    whole, half = (build(one, typical(weight, one.scales)) for weight in (REFERENCE_KG, _HALF))
    scaling = load("pharmacokinetics", "scaling")
    power = float(scaling["clearance_exponent"].si) - float(scaling["volume_exponent"].si)
    scaled = (whole.matrix[0] - half.matrix[0]) / (1 - 0.5**power)
    scaled = np.where(np.abs(scaled) > _NOISE * np.abs(whole.matrix[0]), scaled, 0.0)
    fixed = whole.matrix[0] - scaled
    fixed = np.where(np.abs(fixed) > _NOISE * np.abs(whole.matrix[0]), fixed, 0.0)
    found = {
        "name": one.name,
        "drug": one.drug,
        "site": one.site,
        "source": one.source,
        "summary": one.summary,
        "scales": one.scales,
        "states": list(whole.states),
        "fixed": plain(fixed),
        "scaled": plain(scaled),
        "power": power,
        "readout": plain(whole.readout[0]),
        "volume_power": -float(scaling["volume_exponent"].si),
        "routes": {route: [_uptakes(way) for way in ways] for route, ways in whole.routes.items()},
        "parameters": parameters(one.parameters),
        "note": _note(whole),
    }
    if one.structure == "liver":
        found |= {"device_mg": number(one.parameters, "device", "mg")}
        found |= {"session_h": number(one.parameters, "session", "h")}
    return found


def _note(system: System) -> str:
    unclear = "unclear" in system.preset.source
    return "The source of this set of numbers is unclear." if unclear else ""


def _uptakes(way: tuple[Uptake, ...]) -> list[dict[str, Any]]:
    return [{"state": one.state, "share": plain(one.share), "over_h": plain(one.over_h)} for one in way]


def _drug(name: str) -> dict[str, Any]:
    """Return what turns total ng/ml into free µM of a drug, and that into racemate; and its block at GluN2A."""
    ratio = number("effect_site", "unbound_ratio", "1")
    return {
        "free_um_per_ng_ml": plain(drug(name).free_micromolar(1.0) * ratio),
        "potency": plain(potency(name)),
        "block": block_of(name),
    }


def block_of(name: str, subtype: str = "2A") -> dict[str, float]:
    """Return the constants of a drug's block at a subtype in SI, under names without the drug's, and its K_mg."""
    one = blockers.blocker(name, subtype)
    own = {key.replace(one.key, "drug"): plain(p.si) for key, p in one.parameters.items() if key != one.key}
    return own | {"K_mg": plain(subtypes.subtype(subtype)["K_mg"].si)}


#: What the formula of the block reads.
NAMES = ("drug", "K_drug", "V_drug", "slope_drug", "v", "mg", "K_mg", "slope_mg")
_DEFINITIONS = f"{magnesium.EQUATION}\n{trapping.dissociation('K_block', 'drug')}"
_SHARE = trapping.starts({"drug": False})["equilibrated"]["b_nmda"]


def blocked_text() -> str:
    """Return the share of receptors that hold a drug in the long run, as it is written."""
    return f"{_DEFINITIONS}blocked = {_SHARE} : 1"


def _blocked() -> dict[str, Any]:
    known = load("receptors", "magnesium")
    return {
        "formula": function(read(_DEFINITIONS, [_SHARE], NAMES)),
        "slope_mg": plain(known["slope_mg"].si),
        "mg": parameter(known["mg"]),
    }


def _band(one: Any) -> dict[str, Any]:
    found = {"text": one.text, "low": one.low_ng_ml, "high": one.high_ng_ml}
    return found | {"source": one.source, "verified": one.verified}
