"""Brian2 is loaded whole at its first use: to the same end as by itself, and from any thread."""

import ast
import subprocess
import sys

import pytest

EVERYTHING = """
import brian2
brian2.NeuronGroup
told = {(n, type(v).__name__, getattr(v, "__module__", "")) for n, v in vars(brian2).items()}
print(sorted((name, *map(str, rest)) for name, *rest in told if name != "__cached__"))
"""


def printed(program):
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_what_is_loaded_late_is_all_that_brian2_is():
    late = printed(f"import sys, nmdasim.model.model\nassert 'pylab' not in sys.modules{EVERYTHING}")
    assert late == printed(EVERYTHING)
    assert len(ast.literal_eval(late)) > 1000


@pytest.mark.parametrize(
    "line", ["from brian2 import *", "import brian2.only", "import brian2.devices.device", "import brian2.groups"]
)
def test_brian2_runs_however_it_is_imported_after_this_library(line):
    rest = "from brian2 import NeuronGroup, ms, run, prefs\nprefs.codegen.target = 'numpy'\n"
    model = (
        "group = NeuronGroup(1, 'dv/dt = -v/(10*ms) : 1', method='exact')\ngroup.v = 1\nrun(10*ms)\nprint(group.v[0])"
    )
    assert float(printed(f"import nmdasim.quantities\n{line}\n{rest}{model}")) == pytest.approx(0.36788, rel=1e-4)


def test_another_thread_may_be_the_first_to_need_brian2():
    program = """
from concurrent.futures import ThreadPoolExecutor
import nmdasim.quantities, brian2
print(ThreadPoolExecutor(1).submit(lambda: brian2.NeuronGroup.__name__).result(), brian2.prefs.core.default_float_dtype)
"""
    assert printed(program).startswith("NeuronGroup")


def test_a_module_is_asked_for_many_names_that_load_nothing():
    program = "import nmdasim.quantities, brian2, sys, inspect\n"
    program += "print(hasattr(brian2, '__wrapped__'), inspect.getmodule(brian2), 'pylab' in sys.modules)"
    told = printed(program)
    assert told.startswith("False <module 'brian2'")
    assert told.split()[-1] == "False"
