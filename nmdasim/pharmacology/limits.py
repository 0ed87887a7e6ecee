"""How many doses are solved in one go."""

from __future__ import annotations

from nmdasim.errors import InputError

#: Most doses of a table: 0.1 ms each.
MOST_DOSES = 100_000


def check_doses(doses: float, most: float = MOST_DOSES) -> None:
    """Refuse more doses than are solved in about ten seconds.

    Raises
    ------
    InputError
        If they are more than `most`.
    """
    if doses > most:
        raise InputError(
            f"{doses:,.0f} doses, repeats and overlapping infusions of a steady state included, are more than "
            f"{most:,}; split the table, lower ADDL, or write a lasting infusion as one row"
        )
