"""Sphinx extension: built pages fetch nothing from the net; what does is a warning, an error of ``make docs``."""

from __future__ import annotations

import re
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

from sphinx.util import logging

#: Attributes whose address a browser fetches by itself, by the element that has them; of links only some kinds.
_FETCHED = {
    **dict.fromkeys(("script", "img", "iframe", "source", "audio", "video", "embed", "track"), ("src", "srcset")),
    "link": ("href",),
    "image": ("href", "xlink:href"),
    "object": ("data",),
}
_KINDS = {"stylesheet", "preload", "modulepreload", "prefetch", "icon", "shortcut", "manifest", "font"}
#: Addresses that a style sheet fetches.
_STYLED = re.compile(r"""(?:url\(\s*|@import\s+)["']?((?:https?:)?//[^"')\s]+)""")


class _Page(HTMLParser):
    """Collects the addresses outside that a page fetches."""

    def __init__(self) -> None:
        super().__init__()
        self.outside: list[str] = []
        self.style = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        own = {name: value or "" for name, value in attrs}
        self.style = tag == "style"
        self.outside += _STYLED.findall(own.get("style", ""))
        if tag == "link" and not _KINDS & set(own.get("rel", "").split()):
            return
        fetched = " ".join(own.get(name, "") for name in _FETCHED.get(tag, ())).replace(",", " ").split()
        self.outside += [address for address in fetched if re.match(r"(https?:)?//", address)]

    def handle_data(self, data: str) -> None:
        if self.style:
            self.outside += _STYLED.findall(data)


def outside(text: str, suffix: str = ".html") -> list[str]:
    """Return the addresses on the net that a page, or a style sheet, fetches when it is opened."""
    if suffix == ".css":
        return _STYLED.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.DOTALL))
    page = _Page()
    page.feed(text)
    return page.outside


def fetching(folder: Path) -> Iterator[tuple[Path, str]]:
    """Yield (file, address) of everything that built pages and style sheets would fetch from the net."""
    for path in sorted(folder.rglob("*")):
        if path.suffix in (".html", ".css"):
            yield from ((path, address) for address in outside(path.read_text("utf-8"), path.suffix))


def _check(app: Any, error: Exception | None) -> None:
    if error is None and app.builder.format == "html":
        for path, address in fetching(Path(app.outdir)):
            logging.getLogger(__name__).warning("%s fetches %s from the net", path.relative_to(app.outdir), address)


def setup(app: Any) -> dict[str, bool]:
    app.connect("build-finished", _check)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
