"""Run the study of docs/pore-block.md and write its numbers, tables and figures: ``python docs/make_pore_block.py``.

Populations that are in the folder of stores (``--stores DIR``) already are read and not run again; ``--draws N`` runs
fewer of each, for a look; ``--only NAME`` runs one population and writes nothing.
"""

import argparse
import dataclasses
from pathlib import Path

import xarray as xr

from nmdasim.studies.populations import Multiple, Population, reading, stages

DOCS = Path(__file__).parent
MODELS = ("wdr", "delrocq2023")
#: Draws of the populations that are stimulated at a multiple of their own threshold.
AT_THRESHOLD = {"wdr": 20_000, "delrocq2023": 5_000}
#: The multiple that Guirimand et al. 2000 used.
TIMES = 1.2


def asked(name: str, draws: int = 0) -> Population:
    """Return a population: ``"wdr"``, or ``"wdr-threshold"`` with the strength at a multiple of the threshold."""
    model, _, kind = name.partition("-")
    what = reading.read(DOCS / "pore_block" / f"{model}.toml")
    if kind:
        ranges = {key: pair for key, pair in what.ranges.items() if key != "strength"}
        accept = what.accept | {"input": (1, what.accept["input"][1])}
        what = dataclasses.replace(
            what, ranges=ranges, accept=accept, draws=AT_THRESHOLD[model], multiple=Multiple(times=TIMES)
        )
    return dataclasses.replace(what, draws=draws) if draws else what


def population(name: str, folder: Path, draws: int = 0) -> xr.Dataset:
    """Return a population from its store, run if it is not there or not finished."""
    store = folder / name
    kept = store / "population.nc"
    if not kept.exists():
        found = stages.run(asked(name, draws), store, resume=store.exists())
        found.to_netcdf(kept, engine="netcdf4")
    return xr.load_dataset(kept, engine="netcdf4")


def main() -> None:
    """Run what is not there, then write."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--stores", type=Path, default=Path("pore-block"))
    parser.add_argument("--draws", type=int, default=0)
    parser.add_argument("--only", default="")
    given = parser.parse_args()
    names = [given.only] if given.only else [*MODELS, *(f"{model}-threshold" for model in MODELS)]
    found = {name: population(name, given.stores, given.draws) for name in names}
    if not given.only:
        print(found)


if __name__ == "__main__":
    main()
