"""What a slow model reads: the drug of the regimen, the state's ongoing input, and what the circuit makes of them."""

from __future__ import annotations

from collections.abc import Collection, Mapping
from dataclasses import dataclass

import numpy as np
from scipy.integrate import solve_ivp

from nmdasim.language.evaluation import evaluator
from nmdasim.model.model import Model
from nmdasim.pharmacology import drug, potency
from nmdasim.pharmacology.presets import number
from nmdasim.treatment.given import DRUG
from nmdasim.treatment.integrate import Supply
from nmdasim.treatment.states import State
from nmdasim.treatment.table import circuit_table

_NG_ML, _UM = 1e-6, 1e-3  # in kg/m³, in mol/m³
#: Hours after which a state of a slow model counts as settled without drug.
_SETTLED_H = 5 * 365 * 24.0


@dataclass(frozen=True, eq=False)
class Link:
    """How concentrations of what is given become what the models read.

    Parameters
    ----------
    arterial
        S-ketamine that blocks as much as one of what is given.
    micromolar
        Free racemic ketamine, in µM, that blocks as much as 1 ng/ml of what is given.
    state
        Whose ongoing input is read.
    """

    arterial: float
    micromolar: float
    state: State

    @classmethod
    def of(cls, name: str, state: State) -> Link:
        """Return the link of a drug, by the ratio of affinities."""
        free = float(drug(name).free_micromolar(1.0)) * number("effect_site", "unbound_ratio", "1")
        return cls(potency(name, DRUG), free * potency(name), state)

    def free(self, site: np.ndarray) -> np.ndarray:
        """Return free racemic ketamine in µM; `site` is what was given, at the effect site, in kg/m³."""
        return np.asarray(site / _NG_ML * self.micromolar)

    def inputs(
        self, times_h: np.ndarray | float, read: np.ndarray, known: Mapping[str, np.ndarray], wanted: Collection[str]
    ) -> dict[str, np.ndarray]:
        """Return those inputs that are wanted, in SI.

        Parameters
        ----------
        times_h
            Hours, one or of shape (time,).
        read
            Plasma in ng/ml and the effect site in kg/m³, the last dimension.
        known
            States and parameters by name.
        wanted
            Names.
        """
        ketamine = self.free(read[..., 1])
        found = {"C": read[..., 0] * self.arterial * _NG_ML, "ketamine": ketamine * _UM}
        found |= ongoing(self.state, times_h)
        if "drive" in wanted:
            found["drive"] = _drive(known["s"], ketamine, found["rate"])
        return {name: found[name] for name in found if name in wanted}

    def supply(self, model: Model) -> Supply:
        """Return what tells an integrator the inputs of a model."""
        return lambda time, read, known: self.inputs(time, read, known, model.parameters)


def ongoing(state: State, times_h: np.ndarray | float) -> dict[str, np.ndarray]:
    """Return the ongoing rate of each C fibre in Hz by its name ``rate``."""
    return {"rate": state.number("rate", "Hz") * natural(state, times_h)}


def natural(state: State, times_h: np.ndarray | float) -> np.ndarray:
    """Return what is left of input and pain of a state that heals by itself: 1 where it does not."""
    hours = np.asarray(times_h, dtype=float)
    half_life = state.number("healing", "h")
    return np.exp2(-hours / half_life) if half_life else np.ones_like(hours)


def _drive(s: np.ndarray, ketamine: np.ndarray, rate: np.ndarray) -> np.ndarray:
    return circuit_table().read("drive", s, ketamine, rate) * _UM


def begin(model: Model, state: State, values: Mapping[str, np.ndarray]) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the states before treatment, shape (patient, state), and what else is known from them.

    A model that the circuit drives has come to rest, from full sensitization, under the ongoing input of the state.
    """
    names, count = model.system.states, len(next(iter(values.values())))
    start = np.zeros((count, len(names)))
    for k, name in enumerate(names):
        start[:, k] = float(model.initial.get(name, 0.0))
    if "drive" not in model.parameters:
        return start, {}
    start[:, names.index("s")] = 1.0
    rates, none = evaluator(tuple(model.system.derivatives.values())), np.zeros(count)
    fixed = {**values, "C": none, "ketamine": none, **ongoing(state, 0.0)}
    drive = circuit_table().over_sensitization("drive", 0.0, float(fixed["rate"]))

    def slope(time: float, flat: np.ndarray) -> np.ndarray:
        at = flat.reshape(start.shape)
        known = {**fixed, **{name: at[:, k] for k, name in enumerate(names)}}
        known["drive"] = drive(known["s"]) * _UM
        return np.stack([np.broadcast_to(one, count) for one in rates(known)], axis=1).ravel() * 3600

    width = len(names) - 1  # patients do not touch each other, so the Jacobian is a band
    options = {"rtol": 1e-10, "atol": 1e-12, "lband": width, "uband": width}
    run = solve_ivp(slope, (0.0, _SETTLED_H), start.ravel(), "LSODA", [_SETTLED_H], **options)
    rest = run.y[:, -1].reshape(start.shape)
    return rest, {"s_0": rest[:, names.index("s")]}
