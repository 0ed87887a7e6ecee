"""Runs a plan in NEURON: needs neuron and NumPy alone. In a folder with the files of ``nrnivmodl``: ``python run.py``.

``plan.json`` says what there is: populations of cells, each a tree of one-segment sections with one point process per
compartment, events, synapses, and what to record. Parameters are in SI units, as in the mechanisms; lengths, times and
weights of NEURON in its own. A value is a table of rows (lanes, or one for all) and columns (compartments, or one).

Spikes go to ``spikes.csv``, everything else to ``result.npz``.
"""

import csv
import json
import sys
from functools import partial
from multiprocessing import get_context
from pathlib import Path

import numpy as np
from neuron import h

HERE = Path(__file__).resolve().parent


def at(table, lane, compartment):
    """Return one value of a table."""
    row = table[lane if len(table) > 1 else 0]
    return row[compartment if len(row) > 1 else 0]


def load():
    """Load the compiled mechanisms, unless NEURON has found them itself."""
    plan = json.loads((HERE / "plan.json").read_text())
    names = [c["mechanism"]["name"] for cells in plan["populations"] for c in cells["compartments"]]
    if not hasattr(h, names[0]):
        found = [path for path in sorted(HERE.glob("**/libnrnmech*")) if path.suffix in (".so", ".dylib", ".dll")]
        if not found:
            sys.exit(f"{HERE}: the mechanisms are not compiled; run 'nrnivmodl .' in this folder first")
        h.nrn_load_dll(str(found[0]))
    return plan


class Cell:
    """One lane of a population."""

    def __init__(self, cells, lane, origin):
        self.cells, self.lane, self.sections, self.processes = cells, lane, [], []
        for k, compartment in enumerate(cells["compartments"]):
            section = h.Section(name=f"{cells['name']}_{lane}_{k}")
            section.nseg = 1
            section.L = section.diam = (compartment["area_um2"] / np.pi) ** 0.5  # a cylinder of this area
            section.cm = at(cells["cm_uF_per_cm2"], lane, k)
            if compartment["siemens_to_parent"] > 0:
                # A child on the middle of its parent: the resistance between them is its own half alone.
                section.Ra = 100 * section.diam / 2 * np.pi / compartment["siemens_to_parent"] * 1e-6
                section.connect(self.sections[compartment["parent"]](0.5), 0)
            process = getattr(h, compartment["mechanism"]["name"])(section(0.5))
            self.sections.append(section)
            self.processes.append(process)
            self.fill(process, compartment["mechanism"], k, origin)

    def fill(self, process, mechanism, k, origin):
        """Give a point process its parameters and the start of its states."""
        cells, own = self.cells, mechanism["own"]
        for name, spelled in mechanism["parameters"].items():
            setattr(process, spelled, at(cells["parameters"][name], self.lane, k))
        for state, spelled in mechanism["starts"].items():
            setattr(process, spelled, at(cells["initial"][state], self.lane, k))
        setattr(process, own["origin"], origin)
        setattr(process, own["site"], float(k == cells["site"]))
        setattr(process, own["ready_start"], cells["ready"][self.lane])
        setattr(process, own["wait_start"], cells["wait_ms"][self.lane])

    def start(self):
        """Put the membrane where it starts, in mV."""
        voltage = self.cells["voltage"]
        for k, section in enumerate(self.sections):
            section.v = 1e3 * at(self.cells["initial"][voltage], self.lane, k) if voltage else 0.0

    def reference(self, variable, k):
        """Return the pointer to a variable, and the factor that makes it SI; none for one that is not there."""
        if variable == self.cells["voltage"]:
            return self.sections[k](0.5)._ref_v, 1e-3
        spelled = self.cells["compartments"][k]["mechanism"]["states"].get(variable)
        return (None, 1.0) if spelled is None else (getattr(self.processes[k], f"_ref_{spelled}"), 1.0)

    def values(self, state):
        """Return a state in every compartment; NaN where there is none."""
        found = [self.reference(state, k) for k in range(len(self.sections))]
        return [np.nan if reference is None else factor * reference[0] for reference, factor in found]

    def kept(self, what):
        """Return what the compartment that fires keeps of the spike rule."""
        k = max(self.cells["site"], 0)
        return getattr(self.processes[k], self.cells["compartments"][k]["mechanism"]["own"][what])


class Network:
    """Some instances of the plan at once: cells, their events, their synapses, and what they fire."""

    def __init__(self, plan, instances):
        self.plan, self.cells, self.connections, self.queue, self.spikes = plan, [], [], [], []
        for cells in plan["populations"]:
            size = cells["lanes"] // plan["instances"]
            lanes = [r * size + n for r in instances for n in range(size)]
            self.cells.append({lane: Cell(cells, lane, plan["origin_s"]) for lane in lanes})
        for cells, made in zip(plan["populations"], self.cells, strict=True):
            for lane, cell in made.items():
                self.arrivals(cells, lane, cell)
            self.spikes.append(self.watched(cells, made))
        for wire in plan["wires"]:
            self.wire(wire)

    def arrivals(self, cells, lane, cell):
        """Connect what arrives from outside."""
        for port, weight, times in cells["events"].get(str(cells["table"][lane]), ()):
            self.queue.append((self.connect(None, cell, cells["ports"][port], port, weight, 0.0), times))

    def connect(self, source, cell, compartment, port, weight, delay):
        """Return a NetCon onto a port."""
        connection = h.NetCon(source, cell.processes[compartment])
        connection.threshold, connection.delay = 0, delay
        connection.weight[0], connection.weight[1] = weight, port
        self.connections.append(connection)
        return connection

    def watched(self, cells, made):
        """Return the spikes of a population, by lane."""
        found = {}
        if cells["site"] >= 0:
            for lane, cell in made.items():
                found[lane] = h.Vector()
                connection = h.NetCon(cell.processes[cells["site"]], None)
                connection.record(found[lane])
                self.connections.append(connection)
        return found

    def wire(self, wire):
        """Connect the synapses of one projection, from cells or from what a fibre fires."""
        post, made = self.plan["populations"][wire["post"]], self.cells[wire["post"]]
        port = wire["port"]
        populations = len(self.plan["populations"])
        for k, (source, target) in enumerate(zip(wire["source"], wire["target"], strict=True)):
            if target not in made:
                continue
            weight, delay = (wire[key][k if len(wire[key]) > 1 else 0] for key in ("weight", "delay_ms"))
            if wire["pre"] < populations:
                pre = self.plan["populations"][wire["pre"]]
                process = self.cells[wire["pre"]][source].processes[pre["site"]]
                self.connect(process, made[target], post["ports"][port], port, weight, delay)
                continue
            times = self.plan["fibres"][wire["pre"] - populations].get(str(source), ())
            if times:
                connection = self.connect(None, made[target], post["ports"][port], port, weight, 0.0)
                self.queue.append((connection, [time + delay for time in times]))

    def begin(self):
        """Put everything at time 0."""
        for made in self.cells:
            for cell in made.values():
                cell.start()
        h.finitialize()
        for connection, times in self.queue:
            for time in times:
                connection.event(time)


class Samples:
    """Values of probes at given steps."""

    def __init__(self, plan, network):
        self.steps = {int(step): k for k, step in enumerate(plan["sampled_steps"])}
        self.values, self.read = [], []
        for probe in plan["probes"]:
            made = network.cells[probe["population"]]
            values = np.full((len(made), len(self.steps)), probe["absent"])
            references = [cell.reference(probe["variable"], probe["compartment"]) for cell in made.values()]
            self.read += [(values, j, *found) for j, found in enumerate(references) if found[0] is not None]
            self.values.append((list(made), values))

    def take(self, step):
        """Read every probe, where this step is one of the samples."""
        column = self.steps.get(step)
        if column is not None:
            for values, lane, reference, factor in self.read:
                values[lane, column] = factor * reference[0]


def solver(plan):
    """Choose the method; return what goes on to the end of a step."""
    adaptive = plan["method"] == "cvode"
    solve = h.CVode()
    solve.active(int(adaptive))
    h.secondorder = 2 if plan["method"] == "crank_nicolson" else 0
    h.dt = plan["dt_ms"]
    if not adaptive:
        return lambda step: h.fadvance()
    solve.rtol(plan["tolerance"])
    solve.atol(plan["tolerance"])
    solve.condition_order(2)
    for name, scale in plan["scales"].items():
        solve.atolscale(name, scale)
    return lambda step: solve.solve((step + 1) * plan["dt_ms"])


def advance(plan, network, begin, share):
    """Run some instances; samples are taken at the begin of a step."""
    samples, step_to = Samples(plan, network), solver(plan)
    network.begin()
    steps, told = plan["steps"], -1
    for step in range(steps):
        samples.take(step)
        step_to(step)
        if int(100 * step / steps) > told:
            told = int(100 * step / steps)
            print(f"share {begin + share * step / steps:.4f}", flush=True)
    return samples


def collect(plan, network, samples):
    """Return what some instances did: spikes, what the spike rule keeps, states at the end, and traces."""
    spikes, kept, final = [], [], []
    for k, (vectors, cells) in enumerate(zip(network.spikes, plan["populations"], strict=True)):
        spikes += [(k, lane, np.array(vector.to_python())) for lane, vector in vectors.items()]
        for lane, cell in network.cells[k].items():
            until = cell.kept("until") - plan["steps"] * plan["dt_ms"]
            kept.append((k, lane, [cell.kept("armed"), max(until, 0.0), cell.kept("endless")]))
            final.append((k, lane, [cell.values(state) for state in cells["states"]]))
    return spikes, kept, final, samples.values


def room(plan):
    """Return arrays for what all instances will have done."""
    cells = plan["populations"]
    shapes = [(one["lanes"], len(one["states"]), len(one["compartments"])) for one in cells]
    return {
        "spikes": [],
        "kept": [np.zeros((lanes, 3)) for lanes, _, _ in shapes],
        "final": [np.zeros(shape) for shape in shapes],
        "traces": [np.zeros((cells[p["population"]]["lanes"], len(plan["sampled_steps"]))) for p in plan["probes"]],
    }


def put(found, part):
    """Put what some instances did among the rest."""
    spikes, kept, final, traces = part
    found["spikes"] += spikes
    for what, values in (("kept", kept), ("final", final)):
        for k, lane, row in values:
            found[what][k][lane] = row
    for k, (lanes, values) in enumerate(traces):
        found["traces"][k][lanes] = values


def save(plan, found):
    """Write spikes as a table and as arrays, and everything else as arrays."""
    with (HERE / "spikes.csv").open("w", newline="") as stream:
        table = csv.writer(stream)
        table.writerow(["population", "lane", "time_ms"])
        for k, lane, times in found["spikes"]:
            table.writerows((plan["populations"][k]["name"], lane, repr(float(time))) for time in times)
    arrays = {f"{what}_{k}": values for what in ("kept", "final", "traces") for k, values in enumerate(found[what])}
    for k in range(len(plan["populations"])):
        own = [(lane, times) for which, lane, times in found["spikes"] if which == k]
        arrays[f"spike_lane_{k}"] = np.repeat([lane for lane, _ in own], [len(t) for _, t in own]).astype(np.int64)
        arrays[f"spike_ms_{k}"] = np.concatenate([np.empty(0), *(t for _, t in own)])
    np.savez(HERE / "result.npz", **arrays)


def run(plan, part, count):
    """Run some instances: the instances, and which part they are."""
    k, instances = part
    network = Network(plan, instances)
    return collect(plan, network, advance(plan, network, k / count, 1 / count))


def main():
    """Run the plan beside this file: with a fixed step all instances at once, with CVODE one after the other.

    One step for all would depend on which there are. Each then has a process of its own: NEURON does not let go of all
    that a network leaves behind.
    """
    plan = load()
    every = list(range(plan["instances"]))
    parts = list(enumerate([[r] for r in every] if plan["method"] == "cvode" else [every]))
    found = room(plan)
    if len(parts) == 1:
        put(found, run(plan, parts[0], 1))
    else:
        with get_context("fork").Pool(1, maxtasksperchild=1) as pool:
            for part in pool.imap(partial(run, plan, count=len(parts)), parts, chunksize=1):
                put(found, part)
    save(plan, found)
    return found


if __name__ == "__main__":
    done = main()
    count = sum(len(times) for _, _, times in done["spikes"])
    print(f"{count} {'spike' if count == 1 else 'spikes'}, in spikes.csv")
