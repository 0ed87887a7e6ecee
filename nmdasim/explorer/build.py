"""Put the cards into the page that esbuild made: ``python -m nmdasim.explorer.build FOLDER``, as `make explorer` does.

With ``--check`` nothing is written: the page in the package must be what the sources make, scripts to the letter and
numbers to nine digits (the last digits of a logarithm differ between machines).
"""

from __future__ import annotations

import json
import math
import subprocess
import sys
from pathlib import Path
from typing import Any

from nmdasim.explorer.book import as_text, book
from nmdasim.explorer.page import built, part, with_part

PAGE = Path(__file__).parent / "explorer.html"
_CLOSE = 1e-9


def main(arguments: list[str]) -> int:
    """Build or check the page from the ``shell.html`` and ``listing.cjs`` of a folder; return the exit status."""
    folder = Path(arguments[-1])
    shell = (folder / "shell.html").read_text("utf-8")
    cards = json.loads(as_text(book()))
    if "--check" not in arguments:
        page = with_part(with_part(shell, "cards", cards), "controls", listed(folder, cards))
        PAGE.write_text(page, "utf-8", newline="")
        print(f"{PAGE.name}: {PAGE.stat().st_size / 1e6:.2f} MB")
        return 0
    kept = built()
    problems = differences(cards, json.loads(part(kept, "cards")))
    problems += differences(listed(folder, cards), json.loads(part(kept, "controls")), "controls")
    if with_part(with_part(kept, "cards", "{}"), "controls", "{}") != shell:
        problems.insert(0, "the scripts or styles differ")
    for line in problems[:10]:
        print(f"explorer.html is not what its sources make: {line}; run `make explorer`", file=sys.stderr)
    return 1 if problems else 0


def listed(folder: Path, cards: Any) -> Any:
    """Return what can be set in each panel, as the page's own code lists it."""
    done = subprocess.run(
        ["node", str(folder / "listing.cjs")], input=as_text(cards), capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def differences(made: Any, kept: Any, where: str = "cards") -> list[str]:
    """Return where two trees of cards differ by more than rounding."""
    if isinstance(made, dict) and isinstance(kept, dict) and made.keys() == kept.keys():
        return [line for key in made for line in differences(made[key], kept[key], f"{where}.{key}")]
    if isinstance(made, list) and isinstance(kept, list) and len(made) == len(kept):
        pairs = enumerate(zip(made, kept, strict=True))
        return [line for k, pair in pairs for line in differences(*pair, f"{where}[{k}]")]
    numbers = all(isinstance(one, int | float) and not isinstance(one, bool) for one in (made, kept))
    same = math.isclose(made, kept, rel_tol=_CLOSE, abs_tol=1e-12) if numbers else made == kept
    return [] if same else [where]


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
