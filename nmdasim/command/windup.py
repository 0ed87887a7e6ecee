"""The command ``nmdasim windup``."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from nmdasim.command import names, progress
from nmdasim.command.figures import Show, Slide, opened
from nmdasim.command.options import Json, Out, concentrations, decimal, drawn_seeds
from nmdasim.errors import InputError

if TYPE_CHECKING:
    from brian2.units import Quantity

    from nmdasim.model.circuit import Circuit
    from nmdasim.model.model import Model

_MOST_REPEATS = 1_000_000
_NO_DRUG = "0 uM"
_DRUG = "NAME=CONCENTRATION, as in memantine=3uM"


_Block = Annotated[str, typer.Option(help="equilibrated (long exposure; the default) or washin (drug just arrived).")]
_Ketamine = Annotated[
    str, typer.Option(help="Free ketamine at the receptor, one or several: '0 uM,1 uM'; or '100 ng/ml total' (S).")
]
_Drug = Annotated[
    list[str] | None,
    typer.Option(help="NAME=CONCENTRATION of any blocker, free, one or several: 'memantine=0 uM,3 uM'; repeatable."),
]


def windup(
    model: Annotated[
        str, typer.Option(help="wdr, delrocq2023 or aguiar2010.", autocompletion=names.complete_neuron)
    ] = "wdr",
    state: Annotated[str, typer.Option(help="Pain state of the model wdr, such as crps; as published, without.")] = "",
    engine: names.EngineName = "",
    method: Annotated[str, typer.Option(help="Integration method; the engine's own by default.")] = "",
    dt: Annotated[str, typer.Option(help="Step, such as '0.05 ms'; the model's own by default.")] = "",
    frequency: Annotated[str, typer.Option(help="Rate of the pulses.")] = "1 Hz",
    pulses: Annotated[int, typer.Option(help="Number of pulses.")] = 15,
    ketamine: _Ketamine = _NO_DRUG,
    drug: _Drug = None,
    block: _Block = "",
    mg: Annotated[str, typer.Option(help="Magnesium outside, such as '1 mM'.")] = "",
    scale: Annotated[list[str] | None, typer.Option(help="NAME=FACTOR; nmda ampa_c nk1 gaba can cal kca nap.")] = None,
    set_: Annotated[list[str] | None, typer.Option("--set", help="PARAMETER=QUANTITY, as in K_mg=3mM.")] = None,
    latencies_a: Annotated[Path | None, typer.Option(help="Aδ latencies in ms: rows pulses, columns synapses.")] = None,
    latencies_c: Annotated[Path | None, typer.Option(help="C latencies, likewise.")] = None,
    seed: Annotated[int, typer.Option(help="Seed of the latency draw.")] = 0,
    repeats: Annotated[int, typer.Option(help="Number of latency draws: seeds SEED, SEED+1, …")] = 1,
    threads: Annotated[int, typer.Option(help="Threads; 0 is all cores.")] = 0,
    show: Show = False,
    slide: Slide = False,
    json: Json = False,
    out: Out = None,
) -> None:
    """Wind-up: a train of C-strength pulses, and the spikes that follow each.

    Examples
    --------
    - `nmdasim windup --out out`
    - `nmdasim windup --ketamine "0 uM,1 uM,10 uM" --repeats 20 --out out`
    - `nmdasim windup --ketamine "0 uM,100 ng/ml total" --repeats 20`
    - `nmdasim windup --drug "memantine=0 uM,3 uM" --drug "MK-801=0.1 uM"`
    - `nmdasim windup --frequency "0.1 Hz" --pulses 10`
    - `nmdasim windup --show --slide`
    - `nmdasim windup --model delrocq2023 --scale nmda=0 --json`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim import engines
    from nmdasim.protocols import WindUp
    from nmdasim.readout import files
    from nmdasim.run.simulate import simulate

    _check_one(frequency)
    seeds = drawn_seeds(seed, repeats, _MOST_REPEATS)
    if out is not None:
        files.check_folder(out)
    chosen = _in_state(model, state).scaled(**_factors(scale)).replace(**_pairs(set_, "PARAMETER=QUANTITY"))
    protocol = WindUp(frequency=frequency, pulses=pulses, latencies=_latencies(latencies_a, latencies_c))
    with progress.shown("wind-up") as report:
        result = simulate(
            chosen,
            protocol,
            **_given(chosen, ketamine, drug),
            block=block or None,
            mg=mg or None,
            dt=dt or None,
            method=method,
            engine=engine or engines.DEFAULT,
            threads=threads,
            seed=list(seeds),
            progress=report,
        )
    result.attrs |= _beyond(state, result.attrs["changed"]) if state else {}
    from nmdasim.command.printing import windup as printing  # figures and statistics: a slip above is told before them

    if out is not None:
        printing.save(result, out, slide=slide)
    if show:
        opened(printing.figure(result, slide=slide), "windup", out)
    print(printing.as_json(result)) if json else printing.show(result, out)


def _check_one(frequency: str) -> None:
    """Refuse several rates, or one with a decimal comma."""
    if "," in frequency:
        meant = decimal(frequency) or "give one rate, such as '1 Hz'; nmdasim sweep takes several"
        raise InputError(f"frequency = {frequency}; {meant}")


def _in_state(model: str, state: str) -> Model | Circuit:
    if not state:
        return names.neuron(model)
    from nmdasim.treatment import states

    found = states(state)
    if model != "wdr":
        raise InputError(
            f"--state {state}: a pain state is one of the model wdr, not of {model}; leave one of them out"
        )
    return found.neuron()


def _beyond(state: str, changed: str) -> dict[str, str]:
    """Return what a result says of a pain state: its name, and what was changed beyond what it is."""
    from nmdasim.model.circuit import circuit_of
    from nmdasim.run import provenance
    from nmdasim.treatment import states

    own = provenance.changed(circuit_of(states(state).neuron()))
    return {"state": state, "changed": "; ".join(text for text in changed.split("; ") if text not in own)}


def _pairs(given: list[str] | None, form: str) -> dict[str, str]:
    pairs = {}
    for item in given or []:
        name, equals, value = item.partition("=")
        if not equals or not name.strip() or not value.strip():
            raise InputError(f"cannot read {item!r}; write {form}")
        if name.strip() in pairs:
            raise InputError(f"{name.strip()} is given twice; give it once")
        pairs[name.strip()] = value.strip()
    return pairs


def _doses(model: Model | Circuit, text: str) -> list[str] | None:
    """Return the concentrations asked for; none for a model that knows no drug, unless some were asked for."""
    from nmdasim.model.circuit import cells_of

    knows = any(cell.parameters.entries("ketamine") for cell in cells_of(model).values())
    return concentrations("ketamine", text) if knows or text != _NO_DRUG else None


def _given(model: Model | Circuit, ketamine: str, drugs: list[str] | None) -> dict[str, Any]:
    """Return what is asked of drugs, by argument."""
    found: dict[str, Any] = {"drugs": {name: concentrations(name, text) for name, text in _pairs(drugs, _DRUG).items()}}
    return found | {"ketamine": None if drugs and ketamine == _NO_DRUG else _doses(model, ketamine)}


def _factors(given: list[str] | None) -> dict[str, float]:
    factors = {}
    for name, text in _pairs(given, "NAME=FACTOR, as in nmda=0.5").items():
        try:
            factors[name] = float(text)
        except ValueError:
            raise InputError(f"scale {name}={text}: a factor is a number, as in {name}=0.5") from None
    return factors


def _latencies(a: Path | None, c: Path | None) -> dict[str, Quantity]:
    from nmdasim.protocols import latencies

    return {fibre: latencies.read(path) for fibre, path in (("adelta", a), ("c", c)) if path is not None}
