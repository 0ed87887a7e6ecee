"""Equations as LaTeX, rendered by KaTeX, which notebooks and pages use; needs Node and its package ``katex``."""

import json
import os
import shutil
import subprocess

import pytest

import nmdasim as nm
from nmdasim.model.circuit import cells_of
from nmdasim.neurons import CATALOGUE

RENDER = """
const katex = require('katex');
let text = ''; process.stdin.on('data', d => text += d).on('end', () => {
  const found = {};
  for (const [name, tex] of Object.entries(JSON.parse(text)))
    try { katex.renderToString(tex, {displayMode: true, throwOnError: true, strict: 'error'}); }
    catch (error) { found[name] = String(error); }
  console.log(JSON.stringify(found));
});
"""
STRANGE = nm.Model(
    name="strange",
    equations="dv/dt = (E_l - v)/tau_m*(1 - int(v > v_t and not (v < E_l)))/(1 + exp(-v/mV))**0.5 + sigma*xi/tau_m**0.5"
    " : volt (unless refractory)\ndalpha_m_na/dt = -abs(alpha_m_na)/tau_m : 1\ndc/dt = -c**2/uM/ms : mM",
    parameters=dict(E_l="-70 mV", tau_m="10 ms", v_t="1e-2 V", sigma="1 mV"),
)


def katex(equations):
    """Return what KaTeX says of each that it does not render."""
    node = shutil.which("node")
    if node is None:
        pytest.skip("Node is not installed")
    if subprocess.run([node, "-e", "require('katex')"], capture_output=True, env=os.environ, check=False).returncode:
        pytest.skip("the package katex is not installed where Node finds it (NODE_PATH)")
    done = subprocess.run([node, "-e", RENDER], input=json.dumps(equations), capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def test_katex_renders_the_equations_of_every_neuron():
    cells = [cell for make in CATALOGUE.values() for cell in cells_of(make()).values()]
    shown = {cell.name: cell._repr_latex_().strip("$") for cell in [*cells, STRANGE]}
    assert katex(shown) == {}


def test_katex_refuses_what_is_no_latex():
    assert set(katex({"good": r"\alpha_{m,\mathrm{Na}}", "twice": "a_b_c", "open": r"\frac{1"})) == {"twice", "open"}
