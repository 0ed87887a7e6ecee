"""What a person reads: numbers with their leading zero, nouns that agree, errors that offer the corrected form."""

import ast
import io
import re
import tokenize
import traceback
from pathlib import Path

import numpy as np
import pytest
import xarray as xr

import nmdasim as nm
from nmdasim import pharmacology as ph
from nmdasim import quantities
from nmdasim.command.printing import receptor as printing
from nmdasim.errors import UnitError
from nmdasim.pharmacology import schedules
from nmdasim.plot.style import persons
from nmdasim.receptors import exact, inhibition, perfusion
from nmdasim.run.axes import parameter_axes

ROOT = Path(__file__).parents[1]
PAGES = sorted(
    path
    for pattern in ("*.md", "docs/**/*.md", "docs/tables/*.csv", "nmdasim/parameters/*.toml", "docs/notebooks/*.ipynb")
    for path in ROOT.glob(pattern)
    if "generated" not in path.parts and "_build" not in path.parts
)
CODE = sorted(path for folder in ("nmdasim", "examples", "docs") for path in (ROOT / folder).rglob("*.py"))
#: A number that begins with its point: ".74", "-.5"; not "1.5", "x.2", a format as ":.3g" or a pattern.
BARE = re.compile(r"(?<![\w.\])}\\:,<>^%*?+#])\.\d+(?![\w.]*[a-df-zA-DF-Z]\b\})")


def bare(text):
    return [match[0] for match in BARE.finditer(text)]


def told(node):
    """Return the text of a string, with x in the place of what an f-string puts in."""
    if isinstance(node, ast.JoinedStr):
        return "".join(part.value if isinstance(part, ast.Constant) else "x" for part in node.values)
    return node.value if isinstance(node, ast.Constant) and isinstance(node.value, str) else ""


def prose(path):
    """Return the comments of a module and the texts in it."""
    text = path.read_text("utf-8")
    comments = [t.string for t in tokenize.generate_tokens(io.StringIO(text).readline) if t.type == tokenize.COMMENT]
    nodes = list(ast.walk(ast.parse(text)))
    strings = [node for node in nodes if isinstance(node, ast.JoinedStr)]  # a format is one too, inside of another
    inside = {id(part) for whole in strings for part in ast.walk(whole) if part is not whole}
    texts = [said for node in nodes if id(node) not in inside and (said := told(node)) != ".0"]  # a suffix to remove
    return "\n".join([*comments, *texts])


def test_the_search_for_bare_numbers_finds_them():
    assert bare("IC50 of .74 µM, -.5 mV and (.3)") == [".74", ".5", ".3"]
    assert bare("0.74 and 1.5e-3, v1.2, file.2, [0].1") == []


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_no_number_on_a_page_lacks_its_leading_zero(path):
    assert bare(path.read_text("utf-8")) == []


def test_no_number_in_a_docstring_comment_or_message_lacks_its_leading_zero():
    found = {path.relative_to(ROOT).as_posix(): bare(prose(path)) for path in CODE}
    assert {path: numbers for path, numbers in found.items() if numbers} == {}


def test_millimolar_is_spelled_one_way():
    spelled = re.compile(r"\b[munp]?molar\b")
    found = {p.name: spelled.findall(p.read_text("utf-8")) for p in PAGES if p.suffix in (".md", ".toml")}
    assert {name for name, words in found.items() if {"mmolar", "umolar", "nmolar"} & set(words)} <= {"refused.md"}
    assert [quantities.pretty(unit) for unit in ("mM", "mmolar", "uM", "umolar")] == ["mM", "mM", "µM", "µM"]


def test_what_was_given_is_printed_as_units_are_spelled():
    """Whatever its unit and spacing: a figure of 500 uM says mM or µM."""
    assert [printing.written(text) for text in ("500uM", "1 mM", "-60mV", "0")] == ["500 µM", "1 mM", "-60 mV", "0"]
    one = inhibition.curve("memantine", v=-0.066 * nm.volt, mg="500uM")
    assert (one.attrs["v"], one.attrs["mg"]) == ("-66 mV", "0.5 mM")


@pytest.mark.parametrize(("number", "text"), [(0, "0 lanes"), (1, "1 lane"), (2, "2 lanes"), (1280, "1,280 lanes")])
def test_nouns_agree_with_their_number(number, text):
    assert quantities.several(number, "lane") == text


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: nm.WindUp(latencies=dict(c=np.ones((1, 20)) * nm.ms)), "have 1 row for 15 pulses"),
        (
            lambda: nm.simulate(nm.neurons.wdr(), nm.WindUp(pulses=1, latencies=dict(c=[1] * nm.ms))),
            "latencies of c have 1 column; the model has 20 synapses",
        ),
        (lambda: nm.Population(CELL, 1, parameters=dict(k=[1, 2])), "has 2 values for 1 neuron;"),
        (
            lambda: nm.measures.dose_response(xr.DataArray([1.0], dims="ketamine", coords=dict(ketamine=[0.0]))),
            "1 dose; a Hill curve",
        ),
        (lambda: nm.protocols.Conditioning(pulses=1, frequency="0 Hz"), "pulses = 1, frequency = 0 Hz"),
        (lambda: nm.studies.reflex._check_answered(np.zeros((1, 1, 3)), 1, 2.0, np.array([0.0]), "x"), "1 of 1 draw:"),
    ],
)
def test_one_of_a_thing_is_told_of_in_the_singular(call, told):
    with pytest.raises(nm.NmdasimError, match=re.escape(told)):
        call()


def test_a_caption_counts_one_person():
    assert [persons(1), persons(200)] == ["1 person", "200 people"]


CELL = nm.Model("one", "dv/dt = -v*k : 1", dict(k="1 1/ms", w=1.0, c="1 uM"))


def test_a_model_says_what_it_has_of_each():
    assert "(point neuron, 3 parameters)" in repr(CELL)
    assert "1 parameter)" in repr(nm.Model("two", "dv/dt = -v/tau : 1", dict(tau="1 ms")))


@pytest.mark.parametrize(
    ("call", "told"),
    [
        (lambda: nm.Model("x", "dv/dt = -v*k : 1", dict(k="0.2 /ms")), "parameter k: .* did you mean 1/ms"),
        (lambda: quantities.si("0.2 /uM/second", "1/uM/second", name="k_on"), "k_on: .* did you mean 1/uM/second"),
        (lambda: quantities.si("1/uM/second", "1/uM/second", name="k_on"), "k_on: .* did you mean '1 1/uM/second'"),
        (lambda: quantities.si("2 uM^-1 s^-1", "1/uM/second", name="k_on"), r"did you mean 'uM\*\*-1\*s\*\*-1'"),
        (lambda: quantities.si("2 per uM per second", "1/uM/second", name="k_on"), "did you mean '1/uM/second'"),
        (lambda: nm.WindUp(frequency="3 hz"), "frequency: unknown unit 'hz'; did you mean 'Hz'"),
        (lambda: nm.Parameter("200 pf"), "unknown unit 'pf'; did you mean 'pF'"),
        (lambda: nm.Parameter("5 msec"), "did you mean 'ms'"),
        (lambda: nm.Parameter("2 micromolar"), "did you mean 'uM'"),
        (lambda: nm.Parameter("2 UM"), "did you mean 'uM' or 'um'"),
        (lambda: nm.WindUp(frequency="1 Hz, 2 Hz"), r"did you mean \['1 Hz', '2 Hz'\]"),
        (lambda: nm.Parameter("0,2 nF"), "did you mean '0.2 nF'"),
        (lambda: nm.WindUp(start=1), r"did you mean '1 second'"),
        (lambda: ph.dose("35 mg", over="40"), "over = 40 .* did you mean '40 minutes'"),
        (lambda: ph.dose("35 mg", every=8, times=2), r"every = 8 .* did you mean '8 hours'"),
        (lambda: quantities.si("0,1,10", "uM", name="c"), re.escape("did you mean ['0 uM', '1 uM', '10 uM']?")),
        (lambda: quantities.si(["0", "1", "10"], "uM", name="c"), r"c = .*did you mean \['0 uM', '1 uM', '10 uM'\]"),
        (lambda: quantities.si("3", "mM", name="c"), "did you mean '3 mM'"),
        (lambda: quantities.si([0, 1, 10], "uM", name="c"), r"did you mean \['0 uM', '1 uM', '10 uM'\]\?"),
        (lambda: quantities.si(3, "S/cm**2", name="g"), r"did you mean '3 S/cm\*\*2'"),
        (lambda: parameter_axes(CELL, {"c": [0, 1]}), r"c = .*did you mean \['0 uM', '1 uM'\]\?"),
    ],
)
def test_an_error_names_the_parameter_and_offers_the_corrected_form(call, told):
    with pytest.raises(UnitError, match=told):
        call()


def test_an_error_shows_a_text_as_a_text_and_names_what_has_no_unit():
    with pytest.raises(nm.NmdasimError, match="pulses = '15'"):
        nm.WindUp(pulses="15")
    with pytest.raises(nm.ModelError, match=r"variable 'v'.* Without a unit: C\."):
        nm.Model("m", "dv/dt = g*v/C : volt", dict(g="1 nS", C=200, unused=3))


def test_an_expression_outside_the_equations_is_told_the_unit_that_is_needed():
    told = "initial value v = -35*2: the units do not match; mV is needed, and this has no unit"
    with pytest.raises(nm.ModelError, match=re.escape(told)):
        nm.Model("x", "dv/dt = -v/tau : volt", dict(tau="1 ms"), initial=dict(v="-35*2"))


def test_a_range_without_a_unit_is_told_of_as_it_was_given():
    with pytest.raises(UnitError, match=re.escape("K_mg = [1, 2] has the wrong dimension; it is given in mM; did you")):
        nm.Sweep(nm.neurons.wdr(), nm.WindUp(), axes={}, samples=nm.Samples(dict(K_mg=(1, 2)), 4))


def test_no_number_of_another_size_is_offered_for_a_unit():
    with pytest.raises(UnitError) as told:
        quantities.unit("micromol")
    assert "did you mean" not in str(told.value)


@pytest.mark.parametrize(
    ("text", "unit"), [("0.2 1/uM/second", "1/uM/second"), ("0 uM", "uM"), ("1 uM", "uM"), ("3 S/cm**2", "S/cm**2")]
)
def test_what_is_offered_is_read(text, unit):
    assert quantities.si(text, unit, name="x").ndim == 0


@pytest.mark.parametrize(
    "call",
    [
        lambda: nm.simulate(CELL, duration="1 ms", parameters=dict(k="1 mV")),
        lambda: nm.simulate(CELL, nm.WindUp(), parameters=dict(k=3)),
        lambda: nm.Model("x", "dv/dt = -v*k : 1", dict(k="0.2 /ms")),
        lambda: nm.WindUp(frequency="1 ms"),
        lambda: nm.Events("exc", times="1 mV"),
        lambda: nm.Parameter("3 x"),
        lambda: CELL.replace(k=3),
        lambda: nm.circuits.dorsal_horn().replace(E_gaba=-50),
        lambda: nm.receptors.ic50("ketamine", "2A", -66, "1 mM"),
        lambda: nm.pharmacology.dose("5 mg", over="40 mins"),
        lambda: nm.pharmacology.total(0.3),
        lambda: nm.pharmacology.total("1 uM", unit="mV"),
        lambda: nm.pharmacology.free_levels(nm.pharmacology.schedule("infusion_40_minutes"), every=1, until="6 h"),
        lambda: nm.studies.sensitization.condition(nm.circuits.dorsal_horn(), frequency=1),
        lambda: nm.studies.reflex.threshold(nm.neurons.wdr(), ketamine=[0, 1]),
        lambda: nm.pharmacology.reset(1),
        lambda: nm.pharmacology.schedule("monthly").shifted(1),
        lambda: schedules.monthly(70),
        lambda: nm.treatment.simulate(until=12),
        lambda: nm.receptors.blocker("ketamine").ic50(-60),
        lambda: nm.receptors.scheme("destexhe1996").steady(v=-60),
        lambda: nm.receptors.scheme("destexhe1996").clamped(-60),
        lambda: exact.respond(nm.receptors.scheme("destexhe1996"), [exact.Step("1 mV")]),
        lambda: perfusion.train(nm.receptors.scheme("destexhe1996"), "ketamine", frequency=1),
        lambda: inhibition.against_voltage("ketamine", "2A", [-60]),
        lambda: nm.Volleys("1 mV"),
        lambda: nm.protocols.Stimulus("touch", 1, 1),
        lambda: nm.studies.population_of_models(
            nm.neurons.wdr(), ranges=dict(Cm=(1, 2)), accept=dict(index=(0, 1)), draws=2
        ),
        lambda: nm.plot.pharmacokinetics.reported(unit="mV"),
    ],
)
def test_a_wrong_unit_has_a_short_traceback(call, monkeypatch):
    with pytest.raises(UnitError) as caught:
        call()
    error = caught.value
    assert (
        len(traceback.extract_tb(error.__traceback__)) <= 5
    )  # this test, the lambda, what was called (and its __init__)
    assert error.__cause__ is None
    assert error.__context__ is None or error.__suppress_context__
    monkeypatch.setenv("NMDASIM_TRACEBACK", "1")
    with pytest.raises(UnitError) as caught:
        call()
    assert len(traceback.extract_tb(caught.value.__traceback__)) > 4


#: The changelog tells of names that there were.
PRESENT = [page for page in PAGES if page.name != "CHANGELOG.md"]
NAMED = sorted({*PRESENT, *(ROOT / "examples").glob("*.py"), *(ROOT / "docs" / "notebooks").glob("*.ipynb")})


@pytest.mark.parametrize("path", NAMED, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_what_a_page_calls_by_nm_is_there(path):
    for name in sorted(set(re.findall(r"\bnm\.((?:[a-z_]\w*|[A-Z]\w*)(?:\.[A-Za-z_]\w*)*)", path.read_text("utf-8")))):
        found = nm
        for part in name.split("."):
            found = getattr(found, part, None)
            assert found is not None, f"{path.name}: nm.{name}"


@pytest.mark.parametrize(
    ("number", "digits", "told"),
    [
        (1234.5, 3, "1234"),
        (1e6, 4, "1000000"),
        (0.00005, 3, "0.00005"),
        (0.231412, 4, "0.2314"),
        (-0.000123456, 3, "-0.000123"),
        (0, 3, "0"),
        (30.0, 6, "30"),
        (float("nan"), 3, "nan"),
        (6.02e23, 3, "6.02e+23"),
    ],
)
def test_numbers_for_people_have_no_exponent(number, digits, told):
    assert quantities.brief(number, digits) == told


def test_a_dose_far_below_one_is_written_out_in_titles_and_errors():
    assert quantities.shown(quantities.quantity("0.00005 uM")) == "0.00005 µM"
    changed = nm.neurons.wdr().replace(gain_nmda=0.00005)
    assert nm.simulate(changed, duration="1 ms").attrs["changed"] == "gain_nmda 0.00005"
