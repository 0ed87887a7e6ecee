"""The card of *Touch that hurts*: the dorsal horn as the JavaScript engine reads it, and what can be done to it."""

from __future__ import annotations

from typing import Any

import numpy as np

from nmdasim.circuits import dorsal_horn
from nmdasim.engines.javascript.card import card as engine_card
from nmdasim.explorer.cards.numbers import parameter, plain
from nmdasim.model.circuit import Circuit
from nmdasim.plan.plan import Plan
from nmdasim.protocols.sensory import ANSWER_S, INTENSITIES, Conditioning, Stimulus
from nmdasim.run.prepare import prepare
from nmdasim.run.question import question
from nmdasim.studies.sensitization import STATES

KINDS = ("touch", "noxious")
#: Rate at which the latencies of a train are read, so low that no volley reaches into the next pulse.
_APART_HZ = 0.1


def card() -> dict[str, Any]:
    """Return the circuit with its wiring of seed 0, every test stimulus, and the latencies of a train."""
    circuit = dorsal_horn()
    one = prepare(question(circuit, Stimulus("touch", 1.0)))[0].plan
    links = [{"pre": p.pre, "post": p.post, "port": p.port} for p in circuit.projections]
    cell = circuit.cells["projection"].parameters
    return {
        "engine": engine_card(one, name=circuit.name),
        "inputs": list(circuit.inputs),
        "populations": {name: part.size for name, part in circuit.populations.items()},
        "fibres": {name: part.size for name, part in circuit.inputs.items()},
        "links": links,
        "stimuli": _stimuli(circuit),
        "train": _train(circuit),
        "at_s": 0.5,
        "answer_s": ANSWER_S,
        "output": circuit.output,
        "states": {name: {"rho": rho, "E_gaba": anion or "-70 mV"} for name, (rho, anion) in STATES.items()},
        "parameters": {name: parameter(cell[name]) for name in ("E_gaba", "ketamine", "rho") if name in cell},
        "intensities": list(INTENSITIES),
    }


def _stimuli(circuit: Circuit) -> list[dict[str, Any]]:
    plan = prepare(question(circuit, Stimulus(list(KINDS), list(INTENSITIES))))[0].plan
    asked = [(kind, intensity) for kind in KINDS for intensity in INTENSITIES]
    rows = [_volleys(plan, lane) for lane in range(plan.instances)]
    return [
        {"kind": kind, "intensity": intensity, "volleys": volleys}
        for (kind, intensity), volleys in zip(asked, rows, strict=True)
    ]


def _volleys(plan: Plan, instance: int) -> list[dict[str, Any]]:
    """Return what each input fires in one instance: seconds, and the fibre of each."""
    found = []
    for volley in plan.inputs:
        size = volley.lanes // plan.instances
        mine = volley.lane // size == instance
        times = volley.step[mine] * plan.first.dt
        found.append({"time": plain(times), "fibre": [int(lane) % size for lane in volley.lane[mine]]})
    return found


def _train(circuit: Circuit) -> dict[str, Any]:
    """Return the latency of every C fibre after each pulse of a train, in seconds."""
    train = Conditioning(f"{_APART_HZ} Hz")
    plan = prepare(question(circuit, train))[0].plan
    volley = plan.inputs[list(circuit.inputs).index("c")]
    delays = np.full((len(train.pulse_times), volley.lanes), np.nan)
    times = volley.step * plan.first.dt
    pulse = np.searchsorted(train.pulse_times, times, side="right") - 1
    delays[pulse, volley.lane] = times - train.pulse_times[pulse]
    return {"pulses": len(delays), "delays": plain(delays), "first_s": plain(train.pulse_times[0])}
