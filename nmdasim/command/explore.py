"""The command ``nmdasim explore``: the models in one page for a browser."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from nmdasim.command import names
from nmdasim.errors import InputError


def explore(
    model: Annotated[
        str, typer.Argument(help="A name that `nmdasim models` lists; without one, the page of the library.")
    ] = "",
    export: Annotated[Path | None, typer.Option(help="Write the page to this file instead of opening it.")] = None,
    panel: Annotated[str, typer.Option(help="receptor, windup, touch, afternoon, year, or own for a model.")] = "",
    set_: Annotated[list[str] | None, typer.Option("--set", help="NAME=VALUE, as ketamine='1 uM'; repeatable.")] = None,
) -> None:
    """Open the explorer in a browser: one page, no server, no network; or write it as a file to hand on.

    Examples
    --------
    - `nmdasim explore`
    - `nmdasim explore --panel windup --set "ketamine=10 uM" --export windup.html`
    - `nmdasim explore delrocq2023`

    Educational and research model. Not medical advice. Not for dosing decisions.
    """
    from nmdasim.explorer import explore as made

    page = made(names.model(model) if model else None, panel=panel, settings=dict(_pair(one) for one in set_ or []))
    if export is not None:
        print(f"{page.export(export)}: open it in a browser; it needs no network")
    else:
        print(f"{page.open()}: opened in the browser")


def _pair(given: str) -> tuple[str, str]:
    name, equals, value = given.partition("=")
    if not equals or not name.strip() or not value.strip():
        raise InputError(f"--set {given}: write NAME=VALUE, as in --set 'ketamine=1 uM'")
    return name.strip(), value.strip()
