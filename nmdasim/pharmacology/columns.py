"""The field's columns: which there are, which names only look like one, and what text they may hold."""

from __future__ import annotations

import difflib
import re
import unicodedata

from nmdasim.errors import NmdasimError

#: The field's columns and the fields of an event that hold them.
COLUMNS = {
    "ID": "id",
    "TIME": "time_h",
    "AMT": "amount",
    "UNIT": "unit",
    "RATE": "rate",
    "DUR": "duration_h",
    "II": "interval_h",
    "ADDL": "additional",
    "SS": "steady",
    "EVID": "evid",
    "ROUTE": "route",
    "WT": "weight_kg",
}
#: Columns with their units, as a reader is shown them.
HEADS = {"TIME": "TIME (h)", "DUR": "DUR (h)", "II": "II (h)", "RATE": "RATE (UNIT/h)", "WT": "WT (kg)"}
#: Words for what a known column holds. Taken as covariates, they would silently be dropped.
_LOOKALIKES = ("DOSE", "AMOUNT", "INTERVAL", "TAU", "TINF", "FREQ", "REPEATS", "STEADY", "LAG", "ALAG", "ADM", "WEIGHT")
#: Words of their own that are a letter away from a column.
_OWN = ("RACE", "DATE", "LATE", "FATE", "GATE", "GRADE", "STATE", "ITEM", "TIER")
#: Control characters that text may hold: in quotes a cell may have several lines.
_LINES = "\t\n\r"


class EventError(NmdasimError):
    """A row that cannot be taken as it stands; `column` says where."""

    def __init__(self, column: str, message: str):
        super().__init__(f"{column}: {message}")
        self.column = column


def known(name: str) -> bool:
    """Whether a name in capitals is a dosing column."""
    return name in COLUMNS or name in ("CMT", "DRUG")


def resembles(name: str) -> bool:
    """Whether a name in capitals is so near to a dosing column that it may be one misspelled."""
    if name in _OWN:
        return False
    starts = any(name.startswith(column) for column in COLUMNS if len(column) > 2)
    words = set(re.split(r"[^A-Z]+", name))
    return starts or bool(words & set(_LOOKALIKES)) or bool(difflib.get_close_matches(name, COLUMNS, cutoff=0.75))


def check_name(name: str) -> None:
    """Refuse the name of a covariate that a table could not hold beside the dosing columns.

    Raises
    ------
    EventError
        If it is empty, or a dosing column, or looks like one.
    """
    if not name:
        raise EventError("", "a column has no name; give it one")
    if known(name) or resembles(name):
        dosing = f"{', '.join(COLUMNS)} (or CMT), DRUG"
        raise EventError(name, f"unknown column {name}; dosing columns are {dosing}; rename a covariate that looks so")
    check_text(name[:20], name)


def check_text(column: str, text: str) -> None:
    """Refuse text that does things to a terminal.

    Raises
    ------
    EventError
        If it holds a control character other than a line break or tab, or half of a character.
    """
    if text.isprintable():
        return
    strange = next((c for c in text if unicodedata.category(c) in ("Cc", "Cs") and c not in _LINES), None)
    if strange is not None:
        raise EventError(column, f"{text[:40]!r} holds the control character {strange!r}; write printable text")


def check_id(text: str) -> None:
    """Refuse an ID that reads as a missing one.

    Raises
    ------
    EventError
        If it is blank or ``"."``, or holds a control character.
    """
    if not text.strip() or text == ".":
        raise EventError("ID", f"{text!r} reads as a missing value; give the subject a name")
    check_text("ID", text)
