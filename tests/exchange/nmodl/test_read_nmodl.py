"""Mechanisms read from NMODL: small files of textbook equations, in mods/."""

import warnings
from pathlib import Path

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.exchange.nmodl import NmodlError, NmodlWarning
from nmdasim.language.evaluation import evaluate

pytest.importorskip("lark", reason="reading NMODL needs Lark")

MODS = Path(__file__).parent / "mods"


def read(name, **options):
    """Return a mechanism of mods/; that its tables are left out is said elsewhere."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", NmodlWarning)
        return nm.read_nmodl(MODS / f"{name}.mod", **options)


def written(tmp_path, text):
    path = tmp_path / "own.mod"
    path.write_text(text, "utf-8")
    return path


def value(model, name, **states):
    """Evaluate a variable of a model; states in SI units."""
    names = (*model.parameters.bases, *model.system.states)
    scope = {base: model.values(base)[0, :1] for base in model.parameters.bases}
    scope |= {key: np.atleast_1d(x) for key, x in states.items()}
    return evaluate(model.system.substitute(name, names), scope)


def squid(v):
    """Return opening and shutting rates of n per ms (Hodgkin & Huxley 1952), v in mV; at -55 mV by the limit."""
    x = (v + 55) / 10
    opening = np.where(x == 0, 0.1, 0.1 * x / np.where(x == 0, 1, -np.expm1(-x)))
    return opening, 0.125 * np.exp(-(v + 65) / 80)


def test_a_potassium_current_is_that_of_hodgkin_and_huxley_also_where_its_rate_is_0_over_0():
    model = nm.Model.assemble("cell", [read("kdr")], parameters={"Cm": "1 uF/cm**2"}, initial={"v": "-65*mV"})
    v = np.array([-100.0, -65.0, -55.0, -54.99, 0.0, 50.0])
    opening, shutting = squid(v)
    np.testing.assert_allclose(value(model, "ninf_kdr", v=v * 1e-3), opening / (opening + shutting), rtol=1e-12)
    np.testing.assert_allclose(value(model, "tau_kdr", v=v * 1e-3), 1 / (opening + shutting), rtol=1e-12)
    inward = value(model, "I_k_kdr", v=v * 1e-3, n_kdr=0.5)
    np.testing.assert_allclose(inward, 360 * 0.5**4 * (-0.077 - v * 1e-3), rtol=1e-12)


def test_every_number_of_a_file_keeps_its_unit_its_file_and_its_line_and_is_not_verified():
    parameter = read("kdr").parameters["gbar_kdr"]
    assert (float(parameter.number), parameter.unit, parameter.source) == (0.036, "S/cm**2", "kdr.mod, line 19")
    assert (parameter.verified, parameter.status) == (False, "assumed")


def test_a_table_is_left_out_and_that_is_said():
    with pytest.warns(NmodlWarning, match="TABLE is left out"):
        nm.read_nmodl(MODS / "kdr.mod")


def test_a_mechanism_sits_in_a_region_of_a_published_neuron():
    cell = nm.neurons.wdr()
    changed = cell.with_(read("kdr", ions={"ek": "E_k"}), at="dendrite", parameters={"gbar_kdr": "1 mS/cm**2"})
    assert changed.values("gbar_kdr").max() == 10
    assert {key for key in changed.parameters if key.startswith("gbar_kdr")} == {"gbar_kdr.dendrite"}
    assert changed.without("kdr").equations == cell.equations


def test_a_gate_that_a_procedure_steps_has_the_rate_of_which_that_is_the_solution():
    model = nm.Model.assemble("cell", [read("stepped")], parameters={"Cm": "1 uF/cm**2"}, initial={"v": "-65*mV"})
    names = (*model.parameters.bases, *model.system.states)
    scope = {"v": np.array([-0.05, 0.01]), "m_stepped": np.array([0.2]), "h_stepped": np.array([0.2])}
    assert "dt" not in {s.name for s in model.system.derivatives["m_stepped"].free_symbols} - set(names)
    v = scope["v"] * 1e3
    inf = 1 / (1 + np.exp(-(v + 40) / 6))
    rate = evaluate(model.system.derivatives["m_stepped"], scope)
    np.testing.assert_allclose(rate, (inf - 0.2) / np.where(v > 0, 0.75, 1.5) * 1e3, rtol=1e-12)


def test_a_scheme_keeps_what_it_conserves_and_begins_where_it_would_stay():
    mechanism = read("scheme")
    model = nm.Model.assemble("cell", [mechanism], parameters={"Cm": "1 uF/cm**2"}, initial={"v": "-65*mV"})
    names = (*model.parameters.bases, *model.system.states, *model.system.subexpressions)
    scope = {base: model.values(base)[0, :1] for base in model.parameters.bases} | {"v": np.array([-0.065])}
    for state, text in mechanism.initial.items():
        scope[state] = evaluate(model.system.substitute(text, names), scope)
    assert set(mechanism.initial) == {"c2_scheme", "o_scheme"}
    a = 2 * np.exp(0.3 * 96485.33212 * -0.035 / (8.314462618 * 279.45))
    b = 0.5 * np.exp(35 / 25)
    share = a / (a + b)  # two gates, each open by itself
    np.testing.assert_allclose(evaluate(model.system.substitute("o_scheme", names), scope), share**2, rtol=1e-9)
    for state in mechanism.initial:
        assert abs(evaluate(model.system.derivatives[state], scope)) < 1e-9


def test_calcium_that_flows_in_fills_a_pool_in_the_units_of_the_cell():
    mechanism = read("pool")
    assert mechanism.initial == {"cai": "(rest_pool/mM)*mM"}
    inflow = nm.Mechanism(
        "inflow", "I_in = j : amp/meter**2", parameters={"j": "0.01 mA/cm**2"}, densities=("I_in",), calcium=("I_in",)
    )
    cell = nm.Model.assemble("cell", [mechanism, inflow], parameters={"Cm": "1 uF/cm**2"}, initial={"v": "-65*mV"})
    scope = {base: cell.values(base)[0, :1] for base in cell.parameters.bases} | {"cai": np.array([1e-4])}
    rate = evaluate(cell.system.derivatives["cai"], scope)
    np.testing.assert_allclose(rate, 0.1 / (2 * 96485.33212 * 0.2e-6), rtol=1e-9)  # mol/m³ = mM, per second


def test_an_event_opens_a_synapse_by_its_weight():
    cell = nm.Model.assemble(
        "cell", [read("syn"), read("kdr")], parameters={"Cm": "1 uF/cm**2"}, initial={"v": "-65*mV"},
        morphology=nm.Morphology.point(),
    )  # fmt: skip
    event = nm.Events("syn", times=[1] * nm.ms, weight=2 * nm.nS)
    result = nm.simulate(cell, event, duration="6 ms", engine="reference", record=["a_syn", "b_syn"])
    peak = float((result.b_syn - result.a_syn).max())
    assert peak == pytest.approx(2e-3, rel=1e-3)  # µS: its peak is its weight


def test_what_a_connection_holds_is_a_synapse_of_its_own():
    rule = nm.read_nmodl_synapse(MODS / "tired.mod", weight=2 * nm.nS)
    assert rule.statements("pre")[0].name == "g_tired_post"
    assert {"store_tired", "last_tired", "weight_tired"} <= set(rule.variables)
    assert rule.initial["store_tired"] == "1"
    assert read("tired").ports == {}
    with pytest.raises(NmodlError, match="holds nothing of its own"):
        nm.read_nmodl_synapse(MODS / "syn.mod", weight=2 * nm.nS)


def test_units_that_do_not_make_a_current_are_told(tmp_path):
    text = (MODS / "kdr.mod").read_text("utf-8").replace("gbar = 0.036 (S/cm2)", "gbar = 0.036 (mV)")
    text = text.replace("g (S/cm2)", "g")
    text = text.replace("TABLE ninf, tau DEPEND celsius FROM -100 TO 100 WITH 200", "")
    with pytest.warns(NmodlWarning, match="do not make ik a current"):
        nm.read_nmodl(written(tmp_path, text))


HEAD = "NEURON { SUFFIX x NONSPECIFIC_CURRENT i }\n"
POINT = "NEURON { POINT_PROCESS p NONSPECIFIC_CURRENT i }\n"
BODY = "ASSIGNED { v (mV) i (mA/cm2) }\nBREAKPOINT { i = 1e-3*(v + 60) }\n"


@pytest.mark.parametrize(
    ("text", "line", "told"),
    [
        (HEAD + "ASSIGNED { v (mV) i (mA/cm2) }\nBREAKPOINT { i = 1", 3, "ends in the middle"),
        (HEAD + "VERBATIM\nsystem(\"touch here\");\nENDVERBATIM\n" + BODY, 2, "VERBATIM holds C"),
        (HEAD + BODY + "DESTRUCTOR { }\n", 4, "DESTRUCTOR is not read"),
        (HEAD + "WHATEVER { x }\n" + BODY, 2, "'WHATEVER' is not understood"),
        (HEAD + "PARAMETER {\n g = 1 (furlong)\n}\n" + BODY.replace("1e-3", "g"), 3, "unknown unit 'furlong'"),
        (HEAD + "ASSIGNED { v (mV) i (mV) }\nBREAKPOINT { i = v }\n", 2, r"i is in \(mA/cm2\), not in \(mV\)"),
        (HEAD + BODY.replace("1e-3", "unheard"), 3, "unheard is not declared"),
        (HEAD + BODY.replace("v + 60", "__import__(v)"), 3, "__import__ is not known"),
        ("hello\n", 1, "'hello' is not understood"),
        ("", 0, "no block NEURON"),
        (POINT + BODY.replace("mA/cm2", "nA") + "NET_RECEIVE (w) { net_send(1, 1) }", 4, "net_send"),
        (HEAD + BODY.replace("1e-3", "(" * 100 + "1" + ")" * 100), 3, "nested more than 60 deep"),
        (HEAD + BODY.replace("i = ", "LOCAL k FROM k = 0 TO 1e9 { i = k } i = "), 3, "a loop of 1000000001 turns"),
        ("NEURON { SUFFIX x NONSPECIFIC_CURRENT i POINTER p }\n" + BODY.replace("1e-3", "p"), 3, "p is a POINTER"),
        (HEAD + BODY.replace("{ v", "{ s v").replace("i = ", "s = s + 1 i = s + "), 0, "its own value at the step"),
    ],
)  # fmt: skip
def test_a_bad_file_is_refused_in_one_line_that_says_where(tmp_path, text, line, told):
    with pytest.raises(NmodlError, match=told) as refused:
        nm.read_nmodl(written(tmp_path, text))
    assert refused.value.place.line == line
    assert str(refused.value).startswith("own.mod")
    assert "\n" not in str(refused.value)


def test_what_is_too_large_or_no_text_is_refused(tmp_path):
    path = tmp_path / "own.mod"
    path.write_bytes(b"NEURON \0\1\2")
    with pytest.raises(NmodlError, match="no text but binary"):
        nm.read_nmodl(path)
    path.write_text(HEAD + BODY + ": x\n" * 300_000, "utf-8")
    with pytest.raises(NmodlError, match=r"1\.2 MB long"):
        nm.read_nmodl(path)
    with pytest.raises(NmodlError, match="no such file"):
        nm.read_nmodl(tmp_path / "other.mod")
