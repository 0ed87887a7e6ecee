from __future__ import annotations

import subprocess
import sys


def test_sweep_is_a_verb_and_a_package_whatever_is_imported_first():
    code = (
        "import nmdasim as nm, nmdasim.sweep\n"
        "from nmdasim.sweep import failures\n"
        "assert callable(nm.sweep) and callable(nm.simulate) and callable(nm.citations)\n"
        "assert nm.sweep.failures is failures and callable(failures)\n"
    )
    subprocess.run([sys.executable, "-c", code], check=True)
