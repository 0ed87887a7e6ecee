"""Subjects: body weight by allometry, and log-normal differences between people drawn from a seed."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError
from nmdasim.parameters import load
from nmdasim.quantities import QuantityLike

#: Body weight in kg at which the presets hold.
REFERENCE_KG = float(load("pharmacokinetics", "scaling")["weight"].si)


@dataclass(frozen=True, eq=False)
class Subjects:
    """Subjects as arrays of shape (subject,): weight in kg and factors on the typical values of a preset."""

    weight_kg: np.ndarray
    clearance: np.ndarray
    volume: np.ndarray
    absorption: np.ndarray

    @property
    def count(self) -> int:
        """Number of subjects."""
        return len(self.weight_kg)

    @property
    def flows(self) -> np.ndarray:
        """Factor of body weight on clearances and flows, (W/70 kg)^0.75."""
        return np.asarray((self.weight_kg / REFERENCE_KG) ** _scaling("clearance_exponent"))

    @property
    def volumes(self) -> np.ndarray:
        """Factor of body weight on volumes, W/70 kg."""
        return np.asarray((self.weight_kg / REFERENCE_KG) ** _scaling("volume_exponent"))


@dataclass(frozen=True)
class Cohort:
    """People who differ: clearance, central volume and absorption vary log-normally about the preset (the median).

    Parameters
    ----------
    subjects
        How many.
    cv_clearance, cv_volume, cv_absorption
        Coefficient of variation between subjects; by default .25, .30 and .60, this library's choice.
    weight
        Body weight, one for all or an array of one per subject; by default what the regimen says, else 70 kg.
    seed
        Seed of the draw. The first subjects of a larger cohort are the same.

    Raises
    ------
    InputError
        For fewer than one subject, a negative variation or seed, or a weight that does not fit.
    """

    subjects: int = 500
    cv_clearance: float | None = None
    cv_volume: float | None = None
    cv_absorption: float | None = None
    weight: QuantityLike | None = None
    seed: int = 0

    def __post_init__(self) -> None:
        if self.subjects < 1 or self.subjects != int(self.subjects):
            raise InputError(f"subjects = {self.subjects}; a cohort has a whole number of them, 1 or more")
        if self.seed < 0:
            raise InputError(f"seed = {self.seed}; a seed is a whole number from 0 upward")
        for name, cv in self.variation().items():
            if not 0 <= cv < np.inf:
                raise InputError(f"cv_{name} = {cv}; a coefficient of variation is 0 or more, as in 0.25")
        if self.weight is not None:
            weights = quantities.si(self.weight, "kg", name="weight")
            if weights.shape not in ((), (self.subjects,)) or np.any(weights <= 0):
                raise InputError(f"weight = {self.weight}; give one above 0 kg, or one for each of {self.subjects}")

    def variation(self) -> dict[str, float]:
        """Coefficient of variation of clearance, volume and absorption."""
        given = {"clearance": self.cv_clearance, "volume": self.cv_volume, "absorption": self.cv_absorption}
        chosen = load("pharmacokinetics", "variability")
        return {name: float(chosen[name].si) if cv is None else cv for name, cv in given.items()}

    def draw(self, weight_kg: float = REFERENCE_KG) -> Subjects:
        """Return the subjects; `weight_kg` holds where the cohort has no weight of its own."""
        weights = weight_kg if self.weight is None else quantities.si(self.weight, "kg", name="weight")
        normal = np.random.default_rng(np.random.SeedSequence(self.seed)).standard_normal((self.subjects, 3))
        spread = np.sqrt(np.log1p(np.square(list(self.variation().values()))))
        factors = np.exp(spread * normal)
        return Subjects(np.broadcast_to(weights, (self.subjects,)).astype(float), *factors.T)


def typical(weight_kg: float = REFERENCE_KG) -> Subjects:
    """Return one subject with the typical values of a preset."""
    one = np.ones(1)
    return Subjects(weight_kg * one, one, one, one)


def _scaling(name: str) -> float:
    return float(load("pharmacokinetics", "scaling")[name].si)
