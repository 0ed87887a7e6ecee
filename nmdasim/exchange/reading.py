"""Recorded spikes in, by the end of a file's name."""

from __future__ import annotations

from pathlib import Path

from nmdasim.errors import InputError, plainly
from nmdasim.exchange import neo, nwb, text
from nmdasim.exchange.recording import Recording

_TABLES = (".csv", ".tsv", ".txt", ".dat")
#: Most bytes of a text, and of a file of a format of its own.
_LARGEST_TEXT, _LARGEST = 500_000_000, 20_000_000_000
#: What unpickles, and so executes, whatever it is given.
_EXECUTED = (".pkl", ".pickle", ".npy", ".npz")


@plainly
def read_spikes(path: str | Path, *, unit: str = "") -> Recording:
    """Read recorded spike times: NWB, what Neo reads, tables of text, or text as Spike2 exports it.

    Parameters
    ----------
    path
        The file. ``.nwb``: its table of units (extra ``nwb``). ``.nix``, ``.mat``, ``.smr``, ``.smrx``, ``.abf``,
        ``.plx``, ``.nex``, ``.nev``: through Neo (extra ``neo``). ``.csv``, ``.tsv``, ``.txt``, ``.dat``: a table
        with a column of times, or a text export of Spike2.
    unit
        ``"ms"`` or ``"s"``, for a table that does not say it.

    Returns
    -------
    Recording
        Its trains as events of a model, ``recording.events("exc")``, or counted per stimulus as data of a fit,
        ``recording.counts(stimuli=…)``.

    Raises
    ------
    InputError
        If there is no such file, it is empty, truncated, too large or of another kind, says no unit or a wrong one.

    Examples
    --------
    >>> spikes = read_spikes("unit_7.csv", unit="ms")  # doctest: +SKIP
    >>> spikes.counts(stimuli=range(1, 16) * second, after="100 ms")  # doctest: +SKIP
    """
    file = Path(path)
    try:
        size = file.stat().st_size if file.is_file() else -1
    except (OSError, ValueError):  # a zero byte in the path
        size = -1
    if size < 0:
        raise InputError(f"{file}: there is no such file")
    kind = file.suffix.lower()
    if kind in _EXECUTED:
        raise InputError(f"{file}: {kind} may hold code that is executed when it is read; save the times as CSV or NWB")
    if kind not in (*_TABLES, *neo.READERS, ".nwb"):
        known = ", ".join((".nwb", *neo.READERS, *_TABLES))
        raise InputError(f"{file}: files that end in {kind or 'nothing'} are not read; there are {known}")
    most = _LARGEST_TEXT if kind in _TABLES else _LARGEST
    if not 0 < size <= most:
        why = "is empty" if not size else f"holds {size / 1e6:,.0f} MB, more than {most / 1e6:,.0f}; export a part"
        raise InputError(f"{file}: {why}")
    if unit and kind not in _TABLES:
        raise InputError(f"{file}: times in a {kind} file carry their unit; leave unit={unit!r} out")
    if kind == ".nwb":
        return nwb.read(file)
    if kind in neo.READERS:
        return neo.read(file)
    try:
        return text.read_spike2(file) if text.looks_like_spike2(file) else text.read_table(file, unit)
    except UnicodeDecodeError:
        raise InputError(f"{file}: is no text; save it as UTF-8") from None
