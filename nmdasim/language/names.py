"""Names in the text of equations, found by reading its words: what is defined, what is used, and renaming.

Python's own tokeniser reads the text as one bracket, inside which lines may break anywhere. A unit, which follows a
colon, holds no names.
"""

from __future__ import annotations

import tokenize
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from functools import lru_cache
from io import StringIO
from itertools import accumulate

from nmdasim.errors import ExpressionError


@dataclass(frozen=True)
class Word:
    """One name in a text: where it stands, and whether its equation defines it there.

    Parameters
    ----------
    name
        The name; in ``dx/dt = …`` that is ``x``.
    start, end
        Its place in the text.
    defines
        ``""`` for a name that is used, ``"state"`` or ``"subexpression"`` for one that is defined.
    """

    name: str
    start: int
    end: int
    defines: str = ""


@lru_cache(maxsize=4096)
def words(text: str) -> tuple[Word, ...]:
    """Return the names of equations, of an expression or of what a port adds, in order.

    Raises
    ------
    ExpressionError
        If the text holds something that is no word of the language.
    """
    return tuple(_words(list(_tokens(text))))


_Token = tuple[int, str, int, int]


def _tokens(text: str) -> Iterator[_Token]:
    """Yield kind, text and place of every token."""
    lines = accumulate((len(line) for line in StringIO(text, newline="")), initial=0)
    begin = dict(enumerate(lines, 1))
    try:
        for token in tokenize.generate_tokens(StringIO(f"({text}\n)").readline):
            row, column = token.start
            start = begin.get(row, len(text)) + column - (row == 1)
            if token.type != tokenize.COMMENT and start >= 0:
                yield token.type, token.string, start, start + len(token.string)
    except (tokenize.TokenError, SyntaxError) as error:
        raise ExpressionError(f"cannot read {text.strip()!r}: {error.args[0]}") from None


def _words(tokens: list[_Token]) -> Iterator[Word]:
    fresh, unit = True, False  # at the start of an equation; behind the colon of one
    for k, (kind, string, start, end) in enumerate(tokens):
        following = [token[1] for token in tokens[k + 1 : k + 4]]
        if string == ":":
            unit = True
        elif kind == tokenize.NL and unit:
            fresh, unit = True, False
        elif kind == tokenize.NAME and not unit:
            if fresh and string.startswith("d") and following == ["/", "dt", "="]:
                yield Word(string[1:], start + 1, end, "state")
            elif not (string == "dt" and k and tokens[k - 1][1] == "/" and following[:1] == ["="]):
                yield Word(string, start, end, "subexpression" if fresh and following[:1] == ["="] else "")
            fresh = False


def defined(text: str) -> dict[str, str]:
    """Return what equations define, in order, and whether each is a ``"state"`` or a ``"subexpression"``."""
    return {word.name: word.defines for word in words(text) if word.defines}


def used(*texts: str) -> frozenset[str]:
    """Return every name that texts use."""
    return frozenset(word.name for text in texts for word in words(text) if not word.defines)


def renamed(text: str, names: Mapping[str, str]) -> str:
    """Return a text in which names are others, where they are defined and where they are used."""
    return _replaced(text, ((w, names[w.name]) for w in words(text) if w.name in names))


def redefined(text: str, names: Mapping[str, str]) -> str:
    """Return a text that defines other names; where they are used, they stay."""
    return _replaced(text, ((w, names[w.name]) for w in words(text) if w.name in names and w.defines))


def substituted(text: str, expressions: Mapping[str, str]) -> str:
    """Return a text that reads an expression wherever it used a name."""
    uses = (w for w in words(text) if w.name in expressions and not w.defines)
    whole = {name: e if e.isidentifier() else f"({e})" for name, e in expressions.items()}
    return _replaced(text, ((w, whole[w.name]) for w in uses))


def _replaced(text: str, changes: Iterable[tuple[Word, str]]) -> str:
    done, pieces = 0, []
    for word, new in changes:
        pieces += [text[done : word.start], new]
        done = word.end
    return "".join([*pieces, text[done:]])
