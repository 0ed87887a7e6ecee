from __future__ import annotations

import subprocess
import sys


def test_importing_a_module_does_not_hide_the_function_of_its_name():
    code = (
        "import nmdasim as nm, nmdasim.simulate, nmdasim.citations\n"
        "from nmdasim.simulate import OverflowedError\n"
        "assert callable(nm.simulate) and callable(nm.citations) and callable(nm.simulate)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
