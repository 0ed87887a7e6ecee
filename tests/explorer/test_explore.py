"""``nm.explore`` and ``nmdasim explore``: pages for models, with settings that are checked before work starts."""

import json
import re
import subprocess
import sys

import pytest
from explorer_page import Watched

import nmdasim as nm
from nmdasim import ms, mV, nS
from nmdasim.command.app import main
from nmdasim.errors import InputError, ModelError, UnitError
from nmdasim.explorer.page import built, part


def membrane():
    """Return a leaky neuron with a weighed and a plain port."""
    return nm.Model(
        name="leaky",
        equations="""
        dv/dt = (g_l*(E_l - v) + g_e*(E_e - v))/C : volt (unless refractory)
        dg_e/dt = -g_e/tau_e : siemens
        """,
        parameters={"g_l": 10 * nS, "E_l": -70 * mV, "E_e": 0 * mV, "C": "200 pF", "tau_e": 5 * ms},
        initial={"v": -70 * mV},
        threshold="v > -50*mV",
        reset="v = -65*mV",
        refractory=2 * ms,
        ports={"exc": "g_e += weight", "kick": "v += 5*mV"},
    )


def test_settings_are_read_with_their_units():
    page = nm.explore(
        panel="windup", settings={"ketamine": "100 ng/ml total", "part_nmda": "off", "afternoon.dose": "0.3 mg/kg"}
    )
    assert page.opening["settings"]["windup"] == {"ketamine": pytest.approx(0.23136, rel=1e-3), "part_nmda": False}
    assert page.opening["settings"]["afternoon"] == {"dose": 0.3}


@pytest.mark.parametrize(
    ("given", "said"),
    [
        ({"panel": "pain"}, "unknown panel 'pain'"),
        ({"panel": "own"}, "give one"),
        ({"settings": {"ketmine": "1 uM"}}, "did you mean 'ketamine'"),
        ({"settings": {"ketamine": "1 mV"}}, "ketamine"),
        ({"settings": {"ketamine": "500 uM"}}, "from 0 to 100"),
        ({"settings": {"pulses": "7"}}, "one of 5, 10, 15"),
        ({"settings": {"part_nmda": "perhaps"}}, "on or off"),
        ({"panels": ["year"]}, "not among"),
    ],
)
def test_what_is_not_allowed_is_refused_in_one_line(given, said):
    with pytest.raises((InputError, UnitError), match="(?s).*") as refused:
        nm.explore(**given)
    assert said in str(refused.value)
    assert "\n" not in str(refused.value)


def test_no_number_of_the_page_has_a_noun_in_the_plural_for_its_unit():
    """A field that holds 1 would say "1 pulses"."""
    found = json.loads(part(built(), "controls"))
    units = {one["unit"] for panel in found.values() for one in panel.values() if one.get("unit")}
    assert {"×", "mM"} <= units
    assert [unit for unit in units if re.search(r"[a-z]{3,}s$", unit)] == []


def test_a_circuit_that_the_page_does_not_know_is_refused():
    with pytest.raises(ModelError, match="is a circuit"):
        nm.explore(nm.neurons.aguiar2010())


def test_library_models_open_in_the_panels_that_they_have():
    assert nm.explore(nm.neurons.wdr()).opening["panel"] == "windup"
    assert nm.explore(nm.circuits.dorsal_horn()).opening["panel"] == "touch"


def test_the_command_writes_a_page_and_refuses_before_it_writes(tmp_path, monkeypatch, capsys):
    file, none = tmp_path / "page.html", tmp_path / "none.html"
    code = "from nmdasim.command.app import main; main()"
    words = ["explore", "--panel", "afternoon", "--set", "weight=80 kg", "--export"]
    done = subprocess.run([sys.executable, "-c", code, *words, file], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")
    assert json.loads(part(file.read_text("utf-8"), "opening"))["settings"] == {"afternoon": {"weight": 80}}
    monkeypatch.setattr(sys, "argv", ["nmdasim", *words[:4], "weight=80 mV", "--export", str(none)])
    with pytest.raises(SystemExit) as refused:
        main()
    assert refused.value.code == 2
    assert capsys.readouterr().err.count("\n") == 1
    assert not none.exists()


def test_a_model_of_ones_own_runs_in_the_page_as_in_python(browser, tmp_path, monkeypatch):
    model = membrane()
    file = nm.explore(model, settings={"g_l": "12 nS"}).export(tmp_path / "own.html")
    watched = Watched(browser, file)
    page = watched.page
    assert page.locator("nav [aria-current]").inner_text() == "leaky"
    for _ in range(3):
        page.locator("button[data-port=exc]").click()
        page.evaluate("nmdasim.values()")
    page.locator("button[data-port=kick]").click()
    found = watched.set("own", w_exc=40)
    names, _ = watched.script("own", {}, monkeypatch, tmp_path, model=model)
    assert names["model"].parameters["g_l"].si == pytest.approx(12e-9)
    result = names["result"]
    assert found["spikes_ms"] == pytest.approx(result.spike_time.values.ravel().tolist(), abs=0.11)
    assert len(found["spikes_ms"]) > 0
    assert found["last"] == pytest.approx(float(result.v.values.ravel()[-1]) * 1e-3, abs=1e-4)
    assert "own.events=" in page.url
    assert watched.quiet()
    watched.context.close()


def test_the_widget_goes_both_ways(browser, tmp_path):
    """Python's side is the traits; the page's side is that messages move it and that it answers with results."""
    pytest.importorskip("anywidget", reason="anywidget is not installed: pip install 'nmdasim[notebook]'")
    explorer = nm.explore(panel="afternoon", settings={"weight": "80 kg"})
    assert explorer.widget.settings == {"afternoon": {"weight": 80.0}}
    script = str(explorer.widget._esm)
    host = tmp_path / "notebook.html"
    traits = {"page": explorer.html, "panel": "afternoon", "settings": {"afternoon": {"weight": 80}}, "height": "40rem"}
    text = json.dumps(traits).replace("</", "<\\/")
    host.write_text(
        f"<div id=el></div><script type=module>{script.replace('export default { render };', '')}\n"
        f"const traits = {text}; const heard = {{}};\n"
        "window.model = { get: k => traits[k],"
        " set: (k, v) => { traits[k] = v; (heard[`change:${k}`] ?? (() => 0))(); },"
        " on: (k, f) => (heard[k] = f), off: () => 0, save_changes: () => (window.saved = (window.saved ?? 0) + 1) };\n"
        "render({ model: window.model, el: document.getElementById('el') });</script>",
        "utf-8",
    )
    page = browser.new_context().new_page()
    page.goto(host.as_uri())
    page.wait_for_function("window.model?.get('results')?.cmax_ng_ml")
    first = page.evaluate("model.get('results').cmax_ng_ml")
    page.evaluate("model.set('settings', { afternoon: { weight: 80, dose: 1 } })")
    page.wait_for_function("first => Math.abs(model.get('results').cmax_ng_ml / first - 2) < 1e-6", arg=first)
    assert page.evaluate("model.get('settings').afternoon.dose") == 1
    assert page.evaluate("window.saved") < 6
    page.context.close()
