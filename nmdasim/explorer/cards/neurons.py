"""The card of *Wind-up*: the neuron as the JavaScript engine reads it, what arrives at it, and what can be set."""

from __future__ import annotations

from typing import Any

import numpy as np

from nmdasim.engines.javascript.card import card as engine_card
from nmdasim.engines.javascript.card import written
from nmdasim.explorer.cards.numbers import parameters, plain
from nmdasim.model.circuit import circuit_of
from nmdasim.model.model import Model
from nmdasim.neurons import wdr
from nmdasim.parameters import concentrations, drugs
from nmdasim.protocols import WindUp
from nmdasim.protocols.strength import graded
from nmdasim.quantities import uM
from nmdasim.receptors import blockers
from nmdasim.run.prepare import prepare
from nmdasim.run.question import question

#: Lengths of a train that the page offers; the latencies of each are drawn as `simulate` draws them.
PULSES = (5, 10, 15, 20, 30)
SEED = 0
#: Parts of the neuron that can be switched off, by the name of their gain.
PARTS = ("nmda", "nk1", "ampa_c", "gaba", "can", "cal", "kca", "nap")
#: Constants of a drug in the pore.
_CONSTANTS = ("K", "V", "slope", "k_on")
#: Parameters with a slider of their own.
SHOWN = ("ketamine", "gain_nmda", "mg", "strength", "E_gaba", "K_ketamine")


def card() -> dict[str, Any]:
    """Return the neuron `wdr` with the strength of its volleys as a parameter, without and with each drug."""
    model = graded(wdr())
    run = prepare(question(model, WindUp(pulses=15), ketamine=[0, 1] * uM))[0]
    total = concentrations.total("1 uM", "ketamine", unit="ng/ml")
    return {
        "name": model.name,
        "engines": {"ketamine": engine_card(run.plan)} | {one: _engine(model, one) for one in _escaping()},
        "drugs": {name: _drug(name) for name in _named()},
        "trains": {str(count): _train(model, count) for count in PULSES},
        "first_s": 1.0,
        "gains": {name: list(model.gains[name]) for name in PARTS},
        "parameters": parameters({name: model.parameters[name] for name in SHOWN}),
        "total_ng_ml_per_um": plain(float(total) * 1e6),
        "morphology": {name: list(where) for name, where in model.morphology.regions.items()},
    }


def _escaping() -> list[str]:
    """Return the drugs part of which leaves shut channels: their states are others than ketamine's."""
    return [name for name in _named() if blockers.blocker(name).escapes]


def _named() -> list[str]:
    """Return the drugs that a neuron takes by name: blockers of the table, without other laboratories' constants."""
    return [entry.name for entry in drugs.own().values() if entry.name in blockers.NAMES]


def _engine(model: Model, drug: str) -> dict[str, Any]:
    return engine_card(prepare(question(model, WindUp(pulses=15), drugs={drug: [0, 1] * uM}))[0].plan)


def _drug(name: str) -> dict[str, Any]:
    """Return by which engine a drug runs, its concentration there, constants in place of ketamine's, and its states.

    A trapped drug differs from ketamine in its constants alone, and takes its place; one that escapes has states of its
    own, in a pore that ketamine at zero leaves free.
    """
    own = blockers.blocker(name)
    if own.escapes:
        held = [f"b_{part}_{own.key}_nmda" for part in ("deep", "shallow")]
        return {"engine": name, "concentration": own.key, "set": {}, "held": held}
    constants = {part: own.parameters[f"{part}_{own.key}"] for part in _CONSTANTS}
    return {
        "engine": "ketamine",
        "concentration": "ketamine",
        "set": {f"{part}_ketamine": plain(float(p.si)) for part, p in constants.items()},
        "held": ["b_nmda"],
    }


def _train(model: Model, pulses: int) -> dict[str, Any]:
    """Return the delays after each pulse at each synapse (s), and the port where each table of them arrives."""
    train = WindUp(pulses=pulses)
    rng = np.random.default_rng(np.random.SeedSequence(SEED))
    tables: list[np.ndarray] = []
    ports = []
    for one in train.arrivals(circuit_of(model), rng):
        delays = one.times - train.stimuli()[:, :, None]
        same = [
            k
            for k, known in enumerate(tables)
            if known.shape == delays.shape and np.allclose(known, delays, atol=1e-12)
        ]
        if not same:
            tables.append(delays)
        ports.append([one.port, same[0] if same else len(tables) - 1])
    return {"ports": ports, "tables": [written(table.reshape(pulses, -1), "f8") for table in tables]}
