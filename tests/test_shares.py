"""Every number that is a share says that it lies within 0 to 1, and above 1 it is refused."""

import re

import numpy as np
import pytest

import nmdasim as nm
from nmdasim.errors import ModelError
from nmdasim.model.circuit import cells_of
from nmdasim.parameters import ledger
from nmdasim.quantities import same_dimension

#: How a share is named or described; a spread of one, and a ratio that may be more, are none.
NAMED = re.compile(r"F_\w+|f_\w+|share\w*|P_open|unbound|escapable|responders\w*|rho|release_\w+|allosteric_max")
SAID = re.compile(r"\b(share|fraction|probability)\b")
NONE = re.compile(r"standard deviation|coefficient of variation|relative to the published|at rho = 1")


def shares():
    """Yield where, name and value of every share: of the library's tables, and of its neurons and circuit."""
    found = [(where, name, p) for where, name, p in ledger.numbers()]
    for model in (nm.neurons.wdr(), nm.neurons.delrocq2023(), nm.neurons.aguiar2010(), nm.circuits.dorsal_horn()):
        found += [(model.name, name, p) for cell in cells_of(model).values() for name, p in cell.parameters.items()]
    for where, name, p in found:
        plain = p.unit in ("", "1") and same_dimension(p.unit or "1", "1")
        if (
            plain
            and (NAMED.fullmatch(name.split(".")[0]) or SAID.search(p.description))
            and not NONE.search(p.description)
        ):
            yield where, name, p


def test_every_share_has_bounds_within_0_and_1_and_lies_between_them():
    known = {name.split(".")[0] for _, name, _ in shares()}
    assert known >= {
        "f_ca_nmda",
        "f_ca_nk1",
        "F_nasal",
        "F_oral",
        "unbound",
        "share_2B",
        "P_open",
        "rho",
        "f_met",
        "responders",
    }
    lacking = [
        f"{where}.{name} = {p.value}, bounds {p.bounds}"
        for where, name, p in shares()
        if p.bounds is None or not 0 <= p.bounds[0] <= np.min(p.si) <= np.max(p.si) <= p.bounds[1] <= 1
    ]
    assert not lacking


@pytest.mark.parametrize("name", ["f_ca_nmda", "f_ca_nk1"])
def test_calcium_cannot_carry_more_than_the_current(name):
    with pytest.raises(ModelError, match=rf"{name} = 1.2; it is a share, from 0 to 1"):
        nm.simulate(nm.neurons.wdr(), nm.WindUp(), parameters={name: [0.1, 1.2]})
    with pytest.raises(ModelError, match=rf"{name} = -0.1; it cannot be negative|{name} = -0.1 .*negative"):
        nm.simulate(nm.neurons.wdr(), nm.WindUp(), parameters={name: -0.1})
