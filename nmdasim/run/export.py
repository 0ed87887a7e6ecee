"""A model as a folder that runs elsewhere: its files, a protocol made concrete, and a script that runs it."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.engines import neuron
from nmdasim.errors import InputError, plainly
from nmdasim.model.circuit import Circuit, circuit_of
from nmdasim.model.model import Model
from nmdasim.protocols import WindUp
from nmdasim.quantities import QuantityLike
from nmdasim.run.prepare import prepare
from nmdasim.run.question import question

_README = """{name}: {description}

The model in NMODL, and a script that runs it in NEURON (it needs neuron and NumPy alone):

    nrnivmodl .
    python run.py

It runs {protocol}.
run.py writes the spikes to spikes.csv and states, and traces where plan.json asks for any, to result.npz.
plan.json holds the tree, the values of every parameter in SI units, every event and every synapse; change them there.
Its "method" is fixed, crank_nicolson or cvode, its "tolerance" that of cvode.
Units and sources stand as comments in the .mod files; references: {references}.

{disclaimer}
"""


@plainly
def to_nmodl(
    model: Model | Circuit, folder: Path | str, protocol: Any = None, duration: QuantityLike | None = None
) -> Path:
    """Write a model and a run of it for the NEURON simulator.

    Parameters
    ----------
    model
        A neuron or a circuit.
    folder
        Where to: new, or empty.
    protocol
        What is done to it: by default a wind-up train where the model has fibres, else nothing.
    duration
        Of the run; by default that of the protocol, or 1 s.

    Returns
    -------
    Path
        The folder.

    Raises
    ------
    InputError
        If there is something in the folder, or it cannot be written.
    ModelError
        If the model holds what NMODL, or this rendering of it, cannot say.
    """
    folder = Path(folder)
    if folder.exists() and (not folder.is_dir() or any(folder.iterdir())):
        raise InputError(f"{folder}: is there already and is no empty folder; give a new one")
    if protocol is None and circuit_of(model).fibres:
        protocol = WindUp()
    if duration is None and getattr(protocol, "duration", None) is None:
        duration = "1 s"
    runs = prepare(question(model, protocol, duration=duration, engine="neuron"))
    if len(runs) > 1:
        raise InputError("a folder holds one run; give a protocol without lists, or of one length")
    said = f"{type(protocol).__name__ if protocol is not None else 'without input'}, {runs[0].plan.first.duration:g} s"
    readme = _README.format(
        name=model.name,
        description=model.description or "a model",
        protocol=said,
        references=", ".join(model.references) or "none given",
        disclaimer=DISCLAIMER,
    )
    files = {**neuron.files(runs[0].plan), "README.txt": readme}
    _put(files, folder)
    return folder


def _put(files: dict[str, str], folder: Path) -> None:
    """Write all files, or say why not and leave none."""
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".nmdasim_") as draft:
            for name, text in files.items():
                (Path(draft) / name).write_text(text)
            folder.mkdir(exist_ok=True)
            for name in files:
                (Path(draft) / name).replace(folder / name)
    except OSError as error:
        raise InputError(f"{folder}: cannot be written ({error.strerror or error}); give another folder") from None
