"""A page that is watched: its console and requests are kept, the network is blocked."""

import contextlib
import io
from importlib.resources import files
from pathlib import Path

from matplotlib import pyplot

PAGE = Path(str(files("nmdasim.explorer") / "explorer.html"))
#: What checks for accessibility; it comes with the tools that build the page.
AXE = PAGE.parent / "page" / "node_modules" / "axe-core" / "axe.min.js"


class Watched:
    """A page whose console, errors and requests are kept; the network is blocked."""

    def __init__(self, browser, file=PAGE, hash="", script="", **options):
        self.context = browser.new_context(**options)
        self.context.set_offline(True)
        self.page = self.context.new_page()
        self.said, self.left = [], []
        self.page.on("console", lambda message: self.said.append(f"{message.type}: {message.text}"))
        self.page.on("pageerror", lambda error: self.said.append(f"error: {error}"))
        self.page.on("request", self._asked)
        if script:
            self.page.add_init_script(script)
        self.file = file
        self.open(hash)

    def _asked(self, request):
        if not request.url.startswith((self.file.as_uri(), "data:", "blob:")):
            self.left.append(request.url)

    def open(self, hash=""):
        self.page.goto("about:blank")
        self.page.goto(self.file.as_uri() + hash)
        self.page.wait_for_function("window.nmdasim")
        self.page.evaluate("nmdasim.values()")

    def compute(self, panel, many):
        """Return what a panel computes for many settings, as plain numbers."""
        each = "for (const one of many) found.push(await nmdasim.compute(panel, one));"
        script = f"async ([panel, many]) => {{ const found = []; {each} return found; }}"
        return self.page.evaluate(script, [panel, many])

    def script(self, panel, settings, monkeypatch, folder, **names):
        """Run the Python that the page shows for some settings, in a folder; return its names and what it printed."""
        text = self.page.evaluate("([panel, settings]) => nmdasim.script(panel, settings)", [panel, settings])
        monkeypatch.chdir(folder)
        said = io.StringIO()
        with contextlib.redirect_stdout(said):
            exec(compile(text, f"{panel}.py", "exec"), names)
        pyplot.close("all")
        return names, said.getvalue()

    def set(self, panel, **settings):
        return self.page.evaluate("([panel, settings]) => nmdasim.set(panel, settings)", [panel, settings])

    def quiet(self):
        return self.said == [] and self.left == []
