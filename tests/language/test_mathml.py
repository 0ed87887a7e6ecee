"""Equations as MathML: well-formed, with every name, in the order of the text."""

from xml.etree import ElementTree

import pytest

import nmdasim as nm
from nmdasim.errors import ExpressionError
from nmdasim.language import mathml


def words(markup):
    """Return what a display says, without its markup."""
    return "".join(ElementTree.fromstring(markup).itertext()).replace("\u2062", "").replace("\u2061", "")


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("a - (b - c)", "a−(b−c)"),
        ("(a + b)*c", "(a+b)c"),
        ("2*3", "2·3"),
        ("-x**2", "−x2"),
        ("exp(-v/tau_m)", "e−vτm"),
        ("sqrt(x) + x**0.5", "x+x"),
        ("abs(x) + int(x > 3*mV)", "|x|+[x>3mV]"),
        ("1e-3*x", "0.001x"),
        ("log(x)/f(x, y)", "ln(x)f(x,y)"),
        ("a and not b", "a∧¬b"),
    ],
)  # fmt: skip
def test_an_expression_says_what_its_text_says(text, said):
    assert words(mathml.expression(text, ("a", "b", "c", "x", "y", "v", "tau_m"))) == said


def test_names_have_greek_letters_and_subscripts():
    assert words(mathml.name("alpha_m_na")) == "αm,na"
    assert words(mathml.name("C50")) == "C50"
    assert words(mathml.name("Omega")) == "Ω"


@pytest.mark.parametrize("name", nm.neurons.CATALOGUE)
def test_every_library_neuron_can_be_written(name):
    made = nm.neurons.CATALOGUE[name]()
    for cell in made.cells.values() if isinstance(made, nm.Circuit) else [made]:
        shown = words(mathml.equations(cell.equations, cell.parameters.bases))
        assert "d" in shown


def test_what_is_no_expression_is_refused():
    with pytest.raises(ExpressionError, match="MathML"):
        mathml.expression("[x for x in y]")
