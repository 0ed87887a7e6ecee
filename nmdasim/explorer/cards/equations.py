"""The equations behind each panel, as MathML with a heading each."""

from __future__ import annotations

from html import escape

from nmdasim.explorer.cards import kinetics
from nmdasim.language import mathml
from nmdasim.receptors import magnesium, schemes
from nmdasim.receptors.scheme import Scheme
from nmdasim.treatment.slow import names, slow_model


def by_panel() -> dict[str, list[str]]:
    """Return the equations of the panels that need no engine."""
    return {"afternoon": _afternoon(), "receptor": _receptor(), "year": _year()}


def titled(title: str, body: str) -> str:
    """Return equations under a heading."""
    return f"<h3>{escape(title)}</h3>{body}"


def _afternoon() -> list[str]:
    moved = "".join(
        f'<math display="block">{mathml.expression(left)}<mo>=</mo>{mathml.expression(right)}</math>'
        for left, right in (("dx/dt", "A*x + r"), ("dC_e/dt", "k_e0*(C_p - C_e)"))
    )
    block = mathml.equations(kinetics.blocked_text(), kinetics.NAMES)
    return [
        titled("Amounts in the compartments; r is constant between events, and the solution exact", moved),
        titled("Share of receptors that hold the drug, in balance, in competition with magnesium", block),
    ]


def _receptor() -> list[str]:
    drawn = "<math display='block'><mfrac><mrow><mi>d</mi><mi>p</mi></mrow><mrow><mi>d</mi><mi>t</mi></mrow></mfrac><mo>=</mo><mi>p</mi><mi>Q</mi></math>"
    plug = mathml.equations(magnesium.EQUATION, ("mg", "K_mg", "slope_mg"))
    shown = [titled("Probabilities of the states of a scheme with the generator Q", drawn), titled("Magnesium (jahr1990)", plug)]
    return shown + [_arrows(schemes.scheme(name)) for name in schemes.names()[:2]]


def _arrows(one: Scheme) -> str:
    names_ = (*one.parameters.bases, "glutamate", "v")
    rows = "".join(
        f"<mtr><mtd><mi>{escape(t.source)}</mi><mo>→</mo><mi>{escape(t.target)}</mi></mtd>"
        f"<mtd>{mathml.expression(t.rate, names_)}</mtd></mtr>"
        for t in one.transitions
    )
    return titled(f"Transitions of {one.name}", f'<math display="block"><mtable>{rows}</mtable></math>')


def _year() -> list[str]:
    models = [slow_model(name) for name in names()]
    return [titled(one.name, mathml.equations(one.equations, one.parameters.bases)) for one in models]
