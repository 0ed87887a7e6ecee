"""A second start makes nothing that the first has made, and loads no library that it does not use."""

import json
import os
import subprocess
import sys

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.engines.form import form
from nmdasim.engines.kernel.source import Source, write
from nmdasim.engines.layout import layout
from nmdasim.language.evaluation import evaluator

#: What only other engines, figures, statistics or a first start need.
UNUSED = {
    *("numba", "pylab", "matplotlib.pyplot", "scipy.stats", "scipy.optimize", "brian2.groups", "brian2.codegen"),
    *("nmdasim.engines.kernel.translate", "nmdasim.engines.kernel.network", "nmdasim.plot"),
}
PROGRAM = """
import json, sys
sys.argv = ["nmdasim", "windup", "--json"]
from nmdasim.command.app import main
main()
print(json.dumps(sorted(sys.modules)))
"""


@pytest.fixture(scope="module")
def starts(tmp_path_factory):
    """Run wind-up three times on one cache folder; return for each its numbers, the loaded modules and the files."""
    folder = tmp_path_factory.mktemp("cache")
    found = []
    for damaged in (False, False, True):
        if damaged:
            for path in folder.glob("*.txt"):
                path.write_text("damaged")
        environment = os.environ | {"NMDASIM_CACHE": str(folder)}
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM], env=environment, capture_output=True, text=True, check=True
        )
        numbers, modules = map(json.loads, done.stdout.splitlines())
        found.append((numbers["runs"], set(modules), {path.name: path.read_bytes() for path in folder.iterdir()}))
    return found


def test_a_second_start_has_the_numbers_of_the_first_and_makes_nothing(starts):
    (first, _, made), (second, modules, after), _ = starts
    assert first == second
    assert {name.partition("_")[0] for name in made} >= {"checked", "form", "kernel", "suspects"}
    assert after == made
    assert not UNUSED & modules


def test_damaged_files_are_made_anew_and_alike(starts):
    (first, _, made), _, (third, modules, after) = starts
    assert third == first
    assert after == made
    assert "brian2.groups" in modules  # what was not known to have been checked is checked


@pytest.mark.parametrize("name", ["wdr", "delrocq2023", "aguiar2010"])
def test_a_kept_source_is_the_written_one_and_its_constants_have_the_same_bits(name):
    model = getattr(nm.neurons, name)()
    model = next(iter(model.cells.values())) if isinstance(model, nm.Circuit) else model
    folded, varied = layout(model, model.system.states), ["Cm"]
    source = write(model, folded, "staggered", varied)
    read = Source.from_json(source.to_json())
    assert read == source
    values = {base: model.values(base) for base in model.parameters.bases}
    values |= {"_h": np.array([[1e-4]]), "_dt": np.array([[1e-4]]), "area": np.array([[1e-9]])}
    for part, record in zip(read.parts, form(model, folded, "staggered", varied).records, strict=True):
        for constants, expressions in ((part.scalars, record.scalars), (part.varied, record.varied)):
            own = evaluator([e for _, e in expressions])(values)
            for found, expected in zip(constants.at(values), own, strict=True):
                assert np.array_equal(found, expected)
