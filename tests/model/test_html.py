"""What a notebook shows: whole, folded, with units, sources and status; and nothing that a user wrote is run."""

import dataclasses
from xml.etree import ElementTree

import pytest
from brian2 import Hz, ms

import nmdasim as nm
from nmdasim import pharmacology
from nmdasim.model.html import parameters, table
from nmdasim.receptors.blockers import block, blocker
from nmdasim.receptors.schemes import scheme
from nmdasim.receptors.subtypes import subtype

EVIL = "<script>alert('x')</script>&"
CELL = nm.Model(
    name=f"cell {EVIL}",
    equations="dv/dt = -v/tau_m : 1",
    parameters=dict(tau_m=nm.Parameter(10 * ms, source=f"my {EVIL}", description=f"time {EVIL}")),
    threshold="v < 1 and v > 0",
    reset="v = 0",
    ports=dict(exc="v += 1"),
    fibres={"c": nm.Fibres(port="exc", synapses=20, latency="90 ms")},
    description=EVIL,
)
REGIMEN = pharmacology.Regimen.of(pharmacology.Event(0.0, 35.0, route="iv", id=EVIL), name=f"mine {EVIL}", source=EVIL)
SHOWN = {
    "model": CELL,
    "parameters": CELL.parameters,
    "circuit": nm.Circuit(f"net {EVIL}", populations={f"{EVIL}": CELL}, inputs={"touch": nm.Poisson(1 * Hz, size=3)}),
    "published": nm.neurons.wdr(),
    "network": nm.circuits.dorsal_horn(),
    "mechanism": nm.Mechanism(
        f"gate {EVIL}", "ds/dt = -s/tau : 1", dict(tau=nm.Parameter(10 * ms, source=EVIL)), ports={"exc": "s += 1"}
    ),
    "sweep": nm.Sweep(CELL, duration="1 s", axes=dict(tau_m=["5 ms", "20 ms"], seed=[3, 1]), readouts=("spike_count",)),
    "protocol": nm.WindUp(frequency=[0.1, 1] * Hz),
    "events": nm.Events(EVIL, 5 * ms),
    "source": nm.Poisson(10 * Hz),
    "regimen": REGIMEN,
    "dose": pharmacology.dose("0.5 mg/kg", over="40 min", weight="80 kg", id=EVIL),
    "reset": pharmacology.reset("2 h", id=EVIL),
    "preset": pharmacology.preset("clements2"),
    "drug": pharmacology.drug("norketamine"),
    "scheme": dataclasses.replace(scheme("kampa2004"), name=f"mine {EVIL}", description=EVIL),
    "blocked": block(scheme("destexhe1996"), blocker("memantine")),
    "blocker": blocker("ketamine"),
    "subtype": subtype("2B"),
    "population": nm.Population(CELL, 3, initial=dict(v=[0, 0.5, 1]), parameters=dict(tau_m="5*ms + 1*ms*rand()")),
    "samples": nm.Samples({"K_mg": ("1 mM", "10 mM"), "gain": (0.5, 2.0)}, 8, log=("gain",)),
}
#: What a user named.
NAMED = ("model", "parameters", "circuit", "mechanism", "sweep", "regimen", "dose", "reset", "scheme")
NAMED += ("population",)


def read(shown):
    return ElementTree.fromstring(f"<r>{shown}</r>")


@pytest.mark.parametrize("name", SHOWN)
def test_what_is_shown_is_well_formed_and_text_of_a_user_is_text(name):
    tree = read(SHOWN[name]._repr_html_())
    assert not list(tree.iter("script"))
    text = "".join(tree.itertext())
    assert text.strip()
    if name in NAMED:
        assert EVIL in text  # it is there, as it was written
    assert "nan" not in text.split()


def test_a_model_shows_its_equations_and_folds_its_parameters_with_unit_source_and_status():
    tree = read(CELL._repr_html_())
    text = "".join(tree.itertext())
    assert r"\tau_{m}" in text
    assert "1 parameter" in [one.text for one in tree.iter("summary")]
    cells = [cell.text for cell in tree.iter("td")]
    assert {"tau_m", "10", "ms", f"my {EVIL}", "assumed", "v += 1", "90 ms"} <= set(cells)
    folded = [cell.text for fold in tree.iter("details") for cell in fold.iter("td")]
    assert "assumed" in folded


def test_parameters_are_grouped_by_mechanism_and_each_is_shown_once():
    neuron = nm.neurons.wdr()
    tree = read(neuron._repr_html_())
    groups = [one.text.partition(":")[0] for one in tree.iter("summary") if ": " in (one.text or "")]
    assert {"nmda", "can"} & {group.partition(" ")[0] for group in groups}
    values = [
        row
        for one in tree.iter("table")
        if [h.text for h in one.iter("th")][1:2] == ["value"]
        for row in one.iter("tr")
    ]
    names = [row.find("td").text for row in values if row.find("td") is not None]
    assert sorted(names) == sorted(neuron.parameters)


def test_regions_are_groups_where_there_are_no_mechanisms():
    shown = parameters(nm.ParameterSet({"g": "1 nS", "g.soma": "2 nS"}))
    assert [one.text for one in read(shown).iter("summary")][::2] == ["everywhere: 1 parameter", "soma: 1 parameter"]


def test_a_long_table_is_cut_and_says_so():
    assert "… and 1 more" in table(("a",), [(k,) for k in range(201)])


def test_a_mechanism_shows_its_equations_parameters_and_ports():
    tree = read(SHOWN["mechanism"]._repr_html_())
    assert r"\frac{\mathrm{d}s}{\mathrm{d}t}" in "".join(tree.itertext())
    assert {"tau", "10", "ms", EVIL, "exc", "s += 1"} <= {cell.text for cell in tree.iter("td")}


def test_a_sweep_shows_each_axis_with_its_range_and_unit():
    rows = [[cell.text for cell in row.iter("td")] for row in read(SHOWN["sweep"]._repr_html_()).iter("tr")]
    assert ["tau_m", "2", "5", "20", "ms"] in rows
    assert ["seed", "2", "3", "1", None] in rows
    assert repr(SHOWN["sweep"]).endswith("2 tau_m × 2 seed = 4 lanes>")


@pytest.mark.parametrize("name", ["regimen", "dose", "reset", "preset", "drug", "sweep", "blocker", "samples"])
def test_what_is_about_doses_carries_the_disclaimer(name):
    assert nm.DISCLAIMER in SHOWN[name]._repr_html_()


def test_a_dose_shows_its_columns_with_units_and_none_that_says_nothing():
    table = read(SHOWN["dose"]._repr_html_()).find(".//table")
    heads = [head.text for head in table.iter("th")]
    assert heads == ["ID", "TIME (h)", "AMT", "UNIT", "DUR (h)", "ROUTE", "WT (kg)"]
    assert [cell.text for cell in table.iter("td")] == [EVIL, "0", "0.5", "mg/kg", "0.666667", "iv", "80"]
    assert [head.text for head in read(SHOWN["reset"]._repr_html_()).iter("th")] == ["ID", "TIME (h)"]


def test_a_schedule_shows_lengths_as_one_reads_them():
    shown = pharmacology.Regimen.of(pharmacology.dose("0.5 mg/kg", over="40 min", weight="80 kg"))
    cells = [cell.text for cell in read(shown._repr_html_()).iter("td")]
    assert "0.666667" in cells
    assert "80" in cells


def test_a_preset_shows_where_it_was_sampled_and_its_numbers_with_unit_and_status():
    cells = [cell.text for cell in read(SHOWN["preset"]._repr_html_()).iter("td")]
    given = pharmacology.preset("clements2").parameters
    assert {"venous", "iv, im, oral, sublingual", *given, *(one.status for one in given.values())} <= set(cells)


def told(name):
    """Return the cells of what is shown."""
    return [cell.text for cell in read(SHOWN[name]._repr_html_()).iter("td")]


def test_a_scheme_shows_its_rates_its_definitions_and_its_numbers_with_unit_source_and_status():
    given = scheme("kampa2004")
    assert {t.rate for t in given.transitions} <= set(told("scheme"))
    some = {end for p in given.parameters.values() for end in (p.source, p.status, p.kind)}
    assert {*given.parameters, "1/second", *some} - {""} <= set(told("scheme"))
    assert "sources: kampa2004" in "".join(read(SHOWN["scheme"]._repr_html_()).itertext())


@pytest.mark.parametrize("name", ["blocker", "subtype"])
def test_a_drug_and_a_subtype_show_their_numbers_with_unit_source_and_status(name):
    own = SHOWN[name].parameters
    assert {end for p in own.values() for end in (p.source, p.status)} | {*own} <= set(told(name))


def test_a_population_shows_its_size_what_differs_and_folds_its_model():
    tree = read(SHOWN["population"]._repr_html_())
    assert "3 neurons" in "".join(tree.itertext())
    assert told("population")[:6] == ["tau_m", "parameter", "'5*ms + 1*ms*rand()'", "v", "initial value", "[0, 0.5, 1]"]
    assert f"model {CELL.name}" in [one.text for one in tree.iter("summary")]


def test_samples_show_each_range_with_its_unit():
    assert told("samples") == ["K_mg", "1", "10", "mM", "uniform", "gain", "0.5", "2", None, "logarithmic"]
    assert "8 rows, latin hypercube, seed 0" in SHOWN["samples"]._repr_html_()


def test_numbers_are_told_as_people_write_them():
    """No point without a digit on either side, whether a quantity or text."""
    cell = nm.Model(
        "cell",
        "dv/dt = -v/tau : 1",
        parameters=dict(tau=10 * ms),
        threshold="v > .5",
        reset="v = 0",
        refractory=3 * ms,
        ports=dict(exc="v += .5"),
        fibres={"c": nm.Fibres("exc", synapses=20, latency=200 * ms, spread=".03 s")},
    )
    text = "|".join([*read(cell._repr_html_()).itertext(), ""])
    for said in ("|3 ms|", "|200 ms|", "|0.03 s|", "|v > 0.5|", "|v += 0.5|"):
        assert said in text


@pytest.mark.parametrize(
    ("given", "text"),
    [
        (nm.WindUp(frequency=".5 Hz"), "WindUp(frequency='0.5 Hz')"),
        (nm.Fibres("exc", synapses=2, latency=".09 s"), "Fibres(port='exc', synapses=2, latency='0.09 s')"),
        (nm.Events("exc", times=[".5 s", "-.0 s"]), "Events(port='exc', times=['0.5 s', '-0.0 s'])"),
    ],
)
def test_text_of_a_user_has_its_leading_zero(given, text):
    assert repr(given) == text
    assert text in "".join(read(given._repr_html_()).itertext())


def test_a_projection_prints_as_one_would_type_it():
    for text in (
        "Projection(pre='e', post='i', port='exc', weight=1.6*nS, probability=0.02, delay=1*ms)",
        "Projection(pre='e', post='i', port='exc', weight=[1, 2]*nS, indices=([0, 1], [1, 0]))",
    ):
        assert repr(eval(text, {name: getattr(nm, name) for name in ("Projection", "nS", "ms")})) == text


def test_a_regimen_prints_as_a_table():
    regimen = pharmacology.schedule("crps_100_hours")
    shown = repr(regimen).splitlines()
    assert shown[0] == "Regimen of s-ketamine: 5 events"
    assert "time" in repr(regimen).lower()
    assert "Event(" not in repr(regimen)
    assert len(shown) < 12
