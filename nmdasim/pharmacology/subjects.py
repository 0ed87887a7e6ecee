"""Subjects: body weight by allometry, and differences between people drawn from a seed."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError
from nmdasim.parameters import load
from nmdasim.quantities import QuantityLike

#: Body weight in kg at which the presets hold.
REFERENCE_KG = float(load("pharmacokinetics", "scaling")["weight"].si)
#: Section of the variation that this library chose, for presets whose source publishes none.
CHOSEN = "variability"


@dataclass(frozen=True, eq=False)
class Subjects:
    """Subjects as arrays of shape (subject,).

    Parameters
    ----------
    weight_kg
        Body weight.
    factors
        Factors on typical values of a preset, by what they act on: ``clearance``, ``volume``, ``absorption``, or one of
        its parameters. What is not there does not differ.
    logits
        What is added to the logit of a share, by its parameter.
    scales
        Whether clearances and volumes follow body weight.
    """

    weight_kg: np.ndarray
    factors: Mapping[str, np.ndarray] = field(default_factory=dict)
    logits: Mapping[str, np.ndarray] = field(default_factory=dict)
    scales: bool = True

    @property
    def count(self) -> int:
        """Number of subjects."""
        return len(self.weight_kg)

    @property
    def clearance(self) -> np.ndarray:
        """Factor on clearance."""
        return self.factor("clearance")

    @property
    def volume(self) -> np.ndarray:
        """Factor on the central volume."""
        return self.factor("volume")

    @property
    def absorption(self) -> np.ndarray:
        """Factor on rates of absorption."""
        return self.factor("absorption")

    def factor(self, *names: str) -> np.ndarray:
        """Return the product of some factors."""
        found = np.ones(self.count)
        for name in names:
            found = found * self.factors.get(name, 1.0)
        return found

    def share(self, name: str, typical: float) -> np.ndarray:
        """Return a share between 0 and 1 that differs on the scale of its logit."""
        odds = typical / (1 - typical) * np.exp(self.logits.get(name, np.zeros(self.count)))
        return np.asarray(odds / (1 + odds))

    @property
    def flows(self) -> np.ndarray:
        """Factor of body weight on clearances and flows, (W/70 kg)^0.75."""
        return self._weight("clearance_exponent")

    @property
    def volumes(self) -> np.ndarray:
        """Factor of body weight on volumes, W/70 kg."""
        return self._weight("volume_exponent")

    def _weight(self, exponent: str) -> np.ndarray:
        power = _scaling(exponent) if self.scales else 0.0
        return np.asarray((self.weight_kg / REFERENCE_KG) ** power)


@dataclass(frozen=True)
class Cohort:
    """People who differ about a preset, whose typical values are the medians.

    They differ as the source of the preset publishes, where it does (janssen, by parameter); else, or where a variation
    is given, clearance, central volume and absorption do, log-normally.

    Parameters
    ----------
    subjects
        How many.
    cv_clearance, cv_volume, cv_absorption
        Coefficient of variation between subjects; by default 0.25, 0.30 and 0.60, this library's choice.
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
        """Coefficient of variation of clearance, volume and absorption, where no others are published."""
        chosen = load("pharmacokinetics", CHOSEN)
        return {name: float(chosen[name].si) if cv is None else cv for name, cv in self._given().items()}

    def table(self, published: str = "") -> str:
        """Return the section that says how people differ about a preset; `published` is that of its source, if any."""
        own = any(cv is not None for cv in self._given().values())
        return CHOSEN if own or not published else published

    def draw(self, weight_kg: float = REFERENCE_KG, published: str = "", scales: bool = True) -> Subjects:
        """Return the subjects.

        Parameters
        ----------
        weight_kg
            Where the cohort has no weight of its own.
        published
            Section of the variation that the source of a preset publishes.
        scales
            Whether clearances and volumes of the preset follow body weight.
        """
        weights = weight_kg if self.weight is None else quantities.si(self.weight, "kg", name="weight")
        section = self.table(published)
        numbers = {name: float(p.si) for name, p in load("pharmacokinetics", section).items()}
        numbers |= self.variation() if section == CHOSEN else {}
        rng = np.random.default_rng(np.random.SeedSequence(self.seed))
        normal = dict(zip(numbers, rng.standard_normal((self.subjects, len(numbers))).T, strict=True))
        logits = {name: numbers[name] * normal[name] for name in numbers if name.startswith("F_")}
        factors = {n: np.exp(np.sqrt(np.log1p(cv**2)) * normal[n]) for n, cv in numbers.items() if n not in logits}
        return Subjects(np.broadcast_to(weights, (self.subjects,)).astype(float), factors, logits, scales)

    def _given(self) -> dict[str, float | None]:
        return {"clearance": self.cv_clearance, "volume": self.cv_volume, "absorption": self.cv_absorption}


def typical(weight_kg: float = REFERENCE_KG, scales: bool = True) -> Subjects:
    """Return one subject with the typical values of a preset."""
    return Subjects(weight_kg * np.ones(1), scales=scales)


def _scaling(name: str) -> float:
    return float(load("pharmacokinetics", "scaling")[name].si)
