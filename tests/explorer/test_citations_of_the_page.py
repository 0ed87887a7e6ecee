"""References of the page are plain text: no LaTeX, no doubled full stop."""

import re

from nmdasim.explorer.cards.citations import references


def test_references_are_plain_text():
    lines = references()
    assert lines["delrocq2023"].startswith("Chafaï et al. 2023. Dual contribution")
    for line in lines.values():
        assert not re.search(r"[\\{}]|--|\.\.|\"", line), line
