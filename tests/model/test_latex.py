"""Equations as LaTeX: what a renderer takes, in the order of the text, names and units as the field prints them."""

import pytest
from matplotlib.mathtext import MathTextParser

import nmdasim as nm
from nmdasim.language import latex
from nmdasim.model.circuit import cells_of
from nmdasim.neurons import CATALOGUE


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("v", "v"),
        ("alpha_m_na", r"\alpha_{m,\mathrm{na}}"),
        ("tau_m", r"\tau_{m}"),
        ("v1", "v_{1}"),
        ("I_ca_nmda", r"I_{\mathrm{ca},\mathrm{nmda}}"),
        ("ca", r"\mathrm{ca}"),
    ],
)
def test_a_name_has_one_subscript(name, shown):
    assert latex.name(name) == shown


@pytest.mark.parametrize(
    ("text", "shown"),
    [
        ("a - (b - c)", r"a - \left(b - c\right)"),
        ("-(a + b)*c", r"-\left(a + b\right)\,c"),
        ("(a/b)**2", r"\left(\frac{a}{b}\right)^{2}"),
        ("a**-1", "a^{-1}"),
        ("0.16/ms/exp(-a)", r"\frac{0.16}{\mathrm{ms}\,e^{-a}}"),
        ("b + 50*mV", r"b + 50\,\mathrm{mV}"),
        ("a*b*uM", r"a\,b\,\mathrm{\mu M}"),
        ("a**0.5", r"\sqrt{a}"),
        ("int(a > b)", r"\left[a > b\right]"),
        ("1e-9*a", r"1\cdot 10^{-9}\,a"),
        ("a*-b", r"a\,\left(-b\right)"),
    ],
)
def test_an_expression_keeps_its_order_and_its_brackets(text, shown):
    assert latex.expression(text, {"a", "b", "c"}) == shown


def test_a_variable_without_a_unit_is_dimensionless():
    cell = nm.Model(name="m", equations="dv/dt = -v/tau + 0.1*xi/tau**0.5 : 1", parameters=dict(tau=10 * nm.ms))
    assert r"\text{dimensionless}" in cell._repr_latex_()
    assert r"\xi" in cell._repr_latex_()


@pytest.mark.parametrize("name", CATALOGUE)
def test_a_renderer_takes_every_line_of_every_neuron(name):
    parser = MathTextParser("path")
    for cell in cells_of(CATALOGUE[name]()).values():
        shown = cell._repr_latex_().removeprefix("$$\\begin{aligned}").removesuffix("\\end{aligned}$$")
        for line in shown.split("\\\\"):
            for part in line.replace(r"\text{", r"\mathrm{").split("&"):
                if part.strip():
                    parser.parse(f"${part.strip()}$")


def test_units_are_those_of_the_field_and_not_base_units():
    shown = latex.equations("dv/dt = -v/tau : volt\nI = v/r : amp/meter**2\nq = v*c : coulomb")
    assert [line.split("&& ")[1].removesuffix(r" \\") for line in shown.splitlines()[1:-1]] == [
        r"\mathrm{mV}",
        r"\mathrm{\mu A}\,\mathrm{cm}^{-2}",
        r"\mathrm{s}\,\mathrm{A}",
    ]
