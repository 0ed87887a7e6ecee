"""The built page as text, and what is put into it: cards, and how it opens."""

from __future__ import annotations

import re
from functools import cache
from importlib.resources import files
from typing import Any

from nmdasim.errors import NmdasimError
from nmdasim.explorer.book import as_text


@cache
def built() -> str:
    """Return the page as it came with the package."""
    return (files("nmdasim.explorer") / "explorer.html").read_text("utf-8")


def with_part(page: str, name: str, content: Any) -> str:
    """Return a page with the JSON of one of its scripts replaced: ``"cards"`` or ``"opening"``."""
    pattern = re.compile(rf'(<script type="application/json" id="{name}">)(.*?)(</script>)', re.DOTALL)
    text = content if isinstance(content, str) else as_text(content)
    found, count = pattern.subn(lambda match: match[1] + text + match[3], page, count=1)
    if not count:
        raise NmdasimError(f"the page holds no part {name!r}; it was built by another version, run `make explorer`")
    return found


def part(page: str, name: str) -> str:
    """Return the JSON text of one of the page's scripts."""
    match = re.search(rf'<script type="application/json" id="{name}">(.*?)</script>', page, flags=re.DOTALL)
    if match is None:
        raise NmdasimError(f"the page holds no part {name!r}; it was built by another version, run `make explorer`")
    return match[1]
