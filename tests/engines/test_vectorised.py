"""The loops over lanes become packed instructions; one that fell back to scalar code would pass every other test.

Read from the machine code, for plain SSE2, AVX2 and AVX-512 whatever this machine has: nothing is run.
"""

import machine_code
import pytest
from machine_code import instructions

CPUS = ["x86-64", "haswell", "skylake-avx512"]


def is_vectorised(found):
    """Say whether every division and every exponential of the lane loops is packed, and little else is scalar.

    Scalar code remains for what is no loop over all lanes: an event for one lane, sums that all lanes share.
    """
    packed, scalar = sum(found["packed"].values()), sum(found["scalar"].values())
    rendered = all(found["packed"].get(operation, 0) >= n for operation, n in found["asked"].items())
    return rendered and packed > 2 * scalar


@pytest.mark.parametrize("cpu", CPUS)
def test_a_point_neuron_is_packed_on_every_instruction_set(cpu):
    found = instructions("hodgkin_huxley", cpu)
    assert found["asked"]["max"] >= 3  # the exponentials of six rates
    assert is_vectorised(found), found


def test_the_compartments_of_wdr_are_packed_on_this_machine():
    found = instructions("wdr")
    assert found["asked"]["max"] >= 10
    assert is_vectorised(found), found


def test_scalar_code_is_recognised():
    found = instructions("hodgkin_huxley", vectorise=False)
    assert not is_vectorised(found), found


@pytest.mark.parametrize(("name", "arguments"), [("exp", 1), ("log", 1), ("tanh", 1), ("power", 2)])
def test_a_function_of_the_vector_maths_is_packed(name, arguments):
    found = machine_code.census(machine_code.assembly(machine_code.over(name, arguments)))
    remainder = sum(found["scalar"].values())  # the last few elements
    assert sum(found["packed"].values()) >= 15
    assert remainder <= sum(found["packed"].values())


@pytest.mark.parametrize(
    ("line", "kind"),
    [
        ("\tvfmadd213pd\t%zmm1, %zmm2, %zmm3", "packed"),
        ("\tmulpd\t%xmm1, %xmm2", "packed"),
        ("\tvdivsd\t%xmm1, %xmm2, %xmm3", "scalar"),
        ("\tfmul\tv0.2d, v1.2d, v2.2d", "packed"),
        ("\tfmul\td0, d1, d2", "scalar"),
    ],
)
def test_packed_and_scalar_instructions_are_told_apart(line, kind):
    assert machine_code.census(line)[kind].total() == 1
