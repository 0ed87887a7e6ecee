"""NEURON asked: files compiled and run in processes of their own, in a folder that is gone afterwards.

NEURON makes C of a file, compiles it and runs it. It is asked about files that were read here, which hold no C of
their own.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from nmdasim.exchange.nmodl import nodes
from nmdasim.exchange.nmodl.parse import text_of

_PATIENCE = 300  # seconds for NEURON to compile, and to run
_TOGETHER = 24  # files that are compiled at once

Answer = Mapping[str, Any]


class NeuronError(Exception):
    """NEURON did not compile or run a file; the message says why."""


@dataclass(frozen=True)
class Question:
    """What NEURON is asked of a file.

    Parameters
    ----------
    path, file
        The file, and what was read in it.
    hidden
        Variables that it does not show and that are to be seen.
    clamp
        What is done and what is read; see :mod:`nmdasim.exchange.nmodl.clamp`.
    """

    path: Path
    file: nodes.File
    hidden: tuple[str, ...]
    clamp: Mapping[str, Any]


@lru_cache(1)
def compiler() -> str:
    """Return the path of nrnivmodl, or nothing where NEURON is not installed."""
    if find_spec("neuron") is None:
        return ""
    beside = Path(sys.executable).with_name("nrnivmodl")
    return str(beside) if beside.exists() else shutil.which("nrnivmodl") or ""


def answers(questions: Sequence[Question]) -> list[Answer | NeuronError]:
    """Return NEURON's answers; where files do not compile or run together, each half is asked about by itself."""
    if len(questions) > _TOGETHER:
        return answers(questions[:_TOGETHER]) + answers(questions[_TOGETHER:])
    try:
        return _together(questions) if questions else []
    except NeuronError as fault:
        half = len(questions) // 2
        return [fault] if not half else answers(questions[:half]) + answers(questions[half:])


def _together(questions: Sequence[Question]) -> list[Answer | NeuronError]:
    with tempfile.TemporaryDirectory(prefix="nmdasim-nmodl-") as name:
        folder = Path(name)
        suffixes = [f"nmdasim{k}" for k in range(len(questions))]
        for question, suffix in zip(questions, suffixes, strict=True):
            (folder / f"{suffix}.mod").write_text(_copy(question, suffix), "utf-8")
        probes = [q.clamp["probe"] for q in questions if q.clamp["probe"]]
        if probes:
            (folder / "nmdasimprobe.mod").write_text(_probe(probes[0]), "utf-8")
        done = _process([compiler(), "-incflags", "-O0 -g0", "."], folder)  # what runs for a moment compiles quickly
        libraries = sorted(folder.glob("*/libnrnmech.*")) + sorted(folder.glob("*/.libs/libnrnmech.*"))
        if not libraries:
            raise NeuronError(f"NEURON does not compile it: {_last(done)}")
        away = folder / "away"  # NEURON loads by itself what it finds where it is started
        away.mkdir()
        asked = [{**q.clamp, "suffix": s} for q, s in zip(questions, suffixes, strict=True)]
        found: list[Answer | NeuronError] = []
        while len(found) < len(asked):
            found += _run(libraries[0], asked[len(found) :], away)
        return found


def _run(library: Path, asked: Sequence[Answer], folder: Path) -> list[Answer | NeuronError]:
    """Return the answers that a process gives; if it dies, a fault for the question at which it did."""
    given = json.dumps({"library": str(library), "questions": asked})
    try:
        done = _process([sys.executable, "-P", str(Path(__file__).with_name("clamp.py"))], folder, given)
    except NeuronError as fault:
        return [fault] * len(asked)
    marked = [json.loads(line[7:]) for line in done.stdout.splitlines() if line.startswith("ANSWER ")]
    found: list[Answer | NeuronError] = [
        NeuronError(f"NEURON does not run it: {one['fault']}") if "fault" in one else one for one in marked
    ]
    if not marked and len(asked) > 1:  # it did not begin: the same would befall all the others
        return [NeuronError(f"NEURON does not run it: {_last(done)}")] * len(asked)
    return found + ([NeuronError(f"NEURON does not run it: {_last(done)}")] if len(found) < len(asked) else [])


def _copy(question: Question, suffix: str) -> str:
    """Return the text of a file under another name, which no other has, and with what is to be seen."""
    place, lines = question.file.name_place, text_of(question.path).splitlines()
    line, at = lines[place.line - 1], place.column - 1
    lines[place.line - 1] = line[:at] + suffix + line[at + len(question.file.name) :]
    if question.hidden:
        lines.append(f"NEURON {{ RANGE {', '.join(question.hidden)} }}")
    return "\n".join(lines) + "\n"


def _probe(current: float) -> str:
    """Return a mechanism that carries a calcium current, in mA/cm²."""
    return (
        "NEURON { SUFFIX nmdasimprobe USEION ca WRITE ica }\n"
        f"ASSIGNED {{ ica (mA/cm2) }}\nBREAKPOINT {{ ica = {current} }}\n"
    )


def _process(words: list[str], folder: Path, given: str = "") -> subprocess.CompletedProcess[str]:
    try:
        return subprocess.run(
            words,
            cwd=folder,
            input=given,
            capture_output=True,
            text=True,
            errors="replace",
            timeout=_PATIENCE,
            check=False,
        )
    except subprocess.TimeoutExpired:
        raise NeuronError(f"NEURON takes more than {_PATIENCE} s") from None


def _last(done: subprocess.CompletedProcess[str]) -> str:
    """Return the line that says what went wrong."""
    lines = [" ".join(line.split()) for line in (done.stdout + "\n" + done.stderr).splitlines() if line.strip()]
    told = [line for line in lines if "rror" in line and "make" not in line] or lines or ["no reason is given"]
    return told[-1][:200]
