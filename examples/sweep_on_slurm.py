"""
A sweep on a SLURM cluster
==========================

The script runs on a login node, or as a small job of its own: it asks the cluster for workers, hands them chunks, and
is the only one that writes. It needs ``pip install 'nmdasim[sweep]' dask-jobqueue`` in an environment that the nodes
share. Start it again after a time limit or a failure: with ``resume=True`` nothing finished is run twice.

*Educational and research model. Not medical advice. Not for dosing decisions.*
"""

from pathlib import Path

import numpy as np
from dask_jobqueue import SLURMCluster

import nmdasim as nm


def main():
    """Start workers, run the sweep, let them go."""
    what = nm.Sweep(
        nm.neurons.wdr(),
        nm.WindUp(pulses=15),
        axes={"ketamine": np.geomspace(0.01, 30, 50) * nm.uM, "seed": np.arange(200)},
        samples=nm.Samples({"K_mg": ("2 mM", "6 mM"), "gain_nmda": (0.5, 1.5)}, points=128, method="sobol"),
        readouts=("index", "ratio", "input"),
    )
    store = Path("doses.zarr")
    # One job is a node with 32 workers of one thread each; a chunk runs on one thread.
    with SLURMCluster(queue="compute", cores=32, processes=32, memory="64GB", walltime="04:00:00") as cluster:
        cluster.adapt(minimum_jobs=1, maximum_jobs=20)
        nm.sweep(what, store, resume=store.exists(), scheduler=cluster.scheduler_address)


if __name__ == "__main__":
    main()
