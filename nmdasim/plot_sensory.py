"""Figures of the dorsal-horn circuit; every function takes and returns matplotlib Axes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import matplotlib.pyplot as plt
import xarray as xr

from nmdasim.disclaimer import DISCLAIMER
from nmdasim.model.circuit import Circuit

_TITLES = {"touch": "Touch", "pinprick": "Pinprick", "noxious": "Noxious stimulus"}


def stimulus_response(responses: Mapping[str, xr.Dataset], axes: Sequence[Any] | None = None) -> list[Any]:
    """Draw stimulus–response curves, one panel a kind of stimulus; mean and 95 % interval over seeds.

    Parameters
    ----------
    responses
        Results of :func:`nmdasim.sensory.stimulus_response` by label.
    axes
        One per kind; made if not given.
    """
    kinds = [str(kind) for kind in next(iter(responses.values())).kind.values]
    if axes is None:
        figure, made = plt.subplots(1, len(kinds), figsize=(5 * len(kinds), 4.4), layout="constrained", squeeze=False)
        figure.supxlabel(DISCLAIMER, fontsize=7, color="0.4")
        axes = list(made[0])
    for ax, kind in zip(axes, kinds, strict=True):
        for label, response in responses.items():
            spikes = response.spikes.sel(kind=kind)
            low, mean, high = spikes.quantile(0.025, "seed"), spikes.mean("seed"), spikes.quantile(0.975, "seed")
            (line,) = ax.plot(response.intensity, mean, "o-", lw=2.5, label=label)
            ax.fill_between(response.intensity, low, high, color=line.get_color(), alpha=0.2, lw=0)
        ax.set(title=_TITLES.get(kind, kind), xlabel="share of the fibres recruited", ylabel="spikes of a neuron",
               ylim=(0, None))  # fmt: skip
    axes[0].legend(frameon=False)
    return list(axes)


def conditioning(results: Mapping[str, xr.Dataset], ax: Any = None) -> Any:
    """Draw ρ over time, the mean of all neurons and seeds, of results of :func:`nmdasim.sensory.condition`."""
    ax = ax or plt.subplots(figsize=(7, 4.4), layout="constrained")[1]
    for label, result in results.items():
        rho = result.rho_time
        ax.plot(rho.time / 1e3, rho.mean(["seed", "neuron"]), lw=2.5, label=label)
    ax.set(title="What conditioning leaves behind", xlabel="time, s", ylabel="ρ", ylim=(-0.02, 1.02))
    ax.legend(frameon=False)
    return ax


def circuit(drawn: Circuit, ax: Any = None) -> Any:
    """Draw a circuit: inputs on the left, populations on the right, an arrow for every projection, inhibition red."""
    ax = ax or plt.subplots(figsize=(8, 5), layout="constrained")[1]
    places = {name: (0.0, -1.0 * k) for k, name in enumerate(drawn.inputs)}
    names = list(drawn.populations)
    places |= {name: (1.0 + (name == drawn.output), -1.5 if name == drawn.output else -k * 1.5)
               for k, name in enumerate(names)}  # fmt: skip
    for pre, post in dict.fromkeys((p.pre, p.post) for p in drawn.projections):
        inhibits = any(p.port in ("gaba", "inh") for p in drawn.projections if (p.pre, p.post) == (pre, post))
        style = {
            "arrowstyle": "-|>",
            "color": "#b22222" if inhibits else "0.35",
            "lw": 1.8,
            "shrinkA": 32,
            "shrinkB": 36,
        }
        ax.annotate("", places[post], places[pre], arrowprops=style)
    sizes = {name: source.size for name, source in {**drawn.populations, **drawn.inputs}.items()}
    for name, (x, y) in places.items():
        ax.text(x, y, f"{name}\n{sizes[name]}", ha="center", va="center", bbox={"boxstyle": "round", "fc": "white"})
    ax.set(xlim=(-0.4, 2.4), ylim=(min(y for _, y in places.values()) - 0.6, 0.6))
    ax.set_axis_off()
    return ax
