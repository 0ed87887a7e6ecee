"""The documentation is read without a network: what a built page would fetch is found, whatever element fetches it."""

import importlib.util
from pathlib import Path

import pytest

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def offline():
    """Return docs/offline.py as a module."""
    pytest.importorskip("sphinx", reason="the documentation is built with the extra docs")
    found = importlib.util.spec_from_file_location("offline", DOCS / "offline.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


@pytest.mark.parametrize(
    "text",
    [
        '<script src="https://there/a"></script>',
        '<script src="//there/a"></script>',
        '<link rel="preload stylesheet" href="https://there/a">',
        '<p><img alt="x" src="http://there/a"/></p>',
        '<img srcset="here.png, https://there/a 2x">',
        '<iframe src="https://there/a"></iframe>',
        "<style>body { background: url(https://there/a) }</style>",
        """<style>@import "https://there/a";</style>""",
        """<p style="background: url('https://there/a')">""",
    ],
)
def test_what_a_page_would_fetch_is_found(offline, text):
    (address,) = offline.outside(text)
    assert address.endswith("//there/a")


def test_a_link_to_be_clicked_is_not_fetched(offline):
    text = '<a href="https://doi.org/1">1</a> <script>x = "url(https://here)"</script> <link rel="canonical" href="https://h">'
    assert offline.outside(text) == []


def test_style_sheets_are_searched_and_comments_are_not(offline, tmp_path):
    (tmp_path / "a.css").write_text("/* url(https://there/c) */ @font-face { src: url(https://there/f) }")
    (tmp_path / "b.html").write_text("<p>words</p>")
    assert list(offline.fetching(tmp_path)) == [(tmp_path / "a.css", "https://there/f")]


def test_the_build_looks_for_it():
    conf = (DOCS / "conf.py").read_text("utf-8")
    assert '"offline"' in conf
    assert '"write_computation_times": False' in conf
