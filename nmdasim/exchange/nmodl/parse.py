"""Text of a file → :class:`~nmdasim.exchange.nmodl.nodes.File`, by a grammar; what that does not have is refused."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from pathlib import Path
from typing import Any

from nmdasim.errors import need
from nmdasim.exchange.nmodl.build import Builder
from nmdasim.exchange.nmodl.nodes import File
from nmdasim.exchange.nmodl.refusal import NmodlError, Place

#: A mechanism is some hundred lines; what is longer than a million characters is none.
LARGEST = 1_000_000
#: How deeply brackets may be nested.
DEEPEST = 60

_OPEN, _CLOSE = "({[", ")}]"


def text_of(path: Path) -> str:
    """Return the text of a file.

    Raises
    ------
    NmodlError
        If there is no such file, or it is too large, or no text.
    """
    name = path.name
    try:
        if not path.is_file():
            raise NmodlError("there is no such file; give the path of a .mod file", file=str(path))
        if (size := path.stat().st_size) > LARGEST:
            raise NmodlError(f"is {size / 1e6:.1f} MB long; a mechanism has at most {LARGEST / 1e6:g} MB", file=name)
        raw = path.read_bytes()
    except OSError as error:
        raise NmodlError(f"cannot be read ({error.strerror})", file=str(path)) from None
    if b"\0" in raw:
        raise NmodlError("is no text but binary; give a .mod file", file=name)
    try:
        return raw.decode("utf-8-sig")
    except UnicodeDecodeError:  # older files have names of authors in Latin 1
        return raw.decode("latin-1")


def parse(text: str, name: str = "") -> File:
    """Parse the text of a file.

    Raises
    ------
    NmodlError
        With line and column, for what is not part of the language as it is read here.
    """
    _flat(text)
    lark = need("lark", "nmodl")
    try:
        tree = _parser().parse(text)
        return Builder(name).file(tree)
    except lark.UnexpectedInput as error:
        raise _refused(error, text) from None
    except lark.exceptions.VisitError as error:
        if isinstance(error.orig_exc, NmodlError):
            raise error.orig_exc from None
        raise


@lru_cache(1)
def _parser() -> Any:
    grammar = files("nmdasim.exchange.nmodl").joinpath("grammar.lark").read_text("utf-8")
    return need("lark", "nmodl").Lark(grammar, parser="lalr", propagate_positions=True, maybe_placeholders=True)


def _refused(error: Any, text: str) -> NmodlError:
    token = getattr(error, "token", None)
    if token is not None and token.type == "$END":
        lines = text.rstrip().splitlines() or [""]
        return NmodlError("the file ends in the middle of a block; is it whole?", Place(len(lines), len(lines[-1]) + 1))
    if (before := _unread(error)) is not None:
        return NmodlError(f"{before} is not read", Place(before.line, before.column))
    place = Place(error.line, error.column)
    lines = text.splitlines()
    rest = lines[place.line - 1][place.column - 1 :] if 0 < place.line <= len(lines) else ""
    word = (rest.split() or ["the end of the line"])[0][:40]
    return NmodlError(f"{word!r} is not understood here; this reader knows NEURON's NMODL without it", place)


def _unread(error: Any) -> Any:
    """Return the word of a block that is not read, where an error stands in that block; else None."""
    parser = getattr(error, "interactive_parser", None)
    stack = parser.parser_state.value_stack if parser is not None else []
    last: Any = stack[-1] if stack else None
    while hasattr(last, "children") and last.data == "unknown":
        last = last.children[0]
    return last if getattr(last, "type", "") == "UNKNOWN" else None


def _flat(text: str) -> None:
    """Refuse brackets nested so deeply that nothing but a fault or an attack has written them."""
    depth, line, begin = 0, 1, 0
    for k, letter in enumerate(text):
        if letter in _OPEN:
            depth += 1
            if depth > DEEPEST:
                raise NmodlError(
                    f"brackets are nested more than {DEEPEST} deep; write it flat", Place(line, k - begin + 1)
                )
        elif letter in _CLOSE:
            depth = max(depth - 1, 0)
        elif letter == "\n":
            line, begin = line + 1, k + 1
