"""Time the exact pharmacokinetics: ``python benchmarks/pharmacokinetics.py``."""

from __future__ import annotations

import time

from nmdasim import pharmacology as ph

YEAR = ph.Regimen((ph.dose("56 mg", "nasal", every="84 h", times=104),))
WEEK = ph.Regimen((ph.dose("56 mg", "nasal", every="84 h", times=2),))
TABLE = ph.Regimen.of(
    *(
        ph.dose("0.5 mg/kg", over="40 min", every="24 h", times=7, id=str(k), weight=f"{50 + k / 20} kg")
        for k in range(1000)
    )
)


def main() -> None:
    """Print the best of three times of each task."""
    tasks = {
        "1 subject, 1 year of nasal doses twice a week, output every minute": lambda: ph.time_course(
            YEAR, every="1 min", until="8760 h"
        ),
        "1,000 people drawn, 1 week of nasal doses, output every 5 min": lambda: ph.time_course(
            WEEK, every="5 min", until="168 h", cohort=ph.Cohort(1000)
        ),
        "a table of 1,000 subjects, 1 week of daily infusions, output every 5 min": lambda: ph.time_course(
            TABLE, every="5 min", until="168 h"
        ),
    }
    for name, task in tasks.items():
        best = min(_seconds(task) for _ in range(3))
        print(f"{best:6.2f} s  {name}")


def _seconds(task: object) -> float:
    start = time.perf_counter()
    task()  # type: ignore[operator]
    return time.perf_counter() - start


if __name__ == "__main__":
    main()
