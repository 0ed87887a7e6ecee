"""A folder of .mod files: which load, which agree with NEURON, and why the others are refused."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

from nmdasim.errors import InputError, NmdasimError
from nmdasim.exchange.nmodl import compare
from nmdasim.exchange.nmodl.compare import Difference, Loaded
from nmdasim.exchange.nmodl.read import loaded
from nmdasim.exchange.nmodl.refusal import NmodlError, NmodlWarning
from nmdasim.exchange.nmodl.simulator import NeuronError, compiler


@dataclass(frozen=True)
class Refused:
    """A file that does not load: the line (0 where none is at fault), and why."""

    file: str
    line: int
    reason: str


@dataclass(frozen=True)
class Checked:
    """What became of the files of a folder.

    Parameters
    ----------
    files, loaded
        Names of all files, and of those that load.
    compared
        How far each loaded file is from NEURON's own, or why that is not known; empty where NEURON is not installed.
    refused
        The others.
    """

    files: tuple[str, ...]
    loaded: tuple[str, ...]
    compared: dict[str, Difference | NeuronError]
    refused: tuple[Refused, ...]

    @property
    def agree(self) -> tuple[str, ...]:
        """Names of the files whose current is NEURON's."""
        return tuple(n for n, d in self.compared.items() if isinstance(d, Difference) and d.agrees)


def checked(folder: Path, report: Callable[[float], None] = lambda share: None) -> Checked:
    """Load every .mod file of a folder and of those below it; where NEURON is installed, compare.

    Parameters
    ----------
    folder
        The folder.
    report
        Told the share of the files that are read.

    Raises
    ------
    InputError
        If there is no such folder, or no .mod file in it.
    """
    if not folder.is_dir():
        raise InputError(f"{folder}: there is no such folder; give one that holds .mod files")
    paths = sorted(p for p in folder.rglob("*") if p.suffix.lower() == ".mod" and p.is_file())
    if not paths:
        raise InputError(f"{folder}: there is no .mod file in it or below it")
    names = [str(p.relative_to(folder)) for p in paths]
    good: dict[str, Loaded] = {}
    refused: list[Refused] = []
    for k, (name, path) in enumerate(zip(names, paths, strict=True)):
        try:
            good[name] = _one(path)
        except NmodlError as error:
            refused.append(Refused(name, error.place.line, error.reason))
        except NmdasimError as error:
            refused.append(Refused(name, 0, str(error)))
        report((k + 1) / len(paths))
    compared = dict(zip(good, _compared(good.values()), strict=False)) if compiler() else {}
    return Checked(tuple(names), tuple(good), compared, tuple(refused))


def _one(path: Path) -> Loaded:
    """Return a file that is read, and of which a model can be made."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NmodlWarning)
        one = Loaded(path, *loaded(path))
        compare.model_of(one.read)
    return one


def _compared(good: Iterable[Loaded]) -> list[Difference | NeuronError]:
    return compare.differences(list(good))
