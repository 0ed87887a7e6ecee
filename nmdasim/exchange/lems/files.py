"""The two files of a neuron: its component type, and a simulation that drives and records it.

Every parameter carries its value and unit, every variable its dimension (Cannon et al. 2014, Front. Neuroinform. 8:79).
A neuron of several compartments is written flat, ``v_soma`` and ``v_dendrite``.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.etree import ElementTree as ET

from nmdasim import quantities
from nmdasim.disclaimer import DISCLAIMER
from nmdasim.errors import InputError, ModelError, nearest, plainly
from nmdasim.exchange.lems.cell import Cell
from nmdasim.model.model import Model
from nmdasim.protocols.events import Events
from nmdasim.quantities import QuantityLike
from nmdasim.readout.files import write_all

#: Most events of a simulation: each is a component of its own.
_MOST_EVENTS = 2000


@plainly
def to_neuroml(
    model: Model,
    folder: str | Path,
    *,
    events: Events | tuple[Events, ...] = (),
    duration: QuantityLike = "100 ms",
    step: QuantityLike | None = None,
    weights: Mapping[str, QuantityLike] | None = None,
) -> Path:
    """Write a neuron as LEMS, the language in which NeuroML is defined.

    Parameters
    ----------
    model
        A single cell. Of a morphology every compartment is written out by its name.
    folder
        Where ``NAME.lems.xml`` (the cell) and ``LEMS_NAME.xml`` (a simulation, for ``pylems -nogui`` or ``jnml``) go.
    events
        What arrives in the simulation.
    duration, step
        Of the simulation. Simulators of LEMS step by forward Euler, so the step is by default a quarter of the model's
        own.
    weights
        Weight of each port that takes one, ``{"graded": "2 nS"}``; it becomes a parameter.

    Returns
    -------
    pathlib.Path
        The simulation file. It writes ``NAME.dat``: time, every state and the number of spikes, in SI units.

    Raises
    ------
    ModelError
        For what LEMS cannot say, by its name: white noise and other random numbers, functions without a counterpart,
        circuits, weights that nobody gives, more than 2,000 events.
    """
    if not isinstance(model, Model):
        kind = type(model).__name__
        raise ModelError(f"{getattr(model, 'name', kind)} is a {kind}; NeuroML is written of a single cell, a nm.Model")
    length = quantities.number(duration, "ms", name="duration")
    dt = quantities.number(model.dt if step is None else step, "ms", name="step") / (4 if step is None else 1)
    if not 0 < dt <= length:
        raise InputError(f"duration = {duration}, step = {step}: a step is above 0 and no longer than the whole")
    cell = Cell.of(model, dict(weights or {}))
    lems, name = cell.document(), cell.key
    run = _simulation(cell, (events,) if isinstance(events, Events) else tuple(events), length, dt)
    target = Path(folder)
    write_all(
        target,
        {
            f"{name}.lems.xml": lambda path: path.write_text(_text(lems, model), encoding="utf-8"),
            f"LEMS_{name}.xml": lambda path: path.write_text(_text(run, model), encoding="utf-8"),
        },
    )
    return target / f"LEMS_{name}.xml"


def _text(root: ET.Element, model: Model) -> str:
    ET.indent(root)
    said = f"Simulated neuron {model.name}, written by nmdasim. {DISCLAIMER}".replace("--", "- -")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<!-- {said} -->\n{ET.tostring(root, encoding="unicode")}\n'


def _simulation(cell: Cell, events: tuple[Events, ...], length: float, dt: float) -> ET.Element:
    root = ET.Element("Lems")
    ET.SubElement(root, "Target", component="sim")
    ET.SubElement(root, "Include", file=f"{cell.key}.lems.xml")
    _types(root, cell)
    network = ET.SubElement(root, "Component", id="net", type="nmdasim_network")
    ET.SubElement(network, "Component", cell.values, id="cell", type=cell.type)
    for k, (port, time) in enumerate(_arrivals(cell, events)):
        about = {"type": "nmdasim_event", "at": f"{time!r}s", "to": "cell", "cell": "cell", "port": port}
        ET.SubElement(network, "Component", about, id=f"event{k}")
    about = {"type": "Simulation", "length": f"{length!r}s", "step": f"{dt!r}s", "target": "net"}
    sim = ET.SubElement(root, "Component", about, id="sim")
    out = ET.SubElement(sim, "Component", id="out", type="OutputFile", path=".", fileName=f"{cell.key}.dat")
    for state in cell.recorded:
        ET.SubElement(out, "Component", id=state, type="OutputColumn", quantity=f"cell/{state}")
    return root


def _arrivals(cell: Cell, events: tuple[Events, ...]) -> list[tuple[str, float]]:
    """Return port and time of everything that arrives, in seconds."""
    found: list[tuple[str, float]] = []
    for event in events:
        if event.times is None:
            raise InputError(f"events on port {event.port!r} come at a rate; LEMS takes them at times=[…]*ms")
        if event.port not in cell.model.ports:
            raise InputError(f"{cell.model.name} has no port {event.port!r}{nearest(event.port, cell.model.ports)}")
        found += [(event.port, float(t)) for t in quantities.si(event.times, "s", name="times").ravel()]
    if len(found) > _MOST_EVENTS:
        raise InputError(f"{len(found):,} events are more than {_MOST_EVENTS:,}; write a shorter simulation")
    return found


def _types(root: ET.Element, cell: Cell) -> None:
    """Write the types that a simulation needs beside the cell; an event is its own connection."""
    event = ET.SubElement(root, "ComponentType", name="nmdasim_event", description="One event on one port, once.")
    ET.SubElement(event, "Parameter", name="at", dimension="time")
    ET.SubElement(event, "Path", name="to")
    # PyLEMS looks for the path from here too, and finds it by a text of its name.
    for name in ("cell", "port"):
        ET.SubElement(event, "Text", name=name)
    ET.SubElement(event, "EventPort", name="out", direction="out")
    structure = ET.SubElement(event, "Structure")
    for path, name in (("this", "a"), ("to", "b")):
        ET.SubElement(structure, "With", {"instance": path, "as": name})
    ET.SubElement(structure, "EventConnection", {"from": "a", "to": "b", "targetPort": "port"})
    dynamics = ET.SubElement(event, "Dynamics")
    ET.SubElement(dynamics, "StateVariable", name="due", dimension="none")
    start = ET.SubElement(dynamics, "OnStart")
    ET.SubElement(start, "StateAssignment", variable="due", value="1")
    sent = ET.SubElement(dynamics, "OnCondition", test="(due .gt. 0.5) .and. (t .geq. at)")
    ET.SubElement(sent, "StateAssignment", variable="due", value="0")
    ET.SubElement(sent, "EventOut", port="out")
    network = ET.SubElement(root, "ComponentType", name="nmdasim_network")
    for name, kind in (("cells", cell.type), ("sources", "nmdasim_event")):
        ET.SubElement(network, "Children", name=name, type=kind)
    sim = ET.SubElement(root, "ComponentType", name="Simulation")
    for name in ("length", "step"):
        ET.SubElement(sim, "Parameter", name=name, dimension="time")
    ET.SubElement(sim, "ComponentReference", name="target", type="Component")
    ET.SubElement(sim, "Children", name="outputs", type="OutputFile")
    ET.SubElement(ET.SubElement(sim, "Dynamics"), "StateVariable", name="t", dimension="time")
    run = ET.SubElement(sim, "Simulation")
    ET.SubElement(run, "Run", component="target", variable="t", increment="step", total="length")
    file = ET.SubElement(root, "ComponentType", name="OutputFile")
    ET.SubElement(file, "Children", name="outputColumn", type="OutputColumn")
    for name in ("path", "fileName"):
        ET.SubElement(file, "Text", name=name)
    ET.SubElement(ET.SubElement(file, "Simulation"), "DataWriter", path="path", fileName="fileName")
    column = ET.SubElement(root, "ComponentType", name="OutputColumn")
    ET.SubElement(column, "Path", name="quantity")
    ET.SubElement(ET.SubElement(column, "Simulation"), "Record", quantity="quantity")
