"""Options that several commands share."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Annotated

import typer

from nmdasim.errors import NUMBER, InputError, with_one_unit

Json = Annotated[bool, typer.Option("--json", help="Print one JSON object and nothing else.")]
Out = Annotated[Path | None, typer.Option(help="Folder for the figure (PNG, SVG), table (CSV) and result (NetCDF).")]

_LARGEST_SEED = 2**63 - 1


def drawn_seeds(seed: int, repeats: int, most: int) -> range:
    """Return the seeds SEED, SEED+1, … of some repeats.

    Raises
    ------
    InputError
        If a seed is negative or no 64-bit number, or the repeats are none or more than `most`.
    """
    if not 1 <= repeats <= most:
        raise InputError(f"repeats = {repeats}; give 1 or more (up to {most})")
    if not 0 <= seed <= _LARGEST_SEED - repeats:
        raise InputError(f"seed = {seed}; a seed is 0 or more, up to 2**63")
    return range(seed, seed + repeats)


def concentrations(name: str, text: str) -> list[str]:
    """Return the concentrations that an option gives, one or several with commas between them.

    Raises
    ------
    InputError
        If one is missing or, other than 0, has no unit.
    """
    parts = [part.strip() for part in text.split(",")]
    if not all(parts):
        raise InputError(f"{name} = {text!r} has an empty entry; write one or several, as in '0 uM,1 uM'")
    if comma := _DECIMAL.fullmatch(text):
        several = with_one_unit(parts) or parts
        raise InputError(
            f"{name} = {text!r} is one number with a comma, or two; did you mean '{comma[1]}.{comma[2]}' or "
            f"'{','.join(several)}'?"
        )
    apart = [one for part in parts for one in _BETWEEN.split(part)]
    if len(apart) > len(parts) and all(_ONE.fullmatch(value) for value in apart):
        joined = ",".join(with_one_unit(apart) or apart)
        raise InputError(f"{name} = {text!r} has values with no comma between them; did you mean {joined!r}?")
    found = [NUMBER.fullmatch(part) for part in parts]
    if any(match and not match[2] and float(match[1]) for match in found):
        meant = with_one_unit(parts) or with_one_unit([*parts, "0 uM"])[:-1]
        offer = f"; did you mean '{','.join(meant)}'?" if meant else ", as in '0 uM,1 uM'"
        raise InputError(f"{name} = {text} has the wrong dimension; it is given in uM, each with its unit{offer}")
    return parts


#: Two whole numbers of which the second alone has a unit: to many people one number, since they write its comma.
_DECIMAL = re.compile(r"\s*([+-]?\d+),\s*(\d+\s*[A-Za-zµμ].*?)\s*")
#: One value with its unit, or without; and what stands between two in place of a comma.
_ONE = re.compile(r"[+-]?[\d.]+\s*[A-Za-zµμ/]*")
_BETWEEN = re.compile(r"(?<=[A-Za-z\d])\s*[;\s]\s*(?=[+-]?\.?\d)")


def decimal(text: str) -> str:
    """Return the question whether a text was one number with a decimal comma; nothing where it is none."""
    comma = _DECIMAL.fullmatch(text)
    return f"did you mean '{comma[1]}.{comma[2]}'?" if comma else ""


def one_concentration(ketamine: str) -> float:
    """Return the one free concentration that a command takes, in µM.

    Raises
    ------
    InputError
        If there are several, or it is negative.
    """
    from nmdasim import quantities
    from nmdasim.parameters import concentrations

    if "," in ketamine:
        meant = decimal(ketamine) or "give one concentration, such as '1 uM'"
        raise InputError(f"ketamine = {ketamine}; {meant}")
    free = quantities.si(concentrations.free(ketamine), "uM", name="ketamine")
    if free.ndim or free < 0:
        raise InputError(f"ketamine = {ketamine}; give one concentration, 0 or more")
    return float(quantities.in_unit(free, "uM"))


def told_free(ketamine: str) -> tuple[str, str]:
    """Return the free concentration of a text as people read it, in its own unit, and none of it in that unit."""
    from nmdasim import quantities
    from nmdasim.parameters import concentrations

    free = concentrations.free(ketamine)
    unit = quantities.written_unit(free) or "uM"
    number = float(quantities.in_unit(quantities.number(free, "uM", name="ketamine"), unit))
    return f"{quantities.brief(number)} {quantities.pretty(unit)} free ketamine", f"0 {unit}"
