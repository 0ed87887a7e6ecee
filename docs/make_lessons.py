"""Run the lessons of docs/lessons/, write what they find into their pages, and make a notebook of each.

``python docs/make_lessons.py [LESSON …]``. A lesson is written once, as its page. ``[4.4]{.left_at_rest}`` is the
value of ``left_at_rest`` after the page's Python has run, with as many decimals as stand there.
"""

from __future__ import annotations

import json
import re
import sys
from pathlib import Path
from typing import Any
from urllib.parse import unquote

from nmdasim.explorer import settings as typed

HERE = Path(__file__).parent
NOTEBOOKS = HERE / "notebooks" / "lessons"
PAGES = sorted((HERE / "lessons").glob("[0-9]-*.md"))
_RUN = re.compile(r"^```\{run\} ?(\S*)\n(.*?)^```\n", flags=re.MULTILINE | re.DOTALL)
_NUMBER = re.compile(r"\[([^\]\n]*)\]\{\.(\w+)\}")
#: What only the page says: how to get the notebook.
_ONLY_PAGE = re.compile(r"^\*The same lesson as a notebook.*?\n\n", flags=re.MULTILINE | re.DOTALL)
_WIDE = 120


def opening(link: str) -> tuple[str, typed.Settings]:
    """Return the panel that a hash of the explorer opens, and its settings; refuse what the explorer would not take."""
    words = dict(word.split("=", 1) for word in link.split("&"))
    panel = typed.panel(words.pop("panel"))
    return panel, typed.read({name: unquote(value) for name, value in words.items()}, panel)


def runs(page: str) -> list[tuple[str, str]]:
    """Return the hash (or nothing) and the Python of every run of a lesson."""
    return [(match[1], match[2]) for match in _RUN.finditer(page)]


def executed(page: str) -> dict[str, Any]:
    """Run the Python of a lesson, as its notebook does, and return the names that it leaves."""
    names: dict[str, Any] = {}
    for _, code in runs(page):
        exec(compile(code, "lesson", "exec"), names)
    return names


def filled(page: str, names: dict[str, Any]) -> str:
    """Return a page with the numbers that its Python found."""
    return _NUMBER.sub(lambda match: f"[{written(names[match[2]], match[1])}]{{.{match[2]}}}", page)


def written(value: Any, stands: str) -> str:
    """Return a value as it is written where a number stands: with its decimals, and a minus that is one."""
    if isinstance(value, str):
        return value
    if isinstance(value, list | tuple):
        return " ".join(written(one, stands) for one in value)
    number = re.match(r"−?\d+\.?(\d*)", stands)
    decimals = len(number[1]) if number else 2
    return f"{float(value):.{decimals}f}".replace("-", "−")


def notebook(page: str) -> str:
    """Return the lesson of a page as a notebook, without outputs."""
    cells, at = [], 0
    for match in _RUN.finditer(page):
        cells += [_cell("markdown", _prose(page[at : match.start()])), _cell("code", match[2].strip())]
        if match[1]:
            cells.append(_cell("code", explored(match[1])))
        at = match.end()
    cells = [one for one in [*cells, _cell("markdown", _prose(page[at:]))] if one["source"]]
    for k, one in enumerate(cells):
        one["id"] = f"cell-{k}"
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    whole = {"cells": cells, "metadata": {"kernelspec": kernel, "language_info": {"name": "python"}}}
    return json.dumps(whole | {"nbformat": 4, "nbformat_minor": 5}, indent=1, ensure_ascii=False) + "\n"


def _cell(kind: str, text: str) -> dict[str, Any]:
    more = {"execution_count": None, "outputs": []} if kind == "code" else {}
    return {"cell_type": kind, "id": "", "metadata": {}, **more, "source": text.splitlines(keepends=True)}


def _prose(text: str) -> str:
    """Return text of a page as a notebook shows it: bare numbers, links from where notebooks stand."""
    text = _NUMBER.sub(r"\1", _ONLY_PAGE.sub("", text))
    text = re.sub(r"\]\((\d-[\w-]+)\.md\)", r"](\1.ipynb)", text).replace("](../", "](../../")
    return text.strip()


def explored(link: str) -> str:
    """Return the Python that opens the explorer as a hash does."""
    panel, settings = opening(link)
    values = [f"{name!r}: {_plain(value)}".replace("'", '"') for name, value in settings.get(panel, {}).items()]
    given = f"settings={{{', '.join(values)}}}"
    line = f'nm.explore(panel="{panel}"{", " + given if values else ""})'
    if len(line) <= _WIDE:
        return line
    inside = f'    panel="{panel}",\n    {given},\n'
    return f"nm.explore(\n{inside})"


def _plain(value: Any) -> str:
    return repr(int(value)) if isinstance(value, float) and value == int(value) else repr(value)


def main() -> None:
    """Make the lessons that are named, or every one."""
    NOTEBOOKS.mkdir(parents=True, exist_ok=True)
    for path in PAGES:
        if sys.argv[1:] and not any(path.stem.startswith(name) for name in sys.argv[1:]):
            continue
        page = path.read_text("utf-8")
        print(f"--- {path.stem}")
        page = filled(page, executed(page))
        path.write_text(page, "utf-8", newline="")
        (NOTEBOOKS / f"{path.stem}.ipynb").write_text(notebook(page), "utf-8", newline="")


if __name__ == "__main__":
    main()
