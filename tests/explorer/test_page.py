"""What a class and its teacher do with the page: every control moves what it should, nothing leaves, nothing breaks."""

import json
import re

import pytest
from explorer_page import AXE, PAGE, Watched

import nmdasim as nm

PANELS = ("receptor", "windup", "touch", "afternoon", "year")
#: Controls that change what is drawn alone; every other one changes some value of its panel.
ONLY_DRAWN = {("windup", "view")}
#: Settings under which a control is there, or does something.
UNDER = {
    ("receptor", "duration"): {"drug": "ketamine"},
    ("afternoon", "devices"): {"preset": "janssen s-ketamine", "route": "nasal"},
    ("touch", "ketamine_train"): {"before": "train"},
    ("touch", "frequency"): {"before": "train"},
    ("touch", "wait"): {"before": "train"},
    ("touch", "ketamine"): {"stimulus": "noxious"},
    ("touch", "inhibition"): {"stimulus": "noxious"},
    ("windup", "concentration"): {"drug": "memantine"},
    ("year", "rate"): {"regimen": "own"},
    ("year", "length"): {"regimen": "own"},
    ("year", "times"): {"regimen": "own", "interval": 2},
    ("year", "interval"): {"regimen": "own"},
}


def test_the_page_is_small_and_whole():
    text = PAGE.read_text("utf-8")
    assert len(text.encode()) <= 1.5e6
    assert not re.search(r"(?:src|href)=[\"']?(?:https?:)?//", text)
    assert nm.DISCLAIMER in text


@pytest.mark.parametrize("panel", PANELS)
def test_every_panel_draws_and_says_its_disclaimer(watched, panel):
    watched.page.click(f"nav button[data-panel={panel}]")
    watched.page.evaluate("nmdasim.values()")
    assert watched.page.locator(".figures svg").count() >= 1
    assert watched.page.locator("footer strong").inner_text() == nm.DISCLAIMER
    assert watched.page.locator("footer").is_visible()
    assert watched.page.locator(".folds math").count() >= 1


def moved(one):
    """Return a value of a control that is not the one it has."""
    if one["kind"] == "switch":
        return not one["value"]
    if one["kind"] == "choice":
        return next(option["value"] for option in one["options"] if option["value"] != one["value"])
    far = one["to"] if abs(one["to"] - one["value"]) > abs(one["from"] - one["value"]) else one["from"]
    return round((one["value"] + far) / 2) if one.get("whole") else (one["value"] + far) / 2


@pytest.mark.parametrize("panel", ["receptor", "windup", "afternoon", "year"])
def test_every_control_moves_what_it_should(watched, panel):
    controls = next(one for one in watched.page.evaluate("nmdasim.panels") if one["id"] == panel)["controls"]
    controls = [one for one in controls if "of" not in one]
    bases = [UNDER.get((panel, one["key"]), {}) for one in controls]
    if panel == "year":
        bases = [{"until": 28} | base for base in bases]
    if panel == "afternoon":  # the neuron is tested once, for the switch that asks for it
        bases = [
            base if one["key"] == "windup" else {"windup": False} | base
            for one, base in zip(controls, bases, strict=True)
        ]
    known = watched.compute(panel, list(bases))
    after = watched.compute(panel, [base | {one["key"]: moved(one)} for one, base in zip(controls, bases, strict=True)])
    still = {one["key"] for one, a, b in zip(controls, known, after, strict=True) if json.dumps(a) == json.dumps(b)}
    assert still == {key for where, key in ONLY_DRAWN if where == panel}


def test_controls_of_the_circuit_move_what_they_should(watched):
    noxious = {"stimulus": "noxious", "intensity": "0.6"}
    changed = [
        {},
        {"stimulus": "touch"},
        {"intensity": "1"},
        {"inhibition": -45},
        {"ketamine": 20},
        {"before": "potentiated"},
    ]
    found = [json.dumps(one) for one in watched.compute("touch", [noxious | one for one in changed])]
    assert len(set(found)) == len(found)


def test_a_slider_and_its_field_are_one_setting_in_the_link_and_can_be_undone(watched):
    watched.open("#panel=windup")
    page = watched.page
    field = page.locator("#windup-ketamine-field")
    before = page.locator(".numbers dd").all_inner_texts()
    field.fill("10 uM")
    field.press("Enter")
    page.evaluate("nmdasim.values()")
    assert "windup.ketamine=10" in page.url
    assert float(page.locator("#windup-total-field").input_value()) == pytest.approx(4322.36, rel=1e-3)
    assert page.locator(".numbers dd").all_inner_texts() != before
    page.locator("#windup-ketamine").focus()
    page.keyboard.press("ArrowRight")
    page.evaluate("nmdasim.values()")
    assert page.evaluate("nmdasim.state().settings.windup.ketamine") > 10
    page.locator("#windup-ketamine").press("Control+z")
    page.get_by_role("button", name="Undo").click()
    assert page.evaluate("nmdasim.values()")
    assert page.locator(".numbers dd").all_inner_texts() == before
    page.get_by_role("button", name="Redo").click()
    assert page.evaluate("nmdasim.state().settings.windup.ketamine") == 10


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("3 mV", "the unit is not one of"),
        ("much", "holds no number"),
        ("5000 uM", "out of range; allowed are 0 to 100"),
        ("-1 uM", "out of range"),
        ("", "holds no number"),
    ],
)
def test_a_bad_field_gets_one_line_beside_it_and_changes_nothing(watched, typed, said):
    watched.page.evaluate("nmdasim.set('windup', {ketamine: 3})")
    field = watched.page.locator("#windup-ketamine-field")
    field.fill(typed)
    field.press("Enter")
    line = watched.page.locator("#windup-ketamine-fault").inner_text()
    assert said in line
    assert "\n" not in line
    assert watched.page.evaluate("nmdasim.state().settings.windup.ketamine") == 3
    field.fill("100 ng/ml total")
    field.press("Enter")
    assert watched.page.locator("#windup-ketamine-fault").inner_text() == ""
    assert watched.page.evaluate("nmdasim.state().settings.windup.ketamine") == pytest.approx(0.2314, rel=1e-3)


@pytest.mark.parametrize(
    "hash",
    [
        "#panel=windup&windup.dose=3",
        "#panel=nowhere",
        "#afternoon.route=by%20foot",
        "#%E0%A4%A",
        "#windup.ketamine=9e9",
    ],
)
def test_a_broken_link_loads_the_defaults_and_says_so(watched, hash):
    watched.open(hash)
    assert "could not be read" in watched.page.locator(".message").inner_text()
    assert watched.page.evaluate("Object.values(nmdasim.state().settings.afternoon)")[1] == "iv"
    assert watched.page.locator(".figures svg").count() >= 1


def test_a_link_holds_the_whole_state(watched):
    watched.open("#panel=afternoon&look=dark&afternoon.weight=90&year.until=28")
    assert watched.page.locator(".message").is_hidden()
    assert watched.page.evaluate("document.documentElement.dataset.look") == "dark"
    assert watched.page.locator("#afternoon-weight-field").input_value() == "90"
    assert watched.page.evaluate("nmdasim.hash()") == "#panel=afternoon&look=dark&afternoon.weight=90&year.until=28"


def test_every_preset_of_every_panel_works(watched):
    watched.open()
    for panel in ("receptor", "windup", "afternoon"):
        watched.page.click(f"nav button[data-panel={panel}]")
        for button in watched.page.locator(".presets button").all():
            button.click()
            assert watched.page.evaluate("nmdasim.values()")
    assert watched.said == []


def test_figures_download_as_png_svg_and_csv(watched, tmp_path):
    watched.open("#panel=afternoon")
    for kind, begins in (("PNG", b"\x89PNG"), ("SVG", b"<svg"), ("CSV", b"# Total")):
        with watched.page.expect_download() as download:
            watched.page.get_by_role("button", name=f"Download {kind}: Total").click()
        file = tmp_path / download.value.suggested_filename
        download.value.save_as(file)
        assert file.read_bytes().startswith(begins)
        assert file.suffix == f".{kind.lower()}"
        if kind != "PNG":
            assert nm.DISCLAIMER in file.read_text("utf-8")


@pytest.mark.parametrize("panel", ["afternoon", "receptor"])
def test_the_python_that_is_shown_runs_and_prints_the_numbers_of_the_page(watched, panel, monkeypatch, tmp_path):
    asked = {"afternoon": {"dose": 0.3, "windup": False}, "receptor": {"voltage": -35}}[panel]
    (values,) = watched.compute(panel, [asked])
    _, said = watched.script(panel, asked, monkeypatch, tmp_path)
    printed = [float(word) for word in re.findall(r"-?\d+\.\d+(?:e-?\d+)?", said)]
    wanted = {
        "afternoon": [values.get("cmax_ng_ml"), values.get("auc_inf_ng_h_ml"), max(values.get("blocked", [0]))],
        "receptor": [values.get("peak_open"), values.get("held", [0])[-1]],
    }[panel]
    for number in wanted:
        assert any(one == pytest.approx(number, rel=1e-4) for one in printed), (number, said)


def test_a_neuron_plays_and_its_lamps_light(watched):
    watched.open("#panel=windup")
    page = watched.page
    page.get_by_label("speed").select_option("1")
    page.get_by_label("Place in the run").fill("68")  # shortly before the first pulse
    page.get_by_role("button", name="Play", exact=True).click()
    page.wait_for_function("Number(document.querySelector('.lamp-row output').textContent) > 3")
    page.get_by_role("button", name="Pause").click()


def test_a_train_is_drawn_as_it_runs_and_can_be_cancelled(watched):
    watched.open("#panel=touch")
    page = watched.page
    page.get_by_role("button", name="After an injury: a C-fibre train").click()
    page.wait_for_function(
        "document.querySelector('.cell.on') && document.querySelector('.status').textContent.includes('train')"
    )
    page.get_by_role("button", name="Cancel").click()
    assert page.locator(".busy").is_hidden()
    page.get_by_role("button", name="Naive", exact=True).click()
    assert page.evaluate("nmdasim.values()")["rho"] == 0


def test_everything_is_reached_by_keyboard(watched):
    watched.open("#panel=windup")
    wanted = "button, input, select, summary, a[href], [tabindex='0']"
    page = watched.page
    count = page.evaluate(
        "wanted => [...document.querySelectorAll(wanted)]"
        ".filter(e => e.checkVisibility() && !e.disabled && e.tabIndex >= 0).map((e, k) => (e.dataset.k = k)).length",
        wanted,
    )
    page.evaluate("document.activeElement.blur()")
    seen = set()
    for _ in range(count + 2):
        page.keyboard.press("Tab")
        seen.add(page.evaluate("document.activeElement.dataset.k"))
    assert {str(k) for k in range(count)} <= seen


def faults(watched, rules):
    """Return what axe finds on the page as it stands."""
    watched.page.add_script_tag(content=AXE.read_text("utf-8"))
    found = watched.page.evaluate("rules => axe.run(document, rules)", rules)["violations"]
    return [(one["id"], one["nodes"][0]["html"][:200]) for one in found]


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not there: run npm ci in nmdasim/explorer/page")
@pytest.mark.parametrize("panel", PANELS)
def test_axe_finds_no_fault(watched, panel):
    watched.open(f"#panel={panel}")
    watched.page.evaluate("document.querySelectorAll('details').forEach(one => (one.open = true))")
    # what stands in the equations is drawn by the browser from MathML: one display is as good as forty
    watched.page.evaluate(
        "document.querySelectorAll('.equations math ~ math, .equations h3 ~ h3').forEach(e => e.remove())"
    )
    assert faults(watched, {}) == []


@pytest.mark.skipif(not AXE.is_file(), reason="axe-core is not there: run npm ci in nmdasim/explorer/page")
@pytest.mark.parametrize("look", ["dark", "projector"])
def test_contrast_is_enough_in_every_look(watched, look):
    watched.open(f"#panel=windup&look={look}")
    assert faults(watched, {"runOnly": ["color-contrast"]}) == []


def test_the_page_fits_a_phone(browser):
    phone = Watched(browser, viewport={"width": 360, "height": 740}, hash="#panel=windup")
    for panel in PANELS:
        phone.page.click(f"nav button[data-panel={panel}]")
        phone.page.evaluate("nmdasim.values()")
        assert phone.page.evaluate("document.documentElement.scrollWidth") <= 360
    assert phone.quiet()
    phone.context.close()


def test_a_browser_without_workers_says_what_it_lacks_and_does_the_rest(browser):
    bare = Watched(browser, script="delete window.Worker", hash="#panel=windup")
    assert "no Web Workers" in bare.page.locator(".lack").inner_text()
    assert bare.set("afternoon", dose=1)["cmax_ng_ml"] > 0
    bare.context.close()


def test_nothing_is_said_on_the_console_and_no_request_leaves(watched):
    assert watched.said == []
    assert watched.left == []
