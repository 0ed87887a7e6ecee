"""Tables that a user gives as text: the cells as they stand, read by pandas, each row with the line it begins on.

Quotes, line breaks in quotes, a byte-order mark and every kind of line end are understood; cells are separated by
commas, semicolons or tabs, and in a table with a heading also by spaces. A line that begins with ``#`` is a comment.
"""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from nmdasim.errors import InputError
from nmdasim.quantities import several

_LINE = re.compile(r"[^\r\n]*(?:\r\n|\r|\n)|[^\r\n]+\Z")
_NUMBER = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?", re.ASCII)
_UNDER = "\n"
_NUMBERS = re.compile(rf"{_NUMBER.pattern}(?:\n{_NUMBER.pattern})*+", re.ASCII)
_DECIMAL_COMMA = re.compile(r"([+-]?\d*),(\d+(?:[eE][+-]?\d+)?)", re.ASCII)
_TRAILING = re.compile(r"\s#")
_SPACES = " "
#: Bytes for which a row is looked at: quotes, comments, spaces of every kind, and line ends of one's own.
_LOOKED_AT = [code for code in range(128) if chr(code) in '"#' or (chr(code).isspace() and chr(code) != "\n")]
#: Most bytes of a file: some ten million rows.
_LARGEST = 500_000_000
#: A cell that a spreadsheet would compute, and the apostrophes that keep it from doing so.
_FORMULA = re.compile(r"'*(?:\s*[=+\-@]|[\t\r\n])")

Record = tuple[int, str]


@dataclass(frozen=True, eq=False)
class Table:
    """A table of text.

    Parameters
    ----------
    header
        Names of the columns; none where the file has no heading.
    columns
        The cells: an array of text of shape (rows,) for each column.
    lines
        Line on which each row begins, shape (rows,).
    comments
        Comments without their ``#``.
    """

    header: tuple[str, ...]
    columns: tuple[np.ndarray, ...]
    lines: Sequence[int]
    comments: tuple[str, ...]


def read(path: Path, what: str, heading: Collection[str] = (), verbatim: Collection[str] = ()) -> Table:
    """Read a file.

    Parameters
    ----------
    path
        The file.
    what
        What it is, for the messages.
    heading
        Columns, in capitals, by which its heading is known. Without any the table has no heading, and ``#`` begins a
        comment anywhere. A heading may stand behind a ``#``, as NONMEM writes it. In a table with a heading a ``#``
        in a cell belongs to it: only behind a whole row that ends in a number does it begin a comment.
    verbatim
        Columns behind which no comment is looked for.

    Raises
    ------
    InputError
        If the file cannot be read, or a row has more or fewer cells than there are columns.
    """
    text = _text(path, what)
    if heading and (table := _at_once(text, heading, f"{what} {path}")) is not None:
        return table
    comments, records = _parted(text)
    head = _head(comments, records, heading) if heading else None
    if head is not None:
        records = [head, *(record for record in records if record[0] > head[0])]
    said = tuple(text[1:] for line, text in comments if head is None or line != head[0])
    if not records:
        return Table((), (), (), said)
    if records[-1][1].count('"') % 2:
        raise InputError(f"{what} {path}: a quote is left open, in the row that begins on line {records[-1][0]}")
    separator = _separator(records[0][1], heading)
    names = [name.strip().upper() for name in _split(records[0][1], separator)] if heading else []
    clean = _cleaner(separator, len(names) if names and names[-1] not in verbatim else 0, bool(heading))
    lines: list[tuple[int, int]] = []
    rows: list[str] = []
    for line, record in records:
        row, count = clean(record)
        if names and count != len(names) and rows:
            why = _why(count > len(names))
            raise InputError(
                f"row {len(rows)} (line {line}) has {several(count, 'cell')} for {several(len(names), 'column')}{why}"
            )
        if row or count > 1:
            lines.append((line, count))
            rows.append(row)
    if len(widths := {count for _, count in lines}) > 1:
        found = ", ".join(map(str, sorted(widths)))
        raise InputError(f"{what} {path} has rows of {found} columns; every row has as many cells as the first")
    columns = _cells(rows, separator, f"{what} {path}")
    begins = [line for line, _ in lines]
    if not heading:
        return Table((), columns, begins, said)
    return Table(tuple(str(column[0]) for column in columns), tuple(c[1:] for c in columns), begins[1:], said)


def _why(more: bool) -> str:
    return "; a decimal comma is written as a point, and text that holds a separator in quotes" if more else ""


def all_numbers(texts: Sequence[str]) -> bool:
    """Whether every cell is one that :func:`number` reads."""
    return bool(_NUMBERS.fullmatch(_UNDER.join(texts)))


def number(text: str) -> float:
    """Return the number that a cell holds.

    Raises
    ------
    InputError
        If it is no number; the message begins with what was given.
    """
    if _NUMBER.fullmatch(text):
        return float(text)
    if comma := _DECIMAL_COMMA.fullmatch(text):
        raise InputError(f"{text!r} has a decimal comma; write {comma[1] or '0'}.{comma[2]}")
    raise InputError(f"{text[:60]!r} is not a number")


def guarded(text: str) -> str:
    """Return text as it is written into a table: what a spreadsheet would compute gets an apostrophe before it."""
    return f"'{text}" if _FORMULA.match(text) and not _NUMBER.fullmatch(text) else text


def unguarded(text: str) -> str:
    """Return text as it was before :func:`guarded`."""
    return text[1:] if text[:1] == "'" and _FORMULA.match(text) else text


def _text(path: Path, what: str) -> str:
    try:
        with path.open("rb") as file:
            held = file.read(_LARGEST + 1)
        text = held.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise InputError(f"{what} {path}: cannot be read ({error}); save it as UTF-8 text") from None
    except OSError as error:
        raise InputError(f"{what} {path}: cannot be read ({error})") from None
    except ValueError:  # a zero byte in the path
        raise InputError(f"{what} {str(path)!r}: cannot be read; no file has such a name") from None
    if len(held) > _LARGEST:
        raise InputError(f"{what} {path}: cannot be read (it holds more than {_LARGEST / 1e6:g} MB); split it")
    if "\0" in text:
        raise InputError(f"{what} {path}: cannot be read (it holds zero bytes); save it as UTF-8 text")
    return text


def _at_once(text: str, heading: Collection[str], where: str) -> Table | None:
    """Return a table of which every row is plain, read at once; None where one needs to be looked at.

    A plain row, of cells between commas or semicolons, has as many cells as the heading, and no space, quote, comment
    or letter beyond ASCII.
    """
    if '"' in text:
        return None
    text = text.replace("\r\n", "\n").replace("\r", "\n")
    comments: list[Record] = []
    records: list[Record] = []
    begin, line = 0, 0
    while not records and begin < len(text):
        end = text.find("\n", begin) + 1 or len(text)
        comments, records = (
            before + new for before, new in zip((comments, records), _parted(text[begin:end]), strict=True)
        )
        begin, line = end, line + 1
    if not records:
        return None
    separator = _separator(records[0][1], heading)
    names = _split(records[0][1], separator)
    if not set(heading) <= {name.upper() for name in names}:
        return None
    body = text[begin:].rstrip("\n")
    if separator not in ",;" or not _is_plain(body, separator, len(names)):
        return None
    columns = _cells([body], separator, where)
    lines = range(line + 1, line + 1 + len(columns[0]))
    return Table(tuple(names), columns, lines, tuple(text[1:] for _, text in comments))


def _is_plain(body: str, separator: str, columns: int) -> bool:
    if not body or not body.isascii() or columns < 2:
        return False
    held = np.frombuffer(body.encode(), np.uint8)
    ends = np.append(np.flatnonzero(held == ord("\n")), len(held))
    marks = np.flatnonzero(held == ord(separator))
    if np.bincount(held, minlength=128)[_LOOKED_AT].any():
        return False
    counts = np.diff(np.searchsorted(marks, ends), prepend=0)
    return bool((counts == columns - 1).all())


def _parted(text: str) -> tuple[list[Record], list[Record]]:
    """Return comments and records, each with its line; a record goes on where a quote is open at the end of a line."""
    comments: list[Record] = []
    records: list[Record] = []
    if '"' not in text:
        for place, line in enumerate(text.replace("\r\n", "\n").replace("\r", "\n").split("\n"), 1):
            if bare := line.strip():
                (comments if bare[0] == "#" else records).append((place, bare if bare[0] == "#" else line.strip(" ")))
        return comments, records
    begun, parts, quoted = 0, list[str](), False
    for place, line in enumerate(_LINE.findall(text), 1):
        if not quoted:
            bare = line.strip()
            if not bare or bare[0] == "#":
                comments += [(place, bare)] if bare else []
                continue
            begun, parts = place, []
        parts.append(line)
        quoted ^= line.count('"') % 2 == 1
        if not quoted:
            records.append((begun, (line if len(parts) == 1 else "".join(parts)).strip(" \r\n")))
    return comments, records + ([(begun, "".join(parts))] if quoted else [])


def _head(comments: Sequence[Record], records: Sequence[Record], heading: Collection[str]) -> Record | None:
    """Return the heading where it stands behind a ``#``: a comment above the rows that names the columns."""

    def names_them(text: str) -> bool:
        names = [name.strip().upper() for name in _split(text, _separator(text, heading))]
        return set(heading) <= set(names)

    if records and names_them(records[0][1]):
        return None
    above = (line for line, _ in records[:1])
    first = next(above, None)
    for line, text in comments:
        if (first is None or line < first) and names_them(text.lstrip("#")):
            return line, text.lstrip("#").strip()
    return None


def _separator(text: str, heading: Collection[str]) -> str:
    cells = {separator: _split(text, separator) for separator in (";", "\t", ",")}
    for separator, names in cells.items():  # numbers hold commas where semicolons part them
        if len(names) > 1 and set(heading) <= {name.upper() for name in names}:
            return separator
    best = max(cells, key=lambda separator: len(cells[separator]))
    return _SPACES if heading and len(cells[best]) == 1 else best


def _split(text: str, separator: str) -> list[str]:
    """Return the cells of a line, quotes around them removed."""
    outside = "".join(part if k % 2 == 0 else "x" * len(part) for k, part in enumerate(text.split('"')))
    if '"' not in text or separator == _SPACES or separator not in outside:
        cells = text.split(None if separator == _SPACES else separator)
        return [cell.strip().strip('"') for cell in cells]
    return [cell.strip().strip('"') for cell in re.split(f'{separator}(?=(?:[^"]*"[^"]*")*[^"]*$)', text)]


def _cleaner(separator: str, trailing: int, headed: bool) -> Callable[[str], tuple[str, int]]:
    """Return what removes comments and the spaces about cells of a record, and counts the cells."""
    spaced = separator == _SPACES
    mark = "\t" if spaced else separator
    about = re.compile(r"\s+" if spaced else rf"[ \t]*{re.escape(mark)}[ \t]*" if mark != "\t" else r" *\t *")

    def clean(record: str) -> tuple[str, int]:
        if '"' in record:
            parts = _quoted(record.split('"'))
            for k in range(0, len(parts), 2):
                parts[k] = about.sub(mark, parts[k])
            parts[0], parts[-1] = parts[0].lstrip(" "), parts[-1].rstrip(" ")
            return '"'.join(parts), sum(part.count(mark) for part in parts[::2]) + 1
        if "#" in record:
            record = _uncommented(record) if headed else record.partition("#")[0].strip()
        if " " in record or "\t" in record:
            record = mark.join(cell.strip() for cell in record.split(None if spaced else mark))
        return record, record.count(mark) + 1

    def _quoted(parts: list[str]) -> list[str]:
        if not headed:
            first = next((k for k in range(0, len(parts), 2) if "#" in parts[k]), None)
            return parts if first is None else [*parts[:first], parts[first].partition("#")[0]]
        if trailing and (found := _TRAILING.search(parts[-1])):
            before = parts[-1][: found.start()]
            cell = before.rpartition(mark)[2].strip()
            count = sum(about.sub(mark, part).count(mark) for part in (*parts[:-1:2], before)) + 1
            if mark in before and count == trailing and (cell in ("", ".") or _NUMBER.fullmatch(cell)):
                return [*parts[:-1], before]
        return parts

    def _uncommented(record: str) -> str:
        if trailing and (found := _TRAILING.search(record)):
            before = record[: found.start()]
            cells = before.split(None if spaced else mark)
            if len(cells) == trailing and (cells[-1].strip() in ("", ".") or _NUMBER.fullmatch(cells[-1].strip())):
                return before
        return record

    return clean


def _cells(rows: Sequence[str], separator: str, where: str) -> tuple[np.ndarray, ...]:
    import pandas as pd  # noqa: PLC0415

    if not rows:
        return ()
    mark = "\t" if separator == _SPACES else separator
    try:
        frame = pd.read_csv(
            io.StringIO("\n".join(rows) + "\n"),
            sep=mark,
            header=None,
            dtype=object,
            na_filter=False,
            skip_blank_lines=False,
            low_memory=False,
            lineterminator="\n",
        )
    except pd.errors.ParserError as error:
        raise InputError(f"{where}: cannot be read ({' '.join(str(error).split())}); is a quote left open?") from None
    return tuple(frame[name].to_numpy() for name in frame)
