"""SBML: a pharmacokinetic preset, with a regimen if there is one, as a model of Level 3 that other simulators run.

Amounts in mg are species, transfers are reactions of first order, a dose is an event; plasma, effect site and
metabolite follow from rules in ng/ml. Time is in hours (Hucka et al. 2003, Bioinformatics 19:524–531; Keating et al.
2020, Mol. Syst. Biol. 16:e9110).
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from html import escape
from pathlib import Path
from typing import Any

import numpy as np

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, need, plainly
from nmdasim.pharmacology import amounts
from nmdasim.pharmacology.compartments import READOUTS, System, build
from nmdasim.pharmacology.drugs import drug
from nmdasim.pharmacology.presets import Preset, choose
from nmdasim.pharmacology.presets import preset as preset_of
from nmdasim.pharmacology.regimen import Regimen
from nmdasim.pharmacology.solve import Inputs
from nmdasim.pharmacology.subjects import REFERENCE_KG, typical
from nmdasim.pharmacology.timeline import inputs
from nmdasim.quantities import QuantityLike
from nmdasim.readout.files import write_whole

EXTRA = "sbml"
#: Most events of a file: one each time a dose is given, begins or ends.
_MOST_EVENTS = 10_000
#: id of a unit: its factors as (kind, exponent, scale, multiplier).
_UNITS = {
    "mg": (("gram", 1, -3, 1.0),),
    "hour": (("second", 1, 0, 3600.0),),
    "per_hour": (("second", -1, 0, 3600.0),),
    "mg_per_hour": (("gram", 1, -3, 1.0), ("second", -1, 0, 3600.0)),
    "ng_per_ml": (("gram", 1, -9, 1.0), ("litre", -1, -3, 1.0)),
    "ng_per_ml_per_mg": (("dimensionless", 1, -6, 1.0), ("litre", -1, -3, 1.0)),
}
_EFFECT = "effect site"


@plainly
def to_sbml(
    preset: str | Preset, path: str | Path, regimen: Regimen | None = None, *, weight: QuantityLike | None = None
) -> Path:
    """Write a pharmacokinetic preset as SBML.

    Parameters
    ----------
    preset
        Its name, ``"clements2"``, or a :class:`~nmdasim.pharmacology.Preset`.
    path
        The file, ``….xml`` or ``….sbml``.
    regimen
        What is given, of one subject; without one the body is empty and whoever runs the file doses it.
    weight
        Body weight where the regimen says none, 70 kg by default.

    Returns
    -------
    pathlib.Path
        The file. Species are named as the states of the preset (``central``, ``peripheral_1`` …), in mg;
        ``plasma``, ``effect_site_level`` and ``metabolite_level`` are parameters in ng/ml, total.

    Raises
    ------
    InputError
        If python-libsbml is not installed, there is no such preset, it does not describe the regimen, the regimen has
        several subjects or more than 10,000 events, or the file cannot be written.
    """
    libsbml, file = need("libsbml", EXTRA), Path(path)
    if file.suffix.lower() not in (".xml", ".sbml"):
        raise InputError(f"{file}: the name of an SBML file ends in .xml or .sbml")
    chosen = preset if isinstance(preset, Preset) else preset_of(preset, regimen.drug if regimen else "")
    if regimen is not None:
        if len(regimen.ids) > 1:
            raise InputError(f"the regimen has {len(regimen.ids)} subjects; give one, regimen.subjects()[…]")
        chosen = choose(regimen, chosen.name)
    kilograms = REFERENCE_KG if weight is None else amounts.kilograms(weight)
    kilograms = kilograms if regimen is None else regimen.weight_kg(kilograms)
    system = build(chosen, typical(kilograms, chosen.scales))
    given = None if regimen is None else inputs(regimen, system)
    if given is not None and len(given.times) > _MOST_EVENTS:
        raise InputError(f"{len(given.times):,} events of doses are more than {_MOST_EVENTS:,}; write a part")
    document = libsbml.SBMLDocument(3, 2)
    _Writer(libsbml, document, system, kilograms).write(given, regimen)
    text = libsbml.writeSBMLToString(document)
    write_whole(file, lambda draft: draft.write_text(text, encoding="utf-8"))
    return file


@dataclass(frozen=True, eq=False)
class _Writer:
    """One document, filled part by part."""

    libsbml: Any
    document: Any
    system: System
    kilograms: float

    @property
    def ids(self) -> list[str]:
        return [re.sub(r"\W", "_", name) for name in self.system.states]

    def write(self, given: Inputs | None, regimen: Regimen | None) -> None:
        model = self.document.createModel()
        preset = self.system.preset
        _done(self.libsbml, model.setId(f"nmdasim_{preset.name}"))
        model.setName(f"{preset.name}, {preset.drug}, {self.kilograms:g} kg: {preset.summary}")
        told = (
            f"Simulated pharmacokinetics of nmdasim: preset {preset.name} ({preset.source}), {preset.drug}, plasma "
            f"{preset.site}, body weight {self.kilograms:g} kg, regimen {(regimen and regimen.name) or 'none'}. "
            f"{DISCLAIMER}"
        )
        notes = f'<body xmlns="http://www.w3.org/1999/xhtml"><p>{escape(told)}</p></body>'
        _done(self.libsbml, model.setNotes(notes))
        self._units(model)
        self._species(model)
        self._transfers(model)
        self._effect(model)
        self._readouts(model)
        if given is not None:
            self._doses(model, given)

    def _units(self, model: Any) -> None:
        for name, parts in _UNITS.items():
            made = model.createUnitDefinition()
            made.setId(name)
            for kind, exponent, scale, multiplier in parts:
                unit = made.createUnit()
                unit.setKind(self.libsbml.UnitKind_forName(kind))
                unit.setExponent(exponent)
                unit.setScale(scale)
                unit.setMultiplier(multiplier)
        model.setTimeUnits("hour")
        model.setSubstanceUnits("mg")
        model.setExtentUnits("mg")
        model.setVolumeUnits("litre")

    def _species(self, model: Any) -> None:
        body = model.createCompartment()
        body.setId("body")
        body.setSize(1.0)
        body.setUnits("litre")
        body.setSpatialDimensions(3)
        body.setConstant(True)
        for name, key in zip(self.system.states, self.ids, strict=True):
            species = model.createSpecies()
            species.setId(key)
            species.setName(name)
            species.setCompartment("body")
            species.setInitialAmount(0.0)
            species.setSubstanceUnits("mg")
            species.setHasOnlySubstanceUnits(True)
            species.setConstant(False)
            species.setBoundaryCondition(name == _EFFECT)  # it takes no mass: a rate rule moves it

    def _transfers(self, model: Any) -> None:
        """Write every transfer as a reaction; what forms the metabolite yields its mass, by the ratio of masses."""
        matrix, states, ids = self.system.matrix[0], self.system.states, self.ids
        parent, preset = self.system.parent, self.system.preset
        ratio = drug(drug(preset.drug).metabolite).grams_per_mole / drug(preset.drug).grams_per_mole
        for a, source in enumerate(ids):
            if states[a] == _EFFECT:
                continue
            left = -matrix[a, a]
            for b, target in enumerate(ids):
                if a == b or matrix[b, a] == 0 or states[b] == _EFFECT:
                    continue
                yields = ratio if parent[a] and not parent[b] else 1.0
                self._reaction(model, source, target, matrix[b, a] / yields, yields)
                left -= matrix[b, a] / yields
            if left > 1e-12 * abs(matrix[a, a]):
                self._reaction(model, source, "", left, 1.0)

    def _reaction(self, model: Any, source: str, target: str, rate: float, yields: float) -> None:
        name = f"{source}_to_{target}" if target else f"{source}_eliminated"
        self._parameter(model, f"k_{name}", rate, "per_hour")
        reaction = model.createReaction()
        reaction.setId(name)
        reaction.setReversible(False)
        for made, species, share in (
            (reaction.createReactant, source, 1.0),
            *([(reaction.createProduct, target, yields)] if target else []),
        ):
            part = made()
            part.setSpecies(species)
            part.setStoichiometry(share)
            part.setConstant(True)
        reaction.createKineticLaw().setMath(self._math(f"k_{name} * {source}"))

    def _effect(self, model: Any) -> None:
        """Write the effect site: it follows the central compartment and takes no mass from it."""
        effect = self.system.states.index(_EFFECT)
        self._parameter(model, "ke0", -self.system.matrix[0, effect, effect], "per_hour")
        rule = model.createRateRule()
        rule.setVariable(self.ids[effect])
        rule.setMath(self._math(f"ke0 * ({self.ids[0]} - {self.ids[effect]})"))

    def _readouts(self, model: Any) -> None:
        for name, weights in zip(READOUTS, self.system.readout[0], strict=True):
            (state,) = np.flatnonzero(weights)
            key = name if name == "plasma" else f"{name}_level"
            self._parameter(model, f"{key}_per_mg", float(weights[state]), "ng_per_ml_per_mg")
            self._parameter(model, key, None, "ng_per_ml")
            rule = model.createAssignmentRule()
            rule.setVariable(key)
            rule.setMath(self._math(f"{key}_per_mg * {self.ids[state]}"))

    def _doses(self, model: Any, given: Inputs) -> None:
        """Write jumps and infusions as events; an infusion is a rate that events set."""
        fed = np.flatnonzero(given.rates.any(axis=(0, 1)))
        for state in fed:
            self._parameter(model, f"input_{self.ids[state]}", 0.0, "mg_per_hour", constant=False)
            reaction = model.createReaction()
            reaction.setId(f"infusion_{self.ids[state]}")
            reaction.setReversible(False)
            part = reaction.createProduct()
            part.setSpecies(self.ids[state])
            part.setStoichiometry(1.0)
            part.setConstant(True)
            reaction.createKineticLaw().setMath(self._math(f"input_{self.ids[state]}"))
        for k, time in enumerate(given.times):
            changed = [i for i in fed if k == 0 or given.rates[k, 0, i] != given.rates[k - 1, 0, i]]
            self._event(model, k, float(time), given, changed)

    def _event(self, model: Any, k: int, time: float, given: Inputs, changed: list[int]) -> None:
        jumps, reset = given.jumps[k, 0], bool(given.resets[k])
        moved = range(len(jumps)) if reset else np.flatnonzero(jumps)
        sets = {self.ids[i]: f"{'' if reset else self.ids[i] + ' + '}{float(jumps[i])!r} mg" for i in moved}
        sets |= {f"input_{self.ids[i]}": f"{float(given.rates[k, 0, i])!r} mg_per_hour" for i in changed}
        if not sets:
            return
        event = model.createEvent()
        event.setId(f"dose_{k}")
        event.setUseValuesFromTriggerTime(True)
        trigger = event.createTrigger()
        trigger.setInitialValue(False)  # so that a dose at time 0 is given
        trigger.setPersistent(True)
        trigger.setMath(self._math(f"time >= {time!r} hour"))
        for variable, text in sets.items():
            one = event.createEventAssignment()
            one.setVariable(variable)
            one.setMath(self._math(text))

    def _parameter(self, model: Any, key: str, value: float | None, unit: str, *, constant: bool = True) -> None:
        made = model.createParameter()
        made.setId(key)
        made.setUnits(unit)
        made.setConstant(constant and value is not None)
        if value is not None:
            made.setValue(float(value))

    def _math(self, text: str) -> Any:
        found = self.libsbml.parseL3Formula(text)
        assert found is not None, self.libsbml.getLastParseL3Error()
        return found


def _done(libsbml: Any, status: int) -> None:
    assert status == libsbml.LIBSBML_OPERATION_SUCCESS, status
