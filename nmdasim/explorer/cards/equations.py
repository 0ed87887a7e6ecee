"""The equations behind each panel, as MathML with a heading each."""

from __future__ import annotations

from html import escape

from brian2.equations import Equations

from nmdasim.circuits import dorsal_horn
from nmdasim.explorer.cards import kinetics
from nmdasim.language import mathml
from nmdasim.model.model import Model
from nmdasim.neurons import wdr
from nmdasim.receptors import magnesium, schemes
from nmdasim.receptors.scheme import Scheme
from nmdasim.treatment.slow import names, slow_model


def by_panel() -> dict[str, list[str]]:
    """Return the equations of the panels that need no engine."""
    cell = wdr()
    return {
        "afternoon": _afternoon(),
        "receptor": _receptor(),
        "year": _year(),
        "windup": of_model(cell),
        "touch": [*_new_in_the_horn(cell), _interneuron()],
    }


def of_model(model: Model) -> list[str]:
    """Return the equations of a model, mechanism by mechanism where it is made of such."""
    parts = [(part.name, part.equations) for part in model.mechanisms] or [(model.name, model.equations)]
    names_ = (*model.parameters.bases, *_defined(model.equations))
    shown = [titled(name, mathml.equations(text, names_)) for name, text in parts if text.strip()]
    return [*shown, _spike(model)] if model.threshold else shown


def _defined(text: str) -> tuple[str, ...]:
    return tuple(Equations(text).names)


def _spike(model: Model) -> str:
    names_ = (*model.parameters.bases, *_defined(model.equations), "v")
    return titled("A spike", f'<math displaystyle="true">{mathml.expression(str(model.threshold), names_)}</math>')


def _new_in_the_horn(cell: Model) -> list[str]:
    """Return what the projection neuron has besides the neuron that it is made of."""
    neuron, known = dorsal_horn().cells["projection"], {part.name for part in cell.mechanisms}
    names_ = (*neuron.parameters.bases, *_defined(neuron.equations))
    added = [part for part in neuron.mechanisms if part.name not in known]
    return [titled(f"projection neuron: {part.name}", mathml.equations(part.equations, names_)) for part in added]


def _interneuron() -> str:
    one = dorsal_horn().cells["excitatory"]
    return titled("interneurons", mathml.equations(one.equations, one.parameters.bases))


def titled(title: str, body: str) -> str:
    """Return equations under a heading."""
    return f"<h3>{escape(title)}</h3>{body}"


def _afternoon() -> list[str]:
    moved = "".join(
        f'<math displaystyle="true">{mathml.expression(left)}<mo>=</mo>{mathml.expression(right)}</math>'
        for left, right in (("dx/dt", "A*x + r"), ("dC_e/dt", "k_e0*(C_p - C_e)"))
    )
    block = mathml.equations(kinetics.blocked_text(), kinetics.NAMES)
    return [
        titled("Amounts in the compartments; r is constant between events, and the solution exact", moved),
        titled("Share of receptors that hold the drug, in balance, in competition with magnesium", block),
    ]


def _receptor() -> list[str]:
    rate = mathml.expression("dp/dt", ("dp", "dt"))
    drawn = f'<math displaystyle="true">{rate}<mo>=</mo>{mathml.expression("p*Q")}</math>'
    plug = mathml.equations(magnesium.EQUATION, ("mg", "K_mg", "slope_mg"))
    states = titled("Probabilities of the states of a scheme with the generator Q", drawn)
    shown = [states, titled("Magnesium (jahr1990)", plug)]
    return shown + [_arrows(schemes.scheme(name)) for name in schemes.names()[:2]]


def _arrows(one: Scheme) -> str:
    names_ = (*one.parameters.bases, "glutamate", "v")
    rows = "".join(
        f"<mtr><mtd><mi>{escape(t.source)}</mi><mo>→</mo><mi>{escape(t.target)}</mi></mtd>"
        f"<mtd>{mathml.expression(t.rate, names_)}</mtd></mtr>"
        for t in one.transitions
    )
    return titled(f"Transitions of {one.name}", f'<math displaystyle="true"><mtable>{rows}</mtable></math>')


def _year() -> list[str]:
    models = [slow_model(name) for name in names()]
    return [titled(one.name, mathml.equations(one.equations, one.parameters.bases)) for one in models]
