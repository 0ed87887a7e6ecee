"""Pages for a class: strange words are one click away, and every page that asks has its answers."""

import re
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"
PAGES = sorted(path for folder in (DOCS, DOCS / "lessons", DOCS / "api") for path in folder.glob("*.md"))
WORDS = ("index", "gate", "ρ", "draw", "free")


def named(path):
    return path.relative_to(DOCS).as_posix()


@pytest.mark.parametrize("path", [p for p in PAGES if p.name not in ("glossary.md", "index.md")], ids=named)
def test_a_page_links_the_glossary(path):
    targets = re.findall(r"\{doc\}`([\w./-]*glossary)`", path.read_text("utf-8"))
    assert targets
    assert all((path.parent / f"{target}.md").resolve() == DOCS / "glossary.md" for target in targets)


def test_pages_that_lead_to_others_link_the_glossary_too():
    assert re.search(r"^glossary$", (DOCS / "index.md").read_text("utf-8"), flags=re.MULTILINE)
    for folder in ("lessons", "api"):
        assert "{doc}`../glossary`" in (DOCS / folder / "index.md").read_text("utf-8")


def test_the_glossary_has_the_words_that_pages_send_there():
    terms = re.findall(r"^(\S.*)\n: ", (DOCS / "glossary.md").read_text("utf-8"), flags=re.MULTILINE)
    for word in WORDS:
        assert any(word in re.split(r"[ ,()]+", term) for term in terms), word


def asking():
    """Return the pages with a section of numbered questions, and how many there are."""
    for path in PAGES:
        section = re.search(
            r"^## Questions[^\n]*\n(.*?)(?=^## |\Z)", path.read_text("utf-8"), flags=re.MULTILINE | re.DOTALL
        )
        if section:
            yield path, section[1]


@pytest.mark.parametrize(
    ("path", "section"), asking(), ids=lambda given: named(given) if isinstance(given, Path) else ""
)
def test_every_question_has_an_answer(path, section):
    asked, _, answered = re.split(r"(\{admonition\} Answers|<summary>Answers</summary>)", section, maxsplit=1)
    questions, answers = (re.findall(r"^(\d+)\. ", part, flags=re.MULTILINE) for part in (asked, answered))
    assert len(questions) >= 3
    assert answers[: len(questions)] == questions


def test_there_are_pages_that_ask():
    assert len(list(asking())) >= 8
