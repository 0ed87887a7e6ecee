"""Presets as linear systems: dx/dt = A·x + input, with x amounts in mg, time in hours, one matrix per subject.

Every system holds the parent drug, its metabolite and an effect site. The effect site follows plasma,
dCe/dt = ke0·(Cp - Ce), and takes no mass from it; as a state it is Ce·V1, so that it shares the central volume.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from nmdasim.pharmacology.drugs import drug
from nmdasim.pharmacology.presets import Preset, number
from nmdasim.pharmacology.subjects import REFERENCE_KG, Subjects, typical

READOUTS = ("plasma", "effect_site", "metabolite")
_METABOLITE = ("metabolite", "metabolite peripheral")


@dataclass(frozen=True)
class Uptake:
    """Where a share of a dose goes, one or one a subject: at once, or evenly over `over_h` hours."""

    state: int
    share: float | np.ndarray
    over_h: float = 0.0


@dataclass(frozen=True, eq=False)
class System:
    """One preset for a number of subjects.

    Parameters
    ----------
    preset
        Which preset.
    states
        Names of the states.
    matrix
        Rates per hour, shape (subject, state, state).
    readout
        Plasma, effect site and metabolite in ng/ml per mg, shape (subject, readout, state).
    routes
        Uptakes by route; a nasal dose has one entry per device, the last holding for all later ones.
    subjects
        Body weights and factors behind the matrices.
    """

    preset: Preset
    states: tuple[str, ...]
    matrix: np.ndarray
    readout: np.ndarray
    routes: Mapping[str, tuple[tuple[Uptake, ...], ...]]
    subjects: Subjects

    @property
    def parent(self) -> np.ndarray:
        """Which states hold parent drug, shape (state,)."""
        return np.array([name not in (*_METABOLITE, "effect site") for name in self.states])

    @property
    def elimination(self) -> np.ndarray:
        """Rate at which each state loses parent drug for good, per hour, shape (subject, state)."""
        return np.asarray(-(self.matrix * self.parent[:, None]).sum(axis=1) * self.parent)


def clearance_and_volume(preset: Preset) -> tuple[float, float]:
    """Return clearance (L/h) and volume of distribution at steady state (L) of a preset at 70 kg."""
    system = build(preset, typical(scales=preset.scales))
    body = np.flatnonzero(system.parent)
    infused = np.zeros(len(body))
    infused[0] = 1.0
    steady = np.linalg.solve(system.matrix[0][np.ix_(body, body)], -infused)
    mg_per_litre = float(system.readout[0, 0, body] @ steady) / 1e3
    return 1 / mg_per_litre, float(steady.sum()) / mg_per_litre


def build(preset: Preset, subjects: Subjects) -> System:
    """Return the linear system of a preset for some subjects."""
    return _liver(preset, subjects) if preset.structure == "liver" else _mammillary(preset, subjects)


def _mammillary(preset: Preset, subjects: Subjects) -> System:
    volume, clearance, exchanges = _macro(preset)
    peripheral = [f"peripheral {k}" for k in range(1, len(exchanges) + 1)]
    depots = {"im": "muscle", "oral": "gut", "sublingual": "mouth"}
    states = ("central", *peripheral, *depots.values(), *_METABOLITE, "effect site")
    body = _Body(states, subjects)
    v1 = volume * subjects.volume * subjects.volumes
    for name, (flow, size) in zip(peripheral, exchanges, strict=True):
        body.exchange("central", name, flow * subjects.flows / v1, flow * subjects.flows / (size * subjects.volumes))
    k10 = clearance * subjects.clearance * subjects.flows / v1
    formed = number("norketamine", "f_met", "1")
    body.move("central", "metabolite", k10 * formed, _molar_ratio(preset))
    body.move("central", None, k10 * (1 - formed))
    routes = {"iv": ((Uptake(0, 1.0),),)}
    for route, depot in depots.items():
        body.move(depot, "central", number("absorption", f"ka_{route}", "1/h") * subjects.absorption)
        share = "F_oral_s" if (route, preset.drug) == ("oral", "s-ketamine") else f"F_{route}"
        routes[route] = ((Uptake(states.index(depot), number("absorption", share, "1")),),)
    return body.system(preset, v1, routes)


def _macro(preset: Preset) -> tuple[float, float, list[tuple[float, float]]]:
    """Return V1, CL and (Q, V) of each peripheral at 70 kg, in L and L/h, from volumes or from rate constants."""
    values = preset.parameters
    if "CL" in values:
        exchanges = [(number(values, f"Q{k}", "L/h"), number(values, f"V{k}", "L")) for k in (2, 3)]
        return number(values, "V1", "L"), number(values, "CL", "L/h"), exchanges
    v1 = number(values, "V1", "L/kg") * REFERENCE_KG
    exchanges = []
    for k in (2, 3):
        if f"k1{k}" in values:
            flow = number(values, f"k1{k}", "1/h") * v1
            exchanges.append((flow, flow / number(values, f"k{k}1", "1/h")))
    own = {"s-ketamine": "CL_s", "r-ketamine": "CL_r"}.get(preset.drug)
    clearance = number(values, own, "L/h") if own else number(values, "k10", "1/h") * v1
    return v1, clearance, exchanges


def _liver(preset: Preset, subjects: Subjects) -> System:
    values = preset.parameters
    peripheral = ("peripheral 1", "peripheral 2")
    states = ("central", *peripheral, "liver", "nose", "swallowed", "gut", *_METABOLITE, "effect site")
    body = _Body(states, subjects)
    v1 = number(values, "V1", "L") * subjects.factor("volume", "V1") * subjects.volumes
    for name, flow, size in zip((*peripheral, "liver"), ("Q2", "Q3", "Qh"), ("V2", "V3", "Vh"), strict=True):
        rate = number(values, flow, "L/h") * subjects.factor(flow) * subjects.flows
        volume = number(values, size, "L") * subjects.factor(size) * subjects.volumes
        body.exchange("central", name, rate / v1, rate / volume)
    turnover = subjects.clearance * subjects.flows / subjects.volumes
    body.move("liver", "metabolite", number(values, "k_met", "1/h") * turnover, _molar_ratio(preset))
    body.move("liver", None, number(values, "k_el", "1/h") * turnover * subjects.factor("k_el"))
    body.move("nose", "central", number(values, "ka_nasal", "1/h") * subjects.factor("absorption", "ka_nasal"))
    for depot, rate_name in (("swallowed", "ka_swallowed"), ("gut", "ka_oral")):
        body.move(depot, "liver", number(values, rate_name, "1/h") * subjects.factor("absorption", "ka_gut"))
    return body.system(preset, v1, _liver_routes(preset, states, subjects))


def _liver_routes(
    preset: Preset, states: tuple[str, ...], subjects: Subjects
) -> dict[str, tuple[tuple[Uptake, ...], ...]]:
    values = preset.parameters
    gut, first = number(values, "F_gut", "1"), subjects.share("F_nasal", number(values, "F_nasal", "1"))
    nose, swallowed = states.index("nose"), states.index("swallowed")
    late = number(values, "T_swallowed", "h")
    devices = tuple(
        (Uptake(nose, absorbed), Uptake(swallowed, (1 - absorbed) * gut, late))
        for absorbed in (first, first * number(values, "f_later", "1"))
    )
    oral = Uptake(states.index("gut"), gut, number(values, "T_oral", "h"))
    return {"iv": ((Uptake(0, 1.0),),), "nasal": devices, "oral": ((oral,),)}


class _Body:
    """A matrix under construction: flows between named states."""

    def __init__(self, states: tuple[str, ...], subjects: Subjects):
        self.states, self.subjects = states, subjects
        self.matrix = np.zeros((subjects.count, len(states), len(states)))

    def move(self, source: str, target: str | None, rate: np.ndarray | float, yields: float = 1.0) -> None:
        """Let `source` empty at `rate` per hour into `target` (None: out of the body)."""
        a = self.states.index(source)
        self.matrix[:, a, a] -= rate
        if target is not None:
            self.matrix[:, self.states.index(target), a] += np.asarray(rate) * yields

    def exchange(self, a: str, b: str, out: np.ndarray, back: np.ndarray) -> None:
        """Let `a` and `b` exchange, `out` from a to b and `back` from b to a."""
        self.move(a, b, out)
        self.move(b, a, back)

    def system(self, preset: Preset, v1: np.ndarray, routes: Mapping[str, tuple[tuple[Uptake, ...], ...]]) -> System:
        """Add metabolite and effect site, and return the finished system."""
        subjects, effect = self.subjects, self.states.index("effect site")
        v_met = number("norketamine", "V", "L") * subjects.factor("V_met") * subjects.volumes
        v_far = number("norketamine", "V_peripheral", "L") * subjects.volumes
        flow = number("norketamine", "Q", "L/h") * subjects.flows
        self.exchange(*_METABOLITE, flow / v_met, flow / v_far)
        cleared = number("norketamine", "CL", "L/h") * subjects.factor("CL_met") * subjects.flows
        self.move("metabolite", None, cleared / v_met)
        ke0 = np.log(2) / number("effect_site", "half_life", "h")
        self.matrix[:, effect, 0] += ke0
        self.matrix[:, effect, effect] -= ke0
        readout = np.zeros((subjects.count, len(READOUTS), len(self.states)))
        readout[:, 0, 0] = readout[:, 1, effect] = 1e3 / v1
        readout[:, 2, self.states.index("metabolite")] = 1e3 / v_met
        return System(preset, self.states, self.matrix, readout, routes, subjects)


def _molar_ratio(preset: Preset) -> float:
    parent = drug(preset.drug)
    return drug(parent.metabolite).grams_per_mole / parent.grams_per_mole
