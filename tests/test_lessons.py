"""The lessons: every number on a page is what its Python finds, every claim holds, and its notebook is made from it."""

import importlib.util
import json
import re
from pathlib import Path

import pytest

import nmdasim as nm
from nmdasim.errors import NmdasimError

DOCS = Path(__file__).parents[1] / "docs"


def loaded():
    """Return docs/make_lessons.py as a module."""
    found = importlib.util.spec_from_file_location("make_lessons", DOCS / "make_lessons.py")
    module = importlib.util.module_from_spec(found)
    found.loader.exec_module(module)
    return module


lessons = loaded()
NAMES = [path.stem for path in lessons.PAGES]

#: What the words of a page say about its numbers.
CLAIMS = {
    "1-magnesium-plug": lambda n: (
        -40 < n["deepest"] < -10
        and n["left_at_rest"] < 10
        and n["times_more"] > 10
        and abs(n["times_more_bare"] - 1) < 1e-6
        and n["bend"] < 1e-9
        and n["left_2d"] > 4 * n["left_at_rest"]
    ),
    "2-growing-answer": lambda n: (
        n["last"] >= 2 * n["first"]
        and max(n["spikes"][8:]) - min(n["spikes"][8:]) <= 1
        and max(n["slow_spikes"]) - min(n["slow_spikes"]) <= 1
        and n["no_nmda_first"] < n["first"] / 2
        and n["no_can_first"] >= n["first"] - 1
        and max(n["no_nmda"][-3:]) <= n["no_nmda_first"] + 1
        and max(n["no_can"][-3:]) <= n["no_can_first"] + 1
        and n["can_last"] > 20 * n["can_first"]
        and n["can_slow"] < 3
        and n["bare_first"] > 2 * n["first"]
        and n["bare_ratio"] < n["ratio"] / 1.5
    ),
    "3-open-door": lambda n: (
        abs(n["held_fast"] / n["held_slow"] - 1) < 1e-3
        and n["before_any"] == 0
        and n["open_door"] > 50
        and n["shut_door"] < 1e-9
        and n["left_open"] < 1
        and n["left_shut"] > 98
        and n["later"] > 0.9999
        and n["plain_first"] - n["arriving_first"] <= 1
        and n["balanced_first"] < 0.7 * n["plain_first"]
        and n["arriving_last"] < max(n["arriving"]) < n["plain_last"]
        and n["balanced_last"] <= n["balanced_first"] + 3
    ),
    "4-touch-hurts": lambda n: (
        n["touch"] == 0
        and n["noxious"] > 5
        and n["touch_failing"] > n["touch_grown"] >= 1
        and n["noxious_failing"] > n["noxious_grown"] > n["noxious"]
        and n["touch_after"] >= 1
        and n["noxious_after"] > n["noxious"]
        and n["anion"] > -70
    ),
    "5-dose-to-cord": lambda n: (
        n["cord"] < n["peak"]
        and n["cord_min"] > n["peak_min"] == 40
        and n["hour_later"] < 50
        and n["bolus_peak"] > n["peak"] > n["oral_peak"]
        and n["bolus_cord"] / n["cord"] < n["bolus_peak"] / n["peak"]
        and n["blocked"] < 10
        and n["index_lost"] > n["first_lost"]
        and n["same_50"] > 1.5 * n["same_100"]
        and n["kilo_50"] < n["kilo_100"] < 1.1 * n["kilo_50"]
    ),
    "6-what-a-trial-shows": lambda n: (
        n["pain_after"] < n["pain_before"]
        and n["better_drug"] > n["better_placebo"]
        and 0.5 < n["reached"] < 0.6
        and n["low_12"] < 0 < n["low_60"]
        and n["high_12"] > 2 * n["truth"]
        and n["fooled_60"] < n["fooled_12"] / 10
        and (n["a"], n["b"], n["late_a"], n["late_b"]) == (8, 3, 2, 2)
        and n["by_chance"] > 5
        and n["gap_1"] > n["gap_4"] > n["gap_12"]
        and (n["trial_drug"], n["trial_placebo"]) == (2.68, 5.45)
    ),
}


@pytest.fixture(scope="module")
def found():
    """Return what the Python of each lesson leaves, run once."""
    kept = {}

    def names(lesson):
        if lesson not in kept:
            page = (DOCS / "lessons" / f"{lesson}.md").read_text("utf-8")
            kept[lesson] = page, lessons.executed(page)
        return kept[lesson]

    return names


def test_there_are_six():
    assert sorted(CLAIMS) == NAMES
    index = (DOCS / "lessons" / "index.md").read_text("utf-8")
    assert re.findall(r"^(\d-[\w-]+)$", index, flags=re.MULTILINE) == NAMES


@pytest.mark.parametrize("lesson", NAMES)
def test_every_number_of_a_page_is_what_its_python_finds(found, lesson):
    page, names = found(lesson)
    assert lessons.filled(page, names) == page


@pytest.mark.parametrize("lesson", NAMES)
def test_every_claim_of_a_page_holds(found, lesson):
    assert CLAIMS[lesson](found(lesson)[1])


@pytest.mark.parametrize("lesson", NAMES)
def test_the_notebook_is_the_page(lesson):
    page = (DOCS / "lessons" / f"{lesson}.md").read_text("utf-8")
    text = (lessons.NOTEBOOKS / f"{lesson}.ipynb").read_text("utf-8")
    assert text == lessons.notebook(page), "run docs/make_lessons.py"
    cells = json.loads(text)["cells"]
    assert all(not cell.get("outputs") and cell.get("execution_count") is None for cell in cells)
    assert nm.DISCLAIMER in "".join(cells[0]["source"])
    assert "]{." not in text


@pytest.mark.parametrize("lesson", NAMES)
def test_the_explorer_of_a_notebook_opens_as_that_of_the_page(lesson):
    links = [link for link, _ in lessons.runs((DOCS / "lessons" / f"{lesson}.md").read_text("utf-8")) if link]
    assert links
    for link in links:
        panel, settings = lessons.opening(link)
        page = eval(lessons.explored(link), {"nm": nm})
        assert page.opening == {"panel": panel, "panels": [], "settings": settings}
        assert set(settings) <= {panel}


@pytest.mark.parametrize("link", ["panel=pain", "panel=touch&touch.ketamin=1", "panel=windup&windup.ketamine=900"])
def test_what_the_explorer_would_not_open_is_refused(link):
    with pytest.raises(NmdasimError):
        lessons.opening(link)


@pytest.mark.parametrize("lesson", [*NAMES, "index"])
def test_a_page_has_what_a_lesson_has(lesson):
    page = (DOCS / "lessons" / f"{lesson}.md").read_text("utf-8")
    assert nm.DISCLAIMER in page
    assert page.count("<details>") == page.count("</details>")
    if lesson != "index":
        rounds = page.count("\n## Round ")
        assert rounds >= 3
        assert page.count("\n**Predict.**") == rounds
        assert page.count("<summary>What happened, and why</summary>") == rounds
        assert [page.count(f"<summary>{what}</summary>") for what in ("Answers", "Key")] == [1, 1]


@pytest.mark.parametrize(
    ("value", "stands", "text"),
    [(4.447, "0.0", "4.4"), (-1.34, "0.0", "−1.3"), (15, "3", "15"), ([15, 17], "14 16", "15 17"), ("76", "x", "76")],
)
def test_a_number_is_written_as_it_stands(value, stands, text):
    assert lessons.written(value, stands) == text
