"""Pictures of the explorer: ``python docs/make_explorer.py``, with Playwright and a chromium."""

import os
import shutil
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import sync_playwright

DOCS = Path(__file__).parent
PAGE = DOCS.parent / "nmdasim" / "explorer" / "explorer.html"
#: What is shown: the file's name, the link, width and height of the window, what is pressed.
SHOTS = (
    ("windup-360", "#panel=windup&look=light", 360, 740, ""),
    ("windup-1280", "#panel=windup&look=light", 1280, 860, ""),
    ("receptor-1280", "#panel=receptor&look=light", 1280, 860, ""),
    (
        "touch-1280",
        "#panel=touch&look=light&touch.inhibition=-50&touch.before=potentiated&touch.measure=true",
        1280,
        1120,
        "touch",
    ),
    ("afternoon-1280", "#panel=afternoon&look=dark", 1280, 860, ""),
    ("year-1920", "#panel=year&look=projector&year.until=84", 1920, 1080, ""),
)
COLOURS = 96


def main() -> None:
    """Take every picture and keep it small."""
    with sync_playwright() as driver:
        chromium = os.environ.get("CHROMIUM") or shutil.which("chromium")
        browser = driver.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        for name, link, width, height, pressed in SHOTS:
            page = browser.new_page(viewport={"width": width, "height": height})
            page.goto(PAGE.as_uri() + link)
            page.evaluate("nmdasim.values()")
            if pressed:
                page.get_by_role("button", name=pressed, exact=True).click()
                page.get_by_role("button", name="Pause").click()
                page.get_by_label("Place in the run").fill("345")
            picture = Image.open(BytesIO(page.screenshot()))
            picture.convert("RGB").quantize(COLOURS).save(DOCS / "images" / f"explorer-{name}.png", optimize=True)
            page.close()
        browser.close()


if __name__ == "__main__":
    main()
