import math

import numpy as np
import pytest
from brian2 import cm, ohm, um

from nmdasim.errors import UnitError
from nmdasim.model.morphology import Morphology, Section
from nmdasim.neurons.dorsal_horn_cell import morphology


def test_the_published_chain_has_16_compartments_in_order():
    shape = morphology()
    assert len(shape) == 16
    assert {region: len(where) for region, where in shape.regions.items()} == {
        "dendrite": 5, "soma": 3, "hillock": 3, "axon": 5,
    }  # fmt: skip
    assert shape.is_chain


def test_the_hillock_tapers_as_published():
    section = Section("hillock", 3 * um, 2 * um, 3, end=1 * um)
    assert section.diameters() * 1e6 == pytest.approx([1.8333, 1.5, 1.1667], abs=1e-4)


def test_segment_area_is_pi_d_dx():
    shape = morphology()
    assert shape.areas[0] == pytest.approx(math.pi * 4e-6 * 100e-6)
    assert shape.areas[5] == pytest.approx(math.pi * 20e-6 * 20e-6 / 3)
    assert sum(shape.areas[5:8]) == pytest.approx(1256.64e-12, rel=1e-5)


def test_axial_conductance_is_two_half_segments_in_series():
    shape = Morphology.chain([Section("a", 100 * um, 4 * um, 1), Section("b", 20 * um, 20 * um, 1)], 150 * ohm * cm)
    halves = 1.5 * 50e-6 / (math.pi * 4e-12) + 1.5 * 10e-6 / (math.pi * 1e-10)
    assert shape.conductances == pytest.approx((0, 1 / halves))


def test_axial_currents_conserve_charge():
    matrix = morphology().coupling()
    assert matrix == pytest.approx(matrix.T)
    assert np.abs(matrix.sum(axis=0)).max() < 1e-20


def test_the_centre_is_the_middle_compartment():
    shape = morphology()
    assert [shape.centre(region) for region in shape.regions] == [2, 6, 9, 13]
    with pytest.raises(ValueError, match="unknown region 'tail'; there are dendrite, soma"):
        shape.centre("tail")


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (dict(parents=(-1,)), "one area, parent and conductance"),
        (dict(parents=(0, -1)), "the first compartment is the root"),
        (dict(parents=(-1, 1)), "every other parent comes before its child"),
        (dict(regions={"soma": (0,)}), "exactly one region"),
        (dict(regions={"soma": (0, 1), "axon": (1,)}), "exactly one region"),
        (dict(areas=(1.0, 0.0)), "areas are positive"),
        (dict(conductances=(0.0, -1.0)), "not negative"),
    ],
)
def test_a_tree_that_cannot_be_is_refused(change, message):
    good = dict(areas=(1.0, 1.0), parents=(-1, 0), conductances=(0.0, 1.0), regions={"soma": (0,), "axon": (1,)})
    assert len(Morphology(**good)) == 2
    with pytest.raises(ValueError, match=message):
        Morphology(**(good | change))


def test_a_length_of_the_wrong_dimension_is_refused():
    with pytest.raises(UnitError, match="length = 1 ohm"):
        Morphology.chain([Section("a", 1 * ohm, 4 * um, 1)], 150 * ohm * cm)
