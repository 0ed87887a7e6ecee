"""One browser for all tests of the page; where there is none, they are left out and say so."""

import os
import shutil

import pytest
from explorer_page import Watched

CHROMIUM = os.environ.get("CHROMIUM") or shutil.which("chromium") or shutil.which("chromium-browser")


@pytest.fixture(scope="session")
def browser():
    play = pytest.importorskip("playwright.sync_api", reason="Playwright is not installed: pip install playwright")
    if not CHROMIUM:
        pytest.skip("there is no chromium on this machine; Debian's package is called chromium")
    with play.sync_playwright() as driver:
        found = driver.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
        yield found
        found.close()


@pytest.fixture(scope="session")
def watched(browser):
    found = Watched(browser, viewport={"width": 1280, "height": 860})
    yield found
    found.context.close()
