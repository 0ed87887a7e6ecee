"""Virtual patients: how people differ in kinetics and in the slow model, and who responds. Drawn from a seed.

The first is the typical patient, with the published values themselves; the others vary log-normally about them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from scipy.special import ndtri

from nmdasim.errors import InputError
from nmdasim.model.model import Model
from nmdasim.parameters import load
from nmdasim.pharmacology.subjects import REFERENCE_KG, Cohort, Subjects

#: Most patients of a run.
MOST = 100_000
#: Share of the patients between the ends of a published interval.
_LEVEL = 0.95


@dataclass(frozen=True, eq=False)
class Patients:
    """Patients as arrays of shape (1 + patients,), the typical one first.

    Parameters
    ----------
    subjects
        Factors on the kinetics.
    parameters
        Parameters of the slow model by name, SI.
    responds, responds_to_placebo
        Whether the drug's slow relief, and a placebo's, reaches this patient.
    """

    subjects: Subjects
    parameters: Mapping[str, np.ndarray]
    responds: np.ndarray
    responds_to_placebo: np.ndarray

    @property
    def count(self) -> int:
        """Number of patients, the typical one among them."""
        return len(self.responds)


def draw(
    model: Model,
    between: Mapping[str, tuple[float, float]],
    patients: int,
    *,
    seed: int = 0,
    spread: float = 1.0,
    weight_kg: float = REFERENCE_KG,
) -> Patients:
    """Return the typical patient and `patients` others.

    The first patients of a larger number are the same. Of those given a drug, ``responders`` respond: to the drug, to
    the placebo in it, or to both, each drawn for itself.

    Parameters
    ----------
    model
        The slow model.
    between
        By parameter, the values (SI) between which 95 % of the patients lie, log-normally.
    patients
        How many.
    seed
        Seed of the draw.
    spread
        Factor on every standard deviation: 0 for patients who differ in their response alone.
    weight_kg
        Body weight.

    Raises
    ------
    InputError
        For less than one patient, a negative spread or seed, or an interval that is none.
    """
    if not 1 <= patients <= MOST or patients != int(patients):
        raise InputError(f"patients = {patients}; give a whole number from 1 to {MOST}")
    if not 0 <= spread < np.inf:
        raise InputError(f"spread = {spread}; it is a factor on how people differ, 0 or more")
    cohort = Cohort(patients, seed=seed)
    clearance, volume, absorption = (spread * cv for cv in cohort.variation().values())
    varied = Cohort(patients, clearance, volume, absorption, seed=seed)
    drawn = varied.draw(weight_kg)
    one = np.ones(1)
    factors = {name: np.concatenate([one, values]) for name, values in drawn.factors.items()}
    logits = {name: np.concatenate([0 * one, values]) for name, values in drawn.logits.items()}
    subjects = Subjects(np.concatenate([one * weight_kg, drawn.weight_kg]), factors, logits, drawn.scales)
    values = {name: np.full(1 + patients, float(p.si)) for name, p in model.parameters.items()}
    for name, (low, high) in between.items():
        if name not in values or not 0 < low <= high:
            raise InputError(f"spread of {name}: {low:g} to {high:g} (SI); give a parameter and two values above 0")
        width = spread * np.log(high / low) / (2 * ndtri(0.5 + _LEVEL / 2))
        values[name][1:] *= np.exp(width * _generator(seed, name).standard_normal(patients))
    chance = load("slow", "patients")
    either, placebo = float(chance["responders"].si), float(chance["responders_placebo"].si)
    drug = 1 - (1 - either) / (1 - placebo)
    responds = _generator(seed, "responds").random(patients) < drug
    to_placebo = _generator(seed, "placebo").random(patients) < placebo
    return Patients(subjects, values, np.append(True, responds), np.append(True, to_placebo))


def _generator(seed: int, what: str) -> np.random.Generator:
    """Return a generator of its own for each thing drawn: adding one changes no other."""
    return np.random.default_rng(np.random.SeedSequence([seed, *what.encode()]))
