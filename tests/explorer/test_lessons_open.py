"""Every link of a lesson opens in the page, and the page says there what the lesson says."""

import re
from functools import cache
from pathlib import Path

import pytest

LESSONS = sorted((Path(__file__).parents[2] / "docs" / "lessons").glob("[0-9]-*.md"))
PAGES = {path.stem: path.read_text("utf-8") for path in LESSONS}
LINKS = [(name, link) for name, page in PAGES.items() for link in re.findall(r"^```\{run\} (\S+)$", page, re.MULTILINE)]


def says(lesson, name):
    """Return a number, or several, as a lesson's page says it."""
    text = re.search(rf"\[([^\]\n]*)\]\{{\.{name}\}}", PAGES[lesson])[1].replace("−", "-").split()
    return [float(word) for word in text] if len(text) > 1 else float(text[0])


@pytest.fixture(scope="module")
def opened(watched):
    """Return a function that opens a link, once, and returns what the page says there."""

    @cache
    def open(link):
        watched.open(f"#{link}")
        page = watched.page
        return {
            "values": page.evaluate("nmdasim.values()"),
            "silent": page.locator(".message").is_hidden(),
            "panel": page.locator("nav [aria-current]").get_attribute("data-panel"),
            "link": page.evaluate("nmdasim.hash()")[1:].split("&"),
        }

    return open


@pytest.mark.parametrize("link", sorted({link for _, link in LINKS}))
def test_a_link_of_a_lesson_opens(opened, link):
    found = opened(link)
    assert found["silent"]
    assert found["panel"] == link.split("&")[0][6:]
    assert set(link.split("&")) - set(found["link"]) <= DEFAULTS


#: Settings of links that say a default: the page leaves them out of its own link.
DEFAULTS = {"receptor.frequency=1", "afternoon.voltage=-60", "year.until=84"}


def test_the_page_says_what_the_lessons_say(opened):
    links = {link for _, link in LINKS}

    def at(link):
        assert link in links
        return opened(link)["values"]

    rest = at("panel=receptor&receptor.voltage=-70&receptor.drug=none")
    assert 100 * rest["ratio"] == pytest.approx(says("1-magnesium-plug", "left_at_rest"), abs=0.06)
    assert rest["iv_mv"][rest["iv_pa"].index(min(rest["iv_pa"]))] == says("1-magnesium-plug", "deepest")
    excited = at("panel=receptor&receptor.voltage=-20&receptor.drug=none")
    assert 100 * excited["peak_open"] == pytest.approx(says("1-magnesium-plug", "excited_share"), abs=0.006)
    assert at("panel=windup&windup.ketamine=0")["late"][0] == says("2-growing-answer", "spikes")
    no_can = at("panel=windup&windup.ketamine=0&windup.part_can=false")
    assert no_can["late"][0] == says("2-growing-answer", "no_can")
    caught = at("panel=receptor&receptor.concentration=10&receptor.frequency=1")
    assert 100 * caught["held"][-1] == pytest.approx(says("3-open-door", "held_fast"), abs=0.006)
    assert at("panel=windup&windup.ketamine=10&windup.start=washin")["late"][1] == says("3-open-door", "arriving")
    assert at("panel=touch")["answer"] == says("4-touch-hurts", "touch")
    assert at("panel=touch&touch.inhibition=-50")["answer"] == says("4-touch-hurts", "touch_failing")
    train = at("panel=touch&touch.before=train&touch.wait=20")
    assert train["answer"] == says("4-touch-hurts", "touch_after")
    assert train["rho"] == pytest.approx(says("4-touch-hurts", "rho"), abs=0.006)
    dose = at("panel=afternoon")
    assert dose["cmax_ng_ml"] == pytest.approx(says("5-dose-to-cord", "peak"), abs=0.6)
    assert 100 * max(dose["blocked"]) == pytest.approx(says("5-dose-to-cord", "blocked"), abs=0.06)
