"""What a run needs of memory, said and checked before it starts."""

from __future__ import annotations

import math
from pathlib import Path

import psutil

from nmdasim.errors import ModelError
from nmdasim.model.model import Model
from nmdasim.plan.plan import Cells
from nmdasim.quantities import brief

#: A spike is kept as step and lane, sorted by lane, and laid out in the result: times 8 bytes.
_BYTES_PER_SPIKE = 8 * 6
#: Spikes are not known beforehand. Neurons of the library fire at 10 to 40 Hz in a wind-up train.
_SPIKES_PER_SECOND = 40.0
#: Traces and per-window values exist twice while batches of lanes are joined.
_COPIES = 2
#: Source, target and place in the order of sources; those of one projection twice, while they are drawn and sorted.
_BYTES_PER_SYNAPSE = 8 * 6

#: Files in which a control group says what it may use and what it uses: second version, first.
_SECOND = ("memory.max", "memory.current")
_FIRST = ("memory.limit_in_bytes", "memory.usage_in_bytes")


def need(plan: Cells) -> int:
    """Return about how many bytes a population and its outcome take."""
    samples = -(-plan.steps // plan.sampled_steps) * len(plan.recording.traces)
    windows = max(len(plan.recording.windows) - 1, 0) * len(plan.recording.summaries)
    given = sum(array.nbytes for part in (plan.parameters, plan.initial) for array in part.values())
    return given + 8 * _COPIES * plan.lanes * (samples + windows) + spikes(plan.model, plan.lanes, plan.duration)


def spikes(model: Model, lanes: int, duration: float) -> int:
    """Return about how many bytes the spikes of a neuron take, known before anything is drawn; `duration` in s."""
    return 0 if model.threshold is None else round(lanes * _BYTES_PER_SPIKE * _SPIKES_PER_SECOND * duration)


def synapses(number: int) -> int:
    """Return about how many bytes the synapses of a circuit take."""
    return number * _BYTES_PER_SYNAPSE


def available() -> float:
    """Return the bytes of memory that are free to use: of the machine, of the container, of the process' own limit."""
    return min(float(psutil.virtual_memory().available), _of_container(), _of_process())


def _of_container(root: Path = Path("/sys/fs/cgroup"), own: Path = Path("/proc/self/cgroup")) -> float:
    """Return what the control groups of this process, and those above them, leave; infinity where none limits.

    Containers and batch systems (SLURM) limit in this way; the first version of control groups is read as the second.
    """
    try:
        lines = [line.split(":", 2) for line in own.read_text().splitlines()]
    except OSError:  # not Linux
        lines = []
    groups = [(root, _SECOND, "/")] + [
        (root / "memory", _FIRST, path) if "memory" in kinds.split(",") else (root, _SECOND, path)
        for _, kinds, path in (line for line in lines if len(line) == 3)
        if not kinds or "memory" in kinds.split(",")
    ]
    return min(
        _left(top.joinpath(*parts[:depth]), names)
        for top, names, path in groups
        for parts in [[part for part in path.split("/") if part not in ("", "..")]]
        for depth in range(len(parts) + 1)
    )


def _left(group: Path, names: tuple[str, str]) -> float:
    try:
        most, used = (int((group / name).read_text()) for name in names)
    except (OSError, ValueError):  # no such group; "max", which is no number
        return math.inf
    return float(max(most - used, 0))


def _of_process() -> float:
    """Return what the limit on the address space of this process leaves; infinity where there is none."""
    try:
        process = psutil.Process()
        most, _ = process.rlimit(psutil.RLIMIT_AS)
        used = process.memory_info().vms
    except (AttributeError, psutil.Error):  # not Linux; not to be looked at
        return math.inf
    return math.inf if most == psutil.RLIM_INFINITY else float(max(most - used, 0))


def check(needed: float, what: str, advice: str = "run fewer lanes at a time") -> None:
    """Refuse what cannot fit.

    Raises
    ------
    ModelError
        If fewer than `needed` bytes are free.
    """
    if needed > (free := available()):
        raise ModelError(
            f"{what} need about {brief(needed / 1e9, 3)} GB of memory and {brief(free / 1e9, 3)} GB are free; {advice}"
        )
