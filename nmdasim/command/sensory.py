"""The command ``nmdasim sensory``: touch and noxious stimuli on the dorsal-horn circuit."""

from __future__ import annotations

import json as _json
from typing import Annotated

import typer

from nmdasim.command.options import Json, Out


def sensory(
    state: Annotated[str, typer.Option(help="naive, potentiated, disinhibited or sensitized.")] = "naive",
    ketamine: Annotated[str, typer.Option(help="Free ketamine at the receptor, equilibrated.")] = "0 uM",
    seed: Annotated[int, typer.Option(help="First seed of wiring and latencies.")] = 0,
    repeats: Annotated[int, typer.Option(help="Number of seeds: SEED, SEED+1, …")] = 5,
    json: Json = False,
    out: Out = None,
) -> None:
    """Test a dorsal-horn circuit with touch and with noxious stimuli of five strengths.

    Both indices compare with the naive circuit without drug: allodynia is the fall of the touch threshold,
    hyperalgesia the gain of the noxious response.

    Example: `nmdasim sensory --state sensitized --ketamine "1 uM" --json`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim.command import report_sensory  # noqa: PLC0415
    from nmdasim.readout import files  # noqa: PLC0415

    if out is not None:
        files.check_folder(out)
    answer, before, after = report_sensory.run(state, ketamine, seed, repeats)
    if out is not None:
        report_sensory.save(before, after, out)
    if json:
        print(_json.dumps(answer))
    else:
        report_sensory.show(answer, out)
