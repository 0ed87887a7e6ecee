"""Spike times as text: tables (CSV, TSV) whose heading says the unit, and channels as Spike2 lists them.

A table has a column of times, ``time_ms`` or ``spike time (s)``, and may have one that names the train (``neuron``,
``unit``, ``train``, ``trial``, ``channel``). Without a heading it is a single column, and the unit is said by whoever
reads it.

Spike2's text export lists channels one below the other: a line ``"CHANNEL" "2"``, lines in quotes that say the kind and
title, then one time a line, in seconds. That layout is written down from memory and is not checked against the program;
what does not look like it is refused with its line.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from nmdasim import quantities
from nmdasim.errors import InputError, UnitError
from nmdasim.exchange.recording import Recording, recording
from nmdasim.parameters import separated

_HEADING = re.compile(
    r"\s*(?P<name>[A-Za-z][A-Za-z ]*?)[\s_]*(?:[(\[]\s*(?P<in>[A-Za-zµ]+)\s*[)\]]|_(?P<after>[A-Za-zµ]+))?\s*"
)
_TIMES = ("time", "times", "t", "spike", "spikes", "spike time", "spike times", "spike_time", "spike_times")
_NAMES = ("neuron", "unit", "train", "trial", "channel", "cell", "lane", "unit_id", "id")
_UNITS = ("s", "sec", "second", "seconds", "ms", "msec", "us")
_PLAIN = {"sec": "s", "seconds": "s", "second": "s", "msec": "ms"}
_EVENT_KINDS = ("evt-", "evt+", "event", "event-", "event+", "marker", "wavemark", "textmark")


def read_table(path: Path, unit: str = "") -> Recording:
    """Read a table of spike times; `unit` is that of times whose heading says none."""
    table = separated.read(path, "spike times")
    if not table.columns:
        raise InputError(f"spike times {path}: there are no rows")
    header = [str(column[0]).strip() for column in table.columns]
    headed = not all(map(_is_number, header))
    where, spelled = _column_of_times(header, path) if headed else (_only(table.columns, path), "")
    scale = _seconds(spelled or unit, unit if spelled else "", path)
    start = 1 if headed else 0
    times = _numbers(table.columns[where][start:].tolist(), table.lines[start:], path) * scale
    label = next((k for k, name in enumerate(header) if headed and name.lower() in _NAMES), None)
    if label is None:
        return recording({path.stem: times}, None, None, str(path))
    names = np.array([str(cell).strip() for cell in table.columns[label][start:]])
    return recording({f"{header[label]} {n}": times[names == n] for n in dict.fromkeys(names)}, None, None, str(path))


def _is_number(text: str) -> bool:
    try:
        separated.number(text.strip())
    except InputError:
        return False
    return True


def _only(columns: Sequence[np.ndarray], path: Path) -> int:
    if len(columns) > 1:
        raise InputError(
            f"spike times {path}: {len(columns)} columns without a heading; name them, as in 'neuron,time_ms'"
        )
    return 0


def _column_of_times(header: Sequence[str], path: Path) -> tuple[int, str]:
    """Return the column of times and the unit that its heading says."""
    for k, text in enumerate(header):
        match = _HEADING.fullmatch(text)
        if match is None:
            continue
        unit = match["in"] or match["after"] or ""
        if match["name"].strip().lower() in _TIMES:
            return k, unit
        if f"{match['name']}_{match['after']}".lower() in _TIMES:  # spike_time, without a unit
            return k, ""
    told = ", ".join(text[:20] for text in header[:8])
    raise InputError(f"spike times {path}: no column of times among {told}; call it time_ms or time_s")


def _seconds(unit: str, also: str, path: Path) -> float:
    if not unit:
        raise InputError(f"spike times {path}: the file does not say the unit of its times; give unit='ms' or unit='s'")
    plain = _PLAIN.get(unit, unit)
    try:
        scale = float(quantities.si(f"1 {plain}", "s", name="unit"))
    except UnitError:
        raise InputError(f"spike times {path}: {unit[:20]!r} is no unit of time; there are s, ms and us") from None
    if also and float(quantities.si(f"1 {also}", "s", name="unit")) != scale:
        raise InputError(f"spike times {path}: the heading says {unit}, unit={also!r} was given; leave that out")
    return scale


def _numbers(cells: Sequence[str], lines: Sequence[int], path: Path) -> np.ndarray:
    try:
        return np.array([separated.number(cell.strip()) for cell in cells])
    except InputError:
        for cell, line in zip(cells, lines, strict=True):
            try:
                separated.number(cell.strip())
            except InputError as error:
                raise InputError(f"spike times {path}, line {line}: {error}") from None
        raise


def looks_like_spike2(path: Path) -> bool:
    """Whether a file begins as a text export of Spike2 does."""
    with path.open("rb") as file:
        return file.read(64).lstrip(b"\xef\xbb\xbf \r\n").startswith((b'"INFORMATION"', b'"SUMMARY"', b'"CHANNEL"'))


def read_spike2(path: Path) -> Recording:
    """Read the event channels of a text export of Spike2; waveforms are passed over."""
    table = path.read_text("utf-8-sig", errors="strict").splitlines()
    trains: dict[str, np.ndarray] = {}
    starts = [k for k, line in enumerate(table) if _quoted(line)[:1] == ["CHANNEL"]]
    for begin, end in zip(starts, [*starts[1:], len(table)], strict=True):
        said = [_quoted(line) for line in table[begin:end]]
        number = (said[0][1:] or ["?"])[0]
        kind = next((cells[0] for cells in said[1:] if cells), "")
        if kind.lower() not in _EVENT_KINDS:
            continue
        heads = [cells[0] for cells in said[1:] if len(cells) == 1]
        title = heads[2] if len(heads) > 2 and heads[2] else f"channel {number}"
        trains[title if title not in trains else f"{title} {number}"] = _channel(table, begin, end, path)
    if not trains:
        raise InputError(f"{path}: a text of Spike2 without a channel of events; export one, of kind Evt- or Event")
    return recording(trains, None, None, str(path))


def _quoted(line: str) -> list[str]:
    """Return the texts in quotes of a line that holds nothing else."""
    return re.findall(r'"([^"]*)"', line) if line.lstrip().startswith('"') else []


def _channel(lines: Sequence[str], begin: int, end: int, path: Path) -> np.ndarray:
    """Return the times of one channel: the first number of each line that is not in quotes."""
    found = []
    for k in range(begin, end):
        text = lines[k].strip()
        if not text or text.startswith('"'):
            continue
        try:
            found.append(separated.number(text.split()[0].rstrip(",;")))
        except InputError as error:
            raise InputError(f"{path}, line {k + 1}: {error} of seconds") from None
    return np.array(found, dtype=float)
